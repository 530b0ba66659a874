"""The catalogue's words in any order, by pocketsphinx with an n-gram model: the second look without any weights.

The model is built from sentences of the catalogue (nlu/ngram.py), so it needs nothing but what ships. What it hears has
the confidence of the same measure as in the grammar (trust.py): how far the words are from the best sounds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicemes.engines.asr.conditioning import spoken_part, to_samples, whole
from voicemes.engines.asr.gaussians import Mixture, read_mixture
from voicemes.engines.asr.levels import range_db
from voicemes.engines.asr.pocketsphinx import (
    LEAST_SAMPLES,
    MAX_BYTES,
    SEARCH,
    open_decoder,
    open_vocabulary,
)
from voicemes.engines.asr.search import GrammarSearch
from voicemes.engines.asr.trust import confidence, is_other_speech, mean_deficit
from voicemes.engines.asr.warp import fitting_cepstra
from voicemes.errors import EngineFailed
from voicemes.model import Transcript
from voicemes.nlu.ngram import arpa
from voicemes.ports import RecognizerTraits

if TYPE_CHECKING:
    from voicemes.ports import EngineContext, Expected

STREAMS = False
NAME = "ngram"
WIDER: dict[str, Any] = {"maxhmmpf": 3_000, "lw": 6.5}
"""A tree of a thousand words has more beginnings at every moment than a grammar."""


@dataclass(frozen=True, slots=True)
class Options:
    phonemes: Callable[[str], str] | None = None
    """As in pocketsphinx.py."""


def create(options: Options, context: EngineContext) -> NgramRecognizer:
    """Loads the acoustic model. Raises EngineMissing, and ConfigError for a faulty lexicon."""
    vocabulary = open_vocabulary(context, options.phonemes)
    decoder = open_decoder(SEARCH | WIDER)
    speech = read_mixture(Path(str(decoder.config["hmm"])))
    return NgramRecognizer(GrammarSearch(decoder, vocabulary), speech, context.cache_dir)


class NgramRecognizer:
    """A Recognizer."""

    def __init__(self, search: GrammarSearch, speech: Mixture, folder: Path) -> None:
        self._search, self._speech, self._folder = search, speech, folder
        self._is_ready = False

    @property
    def traits(self) -> RecognizerTraits:
        return RecognizerTraits(name=NAME, streams=False, follows_grammar=False)

    def expect(self, expected: Expected) -> None:
        """Builds the model, in a second or two, or takes it from the cache."""
        words = {word for sentence in expected.sentences for word in sentence.split()}
        self._is_ready = bool(words)
        if words:
            self._search.listen_freely(self._model_of(expected.sentences), words)

    def recognize(self, pcm: bytes, is_late: Callable[[], bool]) -> Transcript:
        """The decoder cannot be stopped; it takes a small part of the time that the sound lasts."""
        nothing = Transcript("", NAME, is_complete=False, confidence=0.0)
        samples = to_samples(pcm[:MAX_BYTES])
        _, spoken = spoken_part(samples)
        if not self._is_ready or len(spoken) < LEAST_SAMPLES or is_late():
            return nothing
        cepstra = fitting_cepstra(whole(spoken), self._speech)[0]
        if is_late():
            return nothing
        self._search.decode(cepstra)
        words, distance_db = self._search.words(), range_db(samples)
        if not words or is_other_speech(self._search.fillers(), distance_db):
            return nothing
        text, sure = " ".join(word.text for word in words), confidence(words, distance_db)
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
