"""The recogniser's grammar: one small automaton for everything that may be said now.

The network of phrases is made deterministic (common beginnings merged) and minimal (common ends merged), because what
a decoder pays for is the number of arcs: an identifier that ends forty sentences is in the graph once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from voicemes.errors import CatalogError
from voicemes.model import WordGraph
from voicemes.nlu.network import Network
from voicemes.nlu.phrase import Phrase

MAX_STATES = 200_000
"""A graph of this size no longer decodes in real time on any machine; it is a mistake in a template."""

Arcs = dict[str, tuple[int, float]]


def build_graph(
    name: str, phrases: Iterable[Phrase], expand: Callable[[str], WordGraph | None] = lambda _: None
) -> WordGraph:
    """The minimal automaton that accepts exactly the phrases.

    `expand` gives the graph of a slot type, or None when it cannot be heard; sentences with such a slot are left out.
    """
    network = Network(expand=expand)
    final = network.final()
    start = network.join([network.enter(phrase, final) for phrase in phrases])
    arcs, finals = _determinize(network, start, name)
    return _minimize(name, arcs, finals)


def _determinize(network: Network, start: int, name: str) -> tuple[list[Arcs], set[int]]:
    """Subset construction. Where two arcs fall together the likelier one gives the weight."""
    numbers: dict[frozenset[int], int] = {frozenset([start]): 0}
    todo = [frozenset([start])]
    arcs: list[Arcs] = []
    finals: set[int] = set()
    while todo:
        subset = todo.pop()
        number = numbers[subset]
        while len(arcs) <= number:
            arcs.append({})
        targets: dict[str, set[int]] = {}
        weights: dict[str, float] = {}
        for state in subset:
            closed = network.closed(state)
            if closed.finals:
                finals.add(number)
            for word, moves in closed.words.items():
                targets.setdefault(word, set()).update([to for to, _, _ in moves])
                weights[word] = max(weights.get(word, 0.0), *[weight for _, _, weight in moves])
        for word, reached in targets.items():
            key = frozenset(reached)
            if key not in numbers:
                numbers[key] = len(numbers)
                todo.append(key)
            arcs[number][word] = (numbers[key], weights[word])
        if len(numbers) > MAX_STATES:
            raise CatalogError(f"the grammar '{name}' has more than {MAX_STATES:,} states; simplify its templates.")
    arcs.extend({} for _ in range(len(numbers) - len(arcs)))
    return arcs, finals


def _minimize(name: str, arcs: list[Arcs], finals: set[int]) -> WordGraph:
    """Merges states that accept the same endings. The automaton has no loops, so one pass from the ends is enough."""
    merged: dict[int, int] = {}
    known: dict[tuple[bool, frozenset[tuple[str, int, float]]], int] = {}
    alive: set[int] = set()
    for state in _ends_first(arcs):
        kept = {word: (to, weight) for word, (to, weight) in arcs[state].items() if to in alive}
        if kept or state in finals:
            alive.add(state)
        key = (state in finals, frozenset((word, merged[to], weight) for word, (to, weight) in kept.items()))
        merged[state] = known.setdefault(key, len(known))
    return _number(name, merged[0], known)


def _ends_first(arcs: list[Arcs]) -> list[int]:
    """Reverse topological order from state 0, without recursion: sentences can be long."""
    order: list[int] = []
    visited: set[int] = set()
    stack: list[tuple[int, bool]] = [(0, False)]
    while stack:
        state, expanded = stack.pop()
        if expanded:
            order.append(state)
        elif state not in visited:
            visited.add(state)
            stack.append((state, True))
            stack.extend((to, False) for to, _ in arcs[state].values() if to not in visited)
    return order


def _number(
    name: str, start: int, known: dict[tuple[bool, frozenset[tuple[str, int, float]]], int]
) -> WordGraph:
    """Gives the start the number 0 and keeps only what can be reached from it."""
    by_number = {number: key for key, number in known.items()}
    numbers = {start: 0}
    todo, arcs, finals = [start], [], set()
    while todo:
        state = todo.pop()
        is_final, targets = by_number[state]
        if is_final:
            finals.add(numbers[state])
        for word, to, weight in sorted(targets):
            if to not in numbers:
                numbers[to] = len(numbers)
                todo.append(to)
            arcs.append((numbers[state], numbers[to], word, weight))
    return WordGraph(name=name, n_states=len(numbers), finals=frozenset(finals), arcs=tuple(arcs))
