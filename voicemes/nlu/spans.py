"""Which words of a sentence may fill a slot, each stretch with a mark: what the language model may point at.

The model never writes a number or a name. It sees "scrap A ## B<defect> solder bridge" and answers "quantity A": the
value behind a mark is what our own number rules and lists make of the words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from voicemes.intents import BUILT_IN_TYPES
from voicemes.model import Scope, SlotValue
from voicemes.nlu.match import Matcher
from voicemes.nlu.network import ReadSlot
from voicemes.nlu.normalize import Inner
from voicemes.nlu.phrase import Slot, leaves
from voicemes.nlu.values import COMPOUNDS

MARKS = "ABCDEFGHIJKLMNOP"
"""One for each stretch; a sentence with more has its last ones unmarked."""
PER_SPAN = 0.4
"""What a stretch costs against a word that it explains: one long value is likelier than two short ones."""
EXISTS = 1.0
"""For an identifier that exists: "four seven one one fifty" is 4711 and fifty."""
ODD = 1.0
"""Against a number that only an identifier of a length that nobody has could be."""
ACROSS = 2.0
"""Against a value made of two numbers that were typed apart."""
RELATIVE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "delta": (("", "signed"), ("up ", "increase"), ("down ", "decrease")),
}
"""Slot type -> how its values are pointed at, and as what type each is read: "lower it by A" is "down A"."""
LOOSE = frozenset(("a", "an", "the", "on", "at", "in", "of", "for", "to", "and", "by", "with", "from", "is", "it's"))
"""No end of a remark: they lead to what comes after it."""


@dataclass(frozen=True, slots=True)
class Span:
    """Words `start` to `end` (exclusive), and what they are as each slot type."""

    start: int
    end: int
    values: Mapping[str, str]
    """Slot type -> what the words emit as that type."""
    tags: tuple[str, ...] = ()
    """The types by which the model is told what it is."""

    @property
    def shape(self) -> str:
        """The form of a number or identifier, a # for each digit; nothing for a name."""
        if any(name not in BUILT_IN_TYPES for name in self.values):
            return ""
        longest = max(self.values.values(), key=len)
        shape = "".join("#" if sign.isdigit() else sign.lower() for sign in longest)
        return shape if "#" in shape else ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that is pointed at: as which type it is read, what that emits, and the words `start` to `end`."""

    type: str
    emitted: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Marked:
    """A sentence with its stretches marked."""

    tokens: Sequence[str]
    spans: tuple[Span, ...]
    choices: Mapping[str, Mapping[str, Choice]] = field(default_factory=dict)
    """Slot type -> how a value is pointed at -> what it stands for."""

    def offered(self, types: Sequence[str]) -> dict[str, Choice]:
        """What may fill a slot that is read as one of these types, the first of them first."""
        found: dict[str, Choice] = {}
        for name in types:
            for pointer, choice in self.choices.get(name, {}).items():
                found.setdefault(pointer, choice)
        return found

    def value(self, matcher: Matcher, slot: str, choice: Choice) -> SlotValue:
        said = " ".join(self.tokens[choice.start : choice.end])
        return SlotValue(slot, matcher.vocabulary.finish(choice.type, choice.emitted), said, type=choice.type)

    def pieces(self) -> list[str]:
        """What the model sees of the sentence, without marks: its words, and the shapes of numbers."""
        return [piece for _, pieces in self._parts() for piece in pieces]

    def pieces_of(self, start: int, end: int) -> list[str]:
        """What the model sees of the words `start` to `end` (exclusive)."""
        found: list[str] = []
        position = 0
        for span, pieces in self._parts():
            if start <= position < end:
                found += pieces
            position += span.end - span.start if span else 1
        return found

    def last_pieces(self) -> list[int]:
        """Where a remark may end: with the sentence, or before the next mark."""
        found: list[int] = []
        place = 0
        for span, pieces in self._parts():
            if span and place:
                found.append(place - 1)
            place += len(pieces)
        return [*found, place - 1]

    def remark(self, said: Sequence[str]) -> str:
        """The words behind a run of `pieces`, up to the last that says something; empty where nobody said them."""
        pieces = self.pieces()
        for first in range(len(pieces) - len(said) + 1):
            if said and pieces[first : first + len(said)] == list(said):
                words = self._words_of(first, first + len(said) - 1).split()
                while words and words[-1] in LOOSE:
                    words.pop()
                return " ".join(words)
        return ""

    def _words_of(self, first: int, last: int) -> str:
        words: list[str] = []
        place = 0
        for span, pieces in self._parts():
            for piece in pieces:
                if first <= place <= last:
                    words += self.tokens[span.start : span.end] if span and span.shape else [piece]
                place += 1
        return " ".join(words)

    def text(self) -> str:
        """The prompt: "scrap A ## B<defect> solder bridge"."""
        shown: list[str] = []
        number = 0
        for span, pieces in self._parts():
            if span:
                shown.append(MARKS[number] + "".join(f"<{name}>" for name in span.tags))
                number += 1
            shown += pieces
        return " ".join(shown)

    def _parts(self) -> Iterator[tuple[Span | None, list[str]]]:
        """The stretches and the words between them, in order."""
        position = 0
        for span in self.spans:
            yield from ((None, [token]) for token in self.tokens[position : span.start])
            yield span, [span.shape] if span.shape else list(self.tokens[span.start : span.end])
            position = span.end
        yield from ((None, [token]) for token in self.tokens[position:])


def mark(matcher: Matcher, tokens: Sequence[str], types: Collection[str]) -> Marked:
    """Finds the stretches of `tokens` that may fill slots of these types, and how each value is pointed at."""
    return _Marker(matcher, list(tokens), frozenset(types) - {"text"}).mark()


def slot_types(matcher: Matcher) -> dict[tuple[str, str], tuple[str, ...]]:
    """Intent and slot -> the types that its values are read as: its own first, then those that its templates read in
    its place, as a line for a machine or "again" for a step.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for sentence in matcher.sentences(Scope()):
        intent = matcher.catalog.intents.get(sentence.name)
        for leaf in leaves(sentence.phrase):
            if isinstance(leaf, Slot) and intent is not None and leaf.name in intent.slots:
                found.setdefault((intent.name, leaf.name), set()).add(leaf.type)
    types: dict[tuple[str, str], tuple[str, ...]] = {}
    for intent in matcher.catalog.intents.values():
        for slot in intent.slots.values():
            more = found.get((intent.name, slot.name), set()) - {slot.type, "text"} - COMPOUNDS.keys()
            types[intent.name, slot.name] = (slot.type, *(sorted(more) if slot.type != "text" else ()))
    return types


