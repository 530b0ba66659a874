"""Answers become sound. One answer at a time; speaking can be stopped at once, and stopping never touches a command."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import assert_never

from voicemes.clock import Clock, SystemClock
from voicemes.model import SPEECH, Change, SpeechChunk
from voicemes.ports import AudioSink, Synthesizer, Voice
from voicemes.runtime.echo import Echo
from voicemes.runtime.threads import EngineThread

NO_MORE = object()
VOLUME_STEP, MIN_VOLUME, MAX_VOLUME = 1.35, 0.3, 2.0
"""About 2.6 dB a step: what people call louder."""
N_KNOWN = 32
"""Of the last answers it is known when they were spoken: more than a microphone's buffer can hold."""
RATE_STEP, MIN_RATE_WPM, MAX_RATE_WPM = 1.15, 100, 300


class Speaker:
    def __init__(
        self,
        synthesizer: Synthesizer,
        sink: AudioSink,
        voice: Voice,
        deadline_s: float = 5.0,
        clock: Clock | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._synthesizer = synthesizer
        self.sink = sink
        self._voice = voice
        self._synthesis = EngineThread("tts", deadline_s)
        self._output = EngineThread("loudspeaker", None)
        self._playing: asyncio.Task[None] | None = None
        self._is_stopped = False
        self._spoke: deque[tuple[float, float]] = deque(maxlen=N_KNOWN)
        """From when to when, of answers that are over."""
        self._began_s = 0.0
        self._is_whole = True
        """Nothing is missing of the last answer."""
        self.echo = Echo()

    @property
    def is_speaking(self) -> bool:
        return self._playing is not None and not self._playing.done()

    def was_speaking(self, at_s: float | None = None, within_s: float = 0.0) -> bool:
        """Whether something was spoken then, or up to `within_s` before. None: now."""
        if at_s is None:
            return self.is_speaking
        if self.is_speaking and at_s >= self._began_s:
            return True
        return any(began_s <= at_s <= ended_s + within_s for began_s, ended_s in self._spoke)

    @property
    def is_cut(self) -> bool:
        """Whether the last answer ended before its end, stopped or broken."""
        return not self._is_whole and (self._is_stopped or not self.is_speaking)

    def is_early(self, at_s: float | None) -> bool:
        """Whether the last answer was not over then, or not even begun. None: now, which is never early."""
        return at_s is not None and (self.is_speaking or (bool(self._spoke) and at_s < self._spoke[-1][1]))

    async def say(self, text: str, on_first_sound: Callable[[], None] | None = None) -> None:
        """Starts to speak and returns when the first sound is ready. What is being said is finished first."""
        await self.finish()
        self._is_stopped = self._is_whole = False
        self.echo.paused()
        chunks = self._synthesizer.speak(text, self._voice)
        first = await self._synthesis.call(_next, chunks)
        if on_first_sound:
            on_first_sound()
        self._began_s = self._clock.now_s()
        self._playing = asyncio.create_task(self._play(first, chunks))

    def adjust(self, how: Change) -> None:
        """One step louder, softer, faster or slower, from the next answer on."""
        self._voice = adjusted(self._voice, how)

    async def play(self, pcm: bytes) -> None:
        """Plays a recording in the `SPEECH` format, to its end."""
        await self.finish()
        await self._output.call(self.sink.play, SpeechChunk(pcm, SPEECH))

    async def finish(self) -> None:
        """Returns when everything was said. Raises what stopped the sound, once: the next answer is tried again."""
        playing = self._playing
        if playing is None:
            return
        try:
            await asyncio.shield(playing)
        finally:
            if playing.done():
                self._playing = None

    def stop(self) -> None:
        """Silence, at once."""
        self._is_stopped = True
        self.sink.stop()

    async def close(self) -> None:
        self.stop()
        if self._playing is not None:
            await asyncio.wait([self._playing], timeout=1)
        self._synthesis.close()
        self._output.close()
        self.sink.close()

    async def _play(self, chunk: SpeechChunk | object, chunks: Iterator[SpeechChunk]) -> None:
        try:
            await self._play_all(chunk, chunks)
        finally:
            self._spoke.append((self._began_s, self._clock.now_s()))

    async def _play_all(self, chunk: SpeechChunk | object, chunks: Iterator[SpeechChunk]) -> None:
        while isinstance(chunk, SpeechChunk) and not self._is_stopped:
            self.echo.played(chunk)
            await self._output.call(self.sink.play, chunk)
            chunk = await self._synthesis.call(_next, chunks)
        self._is_whole = not self._is_stopped
        close = getattr(chunks, "close", None)
        if close is not None and self._is_stopped:
            await self._synthesis.call(close)


def adjusted(voice: Voice, how: Change) -> Voice:
    """A voice changed by one step that people hear; it stays within what can be understood."""
    volume, rate_wpm = voice.volume, voice.rate_wpm
    match how:
        case "louder":
            return replace(voice, volume=min(volume * VOLUME_STEP, MAX_VOLUME))
        case "softer":
            return replace(voice, volume=max(volume / VOLUME_STEP, MIN_VOLUME))
        case "faster":
            return replace(voice, rate_wpm=min(round(rate_wpm * RATE_STEP), MAX_RATE_WPM))
        case "slower":
            return replace(voice, rate_wpm=max(round(rate_wpm / RATE_STEP), MIN_RATE_WPM))
        case _ as never:
            assert_never(never)


def _next(chunks: Iterator[SpeechChunk]) -> SpeechChunk | object:
    """StopIteration cannot cross a future, so the end is a value."""
    return next(chunks, NO_MORE)


class NoSink:
    """Speaks to nobody: for text-only use."""

    def play(self, chunk: SpeechChunk) -> None:
        del chunk

    def stop(self) -> None: ...

    def close(self) -> None: ...
