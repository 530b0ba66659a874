"""What every AudioSink does. Those of sound cards are proved with a card that is played by their own tests."""

from __future__ import annotations

import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from voicemes.engines.audio.wav import WavSink
from voicemes.model import AudioFormat, SpeechChunk
from voicemes.ports import AudioSink
from voicemes.testing import FakeSink

FORMAT = AudioFormat(rate_hz=22_050)


@dataclass
class Case:
    sink: AudioSink
    played: Callable[[], bytes]
    """What came out, once the sink is closed."""


@pytest.fixture(params=["fake", "wav"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    if request.param == "fake":
        fake = FakeSink()
        return Case(fake, lambda: fake.pcm)

    def played() -> bytes:
        if not (tmp_path / "out.wav").exists():
            return b""
        with wave.open(str(tmp_path / "out.wav")) as file:
            assert file.getframerate() == FORMAT.rate_hz
            return file.readframes(file.getnframes())

    return Case(WavSink(tmp_path / "out.wav"), played)


def test_what_is_played_comes_out_in_order(case: Case) -> None:
    for sample in (b"\1\0", b"\2\0", b"\3\0"):
        case.sink.play(SpeechChunk(sample * 10, FORMAT))
    case.sink.close()
    assert case.played() == b"\1\0" * 10 + b"\2\0" * 10 + b"\3\0" * 10


def test_after_a_stop_later_chunks_are_played_again(case: Case) -> None:
    case.sink.play(SpeechChunk(b"\1\0", FORMAT))
    case.sink.stop()
    case.sink.stop()
    case.sink.play(SpeechChunk(b"\2\0", FORMAT))
    case.sink.close()
    assert case.played() == b"\1\0\2\0"


def test_stopping_and_closing_what_never_played_leaves_nothing(case: Case) -> None:
    case.sink.stop()
    case.sink.close()
    case.sink.close()
    assert case.played() == b""


def test_the_fake_tells_what_was_done_to_it() -> None:
    sink = FakeSink()
    assert (sink.n_stops, sink.is_closed) == (0, False)
    sink.stop()
    sink.close()
    assert (sink.n_stops, sink.is_closed) == (1, True)
