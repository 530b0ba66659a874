"""Sentences that are nearly one of the catalogue's: some words more, some fewer, some in another form.

First the few intents are chosen that could explain the words at all; then the cheapest way through the sentences of
each, with edits that cost what the word says: one that stands in a single intent costs most, one of every second
intent little. Values are never edited: a number is what was said, and a word that could change the sense ("not") is
never skipped. What comes out is a guess: a write is read back first, whatever its risk, and two intents that cost
nearly the same are asked about.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, count
from typing import NamedTuple

from jellyfish import metaphone
from rapidfuzz.fuzz import ratio

from voicemes.intents import ANYONE
from voicemes.model import Candidate, Scope
from voicemes.nlu.match import Compiled, Matcher, writes
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
FILLER_COST, MISSING_FILLER_COST = 0.1, 0.1
UNKNOWN_COST = 0.8
"""For a said word that stands nowhere in the catalogue; one that does costs its weight."""
LEAST_WEIGHT = 0.3
"""Of a word that every intent has. One that a single intent has weighs 1."""
FORM_COST, SPELLING_COST, LIKENESS = 0.1, 0.5, 80.0
"""A word in another form ("reduced", "reduce"), and one that is written nearly alike (per cent of letters), or sounds
alike."""
LEAST_SOUNDED = 4
"""Letters of a word whose sound says something: "to" and "day" have one consonant."""
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
        *("if", "when", "why", "who", "before", "after", "until", "off"),
        *("drop", "reduce", "reduced", "decrease", "lower", "lowered", "less", "down", "slower"),
        *("raise", "raised", "increase", "increased", "higher", "faster"),
    )
)
ASKING = frozenset(
    (
        *("is", "are", "was", "were", "did", "does", "has", "what", "what's", "which", "where", "where's", "how"),
        *("how's", "who", "who's", "why", "when", "since", "should", "shall", "may", "do"),
    )
)
"""A sentence that begins so is a question, and never writes. "Can you …" and "could I …" are orders."""
NEGATIONS = frozenset(
    (
        *("not", "no", "never", "cannot", "without", "neither", "nor", "nobody", "nothing", "unless", "except"),
        *("instead", "hardly", "nearly", "almost", "half", "later", "tomorrow", "wrong", "cancelled", "canceled"),
    )
)
"""A sentence with one of them, or with "don't" and its like, is never guessed to be a write."""
ASKED_OF = frozenset(("you", "i", "we", "somebody", "someone", "anybody", "anyone"))
"""Whom "can", "could", "will" and "would" ask to do something; of anything else they ask whether it is so."""
LEADS = frozenset(
    ("order", "job", "board", "unit", "serial", "lot", "reel", "request", "call", "alert", "number", "step")
)
MORE = frozenset(("up", "more"))
"""As "down" and "less", except that people say them beside the point, too."""
TURNS = frozenset(("to", "by"))
"""Before a number these say what it is: board 123 is no count, and "by fifty" is not "to fifty"."""
OPENERS = frozenset(("okay", "ok", "so", "hey", "hi", "well", "now", "please", "uh", "um", "and"))
KEPT = NUMBERS | SENSE
"""Said words that change the sense: never skipped. Nor are those of units: with another one it is another number."""
READ_SHARE, WRITE_SHARE = 0.75, 0.5
"""The most that edits may cost, of the weight of what was understood; a write must be better understood."""
LEAST_UNDERSTOOD = 1.2
"""Weight that must have been understood: one word of one intent is not enough."""
TEXT_COST = 0.15
"""For each word of a remark: a reading with less of it explains more."""
ASKING_COST = 0.5
"""For a question word that was not said: "order 4711 started" asks nothing."""
VALUE_COST = 1.2
"""For a name of the catalogue ("stencil clog") that the intent has no place for."""
MARGIN = 0.25
"""Two intents that differ by less are asked about."""
N_INTENTS = 6
"""Looked at closely."""
MAX_STEPS = 1_500
"""States looked at for each. Past it the sentence is not one of the intent's."""