class _Marker:
    def __init__(self, matcher: Matcher, tokens: list[str], types: frozenset[str]) -> None:
        self.matcher, self.tokens = matcher, tokens
        self.compounds = types & COMPOUNDS.keys()
        self.slot_types = types
        self.types = types - self.compounds
        for own, *narrower in matcher.book(slot_types).values():
            self.types |= set(narrower) if own in types else set()
        self.read: ReadSlot = matcher.slot_reader(tokens)

    def mark(self) -> Marked:
        found: dict[tuple[int, int], dict[str, str]] = {}
        for slot_type in sorted(self.types):
            for start, end, emitted in self._readings(slot_type):
                known = found.setdefault((start, end), {})
                if slot_type not in known or self.matcher.live.knows(slot_type, emitted):
                    known[slot_type] = emitted
        for slot_type in sorted(self.compounds):  # "to the end" has no number in it
            for start, end, emitted in self._readings(slot_type):
                if not any(start <= inner[0] and inner[1] <= end for inner in found):
                    found.setdefault((start, end), {})[slot_type] = emitted
        spans = tuple(self._span(start, end, found[start, end]) for start, end in self._best(found))[: len(MARKS)]
        return Marked(self.tokens, spans, {name: self._choices(name, spans) for name in self.types | self.compounds})

    def _span(self, start: int, end: int, values: Mapping[str, str]) -> Span:
        """Tagged with slot types; with narrower ones only where it is nothing else. A number's shape says enough."""
        span = Span(start, end, values)
        types = sorted(values.keys() & self.slot_types) or sorted(values)
        return span if span.shape else replace(span, tags=tuple(types))

    def _readings(self, slot_type: str) -> Iterator[tuple[int, int, str]]:
        for start in range(len(self.tokens)):
            for end, emitted in self.read(slot_type, start):
                yield start, end, emitted

    def _best(self, found: Mapping[tuple[int, int], Mapping[str, str]]) -> list[tuple[int, int]]:
        """The stretches that explain most, none over another."""
        by_start: dict[int, list[tuple[int, float]]] = {}
        for (start, end), values in found.items():
            by_start.setdefault(start, []).append((end, self._worth(start, end, values)))
        best: list[tuple[float, list[tuple[int, int]]]] = [(0.0, [])] * (len(self.tokens) + 1)
        for start in reversed(range(len(self.tokens))):
            best[start] = best[start + 1]
            for end, worth in by_start.get(start, ()):
                if worth + best[end][0] > best[start][0]:
                    best[start] = (worth + best[end][0], [(start, end), *best[end][1]])
        return best[0][1]

    def _worth(self, start: int, end: int, values: Mapping[str, str]) -> float:
        live, digits = self.matcher.live, self.matcher.vocabulary.most_digits
        exists = any(name in live.references and live.knows(name, text) for name, text in values.items())
        is_odd = all(digits(name) and live.references.get(name) for name in values) and not any(
            len(text) in {len(item.id) for item in live.references[name]} for name, text in values.items()
        )
        is_typed = any(isinstance(token, Inner) for token in self.tokens[start:end])
        is_across = is_typed and any(
            not isinstance(self.tokens[at], Inner) and isinstance(self.tokens[at - 1], Inner)
            for at in range(start + 1, end)
        )
        return end - start - PER_SPAN + EXISTS * exists - ODD * is_odd - ACROSS * is_across

    def _choices(self, slot_type: str, spans: Sequence[Span]) -> dict[str, Choice]:
        found = {
            MARKS[number]: Choice(slot_type, span.values[slot_type], span.start, span.end)
            for number, span in enumerate(spans)
            if slot_type in span.values
        }
        if slot_type not in self.compounds:
            return found
        for lead, own_type in RELATIVE.get(slot_type, (("", slot_type),)):
            longest = sorted(self._readings(own_type), key=lambda one: one[0] - one[1])
            for start, end, emitted in longest:
                touched = [number for number, span in enumerate(spans) if span.start < end and start < span.end]
                inside = [number for number in touched if start <= spans[number].start and spans[number].end <= end]
                # Half of a stretch is none, and what has a sign needs no "up" or "down".
                if touched == inside and inside and MARKS[inside[0]] not in found:
                    found.setdefault(lead + MARKS[inside[0]], Choice(own_type, emitted, start, end))
        return found
