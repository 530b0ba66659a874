"""Phrases compiled into a network that matches words.

Built from the end ("what may be said before this continuation?"), so every shared phrase with a shared continuation
becomes one state. Slots are not copied in: a slot arc asks for the values of its type that start at a word, which is
found once per type and place. So neither the number of sentences nor of identifiers makes a match slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from voicemes.model import WordGraph
from voicemes.nlu.phrase import Emit, FreeText, Less, OneOf, Phrase, Seq, Slot, Word
from voicemes.nlu.spoken import NUMBER_WORD

MAX_PATHS = 2_000
"""Readings kept at one word; human sentences have a handful. Past it the rest is dropped: the match stays bounded."""

SAYING_NOTHING = {"please": NUMBER_WORD}
"""Words without which a sentence means the same are as likely as a digit: otherwise "thirty three" is heard as "thirty
please", because that costs less."""


@dataclass(slots=True)
class State:
    words: dict[str, list[tuple[int, str, float]]] = field(default_factory=dict)
    """Word -> (next state, what it emits, weight)."""
    steps: list[tuple[int, str]] = field(default_factory=list)
    """Next states without a word, and what is emitted on the way."""
    slots: list[tuple[Slot, int]] = field(default_factory=list)
    free: int | None = None
    """Next state after any one word."""


@dataclass(slots=True)
class Closed:
    """A state with everything reachable without a word folded in."""

    words: dict[str, list[tuple[int, str, float]]] = field(default_factory=dict)
    slots: list[tuple[Slot, int]] = field(default_factory=list)
    free: list[int] = field(default_factory=list)
    finals: list[tuple[int, str]] = field(default_factory=list)
    """Final states reached, with what is emitted on the way to them."""


@dataclass(slots=True)
class Network:
    states: list[State] = field(default_factory=list)
    finals: set[int] = field(default_factory=set)
    expand: Callable[[str], WordGraph | None] | None = None
    """Where given, slots are copied in as their graph (None: cannot be said); otherwise they stay slot arcs."""
    _memo: dict[tuple[Phrase, int, float], int] = field(default_factory=dict)
    _slots: dict[tuple[str, int, float], int] = field(default_factory=dict)
    _closed: dict[int, Closed] = field(default_factory=dict)

    def final(self) -> int:
        number = self._new()
        self.finals.add(number)
        return number

    def enter(self, phrase: Phrase, then: int, weight: float = 1.0) -> int:
        """The state in which `phrase` may be said, after which the network is in `then`."""
        key = (phrase, then, weight)
        if key not in self._memo:
            self._memo[key] = self._enter(phrase, then, weight)
        return self._memo[key]

    def join(self, states: Sequence[int]) -> int:
        """A state that is all of `states` at once."""
        number = self._new()
        self.states[number].steps = [(state, "") for state in states]
        return number

    def closed(self, number: int) -> Closed:
        if number not in self._closed:
            self._closed[number] = self._close(number)
        return self._closed[number]

    def _new(self) -> int:
        self.states.append(State())
        return len(self.states) - 1

    def _enter(self, phrase: Phrase, then: int, weight: float) -> int:
        match phrase:
            case Seq(items):
                for item in reversed(items):
                    then = self.enter(item, then, weight)
                return then
            case OneOf(items):
                return self.join([self.enter(item, then, weight) for item in items])
            case Less(inner, factor):
                return self.enter(inner, then, weight * factor)
            case Slot(_, type) if self.expand is not None:
                return self._enter_slot(type, self.expand(type), then, weight)
            case _:
                return self._leaf(phrase, then, weight)

    def _enter_slot(self, slot_type: str, graph: WordGraph | None, then: int, weight: float) -> int:
        """The values of a type as states of this network: one copy for each continuation."""
        key = (slot_type, then, weight)
        if key not in self._slots:
            own = [self._new() for _ in range(graph.n_states if graph else 1)]
            for start, end, word, factor in graph.arcs if graph else ():
                self.states[own[start]].words.setdefault(word, []).append((own[end], "", weight * factor))
            for number in graph.finals if graph else ():
                self.states[own[number]].steps.append((then, ""))
            self._slots[key] = own[0]
        return self._slots[key]

    def _leaf(self, phrase: Phrase, then: int, weight: float) -> int:
        number = self._new()
        state = self.states[number]
        match phrase:
            case Word(text, out):
                state.words[text] = [(then, out, weight * SAYING_NOTHING.get(text, 1.0))]
            case Emit(out):
                state.steps = [(then, out)]
            case Slot():
                state.slots = [(phrase, then)]
            case FreeText() if self.expand is None:
                state.free = self._new()
                self.states[state.free].free = state.free
                self.states[state.free].steps = [(then, "")]
        return number

    def _close(self, number: int) -> Closed:
        closed = Closed()
        for reached, emitted in self._reach(number):
            state = self.states[reached]
            for word, targets in state.words.items():
                closed.words.setdefault(word, []).extend((to, emitted + out, weight) for to, out, weight in targets)
            closed.slots += state.slots
            if state.free is not None:
                closed.free.append(state.free)
            if reached in self.finals:
                closed.finals.append((reached, emitted))
        return closed

    def _reach(self, number: int) -> Iterator[tuple[int, str]]:
        """Every state reachable without a word, with what is emitted on the way."""
        seen = {(number, "")}
        todo = [(number, "")]
        while todo:
            reached, emitted = todo.pop()
            yield reached, emitted
            for to, out in self.states[reached].steps:
                step = (to, emitted + out)
                if step not in seen:
                    seen.add(step)
                    todo.append(step)


