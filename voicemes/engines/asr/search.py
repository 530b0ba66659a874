"""Grammar search: graphs are compiled once, words get their pronunciations, sound becomes words."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from voicemes.engines.asr.alignment import chain_of, ways_of
from voicemes.engines.asr.ground import grounds
from voicemes.engines.asr.network import network_of
from voicemes.engines.asr.rivals import rivals
from voicemes.engines.asr.viterbi import Beams, search
from voicemes.model import Word
from voicemes.ports import Hypothesis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicemes.engines.asr.features import Array
    from voicemes.engines.asr.lexicon import Vocabulary
    from voicemes.engines.asr.network import Network
    from voicemes.engines.asr.senones import AcousticModel, Scores
    from voicemes.engines.asr.viterbi import Segment
    from voicemes.model import WordGraph

FRAME_S = 0.01
"""100 frames in a second."""
MAX_GRAPHS = 16
"""Dialogue states kept compiled: idle, confirming, and the questions of a few intents."""
FILLERS = ("<", "[")
"""Silences are `<sil>`, noises `[NSN]`."""
NOISY, QUIET = Beams(), Beams(n_active=800)
"""In quiet the right phones are among the first: 800 find the same words, in three quarters of the time."""


@dataclass(frozen=True, slots=True)
class Decoded:
    words: tuple[Word, ...]
    fillers: tuple[Word, ...]
    """What lay before, between and behind the words: silence, or what no word explains."""
    ground: float = 0.0
    """The deficit per frame of any sounds in place of the words."""
    sounds: tuple[Scores, ...] = ()
    """(frames, senones) under each word."""
    model: AcousticModel | None = None
    """Of the voice that they were scored with."""


class GrammarSearch:
    """`choose` what may be said, then `decode`."""

    def __init__(self, model: AcousticModel, vocabulary: Vocabulary) -> None:
        self.model, self.vocabulary = model, vocabulary
        self._compiled: OrderedDict[int, Compiled] = OrderedDict()
        self._sounds: dict[str, list[tuple[int, ...]]] = {}

    @property
    def n_graphs(self) -> int:
        return len(self._compiled)

    def choose(self, graph: WordGraph) -> Compiled:
        """The first time for a graph takes up to 0.5 s. Raises EngineFailed for a word that cannot be said."""
        known = self._compiled.get(id(graph))
        if known is not None:
            self._compiled.move_to_end(id(graph))
            return known
        if len(self._compiled) >= MAX_GRAPHS:
            self._compiled.popitem(last=False)
        can_be_said = bool(graph.arcs and graph.finals)
        compiled = Compiled(graph, self._network(graph) if can_be_said else None)
        self._compiled[id(graph)] = compiled
        return compiled

    def decode(
        self,
        compiled: Compiled,
        cepstra: Array,
        offset_s: float = 0.0,
        *,
        is_quiet: bool = False,
        model: AcousticModel | None = None,
    ) -> Decoded:
        """The likeliest sentence in a whole utterance, given in cepstra of mean zero, which began at `offset_s`.
        `model`: of one voice, instead of that for everybody.
        """
        if compiled.network is None or not len(cepstra):
            return Decoded((), ())
        model = model or self.model
        scores = model.scores(cepstra)
        found = search(compiled.network, model.log_transitions, scores, QUIET if is_quiet else NOISY)
        said = [segment for segment in found if not segment.word.startswith(FILLERS)]
        fillers = [segment for segment in found if segment.word.startswith(FILLERS)]
        under = [scores[segment.first_frame : segment.last_frame + 1] for segment in said]
        words = [_word(segment, offset_s) for segment in said]
        each, all_together = grounds(model, under)
        return Decoded(
            words=tuple(
                replace(word, excess=word.deficit - free) for word, free in zip(words, each, strict=True)
            ),
            fillers=tuple(_word(segment, offset_s) for segment in fillers),
            ground=all_together,
            sounds=tuple(under),
            model=model,
        )

    def with_rivals(self, compiled: Compiled, decoded: Decoded) -> tuple[Word, ...]:
        """The words, each with what else it can have been."""
        words, found = decoded.words, []
        others = compiled.others([word.text for word in words])
        for place, (word, sound) in enumerate(zip(words, decoded.sounds, strict=True)):
            ways = {name: self._ways(name) for name in (word.text, *others[place])}
            near = rivals(decoded.model or self.model, ways, word.text, others[place], self._sides(words, place), sound)
            found.append(replace(word, rivals=near))
        return tuple(found)

    def _sides(self, words: Sequence[Word], place: int) -> tuple[int, int]:
        """The phones before and after a word; silence where no other word touches it."""
        word, before, after = words[place], self.model.phones.silence, self.model.phones.silence
        if place and words[place - 1].ended_s == word.started_s:
            before = self._ways(words[place - 1].text)[0][-1]
        if place + 1 < len(words) and words[place + 1].started_s == word.ended_s:
            after = self._ways(words[place + 1].text)[0][0]
        return before, after

    def align(self, words: Sequence[str], cepstra: Array) -> Decoded:
        """Where each of these words was said, and how well it fits, if nothing else can have been said."""
        graph = chain_of(words)
        return self.decode(Compiled(graph, self._network(graph) if words else None), cepstra)

    def _ways(self, word: str) -> list[tuple[int, ...]]:
        known = self._sounds.get(word)
        if known is None:
            known = self._sounds[word] = ways_of(word, self.vocabulary.pronunciations, self.model.phones)
        return known

    def _network(self, graph: WordGraph) -> Network:
        return network_of(graph, self.vocabulary.pronunciations, self.model.phones)


@dataclass(slots=True)
class Compiled:
    """A graph with its network, and the ways through it."""

    graph: WordGraph
    """Held, so that its identity stays its own."""
    network: Network | None
    """None where nothing can be said."""
    _moves: dict[int, dict[str, set[int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for start, end, word, _ in self.graph.arcs:
            self._moves.setdefault(start, {}).setdefault(word, set()).add(end)

    def hypothesis(self, text: str) -> Hypothesis:
        states = self._behind({0}, text.split())
        is_complete = bool(text) and not states.isdisjoint(self.graph.finals)
        return Hypothesis(text, is_complete=is_complete, can_extend=not states.isdisjoint(self._moves))

    def others(self, words: Sequence[str]) -> list[frozenset[str]]:
        """For each place, the other words with which it would be a whole sentence as well."""
        found, before = [], {0}
        for place, word in enumerate(words):
            there = {other for state in before for other in self._moves.get(state, ())} - {word}
            after = words[place + 1 :]
            found.append(
                frozenset(
                    other for other in there
                    if not self._behind(before, [other, *after]).isdisjoint(self.graph.finals)
                )
            )
            before = self._behind(before, [word])
        return found

    def _behind(self, states: set[int], words: Sequence[str]) -> set[int]:
        """Where one may be who goes on from `states` with these words."""
        for word in words:
            states = {end for state in states for end in self._moves.get(state, {}).get(word, ())}
        return states


def _word(segment: Segment, offset_s: float) -> Word:
    n_frames = segment.last_frame - segment.first_frame + 1
    return Word(
        text=segment.word,
        started_s=offset_s + segment.first_frame * FRAME_S,
        ended_s=offset_s + (segment.last_frame + 1) * FRAME_S,
        deficit=max(-segment.score, 0.0) / n_frames,
    )
