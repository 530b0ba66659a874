"""Slot types: how each is said, and what its canonical value is.

A type is a pattern (job numbers, quantities, designators), a list of the catalogue, or something that lives in the MES.
`Vocabulary` knows them all for one catalogue and one snapshot of the plant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from voicemes.intents import BUILT_IN_TYPES, Catalog, ListValue
from voicemes.model import Live, Reference, SlotData, WordGraph
from voicemes.nlu.grammar import build_graph
from voicemes.nlu.network import Network, read_value
from voicemes.nlu.normalize import normalize
from voicemes.nlu.phrase import (
    NOTHING,
    Emit,
    FreeText,
    Less,
    Phrase,
    Word,
    one_of,
    optional,
    seq,
    words_in,
)
from voicemes.nlu.spoken import (
    NATO_VARIANTS,
    NUMBER_WORD,
    cardinal,
    digits,
    forms,
    identifier,
    letter,
    measured,
    number,
    sign,
    spelled,
    unsigned,
)
from voicemes.nlu.template import Templates
from voicemes.numbers import NATO

MAX_SPELLED_OUT = 300
"""Live identifiers listed in the recogniser's grammar; beyond that free digits of the right length decode faster
(shared/voice.md: 500 orders already double the real-time factor)."""
UNLISTED = 0.3
"""Per-word weight of an identifier that does not exist now: it can be heard, so that it can be refused by name."""
SPELLED_COUNT = 0.1
"""Per-word weight of a count that is spelled, "one two zero": people do that with identifiers and measurements."""
TypePhrase = Callable[[str], Phrase]
"""Slot type -> how its values are said."""
DESIGNATORS = "BCDFJKLPQRSTUXY"
"""Class letters of IEEE 315 that stand on circuit boards."""


def _component(number_of: Phrase) -> Phrase:
    """A reference designator: "u seven", "romeo twelve"."""
    names = [(sign.lower(), sign) for sign in DESIGNATORS]
    names += [(NATO[sign].split("-")[0], sign) for sign in DESIGNATORS]
    names += [(variant, sign) for sign in DESIGNATORS for variant in NATO_VARIANTS.get(sign, ())]
    letters = Less(one_of(_letter_words(name, sign) for name, sign in names), NUMBER_WORD)
    return seq(letters, number_of)


def _letter_words(name: str, sign: str) -> Phrase:
    return seq(Word(name, sign), optional(Word("ray"))) if name == "x" and sign == "X" else Word(name, sign)


def _relative_step() -> Phrase:
    again, before = ("repeat", "same", "current"), ("previous", "back", "last")
    names = {"next": ("next", "following"), "repeat": again, "back": before}
    return one_of(Word(word, value) for value, said in names.items() for word in said)


def _step() -> Phrase:
    return one_of([_relative_step(), cardinal(2)])


def _spelled_lot(shortest: int, longest: int) -> Phrase:
    """A lot that need not exist, as the recogniser hears it."""
    return seq(optional(letter()), spelled(shortest, longest))


def _position(of: TypePhrase, _number: Phrase) -> Phrase:
    """Before or after another order, first or last: "ahead of order four seven one one", "to the end"."""
    beside = [("before ", "before"), ("before ", "ahead of"), ("after ", "after"), ("after ", "behind")]
    ends = [("first", "first"), ("first", "to the (front|top)"), ("last", "last"), ("last", "to the (end|back)")]
    order = seq(optional(Word("the")), one_of([NOTHING, Word("order"), Word("job")]))
    places = [seq(_said(out, text), order, of("job")) for out, text in beside]
    return one_of([*places, *(_said(out, text) for out, text in ends)])


def _said(out: str, text: str) -> Phrase:
    """Fixed words with `(a|b)` for a choice, emitting `out`."""
    parts = [one_of(map(Word, part.strip("()").split("|"))) for part in text.split()]
    return seq(Emit(out), *parts)


def _delta(of: TypePhrase, number: Phrase) -> Phrase:
    """A change: "minus eighteen microns", "up by two", "five"."""
    return one_of([_signed(of, number), _increase(of, number)])


def _signed(of: TypePhrase, number: Phrase) -> Phrase:
    """A change that says which way; without that "temperature 250" could be where it is to go."""
    by = optional(Word("by"))
    signs = [Word("plus"), Word("minus", "-"), Word("negative", "-"), seq(Word("up"), by), seq(Word("down", "-"), by)]
    return seq(one_of(signs), number, _unit(of))


def _increase(of: TypePhrase, number: Phrase) -> Phrase:
    """What follows "raise it by"."""
    return seq(number, _unit(of))


def _decrease(of: TypePhrase, number: Phrase) -> Phrase:
    """What follows "lower it by": a change downwards, said without its sign."""
    return seq(Emit("-"), number, _unit(of))


def _limits(of: TypePhrase, number: Phrase) -> Phrase:
    """Both ways from where it should be: "plus minus twenty microns", "plus twenty minus ten"."""
    both = seq(Word("plus", "±"), one_of([NOTHING, Word("or"), Word("and")]), Word("minus"), number)
    each = seq(Word("plus", "+"), number, optional(Word("and")), Word("minus", "-"), number)
    return seq(one_of([both, each]), _unit(of))


def _unit(of: TypePhrase) -> Phrase:
    return optional(seq(Emit(" "), of("unit")))


def _duration() -> Phrase:
    """In minutes: "ten minutes", "half an hour", "two hours"."""
    whole = seq(cardinal(3), one_of([Word("minute"), Word("minutes")]))
    hours = seq(one_of([cardinal(2), Word("an", "1")]), one_of([Word("hour", "*60"), Word("hours", "*60")]))
    return one_of([whole, hours, seq(Word("half", "30"), Word("an"), Word("hour"))])


def _counted() -> Phrase:
    """The number of a request or a call: "twelve", "one two", "one hundred four"."""
    return one_of([cardinal(3), digits(1, 5)])


def _to_int(text: str) -> int:
    return int(text)


def _to_delta(text: str) -> int | float:
    return _to_number(text.partition(" ")[0])


def _to_limits(text: str) -> dict[str, SlotData]:
    bounds, _, unit = text.partition(" ")
    plus, _, minus = bounds[1:].partition("-")
    limits = {"plus": _to_number(plus), "minus": _to_number(minus or plus)}
    return {**limits, "unit": unit} if unit else {**limits}


def _to_position(text: str) -> SlotData:
    side, _, job = text.partition(" ")
    return {side: job} if job else side


def _to_minutes(text: str) -> int:
    number, _, minutes = text.partition("*")
    return int(number) * int(minutes or 1)


def _to_number(text: str) -> int | float:
    return float(text) if "." in text else int(text)


def _to_step(text: str) -> str | int:
    return int(text) if text.isdigit() else text


@dataclass(frozen=True, slots=True)
class Pattern:
    """A built-in slot type."""

    phrase: Callable[[], Phrase]
    finish: Callable[[str], SlotData] = str
    shortest: int = 1
    """Least characters of a value; the phrase may emit less where a part of it is optional."""
    heard: Callable[[], Phrase] | None = None
    """What the recogniser listens for, where that is less than may be typed: fewer arcs decode faster."""
    of_length: Callable[[int, int], Phrase] | None = None
    """The same with so many digits at least and at most, where a value is digits and nothing else."""
    beside: Callable[[int, int], Phrase] | None = None
    """The same for what does not exist, beside what does and is listed: it is heard digit by digit, because pairs of
    digits triple the size of a grammar.
    """
    most_digits: int = 0
    """Of an identifier; 0 for a number, which is said in words."""


@dataclass(frozen=True, slots=True)
class Compound:
    """A built-in slot type that has values of other types inside."""

    phrase: Callable[[TypePhrase, Phrase], Phrase]
    """From how other types are said, and how a number without a sign is."""
    finish: Callable[[str], SlotData]


COMPOUNDS: dict[str, Compound] = {
    "position": Compound(_position, _to_position),
    "delta": Compound(_delta, _to_delta),
    "signed": Compound(_signed, _to_delta),
    "increase": Compound(_increase, _to_delta),
    "decrease": Compound(_decrease, _to_delta),
    "limits": Compound(_limits, _to_limits),
}
"""What a delta or limits emit ends in a blank and the unit, where one was said."""

PATTERNS: dict[str, Pattern] = {
    "job": Pattern(lambda: identifier(4, 6), of_length=identifier, beside=spelled, most_digits=6),
    "serial": Pattern(lambda: identifier(3, 8), of_length=identifier, beside=spelled, most_digits=8),
    "lot": Pattern(
        lambda: one_of([seq(letter(), identifier(1, 5)), identifier(2, 5)]),
        heard=lambda: seq(optional(letter()), identifier(2, 5)),
        beside=_spelled_lot,
        most_digits=5,
    ),
    "component": Pattern(
        lambda: _component(one_of([digits(1, 3), cardinal(3)])),
        heard=lambda: _component(one_of([Less(spelled(2, 3), SPELLED_COUNT), cardinal(3)])),
    ),
    "quantity": Pattern(
        lambda: one_of([cardinal(4), digits(2, 4)]),
        _to_int,
        heard=lambda: one_of([cardinal(4), Less(spelled(2, 3), SPELLED_COUNT)]),
    ),
    "value": Pattern(number, _to_number, heard=lambda: seq(sign(), measured())),
    "step": Pattern(_step, _to_step),
    "step_number": Pattern(lambda: cardinal(2), _to_int),
    "relative_step": Pattern(_relative_step),
    "container": Pattern(lambda: identifier(1, 8), heard=lambda: identifier(1, 4), most_digits=8),
    "badge": Pattern(lambda: identifier(3, 6), most_digits=6),
    "pin": Pattern(lambda: identifier(4, 8), heard=lambda: spelled(4, 6)),
    "request": Pattern(_counted, heard=lambda: cardinal(3), most_digits=5),
    "alert": Pattern(_counted, heard=lambda: cardinal(3), most_digits=5),
    "duration": Pattern(_duration, _to_minutes),
    "text": Pattern(FreeText),
}


@dataclass(slots=True)
class Vocabulary:
    """Every slot type of a catalogue, as of one snapshot of the plant."""

    catalog: Catalog
    live: Live
    templates: Templates
    _phrases: dict[str, Phrase] = field(default_factory=dict)
    _words: dict[str, frozenset[str]] = field(default_factory=dict)
    _heard: dict[str, Phrase] = field(default_factory=dict)
    _graphs: dict[str, WordGraph] = field(default_factory=dict)
    _networks: dict[str, tuple[Network, int]] = field(default_factory=dict)

    def with_live(self, live: Live) -> Vocabulary:
        """The same for another snapshot. What is said as before is not compiled again: that takes half a second."""
        old, new = self.live.references, live.references
        changed = {name for name in {*old, *new} if old.get(name) != new.get(name)}
        changed |= COMPOUNDS.keys() if "unit" in changed else set()
        other = Vocabulary(self.catalog, live, self.templates)
        other._phrases = {name: phrase for name, phrase in self._phrases.items() if name not in changed}
        other._networks = {name: network for name, network in self._networks.items() if name not in changed}
        other._words = {name: words for name, words in self._words.items() if name not in changed}
        return other

    def most_digits(self, slot_type: str) -> int:
        """Of an identifier of the type; 0 where it is none."""
        return PATTERNS[slot_type].most_digits if slot_type in PATTERNS else 0

    def phrase(self, slot_type: str) -> Phrase:
        """How a value of the type is said, for matching: any well-formed identifier counts."""
        if slot_type not in self._phrases:
            self._phrases[slot_type] = self._phrase(slot_type)
        return self._phrases[slot_type]

    def _phrase(self, slot_type: str) -> Phrase:
        if slot_type in COMPOUNDS:
            return COMPOUNDS[slot_type].phrase(self.phrase, unsigned())
        pattern = PATTERNS.get(slot_type)
        return pattern.phrase() if pattern else self._listed(slot_type)

    def drawable(self) -> dict[str, Phrase]:
        """Every type to draw sentences from; changes and limits without a unit, which would have to fit."""
        phrases = {name: self.phrase(name) for name in (*BUILT_IN_TYPES, *self.catalog.lists)}
        for name, compound in COMPOUNDS.items():
            phrases[name] = compound.phrase(
                lambda inner: NOTHING if inner == "unit" else self.phrase(inner), unsigned()
            )
        return phrases

    def words(self, slot_type: str) -> frozenset[str]:
        """Every word of the values of a type."""
        if slot_type not in self._words:
            self._words[slot_type] = frozenset(words_in(self.phrase(slot_type)))
        return self._words[slot_type]

    def heard_phrase(self, slot_type: str) -> Phrase | None:
        """The same for the recogniser: what exists now is likelier, and free text cannot be heard."""
        if slot_type == "text":
            return None
        if slot_type not in self._heard:
            self._heard[slot_type] = self._heard_phrase(slot_type)
        return self._heard[slot_type]

    def heard_graph(self, slot_type: str) -> WordGraph | None:
        """The same, minimal: twenty sentences that end with an order need not merge its digits twenty times."""
        phrase = self.heard_phrase(slot_type)
        if phrase is not None and slot_type not in self._graphs:
            self._graphs[slot_type] = build_graph(slot_type, [phrase])
        return self._graphs.get(slot_type)

    def _heard_phrase(self, slot_type: str) -> Phrase:
        if slot_type in COMPOUNDS:
            return COMPOUNDS[slot_type].phrase(lambda name: self.heard_phrase(name) or NOTHING, measured())
        known = self.live.references.get(slot_type, ())
        pattern = PATTERNS.get(slot_type)
        if pattern is None:
            return self.phrase(slot_type)
        free = _free(pattern, known) or self.phrase(slot_type)
        if pattern.beside is not None and 0 < len(known) <= MAX_SPELLED_OUT:
            unlisted = pattern.beside(*_lengths(known)) if _lengths(known) else free
            return one_of([*(forms(item.id) for item in known), Less(unlisted, UNLISTED)])
        return free

    def read(self, slot_type: str, tokens: list[str], position: int) -> list[tuple[int, str]]:
        """The values that start at `position`: (end, emitted text)."""
        if slot_type not in self._networks:
            network = Network()
            self._networks[slot_type] = (network, network.enter(self.phrase(slot_type), network.final()))
        network, start = self._networks[slot_type]
        return read_value(network, start, tokens, position)

    def finish(self, slot_type: str, emitted: str) -> SlotData:
        """The canonical value of what a phrase emitted."""
        pattern = COMPOUNDS.get(slot_type) or PATTERNS.get(slot_type)
        return pattern.finish(emitted) if pattern else emitted

    def is_shaped_by(self, slot_type: str) -> bool:
        """Whether what can be heard depends on what exists of this type; of calls and requests any number can."""
        return slot_type not in PATTERNS or PATTERNS[slot_type].beside is not None

    def units_agree(self, bound: Iterable[tuple[str, str]]) -> bool:
        """Whether a unit that was said is that of what it was said of. `bound` has (slot type, emitted text)."""
        pairs = list(bound)
        said = {text.partition(" ")[2] for name, text in pairs if name in COMPOUNDS and name != "position"} - {""}
        own = {self.catalog.units.get(name, {}).get(text, "") for name, text in pairs} - {""}
        return not said or not own or said <= own

    def _listed(self, slot_type: str) -> Phrase:
        values = self.catalog.lists.get(slot_type, ())
        known = self.live.references.get(slot_type, ())
        spoken = [*self._aliases(values), *self._references(known, {value.id for value in values})]
        return one_of(spoken)

    def _aliases(self, values: Iterable[ListValue]) -> list[Phrase]:
        return [
            seq(Emit(value.id), self.templates.phrase(alias, {})) for value in values for alias in value.aliases
        ]

    def _references(self, known: Iterable[Reference], listed: set[str]) -> list[Phrase]:
        """What lives in the MES and is not in the list; its id is a name too, where it has no other."""
        fresh = [item for item in known if item.id not in listed]
        named = [seq(Emit(item.id), _spoken_alias(alias)) for item in fresh for alias in item.aliases]
        return named + [forms(item.id) for item in fresh if not item.aliases]


def _free(pattern: Pattern, known: Sequence[Reference]) -> Phrase | None:
    """A value that need not exist, in the lengths that do: the recogniser pays in each frame for each state."""
    lengths = _lengths(known)
    if pattern.of_length is not None and lengths:
        return pattern.of_length(*lengths)
    return pattern.heard() if pattern.heard else None


def _lengths(known: Sequence[Reference]) -> tuple[int, int] | tuple[()]:
    """The least and the most digits of what exists; nothing where nothing has any."""
    lengths = {sum(sign.isdecimal() for sign in item.id) for item in known} - {0}
    return (min(lengths), max(lengths)) if lengths else ()


def _spoken_alias(alias: str) -> Phrase:
    """An alias that comes from the MES is plain text, never a template: nothing in it can open a rule or a slot."""
    return seq(*(Word(word) for word in normalize(alias)))
