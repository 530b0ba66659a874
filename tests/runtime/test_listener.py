"""Recordings instead of a microphone: silence is nothing, a long one is cut at its pauses."""

from __future__ import annotations

from pathlib import Path

import pytest
from parts import FIXTURES, recording, silence

from voicemes.config import Settings
from voicemes.engines.audio.wav import WavSink
from voicemes.errors import AudioError
from voicemes.model import SPEECH, NotUnderstood, Scope, SpeechChunk, Understood
from voicemes.nlu.match import Matcher
from voicemes.runtime.recordings import Listener

SPOKEN = {
    "job.next": "job.next/my-next-slt.flac",
    "scrap.report": "scrap.report/scrap-two-bridge-kal.flac",
    "kpi.get": "kpi.get/oee-line-two-f2.flac",
}
PAUSE_S = 3.0


@pytest.fixture(scope="module")
def listener(matcher: Matcher) -> Listener:
    return Listener(Settings(), matcher, Scope())


def write(file: Path, pcm: bytes) -> Path:
    with WavSink(file) as sink:
        sink.play(SpeechChunk(pcm, SPEECH))
    return file


@pytest.mark.parametrize("seconds", [2, 14])
def test_silence_is_rejected(listener: Listener, tmp_path: Path, seconds: int) -> None:
    (one,) = listener.hear(write(tmp_path / "silence.wav", silence(seconds)))
    assert isinstance(one.parse, NotUnderstood)
    assert one.parse.reason == "silence"
    assert (one.started_s, one.ended_s) == (0.0, seconds)


def test_a_short_recording_is_one_sentence(listener: Listener) -> None:
    (one,) = listener.hear(FIXTURES / SPOKEN["job.next"])
    assert isinstance(one.parse, Understood)
    assert one.parse.candidate.intent == "job.next"
    assert one.timings_s.keys() == {"asr", "nlu", "decision"}


def test_a_long_recording_is_cut_at_its_pauses(listener: Listener, tmp_path: Path) -> None:
    pcm, places = b"", []
    for name in SPOKEN.values():
        spoken = recording(name)
        places.append((len(pcm) / SPEECH.bytes_per_second, (len(pcm) + len(spoken)) / SPEECH.bytes_per_second))
        pcm += spoken + silence(PAUSE_S)
    heard = listener.hear(write(tmp_path / "long.wav", pcm))
    assert [one.parse.candidate.intent for one in heard if isinstance(one.parse, Understood)] == list(SPOKEN)
    for one, (began, ended) in zip(heard, places, strict=True):
        assert began - PAUSE_S / 2 < one.started_s < one.ended_s < ended + PAUSE_S / 2


def test_what_lasts_longer_than_ten_minutes_is_refused(listener: Listener, tmp_path: Path) -> None:
    file = write(tmp_path / "endless.wav", silence(601))
    with pytest.raises(AudioError, match="lasts 601 s, longer than the limit of 600 s"):
        listener.hear(file)
