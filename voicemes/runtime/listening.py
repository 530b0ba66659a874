"""The microphone's side of a session: frames from the source's thread, through the gate, into the hearing thread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from voicemes.clock import Clock
from voicemes.events import AudioDropped, EngineTroubled
from voicemes.model import SPEECH, AudioFrame, Parse, Scope, Transcript, Understood, Utterance, WordGraph
from voicemes.ports import AudioSource
from voicemes.runtime.bus import Bus
from voicemes.runtime.gate import Gate
from voicemes.runtime.hearing import Ears, Sound, SpeechBegan
from voicemes.runtime.threads import EngineThread

READY_S = 30.0
"""A large grammar takes a second or two to get ready; on a busy machine much longer."""
ECHO_S = 1.0
"""So long after our last sound what is heard may begin with it: a loudspeaker's buffer, and a room."""
NARROW_BAND = "Use a headset with 16 kHz (wide band, or by cable)."
WasSpeaking: TypeAlias = Callable[[float | None, float], bool]
"""Whether we spoke at a time (None: now), or up to so many seconds before."""


@dataclass(slots=True)
class Listening:
    ears: Ears | None
    """Where nothing is heard (typed input only) there are none."""
    gate: Gate
    clock: Clock
    bus: Bus
    deadline_s: float
    is_over_ours: bool = False
    """Whether we spoke when the last utterance began."""
    may_be_echo: bool = False
    """Or so shortly before that the room still had it."""
    began_s: float | None = None
    """When the last utterance began, by the session's clock; None where its source does not tell."""
    _hearing: EngineThread = field(init=False)
    _source: EngineThread = field(init=False)

    def __post_init__(self) -> None:
        self._hearing = EngineThread("hearing", self.deadline_s)
        self._source = EngineThread("source", None)

    @property
    def is_hearing(self) -> bool:
        """In the middle of an utterance."""
        return self.ears is not None and self.ears.is_hearing

    async def sounds(self, source: AudioSource, was_speaking: WasSpeaking) -> AsyncIterator[list[Sound]]:
        """What is heard in each frame, until the source ends. What waited while a turn was taken is judged by when it
        was recorded. Raises AudioError and EngineError.
        """
        assert self.ears is not None
        self._check_rate(source)
        frames, dropped = source.frames(), 0
        while (frame := await self._source.call(_next_frame, frames)) is not None:
            if source.dropped_samples > dropped:
                self.bus.publish(AudioDropped(self.clock.now_s(), source.dropped_samples - dropped))
                dropped = source.dropped_samples
            is_over_ours = was_speaking(frame.captured_s, 0.0)
            sounds = await self._hearing.call(self.ears.take, self._let_in(frame, is_speaking=is_over_ours))
            if any(isinstance(sound, SpeechBegan) for sound in sounds):
                self.is_over_ours, self.began_s = is_over_ours, frame.captured_s
                self.may_be_echo = was_speaking(frame.captured_s, ECHO_S)
            yield sounds
        yield await self._hearing.call(self.ears.end)

    async def tune(self, scope: Scope, graph: Callable[[], WordGraph], speaker: str) -> None:
        """Gets ready for what may be said now, and for who says it."""
        if self.ears is not None:
            ears = self.ears
            await self._hearing.call_within(READY_S, lambda: ears.tune(scope, graph(), speaker))

    async def again(self, utterance: Utterance, graph: Callable[[], WordGraph]) -> Transcript | None:
        """What it is among other sentences; None where the next one is being said already."""
        assert self.ears is not None
        ears = self.ears
        if ears.is_hearing:
            return None
        return await self._hearing.call(lambda: ears.again(utterance, graph()))

    def close(self) -> None:
        self._hearing.close()
        self._source.close()

    async def learn(self, heard: Transcript, parse: Parse, speaker: str) -> None:
        """What an utterance, as it was heard, tells of the voice, where it was understood and is surely a person's."""
        is_theirs = isinstance(parse, Understood) and parse.transcript is heard and not self.may_be_echo
        if self.ears is not None and is_theirs and not self.is_hearing:
            await self._hearing.call(self.ears.learn, heard, speaker)

    def _let_in(self, frame: AudioFrame, *, is_speaking: bool) -> AudioFrame:
        """The frame, or as much silence."""
        at_s = self.clock.now_s() if frame.captured_s is None else frame.captured_s
        is_open = self.gate.is_open(at_s, is_speaking=is_speaking, is_hearing=self.is_hearing)
        return frame if is_open else replace(frame, pcm=bytes(len(frame.pcm)))

    def _check_rate(self, source: AudioSource) -> None:
        if source.traits.device_rate_hz < SPEECH.rate_hz:
            rate = f"{source.traits.name} delivers {source.traits.device_rate_hz} Hz"
            why = f"{rate}: consonants are lost. {NARROW_BAND}"
            self.bus.publish(EngineTroubled(self.clock.now_s(), "audio", why))


def _next_frame(frames: Iterator[AudioFrame]) -> AudioFrame | None:
    return next(frames, None)
