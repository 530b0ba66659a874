"""Draws sentences from templates, with the place of each slot's words: the raw material of the training data."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from voicemes.nlu.normalize import Fresh, normalize
from voicemes.nlu.phrase import Emit, FreeText, Less, OneOf, Phrase, Seq, Slot, Word, sample
from voicemes.nlu.spoken import forms
from voicemes.nlu.values import COMPOUNDS, PATTERNS, Vocabulary

TYPED_SHARE = 0.5
"""Of numbers: as digits; the others are said in one of the ways that people have."""
LENGTHS: Mapping[str, Sequence[int]] = {
    "job": (4, 4, 4, 4, 5),
    "serial": (3, 3, 3, 4, 6),
    "container": (1, 2, 3),
    "request": (1, 1, 2, 3),
    "alert": (1, 1, 2, 3),
    "quantity": (1, 1, 2, 2, 3, 4),
}
"""Digits of what is drawn."""


@dataclass(frozen=True, slots=True)
class Place:
    """A slot, and the words it took: `start` to `end`, exclusive."""

    name: str
    type: str
    start: int
    end: int


@dataclass(slots=True)
class Drawn:
    words: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)


@dataclass(slots=True)
class Drawer:
    vocabulary: Vocabulary
    rng: random.Random
    _phrases: dict[str, Phrase] = field(default_factory=dict)

    def draw(self, phrase: Phrase, remarks: Sequence[str]) -> Drawn:
        """One sentence of `phrase`; its remark is one of `remarks`."""
        drawn = Drawn()
        self._walk(phrase, remarks, drawn)
        return drawn

    def _walk(self, phrase: Phrase, remarks: Sequence[str], drawn: Drawn) -> None:
        match phrase:
            case Word(text):
                drawn.words.append(text)
            case Seq(items):
                for item in items:
                    self._walk(item, remarks, drawn)
            case OneOf(items):
                self._walk(self.rng.choice(items), remarks, drawn)
            case Less(inner, _):
                self._walk(inner, remarks, drawn)
            case Slot(name, slot_type):
                self._place(name, slot_type, self._value(slot_type, remarks), drawn)
            case FreeText():
                drawn.words += normalize(self.rng.choice(remarks))
            case Emit():
                pass

    def _place(self, name: str, slot_type: str, words: list[str], drawn: Drawn) -> None:
        start = len(drawn.words)
        after_number = bool(drawn.words) and bool(words) and words[0] in _NUMBER_STARTS
        drawn.words += [Fresh(words[0]), *words[1:]] if after_number else words
        drawn.places.append(Place(name, slot_type, start, len(drawn.words)))

    def _value(self, slot_type: str, remarks: Sequence[str]) -> list[str]:
        if slot_type == "text":
            return normalize(self.rng.choice(remarks))
        is_typed = self.rng.random() < TYPED_SHARE
        if slot_type == "lot":
            sign = self.rng.choice(["", *"ABCDEFGHKLMPRST"])
            return self._said(f"{sign}{self._digits(self.rng.choice((2, 2, 3, 4)))}", is_typed=is_typed)
        if slot_type in LENGTHS:
            text = self._digits(self.rng.choice(LENGTHS[slot_type]))
            return self._said(text if slot_type not in _COUNTS else str(int(text)), is_typed=is_typed)
        if slot_type == "delta":  # where the sentence does not say which way it goes, its value does
            return self._sampled("signed")
        if slot_type == "value" and is_typed:
            return normalize(f"{self.rng.choice(('', '', '-'))}{self._decimal()}")
        return self._sampled(slot_type)

    def _said(self, text: str, *, is_typed: bool) -> list[str]:
        return normalize(text) if is_typed else sample(forms(text), {}, self.rng)

    def _sampled(self, slot_type: str) -> list[str]:
        """A value of the type itself; of compound ones with everything inside."""
        types = (*PATTERNS, *COMPOUNDS, *self.vocabulary.catalog.lists)
        if not self._phrases:
            self._phrases = {name: self.vocabulary.phrase(name) for name in types}
        return sample(self._phrases.get(slot_type) or self.vocabulary.phrase(slot_type), self._phrases, self.rng)

    def _digits(self, count: int) -> str:
        return str(self.rng.randint(1, 9)) + "".join(str(self.rng.randint(0, 9)) for _ in range(count - 1))

    def _decimal(self) -> str:
        whole, decimals = self.rng.randint(0, 300), self.rng.choice((0, 1, 2))
        return f"{whole}.{self._digits(decimals)}" if decimals else str(whole)


_COUNTS = frozenset({"quantity", "request", "alert"})
_NUMBER_STARTS = frozenset(
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "minus")
)
