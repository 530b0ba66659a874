"""What reaches the ears of what a microphone recorded, and when it was."""

from __future__ import annotations

import pytest
from parts import Microphone

from voicemes.model import AudioFrame
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

    def take(self, frame: AudioFrame) -> list[Sound]:
        self.frames.append(frame)
        return [SpeechBegan(0.0)]

    def end(self) -> list[Sound]:
        return []


def was_speaking(at_s: float | None, within_s: float) -> bool:
    return at_s is not None and SPOKE_S[0] <= at_s <= SPOKE_S[1] + within_s


async def listened(ears: Noted, at_s: float, *, is_half_duplex: bool = False) -> Listening:
    clock, microphone = FakeClock(), Microphone()
    listening = Listening(ears, Gate(is_half_duplex=is_half_duplex), clock, Bus(), 5.0)
    microphone.speak(LOUD, at_s)
    microphone.close()
    async for _ in listening.sounds(microphone, was_speaking):
        pass
    listening.close()
    return listening


@pytest.mark.parametrize(
    ("at_s", "is_over_ours", "may_be_echo"),
    [(99.0, False, False), (101.0, True, True), (103.5, False, True), (110.0, False, False)],
)
async def test_speech_is_over_ours_by_when_it_was_recorded(at_s: float, is_over_ours: bool, may_be_echo: bool) -> None:
    listening = await listened(Noted(), at_s)
    assert (listening.is_over_ours, listening.may_be_echo) == (is_over_ours, may_be_echo)


@pytest.mark.parametrize(("at_s", "pcm"), [(99.0, LOUD), (101.0, bytes(len(LOUD))), (110.0, LOUD)])
async def test_by_half_duplex_nothing_is_heard_that_was_recorded_while_we_spoke(at_s: float, pcm: bytes) -> None:
    ears = Noted()
    await listened(ears, at_s, is_half_duplex=True)
    assert [frame.pcm for frame in ears.frames] == [pcm]
