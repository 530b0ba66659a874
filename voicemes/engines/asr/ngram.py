"""The catalogue's words in any order, by pocketsphinx with an n-gram model: the second look without any weights.

The model is built from sentences of the catalogue (nlu/ngram.py), so it needs nothing but what ships. What it hears has
the confidence of the same measure as in the grammar (trust.py), how far the words are from the best sounds: for that it
is decoded once more, as the only sentence that may be said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicemes.engines.asr import pocketsphinx
from voicemes.engines.asr.conditioning import spoken_part, to_samples, whole
from voicemes.engines.asr.free import FreeSearch
from voicemes.engines.asr.levels import range_db
from voicemes.engines.asr.pocketsphinx import INSTALL, LEAST_SAMPLES, MAX_BYTES, open_search, open_vocabulary
from voicemes.engines.asr.trust import confidence, is_other_speech, mean_deficit
from voicemes.engines.asr.warp import fitting_cepstra
from voicemes.errors import EngineFailed
from voicemes.model import Transcript
from voicemes.nlu.ngram import arpa
from voicemes.ports import RecognizerTraits

if TYPE_CHECKING:
    from pathlib import Path

    from voicemes.engines.asr.gaussians import Mixture
    from voicemes.engines.asr.search import GrammarSearch
    from voicemes.ports import EngineContext, Expected

STREAMS = False
NAME = "ngram"


@dataclass(frozen=True, slots=True)
class Options:
    phonemes: Callable[[str], str] | None = None
    """As in pocketsphinx.py."""


def create(options: Options, context: EngineContext) -> NgramRecognizer:
    """Loads the acoustic model. Raises EngineMissing, and ConfigError for a faulty lexicon."""
    free = FreeSearch(open_vocabulary(context, options.phonemes), INSTALL)
    search, speech = open_search(pocketsphinx.Options(options.phonemes), context)
    return NgramRecognizer(free, search, speech, context.cache_dir)


class NgramRecognizer:
    """A Recognizer."""

    def __init__(self, free: FreeSearch, search: GrammarSearch, speech: Mixture, folder: Path) -> None:
        self._free, self._search, self._speech, self._folder = free, search, speech, folder
        self._is_ready = False

    @property
    def traits(self) -> RecognizerTraits:
        return RecognizerTraits(name=NAME, streams=False, follows_grammar=False)

    def expect(self, expected: Expected) -> None:
        """Builds the model, in a second or two, or takes it from the cache."""
        words = {word for sentence in expected.sentences for word in sentence.split()}
        self._is_ready = bool(words)
        if words:
            self._free.listen(self._model_of(expected.sentences), words)

    def recognize(self, pcm: bytes, is_late: Callable[[], bool]) -> Transcript:
        """The decoder cannot be stopped; it takes a small part of the time that the sound lasts."""
        nothing = Transcript("", NAME, is_complete=False, confidence=0.0)
        samples = to_samples(pcm[:MAX_BYTES])
        _, spoken = spoken_part(samples)
        if not self._is_ready or len(spoken) < LEAST_SAMPLES or is_late():
            return nothing
        _, cepstra = next(fitting_cepstra(whole(spoken), self._speech))
        if is_late():
            return nothing
        decoded, distance_db = self._search.align(self._free.words_in(cepstra), cepstra), range_db(samples)
        words = decoded.words
        if not words or is_other_speech(decoded.fillers, distance_db):
            return nothing
        text, sure = " ".join(word.text for word in words), confidence(words, decoded.ground)
        return Transcript(text, NAME, words, sure, deficit=mean_deficit(words), range_db=distance_db)

    def _model_of(self, sentences: tuple[str, ...]) -> Path:
        digest = hashlib.sha256("\n".join(sentences).encode()).hexdigest()[:16]
        file = self._folder / f"ngram-{digest}.arpa"
        try:
            if not file.exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                part = file.with_suffix(".part")
                part.write_text(arpa(sentences), encoding="utf-8")
                part.replace(file)
        except OSError as exc:
            raise EngineFailed(f"{file} cannot be written: {exc}.") from exc
        return file