@dataclass(frozen=True, slots=True)
class Book:
    """What the words of a catalogue are worth; made once for each."""

    weights: dict[str, float]
    words: dict[str, frozenset[str]]
    """Intent -> the words of its templates, in their stems."""
    types: dict[str, frozenset[str]]
    """Intent -> the types of its slots at their places."""
    kept: frozenset[str]
    sounds: frozenset[str]
    """Of the words in the lists: "soldier" may be one."""


class _Step(NamedTuple):
    """Compared by its first two: no two have the same number."""

    least: float
    number: int
    cost: float
    understood: float
    position: int
    state: int
    bound: tuple[Bound, ...]


@lru_cache(maxsize=10_000)
def stem(word: str) -> str:
    """A word without the ending of its form: rough, and the same for "stops", "stopped" and "stopping"."""
    for ending in ("ing", "ed", "es", "s", "'s", "'re", "'ve", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            bare = word.removesuffix(ending)
            return bare[:-1] if len(bare) > 3 and bare[-1] == bare[-2] and bare[-1] not in "sl" else bare
    return word


def open_book(matcher: Matcher) -> Book:
    """Counts in how many intents each word stands."""
    words: dict[str, set[str]] = {}
    types: dict[str, set[str]] = {}
    for sentence in matcher.sentences(Scope()):
        found, slots = matcher.parts_of(sentence)
        words.setdefault(sentence.name, set()).update(map(stem, found))
        types.setdefault(sentence.name, set()).update(slots)
    n_intents = Counter(word for own in words.values() for word in own)
    most = math.log(max(len(words), 2))
    weights = {word: max(LEAST_WEIGHT, 1 - math.log(n) / most) for word, n in n_intents.items()}
    return Book(
        weights,
        {name: frozenset(own) for name, own in words.items()},
        {name: frozenset(own) for name, own in types.items()},
        KEPT | matcher.vocabulary.words("unit"),
        frozenset(sound(word) for name in matcher.catalog.lists for word in matcher.vocabulary.words(name)),
    )


def guess(matcher: Matcher, tokens: list[str], scope: Scope) -> list[Candidate]:
    """The best readings of `tokens` with edits, the cheapest of each intent; several where the margin is too small."""
    search = _Search(matcher, tokens, scope)
    found = sorted((reading for name in search.likely() for reading in search.readings(name)), key=lambda one: one[0])
    close = [candidate for cost, candidate in found if cost <= found[0][0] + MARGIN]
    best: dict[str, Candidate] = {}
    for candidate in close:
        best.setdefault(candidate.intent, candidate)
    return list(best.values())


def _is_question(tokens: list[str]) -> bool:
    first, second = ([token for token in tokens if token not in OPENERS] + ["", ""])[:2]
    return first in ASKING or (first in {"can", "could", "will", "would"} and second not in ASKED_OF)


def _negates(token: str) -> bool:
    return token in NEGATIONS or token.endswith("n't")


class _Search:
    """One sentence, looked at as each of the intents that it could be."""

    def __init__(self, matcher: Matcher, tokens: list[str], scope: Scope) -> None:
        self.matcher, self.tokens, self.scope = matcher, tokens, scope
        self.book: Book = matcher.book(open_book)
        self.read_slot: ReadSlot = matcher.slot_reader(tokens)
        self.stems = [stem(token) for token in tokens]
        self.spans: dict[str, list[tuple[int, int]]] = {}
        self.words: dict[tuple[str, int], tuple[float, float, float]] = {}
        self.is_no_write = _is_question(tokens) or any(map(_negates, tokens))
        self.values = self._values()
        self.skips = [self._skipped(at) for at in range(len(tokens))]

    def likely(self) -> list[str]:
        """The intents that leave least unexplained, the best first."""
        bounds = []
        for name, words in self.book.words.items():
            if self.is_no_write and writes(name, self.matcher):
                continue
            left, share = self._unexplained(name), self._share(name)
            known = sum(self._weight(word) for word in self.stems if word in words)
            spans = sum(self._has(slot_type) for slot_type in self.book.types[name])
            if left[0] <= share * (known + spans):
                bounds.append((left[0] / (known + spans), name))
        return [name for _, name in sorted(bounds)[:N_INTENTS]]

    def readings(self, name: str) -> Iterator[tuple[float, Candidate]]:
        """The cheapest reading as this intent, if there is one."""
        compiled, types = self.matcher.compiled_alone(name), self.book.types[name]
        left = self._unexplained(name)
        share = self._share(name)
        most = share * (len(self.tokens) + 1)
        for step in self._cheapest(compiled, types, left, most):
            if step.cost > share * step.understood or step.understood < LEAST_UNDERSTOOD:
                continue
            for final, _ in compiled.network.closed(step.state).finals:
                score = 1 - step.cost / (step.cost + step.understood)
                candidate = self.matcher.candidate_of(
                    compiled.by_final[final], Path(final, step.bound), self.tokens, "fuzzy", score
                )
                if candidate is not None:
                    yield step.cost, candidate
                    return

    def _share(self, name: str) -> float:
        known = self.matcher.catalog.intents.get(name)
        is_urgent = known is not None and known.role == ANYONE  # nobody in need finds the right words
        return WRITE_SHARE if writes(name, self.matcher) and not is_urgent else READ_SHARE

    def _values(self) -> list[set[str]]:
        """The list types of which each word is a value, or part of one."""
        found: list[set[str]] = [set() for _ in self.tokens]
        for slot_type in self.matcher.catalog.lists:
            for at, end in self._spans(slot_type):
                for place in range(at, end):
                    found[place].add(slot_type)
        return found

    def _spans(self, slot_type: str) -> list[tuple[int, int]]:
        """Where values of this type stand."""
        if slot_type not in self.spans:
            found = [(at, end) for at in range(len(self.tokens)) for end, _ in self.read_slot(slot_type, at)]
            self.spans[slot_type] = found
        return self.spans[slot_type]

    def _weight(self, word: str) -> float:
        return FILLER_COST if word in FILLERS or "'" in word else self.book.weights.get(word, UNKNOWN_COST)

    def _is_number(self, at: int) -> bool:
        return at < len(self.tokens) and self.tokens[at] in NUMBERS

    def _is_counted(self, at: int) -> bool:
        """A word that nobody knows after a count: "three frobnicators" are not three of anything else."""
        start = at
        while start > 0 and self.tokens[start - 1] in NUMBERS:
            start -= 1
        is_known = self.tokens[at] in FILLERS or self.stems[at] in self.book.weights or bool(self.values[at])
        is_known = is_known or sound(self.tokens[at]) in self.book.sounds
        return start < at and not is_known and (start == 0 or self.tokens[start - 1] not in LEADS)

    def _has(self, slot_type: str) -> float:
        return float(slot_type != "text" and bool(self._spans(slot_type)))

    def _unexplained(self, name: str) -> list[float]:
        """From each position on, the least that it costs: what is no word and no value of this intent is skipped."""
        words, types = self.book.words[name], self.book.types[name]
        covered = [word in words for word in self.stems]
        for slot_type in types - {"text"}:
            for at, end in self._spans(slot_type):
                covered[at:end] = [True] * (end - at)
        most = TEXT_COST if "text" in types else math.inf
        costs = [0.0 if is_covered else min(most, self._skip(at, types)) for at, is_covered in enumerate(covered)]
        return [*accumulate(reversed(costs), initial=0.0)][::-1]

    def _skip(self, at: int, types: frozenset[str]) -> float:
        """A name for which the intent has a place is never skipped."""
        if self.values[at] & types and self.tokens[at] not in FILLERS:
            return math.inf
        return self.skips[at]

    def _skipped(self, at: int) -> float:
        """What it costs to skip this word."""
        token = self.tokens[at]
        if token in self.book.kept or token.endswith("n't"):
            return math.inf
        if any(sign.isdigit() for sign in token):  # "1,250": nobody can say which number that is
            return math.inf
        if (token in LEADS | TURNS and self._is_number(at + 1)) or self._is_counted(at):
            return math.inf
        if self.values[at] and token not in FILLERS:
            return VALUE_COST
        return FILLER_COST if token in FILLERS else self._weight(self.stems[at])

    def _cheapest(
        self, compiled: Compiled, types: frozenset[str], left: Sequence[float], most: float
    ) -> Iterator[_Step]:
        """Whole readings in the order of their cost."""
        numbers = count()
        todo = [_Step(left[0], next(numbers), 0.0, 0.0, 0, compiled.start, ())]
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
            if step.position == len(self.tokens) and closed.finals:
                yield step
            for cost, understood, position, state, bound in self._edits(closed, step, types):
                least = step.cost + cost + left[position]
                if least <= most:
                    total = step.understood + understood
                    heapq.heappush(todo, _Step(least, next(numbers), step.cost + cost, total, position, state, bound))

    def _edits(
        self, closed: Closed, step: _Step, types: frozenset[str]
    ) -> Iterator[tuple[float, float, int, int, tuple[Bound, ...]]]:
        """(cost, weight understood, position, state, bound) of every way on."""
        at = step.position
        token = self.tokens[at] if at < len(self.tokens) else None
        for word, moves in closed.words.items():
            weight, missing, instead = self._word(word, at)
            for to, _, _ in moves:
                if instead < math.inf:
                    yield instead, weight, at + 1, to, step.bound
                if missing < math.inf:
                    yield missing, 0.0, at, to, step.bound
        if token is None:
            return
        for slot, to in closed.slots:
            for end, emitted in self.read_slot(slot.type, at):
                bound = (*step.bound, Bound(slot, emitted, at, end))
                if slot.type == "text":
                    yield TEXT_COST * (end - at), 0.0, end, to, bound
                else:
                    yield 0.0, 1.0, end, to, bound
        skip = self._skip(at, types)
        if skip < math.inf:
            yield skip, 0.0, at + 1, step.state, step.bound

    def _word(self, word: str, at: int) -> tuple[float, float, float]:
        """What a word of a template weighs, and what it costs here that it was not said, or that another one was."""
        if (word, at) not in self.words:
            weight = self._weight(stem(word))
            is_said = at < len(self.tokens) and word == self.tokens[at]
            missing = math.inf if is_said else self._missing(word, weight, at)
            self.words[word, at] = weight, missing, 0.0 if is_said else self._other_form(word, at)
        return self.words[word, at]

    def _missing(self, word: str, weight: float, at: int) -> float:
        """What it costs that a word of the template was not said. One that makes the sense is never missing."""
        if word in SENSE or word in MORE or _negates(word) or (word in TURNS and self._is_number(at)):
            return math.inf
        if word in ASKING:
            return ASKING_COST
        return MISSING_FILLER_COST if word in FILLERS else weight

    def _other_form(self, word: str, at: int) -> float:
        """What it costs to take the said word for this one."""
        if at >= len(self.tokens) or word in self.book.kept or self.tokens[at] in self.book.kept:
            return math.inf
        if stem(word) == self.stems[at]:
            return FORM_COST
        return SPELLING_COST if _are_alike(word, self.tokens[at]) else math.inf


@lru_cache(maxsize=100_000)
def _are_alike(word: str, said: str) -> bool:
    """By letters, or by sound: what a recogniser writes for a word sounds like it."""
    return ratio(word, said) >= LIKENESS or (min(len(word), len(said)) >= LEAST_SOUNDED and sound(word) == sound(said))


@lru_cache(maxsize=10_000)
def sound(word: str) -> str:
    """The consonants of a word as English says them (Metaphone)."""
    return metaphone(word)
