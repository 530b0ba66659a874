"""A tiny algebra of what can be said.

Sentence templates, slot values and numbers are all phrases, so the matcher, the recogniser's grammar and the sampler
work from one description and cannot disagree. A phrase accepts word sequences and emits a string for each: the digits
of an identifier, the id of a list value.

Phrases compare by identity, which lets compilers share every part that is used twice.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """One word, said. Emits `out`."""

    text: str
    out: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Emit:
    """Nothing said, something emitted: the zero at the end of "forty"."""

    out: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Seq:
    items: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True, eq=False)
class OneOf:
    items: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """A value of the named type, remembered under `name`."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, eq=False)
class Less:
    """The same phrase, each word of it less likely by `weight` in (0, 1]. Only the recogniser cares."""

    phrase: Phrase
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class FreeText:
    """One or more words of any kind. Typed text matches it; a grammar recogniser cannot hear it."""


Phrase: TypeAlias = Word | Emit | Seq | OneOf | Slot | Less | FreeText

NOTHING = Emit()


def seq(*items: Phrase) -> Phrase:
    return items[0] if len(items) == 1 else Seq(items)


def one_of(items: Iterable[Phrase]) -> Phrase:
    options = tuple(items)
    return options[0] if len(options) == 1 else OneOf(options)


def optional(item: Phrase) -> Phrase:
    return OneOf((item, NOTHING))


def words(text: str, out: str = "") -> Phrase:
    """Fixed words, separated by blanks, emitting `out` at the first."""
    first, *rest = text.split()
    return seq(Word(first, out), *(Word(word) for word in rest))


def leaves(phrase: Phrase) -> Iterator[Phrase]:
    """Every part of a phrase that has no parts, shared ones again each time: for small phrases."""
    match phrase:
        case Seq(items) | OneOf(items):
            for item in items:
                yield from leaves(item)
        case Less(inner):
            yield from leaves(inner)
        case _:
            yield phrase


def words_in(phrase: Phrase) -> Iterator[str]:
    return (leaf.text for leaf in leaves(phrase) if isinstance(leaf, Word))


def slot_types_in(phrase: Phrase) -> Iterator[str]:
    """The types of the slots, as they are at their places."""
    return (leaf.type for leaf in leaves(phrase) if isinstance(leaf, Slot))


def sample(phrase: Phrase, slots: dict[str, Phrase], rng: random.Random) -> list[str]:
    """One random sentence of the phrase, as words; `slots` maps slot types to their phrases."""
    match phrase:
        case Word(text):
            return [text]
        case Emit():
            return []
        case Seq(items):
            return [word for item in items for word in sample(item, slots, rng)]
        case OneOf(items):
            return sample(rng.choice(items), slots, rng)
        case Slot(_, type):
            return sample(slots[type], slots, rng)
        case Less(inner, _):
            return sample(inner, slots, rng)
        case FreeText():
            return ["something"]
