"""Remembers what was spoken, so that "ready", "yes or no?" and the like are there at once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator
from typing import TYPE_CHECKING

from voicemes.model import AudioFormat, SpeechChunk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicemes.ports import Synthesizer, Voice

MAX_BYTES = 16_000_000
"""About six minutes at 22,050 Hz: every fixed prompt many times over, and the answers of the last hour."""


class CachingSynthesizer:
    """A Synthesizer that wraps another one and forgets what was used least recently.

    Not for several threads at once, as no engine is.
    """

    def __init__(self, inner: Synthesizer, max_bytes: int = MAX_BYTES) -> None:
        self._inner = inner
        self._max_bytes = max_bytes
        self._known: OrderedDict[tuple[str, Voice], bytes] = OrderedDict()
        self._known_bytes = 0

    @property
    def format(self) -> AudioFormat:
        return self._inner.format

    @property
    def known_bytes(self) -> int:
        """Size of what is remembered; never more than `max_bytes`."""
        return self._known_bytes

    def speak(self, text: str, voice: Voice) -> Iterator[SpeechChunk]:
        """One chunk where the answer is known; otherwise the other synthesizer's, remembered if all were taken."""
        key = (text, voice)
        if key in self._known:
            self._known.move_to_end(key)
            yield SpeechChunk(self._known[key], self.format)
            return
        pieces: list[bytes] = []
        chunks = self._inner.speak(text, voice)
        try:
            for chunk in chunks:
                pieces.append(chunk.pcm)
                yield chunk
        finally:
            if isinstance(chunks, Generator):
                chunks.close()
        self._remember(key, b"".join(pieces))

    def _remember(self, key: tuple[str, Voice], pcm: bytes) -> None:
        if key in self._known or len(pcm) > self._max_bytes:
            return
        self._known[key] = pcm
        self._known_bytes += len(pcm)
        while self._known_bytes > self._max_bytes:
            _, forgotten = self._known.popitem(last=False)
            self._known_bytes -= len(forgotten)
