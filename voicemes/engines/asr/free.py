"""One decoder of pocketsphinx with an n-gram model: the words of the catalogue in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voicemes.engines.asr.features import N_CEPSTRA
from voicemes.errors import EngineFailed, EngineMissing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from voicemes.engines.asr.features import Array
    from voicemes.engines.asr.lexicon import Vocabulary

CONFIG: dict[str, Any] = {
    # No language model, no words but those that are added, no lattice: in noise it can take 13 s (shared/voice.md).
    "lm": None,
    "dict": None,
    "bestpath": False,
    "loglevel": "FATAL",
    # Wider than the library's beams (1e-48, 7e-29), bounded by the number of active models: a tree of a thousand words
    # has more beginnings at every moment than a grammar.
    "beam": 1e-70,
    "pbeam": 1e-70,
    "wbeam": 1e-54,
    "maxhmmpf": 3_000,
    "lw": 6.5,
}
SEARCH = "free"
NO_CHANNEL = ",".join(["0"] * N_CEPSTRA)
"""For cepstra whose mean is zero already."""
PIECE_FRAMES = 20
"""The library lets no other thread run while it works: between two pieces they get their turn."""
NO_WORDS = ("<", "[", "+")


class FreeSearch:
    """`listen` to some words, then ask for `words_in` a sound."""

    def __init__(self, vocabulary: Vocabulary, install: str) -> None:
        """Raises EngineMissing and EngineFailed."""
        try:
            from pocketsphinx import Decoder
        except ImportError as exc:
            raise EngineMissing("pocketsphinx", install=install) from exc
        try:
            self._decoder: Any = Decoder(**CONFIG)
        except (RuntimeError, ValueError) as exc:
            raise EngineFailed(f"pocketsphinx cannot load its model. {install}") from exc
        self._vocabulary = vocabulary
        self._words: set[str] = set()
        """Those that the decoder can say: it begins with none."""

    def listen(self, model: Path, words: Iterable[str]) -> None:
        """From now on any of `words`, as likely as the n-gram model (ARPA) has it. Raises EngineFailed."""
        for word in sorted(set(words) - self._words):
            self._add(word)
        try:
            self._decoder.add_lm_file(SEARCH, str(model))
            self._decoder.activate_search(SEARCH)
        except (RuntimeError, ValueError, KeyError) as exc:
            raise EngineFailed(f"pocketsphinx cannot use the language model {model}.") from exc

    def words_in(self, cepstra: Array) -> tuple[str, ...]:
        """The likeliest words of a whole utterance, given in cepstra of mean zero. Raises EngineFailed."""
        frames = np.ascontiguousarray(cepstra, dtype="<f4")
        self._decoder.set_cmn(NO_CHANNEL)
        self._decoder.start_utt()
        try:
            for start in range(0, len(frames), PIECE_FRAMES):
                self._decoder.process_cep(frames[start : start + PIECE_FRAMES].tobytes(), full_utt=False)
        except RuntimeError as exc:
            raise EngineFailed("pocketsphinx broke while it decoded.") from exc
        finally:
            self._decoder.end_utt()
        said = (segment.word for segment in self._decoder.seg() or ())
        return tuple(word.partition("(")[0] for word in said if not word.startswith(NO_WORDS))

    def _add(self, word: str) -> None:
        for number, sounds in enumerate(self._vocabulary.pronunciations(word), start=1):
            try:
                self._decoder.add_word(word if number == 1 else f"{word}({number})", sounds, False)
            except RuntimeError as exc:
                raise EngineFailed(f"pocketsphinx does not take the pronunciation {word!r} {sounds}.") from exc
        self._words.add(word)
