"""What reaches the ears of what a microphone recorded, and when it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from parts import Microphone

from voicemes.model import Ambiguous, AudioFrame, Candidate, NotUnderstood, Parse, Transcript, Understood
from voicemes.runtime.bus import Bus
from voicemes.runtime.gate import Gate
from voicemes.runtime.hearing import Sound, SpeechBegan
from voicemes.runtime.listening import Listening
from voicemes.testing import FakeClock

LOUD = b"\x10\x20" * 320
SPOKE_S = (100.0, 103.0)
"""When we spoke; it is later now."""


class Noted:
    """Ears that hear speech begin in every frame."""

    is_hearing = False

    def __init__(self) -> None:
        self.frames: list[AudioFrame] = []
        self.learned: list[tuple[str, str]] = []

    def take(self, frame: AudioFrame) -> list[Sound]:
        self.frames.append(frame)
        return [SpeechBegan(0.0)]

    def learn(self, heard: Transcript, speaker: str) -> None:
        self.learned.append((heard.text, speaker))

    def end(self) -> list[Sound]:
        return []


def was_speaking(at_s: float | None, within_s: float) -> bool:
    return at_s is not None and SPOKE_S[0] <= at_s <= SPOKE_S[1] + within_s


@asynccontextmanager
async def listened(ears: Noted, at_s: float, *, is_half_duplex: bool = False) -> AsyncIterator[Listening]:
    clock, microphone = FakeClock(), Microphone()
    listening = Listening(ears, Gate(is_half_duplex=is_half_duplex), clock, Bus(), 5.0)
    microphone.speak(LOUD, at_s)
    microphone.close()
    async for _ in listening.sounds(microphone, was_speaking):
        pass
    yield listening
    listening.close()


@pytest.mark.parametrize(
    ("at_s", "is_over_ours", "may_be_echo"),
    [(99.0, False, False), (101.0, True, True), (103.5, False, True), (110.0, False, False)],
)
async def test_speech_is_over_ours_by_when_it_was_recorded(at_s: float, is_over_ours: bool, may_be_echo: bool) -> None:
    async with listened(Noted(), at_s) as listening:
        assert (listening.is_over_ours, listening.may_be_echo) == (is_over_ours, may_be_echo)


@pytest.mark.parametrize(("at_s", "pcm"), [(99.0, LOUD), (101.0, bytes(len(LOUD))), (110.0, LOUD)])
async def test_by_half_duplex_nothing_is_heard_that_was_recorded_while_we_spoke(at_s: float, pcm: bytes) -> None:
    ears = Noted()
    async with listened(ears, at_s, is_half_duplex=True):
        assert [frame.pcm for frame in ears.frames] == [pcm]


HEARD = Transcript("what is next", "test")
NEXT = Candidate("job.next", (), 1.0, "grammar")


@pytest.mark.parametrize(
    ("parse", "at_s", "learned"),
    [
        pytest.param(Understood(NEXT, HEARD), 99.0, [("what is next", "Ana")], id="understood"),
        pytest.param(Understood(NEXT, HEARD), 101.0, [], id="over our own voice"),
        pytest.param(Understood(NEXT, HEARD), 103.5, [], id="where a room still has it"),
        pytest.param(NotUnderstood("noise", HEARD), 99.0, [], id="refused"),
        pytest.param(Ambiguous((NEXT,), HEARD), 99.0, [], id="asked about"),
        pytest.param(Understood(NEXT, Transcript("another", "second")), 99.0, [], id="heard by another recogniser"),
    ],
)
async def test_a_voice_is_learned_from_what_was_surely_theirs(
    parse: Parse, at_s: float, learned: list[tuple[str, str]]
) -> None:
    ears = Noted()
    async with listened(ears, at_s) as listening:
        await listening.learn(HEARD, parse, "Ana")
    assert ears.learned == learned
