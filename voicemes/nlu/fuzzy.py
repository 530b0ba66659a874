"""Sentences that are nearly one of the catalogue's: some words more, some fewer, some misspelled.

The cheapest way through the same network that matches exactly, with edits that cost. Values are never edited: a number
is what was said, and a word that could change the sense ("not") is never skipped. What comes out is a guess: a write is
read back first, whatever its risk, and two intents that cost nearly the same are asked about.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from rapidfuzz.fuzz import ratio

from voicemes.model import Candidate, Scope
from voicemes.nlu.match import Matcher
from voicemes.nlu.network import Bound, Closed, Path, ReadSlot
from voicemes.numbers import DIGITS

FILLERS = frozenset(
    (
        *("please", "um", "uh", "er", "ah", "hey", "hi", "okay", "ok", "so", "well", "now", "just", "right", "away"),
        *("can", "could", "will", "would", "do", "did", "is", "are", "was", "it", "its", "it's", "any", "some"),
        *("again", "i", "i'd", "i've", "me", "my", "we", "we've", "let", "let's", "us", "you", "thank", "thanks"),
        *("a", "an", "the", "that", "this", "here", "there", "and", "for", "from", "of", "on", "at", "in", "with"),
        *("to", "about", "get", "got", "give", "has", "have", "like", "need", "show", "tell", "want"),
    )
)
"""Words without which most sentences mean the same."""
FILLER_COST, SKIP_COST, MISSING_COST, MISSING_FILLER_COST = 0.1, 1.0, 1.0, 0.2
"""For a said word that the template does not have, and for one of the template that was not said."""
SPELLING_COST, LIKENESS = 0.5, 80.0
"""A word for another that is written nearly alike (per cent of letters)."""
NUMBERS = frozenset(
    (
        *(*DIGITS, "oh", "double", "triple", "point", "minus", "negative", "plus", "hundred", "thousand"),
        *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
        *("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),
    )
)
SENSE = frozenset(
    (
        *("not", "no", "never", "don't", "without", "cancel", "stop", "except", "instead"),
        *("if", "when", "why", "who", "before", "after", "until"),
    )
)
KEPT = NUMBERS | SENSE
"""Said words that change the sense: never skipped. Nor are those of units: with another one it is another number."""
MAX_COST_SHARE = 0.26
"""Of the words that are no fillers, a number counting as one: of four one may be another."""
MARGIN = 0.4
"""Two intents that differ by less are asked about."""
MAX_STEPS = 6_000
"""States looked at: about 10 ms. Past it the sentence is nobody's."""


@dataclass(order=True, slots=True)
class _Step:
    cost: float
    number: int
    position: int = field(compare=False)
    state: int = field(compare=False)
    bound: tuple[Bound, ...] = field(compare=False)
    n_content: int = field(compare=False)
    """Words of the template that were really said, fillers aside; values count."""


def guess(matcher: Matcher, tokens: list[str], scope: Scope) -> list[Candidate]:
    """The best readings of `tokens` with edits, the cheapest of each intent; several where the margin is too small."""
    most = MAX_COST_SHARE * _n_content(tokens)
    best: dict[str, tuple[float, Candidate]] = {}
    for cost, candidate in _cheapest(matcher, tokens, scope, most):
        if best and cost > min(known for known, _ in best.values()) + MARGIN:
            break
        best.setdefault(candidate.intent, (cost, candidate))
    return [candidate for _, candidate in best.values()]


def _n_content(tokens: list[str]) -> int:
    """Words that carry the sense; a number is one, however many digits are said."""
    words = [token for token in tokens if token not in FILLERS]
    numbers = [token for token in words if token in NUMBERS]
    return len(words) - len(numbers) + bool(numbers)


def _cheapest(matcher: Matcher, tokens: list[str], scope: Scope, most: float) -> Iterator[tuple[float, Candidate]]:
    """Whole readings in the order of their cost."""
    compiled, read_slot = matcher.compiled(scope), matcher.slot_reader(tokens)
    kept = KEPT | matcher.vocabulary.words("unit")
    numbers = count()
    todo = [_Step(0.0, next(numbers), 0, compiled.start, (), 0)]
    seen: set[tuple[int, int, tuple[Bound, ...]]] = set()
    for _ in range(MAX_STEPS):
        if not todo:
            return
        step = heapq.heappop(todo)
        key = (step.position, step.state, step.bound)
        if key in seen:
            continue
        seen.add(key)
        closed = compiled.network.closed(step.state)
        if step.position == len(tokens) and closed.finals and step.n_content > 0:
            for final, _ in closed.finals:
                score = 1 - step.cost / len(tokens)
                candidate = matcher.candidate_of(Path(final, step.bound), tokens, scope, "fuzzy", score)
                if candidate is not None:
                    yield step.cost, candidate
        for cost, position, state, bound, said in _edits(closed, step, tokens, read_slot, kept):
            if step.cost + cost <= most:
                n_content = step.n_content + said
                heapq.heappush(todo, _Step(step.cost + cost, next(numbers), position, state, bound, n_content))


def _edits(
    closed: Closed, step: _Step, tokens: list[str], read_slot: ReadSlot, kept: frozenset[str]
) -> Iterator[tuple[float, int, int, tuple[Bound, ...], int]]:
    """(cost, position, state, bound, content words said) of every way on."""
    at = step.position
    token = tokens[at] if at < len(tokens) else None
    for word, moves in closed.words.items():
        for to, _, _ in moves:
            if word == token:
                yield 0.0, at + 1, to, step.bound, int(word not in FILLERS)
                continue
            yield MISSING_FILLER_COST if word in FILLERS else MISSING_COST, at, to, step.bound, 0
            if token is not None and token not in kept and word not in kept and ratio(word, token) >= LIKENESS:
                yield SPELLING_COST, at + 1, to, step.bound, 1
    if token is None:
        return
    for slot, to in closed.slots:
        if slot.type != "text":
            for end, emitted in read_slot(slot.type, at):
                yield 0.0, end, to, (*step.bound, Bound(slot, emitted, at, end)), end - at
    if token not in kept:
        yield FILLER_COST if token in FILLERS else SKIP_COST, at + 1, step.state, step.bound, 0
