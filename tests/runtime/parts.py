"""Sources, sinks and plants that the tests of the runtime share."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from voicemes.config import AudioSettings, MesSettings, Settings
from voicemes.engines.audio.wav import read_speech
from voicemes.events import Event
from voicemes.model import SPEECH, AudioFrame, SpeechChunk
from voicemes.ports import SourceTraits
from voicemes.runtime.bus import Bus
from voicemes.runtime.session import Session
from voicemes.runtime.wiring import open_session

FIXTURES = Path(__file__).resolve().parents[2] / "audio_fixtures"
FRAME_BYTES = 640
"""20 ms, as a sound card delivers."""
WITHIN_S = 20.0
"""For what must happen soon; generous, because other tests run beside."""


def silence(seconds: float) -> bytes:
    return bytes(round(seconds * SPEECH.rate_hz) * SPEECH.width_bytes)


def recording(name: str) -> bytes:
    return read_speech(FIXTURES / name)


def frames(pcm: bytes, size: int = FRAME_BYTES) -> Iterator[AudioFrame]:
    for start in range(0, len(pcm), size):
        yield AudioFrame(pcm[start : start + size], start // SPEECH.width_bytes)


class Microphone:
    """An AudioSource that delivers what a test says into it, when the test says it."""

    def __init__(self, rate_hz: int = SPEECH.rate_hz) -> None:
        self.traits = SourceTraits("microphone of the test", rate_hz, is_live=True)
        self.dropped_samples = 0
        self._waiting: queue.SimpleQueue[AudioFrame | Exception | None] = queue.SimpleQueue()

    def speak(self, pcm: bytes, at_s: float | None = None) -> None:
        """Now, or recorded at some time."""
        for frame in frames(pcm):
            self._waiting.put(replace(frame, captured_s=at_s))

    def fail(self, error: Exception) -> None:
        self._waiting.put(error)

    def frames(self) -> Iterator[AudioFrame]:
        while (given := self._waiting.get(timeout=WITHIN_S)) is not None:
            if isinstance(given, Exception):
                raise given
            yield given

    def close(self) -> None:
        self._waiting.put(None)


class Loudspeaker:
    """An AudioSink whose chunks last until the test lets them end, or until it is stopped."""

    def __init__(self, *, waits: bool = True) -> None:
        self.chunks: list[SpeechChunk] = []
        self.started = threading.Event()
        self.error: Exception | None = None
        self._free = threading.Event()
        if not waits:
            self._free.set()

    def play(self, chunk: SpeechChunk) -> None:
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        self.chunks.append(chunk)
        self.started.set()
        assert self._free.wait(WITHIN_S)

    def stop(self) -> None:
        self._free.set()

    def close(self) -> None:
        self._free.set()

    def hold(self) -> None:
        """The next chunk lasts again."""
        self.started.clear()
        self._free.clear()


class Events(list[Event]):
    """An observer that remembers, and tells those who wait."""

    def __init__(self) -> None:
        super().__init__()
        self.watchers: list[Callable[[], None]] = []

    def __call__(self, event: Event) -> None:
        self.append(event)
        for watcher in self.watchers:
            watcher()

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self if isinstance(event, kind)]


@contextlib.asynccontextmanager
async def typing_at(
    url: str, *observers: Events, timeout_s: float = 3.0, refresh_s: float = 10.0, mes: str = ""
) -> AsyncIterator[Session]:
    """A session at printer one without ears: sentences are typed."""
    server = MesSettings(url=url, name=mes, timeout_s=timeout_s, refresh_s=refresh_s)
    settings = Settings(mes=server, audio=AudioSettings())
    async with open_session(settings, bus=Bus(*observers), with_ears=False) as session:
        await session.start("keyboard")
        yield session


def ask(url: str, path: str) -> Any:
    """What the plant itself says."""
    return httpx.get(f"{url}/api/v1/{path}", trust_env=False).raise_for_status().json()


def records(url: str) -> list[dict[str, Any]]:
    """Everything that was ever written into this plant."""
    return ask(url, "events?limit=1000")["items"]


@dataclass(frozen=True)
class Books:
    """A plant that others write into as well, before and after; never at the same time."""

    url: str
    database: Path
    n_before: int

    def new(self) -> list[dict[str, Any]]:
        """What was written since the test began."""
        return records(self.url)[self.n_before :]
