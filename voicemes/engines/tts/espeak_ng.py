"""Speech by espeak-ng, in this process: robotic, clear, and about a hundred times faster than it is spoken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicemes.engines.tts.espeak_library import EspeakLibrary, load
from voicemes.engines.tts.sentences import sentences
from voicemes.model import AudioFormat, SpeechChunk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicemes.ports import EngineContext, Voice


@dataclass(frozen=True, slots=True)
class Options:
    """Nothing to set: what can be chosen is in `Voice`."""


def create(_options: Options, _context: EngineContext) -> EspeakSynthesizer:
    """Loads the library. Raises EngineMissing when it is not installed, EngineFailed when its data is broken."""
    return EspeakSynthesizer(load())


class EspeakSynthesizer:
    """A Synthesizer."""

    def __init__(self, library: EspeakLibrary) -> None:
        self._library = library

    @property
    def format(self) -> AudioFormat:
        """22,050 Hz mono, 16 bits."""
        return AudioFormat(rate_hz=self._library.rate_hz)

    def speak(self, text: str, voice: Voice) -> Iterator[SpeechChunk]:
        """One chunk a sentence, each made when it is asked for. Raises EngineFailed, for an unknown voice too."""
        for sentence in sentences(text):
            yield SpeechChunk(self._library.synthesize(sentence, voice), self.format)
