"""What every AudioSource does. Sources of sound cards are proved with a card that is played by their own tests."""

from __future__ import annotations

import pkgutil
import wave
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

import voicemes.engines.audio
from voicemes.engines.audio import wav
from voicemes.model import SPEECH
from voicemes.ports import AudioSource, EngineContext
from voicemes.testing import FakeSource

ELSEWHERE = {
    "sounddevice": "needs a sound card: tests/engines/audio/test_sounddevice.py and test_virtual_card.py",
    "portaudio": "the wrapped library, no source",
    "resample": "no source",
    "ring": "no source",
}
PCM = bytes(range(256)) * 50  # 0.4 s
Open = Callable[[bytes], AudioSource]


@pytest.fixture(params=["fake", "wav"])
def open_source(request: pytest.FixtureRequest, tmp_path: Path, context: EngineContext) -> Open:
    def open_file(pcm: bytes) -> AudioSource:
        with wave.open(str(tmp_path / "in.wav"), "wb") as file:
            file.setparams((SPEECH.channels, SPEECH.width_bytes, SPEECH.rate_hz, 0, "NONE", ""))
            file.writeframes(pcm)
        return wav.create(wav.Options(tmp_path / "in.wav"), context)

    return open_file if request.param == "wav" else FakeSource


def test_every_file_that_handles_audio_is_accounted_for() -> None:
    files = {name for _, name, _ in pkgutil.iter_modules(voicemes.engines.audio.__path__)}
    assert files == {"wav", *ELSEWHERE}, "a new source belongs into the contract, or into ELSEWHERE with the reason"


def test_the_frames_are_the_sound_without_gaps(open_source: Open) -> None:
    source = open_source(PCM)
    frames = list(source.frames())
    assert b"".join(frame.pcm for frame in frames) == PCM
    expected = 0
    for frame in frames:
        assert frame.start_samples == expected
        assert frame.n_samples > 0
        expected += frame.n_samples
    assert source.dropped_samples == 0


def test_a_frame_is_short_enough_to_react_to(open_source: Open) -> None:
    assert max(frame.n_samples for frame in open_source(PCM).frames()) <= SPEECH.rate_hz / 10


def test_closing_ends_the_frames_and_may_be_done_twice(open_source: Open) -> None:
    source = open_source(PCM)
    frames = source.frames()
    assert len(list(islice(frames, 2))) == 2
    source.close()
    source.close()
    assert list(frames) == []


def test_it_says_what_it_is(open_source: Open) -> None:
    traits = open_source(PCM).traits
    assert traits.name
    assert traits.device_rate_hz == SPEECH.rate_hz
    assert traits.is_live is False
