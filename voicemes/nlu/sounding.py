"""Words that another recogniser wrote down become the sentence of the grammar that sounds like them.

A recogniser with an open vocabulary writes what is usual in its texts: "tree" for "three", "for" for "four", "a y one"
for "AOI one". fuzzy.py compares single words by their letters and consonants and never touches a number; here the
sounds of the whole text, whatever the words, are laid beside those of every sentence that may be said, and sounds that
are easily taken for each other cost little. A number may come out of that, so what is found is read back.

Pure: how a word sounds is an argument, the sentences are the automaton of the recogniser (grammar.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from voicemes.model import WordGraph

Say = Callable[[str], Sequence[Sequence[str]]]
"""The ways of saying a word, each as sounds of the CMU dictionary; none for a word that nobody can say."""

MOST = 0.12
"""Of the cost of a text, for each of its sounds: "tree" for "three" costs 0.1, "a y one" for "AOI one" 0.05."""
SLACK = 0.6
"""More that the beginning of a text may cost: it may be made up for by the rest."""
MOST_OF_WORD = 0.35
"""Of a word, for each of its sounds: a short word must not stand for anything."""
OTHER_WORD = 0.01
"""For a word that sounds the same and is another one: "for" stays "for" where both may be said."""
BEAM = 1.2
"""Ways that cost so much more than the best one to the same place are not followed."""
MAX_SOUNDS = 150
"""Longer than anybody says in one breath."""

VOWELS = frozenset(("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"))
WEAK = frozenset(("AH", "IH", "HH"))
"""Sounds that come and go in quick speech."""
NEAR, ALIKE, VOWEL, CONSONANT, OTHER = 0.3, 0.6, 0.7, 0.9, 1.2
"""What it costs to take a sound for one that differs in voice or by a little; for one of its kind; for another vowel;
for another consonant; and to take a vowel for a consonant."""
GONE, WEAK_GONE = 0.7, 0.35
"""For a sound that is there on one side only."""
_NEAR = (
    *("P B", "T D", "K G", "F V", "S Z", "SH ZH", "CH JH", "TH DH", "M N NG", "TH T", "TH F", "TH S", "DH D", "DH V"),
    *("S SH", "Z ZH", "SH CH", "ZH JH", "T CH", "D JH", "DH Z", "IH IY", "IH EH", "IH AH", "EH AE", "EH EY", "EH AH"),
    *("AE AH", "AA AO", "AA AH", "AO OW", "AO AH", "UH UW", "UH AH", "AH ER", "AO OY", "AY AA", "AW AA", "R ER"),
    *("W UW", "W OW", "Y IY", "W UH"),
)
_ALIKE = ("P T K", "B D G", "L R W Y", "F S TH SH", "V Z DH ZH", "L N", "AW OW", "EY AY", "EY IY", "L OW", "L AO")


@dataclass(frozen=True, slots=True)
class Sounded:
    """A sentence of the grammar that sounds like a text."""

    words: tuple[str, ...]
    cost: float
    """For each sound of the text: 0 is the same sounds."""


def snap(words: Sequence[str], graph: WordGraph, say: Say, most: float = MOST) -> Sounded | None:
    """The sentence of `graph` that sounds most like `words`; None where none does well enough."""
    text = Text.of(words, say)
    if text is None or not 0 < text.n_sounds <= MAX_SOUNDS:
        return None
    found = _Snapper(text, graph, say, most * text.n_sounds).best()
    return None if found is None else Sounded(found[0], found[1] / text.n_sounds)


@dataclass(frozen=True, slots=True)
class Text:
    """All ways of saying some words, as an automaton over sounds whose places are numbered from its start."""

    moves: tuple[tuple[tuple[str, int], ...], ...]
    """Place -> (sound, next place)."""
    begins: Mapping[int, str]
    """The word that begins at a place."""
    depth: tuple[int, ...]
    """Place -> sounds before it, at least."""
    n_sounds: int

    @classmethod
    def of(cls, words: Sequence[str], say: Say) -> Text | None:
        """None where nobody can say a word."""
        moves: list[list[tuple[str, int]]] = [[]]
        depth, begins = [0], {}
        for word in words:
            ways = {tuple(way) for way in say(word) if way}
            if not ways:
                return None
            start = len(moves) - 1
            begins[start] = word
            ends: list[tuple[int, str]] = []
            for way in sorted(ways):
                at = start
                for sound in way[:-1]:
                    moves.append([])
                    depth.append(depth[at] + 1)
                    moves[at].append((sound, len(moves) - 1))
                    at = len(moves) - 1
                ends.append((at, way[-1]))
            moves.append([])
            depth.append(min(depth[at] for at, _ in ends) + 1)
            for at, sound in ends:
                moves[at].append((sound, len(moves) - 1))
        return cls(tuple(map(tuple, moves)), begins, tuple(depth), depth[-1])


@dataclass(slots=True)
class _Way:
    """How a place of the text and a state of the grammar were reached."""

    cost: float
    word: str = ""
    before: _Way | None = None

    def words(self) -> tuple[str, ...]:
        said: list[str] = []
        way: _Way | None = self
        while way is not None and way.word:
            said.append(way.word)
            way = way.before
        return tuple(reversed(said))


@dataclass(slots=True)
class _Snapper:
    text: Text
    graph: WordGraph
    say: Say
    most: float
    _arcs: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    _ends: dict[tuple[str, int], list[tuple[int, float]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for start, end, word, _ in self.graph.arcs:
            self._arcs.setdefault(start, []).append((word, end))

    def best(self) -> tuple[tuple[str, ...], float] | None:
        """Place by place: every move goes on in the text, so a place is done when it is come to."""
        at: list[dict[int, _Way]] = [{} for _ in self.text.moves]
        at[0][0] = _Way(0.0)
        last = len(at) - 1
        for place in range(last):
            ways = at[place]
            if not ways:
                continue
            most = min(min(way.cost for way in ways.values()) + BEAM, self._most_at(place))
            for state, way in ways.items():
                if way.cost <= most:
                    self._go_on(at, place, state, way)
            ways.clear()
        final = [way for state, way in at[last].items() if state in self.graph.finals and way.cost <= self.most]
        best = min(final, key=lambda way: way.cost, default=None)
        return None if best is None else (best.words(), best.cost)

    def _go_on(self, at: list[dict[int, _Way]], place: int, state: int, way: _Way) -> None:
        for word, to in self._arcs.get(state, ()):
            for end, cost in self._reached(word, place):
                total = way.cost + cost
                known = at[end].get(to)
                if total <= self._most_at(end) and (known is None or total < known.cost):
                    at[end][to] = _Way(total, word, way)

    def _most_at(self, place: int) -> float:
        return min(self.most, SLACK + self.most * self.text.depth[place] / self.text.n_sounds)

    def _reached(self, word: str, place: int) -> list[tuple[int, float]]:
        """Where in the text the word may end that begins here, with what that costs."""
        key = word, place
        if key not in self._ends:
            best: dict[int, float] = {}
            for way in self.say(word):
                for end, cost in spread(self.text, place, way, MOST_OF_WORD * max(len(way), 2)):
                    best[end] = min(cost, best.get(end, cost))
            same = self.text.begins.get(place) == word
            self._ends[key] = [(end, cost if same else cost + OTHER_WORD) for end, cost in best.items() if end > place]
        return self._ends[key]


def spread(text: Text, place: int, sounds: Iterable[str], most: float) -> list[tuple[int, float]]:
    """(place, cost) of every piece of the text from `place` on that can be heard as `sounds`."""
    reached = {place: 0.0}
    _skip(text, reached, place, most)
    for sound in sounds:
        following: dict[int, float] = {}
        for at, cost in reached.items():
            _keep(following, at, cost + gone(sound), most)
            for other, to in text.moves[at]:
                _keep(following, to, cost + taken_for(sound, other), most)
        for at in sorted(following):  # a sound more in the text; what that reaches lies behind
            _skip(text, following, at, most)
        reached = following
        if not reached:
            break
    return list(reached.items())


def _skip(text: Text, reached: dict[int, float], place: int, most: float) -> None:
    todo = [place]
    while todo:
        at = todo.pop()
        for other, to in text.moves[at]:
            before = reached.get(to)
            _keep(reached, to, reached[at] + gone(other), most)
            if reached.get(to) != before:
                todo.append(to)


def _keep(costs: dict[int, float], place: int, cost: float, most: float) -> None:
    if cost <= most and cost < costs.get(place, most + 1):
        costs[place] = cost


def gone(sound: str) -> float:
    """What it costs that a sound is on one side only."""
    return WEAK_GONE if sound in WEAK else GONE


@lru_cache(maxsize=4_096)
def taken_for(one: str, other: str) -> float:
    """What it costs to take one sound for the other; the same both ways."""
    if one == other:
        return 0.0
    pair = {one, other}
    if any(pair <= set(group.split()) for group in _NEAR):
        return NEAR
    if any(pair <= set(group.split()) for group in _ALIKE):
        return ALIKE
    n_vowels = len(pair & VOWELS)
    return OTHER if n_vowels == 1 else VOWEL if n_vowels == 2 else CONSONANT
