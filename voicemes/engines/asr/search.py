"""Grammar search with one decoder of pocketsphinx: graphs are compiled once, words get their pronunciations."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voicemes.engines.asr.features import N_CEPSTRA
from voicemes.errors import EngineFailed
from voicemes.model import Word
from voicemes.ports import Hypothesis

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voicemes.engines.asr.features import Array
    from voicemes.engines.asr.lexicon import Vocabulary
    from voicemes.model import WordGraph

FRAME_S = 0.01
"""The library's frame: 100 in a second."""
MAX_GRAPHS = 16
"""Dialogue states kept compiled: idle, confirming, and the questions of a few intents."""
SCORE_SHIFT = 1024
"""Acoustic scores are shifted right by 10 bits in the library (SENSCR_SHIFT in hmm.h)."""
FREE = "free"
"""The library's name for the search with an n-gram model."""
FILLERS = ("<", "[", "+")
"""Silences are `<sil>`, noises `[NOISE]` or `++BREATH++`."""
NO_CHANNEL = ",".join(["0"] * N_CEPSTRA)
"""For cepstra whose mean is zero already."""
PIECE_FRAMES = 20


class GrammarSearch:
    """`choose` what may be said, `decode`, then ask for `words`.

    The decoder has no dictionary of its own: every word is added as the vocabulary has it.
    """

    def __init__(self, decoder: Any, vocabulary: Vocabulary) -> None:
        self._decoder, self._vocabulary = decoder, vocabulary
        self._compiled: OrderedDict[int, Compiled] = OrderedDict()
        self._words: set[str] = set()
        """Those that the decoder can say: it begins with none."""

    @property
    def n_graphs(self) -> int:
        return len(self._compiled)

    def choose(self, graph: WordGraph) -> Compiled:
        """What may be said from now on. The first time for a graph takes up to 0.5 s. Raises EngineFailed."""
        compiled = self._compile(graph)
        if compiled.search:
            self._decoder.activate_search(compiled.search)
        return compiled

    def listen_freely(self, model: Path, words: Iterable[str]) -> None:
        """From now on any of `words`, as likely as the n-gram model (ARPA) has it. Raises EngineFailed."""
        self._add_words(words)
        try:
            self._decoder.add_lm_file(FREE, str(model))
            self._decoder.activate_search(FREE)
        except (RuntimeError, ValueError, KeyError) as exc:
            raise EngineFailed(f"pocketsphinx cannot use the language model {model}.") from exc

    def decode(self, cepstra: Array) -> None:
        """A whole utterance, in cepstra of mean zero. Other threads get their turn between two pieces of it: the
        library lets nobody else run while it works.
        """
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

    def words(self, offset_s: float = 0.0) -> tuple[Word, ...]:
        """What was heard in the last utterance; `offset_s` is where it began."""
        return tuple(_word(segment, offset_s) for segment in self._decoder.seg() or () if _is_word(segment.word))

    def fillers(self) -> tuple[Word, ...]:
        """What lay before, between and behind the words: silence, or what no word explains."""
        return tuple(_word(segment, 0.0) for segment in self._decoder.seg() or () if segment.word.startswith(FILLERS))

    def _compile(self, graph: WordGraph) -> Compiled:
        known = self._compiled.get(id(graph))
        if known is not None:
            self._compiled.move_to_end(id(graph))
            return known
        if len(self._compiled) >= MAX_GRAPHS:
            _, oldest = self._compiled.popitem(last=False)
            if oldest.search:
                self._decoder.remove_search(oldest.search)
        compiled = Compiled(graph, search=f"graph-{id(graph)}" if graph.arcs and graph.finals else "")
        if compiled.search:
            self._add_words(graph.words)
            self._add_search(compiled)
        self._compiled[id(graph)] = compiled
        return compiled

    def _add_search(self, compiled: Compiled) -> None:
        try:
            fsg = self._decoder.create_fsg(compiled.search, 0, compiled.graph.n_states, transitions(compiled.graph))
            self._decoder.add_fsg(compiled.search, fsg)
        except (RuntimeError, ValueError) as exc:
            raise EngineFailed(f"pocketsphinx cannot use the grammar '{compiled.graph.name}'.") from exc

    def _add_words(self, words: Iterable[str]) -> None:
        for word in sorted(set(words) - self._words):
            for number, sounds in enumerate(self._vocabulary.pronunciations(word), start=1):
                self._add_word(word if number == 1 else f"{word}({number})", sounds)
            self._words.add(word)

    def _add_word(self, word: str, sounds: str) -> None:
        try:
            self._decoder.add_word(word, sounds, False)
        except RuntimeError as exc:
            raise EngineFailed(f"pocketsphinx does not take the pronunciation {word!r} {sounds}.") from exc


@dataclass(slots=True)
class Compiled:
    """A graph with its search in the library, and the ways through it."""

    graph: WordGraph
    """Held, so that its identity stays its own."""
    search: str
    """The library's name for it; empty where nothing can be said."""
    _moves: dict[tuple[int, str], set[int]] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        for start, end, word, _ in self.graph.arcs:
            self._moves.setdefault((start, word), set()).add(end)
            self._open.add(start)

    def hypothesis(self, text: str) -> Hypothesis:
        states = {0}
        for word in text.split():
            states = {end for state in states for end in self._moves.get((state, word), ())}
        is_complete = bool(text) and not states.isdisjoint(self.graph.finals)
        return Hypothesis(text, is_complete=is_complete, can_extend=not states.isdisjoint(self._open))


def transitions(graph: WordGraph) -> list[tuple[int, int, float] | tuple[int, int, float, str]]:
    """The graph as the library wants it: one final state, reached without a word."""
    arcs = [(start, end, weight, word) for start, end, word, weight in graph.arcs]
    return [*arcs, *((state, graph.n_states, 1.0) for state in sorted(graph.finals))]


def _word(segment: Any, offset_s: float) -> Word:
    n_frames = segment.end_frame - segment.start_frame + 1
    return Word(
        text=re.sub(r"\(\d+\)$", "", segment.word),
        started_s=offset_s + segment.start_frame * FRAME_S,
        ended_s=offset_s + (segment.end_frame + 1) * FRAME_S,
        deficit=-math.log(max(segment.ascore, 1e-300)) * SCORE_SHIFT / n_frames,
    )


def _is_word(text: str) -> bool:
    """Arcs without a word are `(NULL)`."""
    return not text.startswith((*FILLERS, "(NULL)"))