def read_value(network: Network, start: int, tokens: Sequence[str], position: int) -> list[tuple[int, str]]:
    """Every value that the words from `position` on can be: (end position, emitted string). Without slots."""
    first = network.closed(start)
    if position >= len(tokens) or (tokens[position] not in first.words and not first.free):
        return []
    found: dict[tuple[int, str], None] = {}
    frontier = {(start, "")}
    for at in range(position, len(tokens) + 1):
        arriving: set[tuple[int, str]] = set()
        for state, emitted in frontier:
            closed = network.closed(state)
            for _, out in closed.finals:
                found[at, emitted + out] = None
            if at < len(tokens):
                arriving |= {(to, emitted + out) for to, out, _ in closed.words.get(tokens[at], ())}
                arriving |= {(to, f"{emitted} {tokens[at]}".strip()) for to in closed.free}
        frontier = arriving
        if not frontier:
            break
    return [value for value in found if value[0] > position]


@dataclass(frozen=True, slots=True)
class Bound:
    """A slot with the words it took."""

    slot: Slot
    emitted: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Path:
    """One way through the network."""

    final: int
    bound: tuple[Bound, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What came of reading some words."""

    paths: list[Path]
    """All ways to read all of them."""
    furthest: int
    """How many words the best attempt got through."""
    stuck: frozenset[int]
    """The states in which that attempt ended."""


ReadSlot = Callable[[str, int], list[tuple[int, str]]]


def find_paths(network: Network, start: int, tokens: Sequence[str], read_slot: ReadSlot) -> Found:
    """Reads all of `tokens`, in every way there is."""
    waiting: dict[int, dict[tuple[int, tuple[Bound, ...]], None]] = {0: {(start, ()): None}}
    paths: dict[Path, None] = {}
    furthest, stuck = 0, frozenset([start])
    for position in range(len(tokens) + 1):
        here = list(waiting.pop(position, ()))[:MAX_PATHS]
        if here:
            furthest, stuck = position, frozenset(state for state, _ in here)
        for state, bound in here:
            closed = network.closed(state)
            if position == len(tokens):
                paths.update((Path(final, bound), None) for final, _ in closed.finals)
                continue
            for end, step in _moves(closed, tokens, position, bound, read_slot):
                waiting.setdefault(end, {})[step] = None
    return Found(list(paths), furthest, stuck)


def _moves(
    closed: Closed, tokens: Sequence[str], position: int, bound: tuple[Bound, ...], read_slot: ReadSlot
) -> Iterator[tuple[int, tuple[int, tuple[Bound, ...]]]]:
    for to, _, _ in closed.words.get(tokens[position], ()):
        yield position + 1, (to, bound)
    for to in closed.free:
        yield position + 1, (to, bound)
    for slot, to in closed.slots:
        for end, emitted in read_slot(slot.type, position):
            yield end, (to, (*bound, Bound(slot, emitted, position, end)))
