"""Every way of saying an identifier or a number reads back as what was meant."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from voicemes.intents import Catalog, ListValue, Template
from voicemes.model import Live, Reference, SlotData
from voicemes.nlu.normalize import normalize
from voicemes.nlu.phrase import sample
from voicemes.nlu.spoken import forms
from voicemes.nlu.template import Templates
from voicemes.nlu.values import DESIGNATORS, PATTERNS, Vocabulary
from voicemes.numbers import say_cardinal, say_number, spell

EMPTY = Catalog(intents={})
UNITS = {"um": "microns", "N": "newtons", "degC": "degrees"}
MEASURED = Catalog({}, {"unit": tuple(ListValue(unit, (Template(said),)) for unit, said in UNITS.items())})
VOCABULARY = Vocabulary(MEASURED, Live(), Templates({}))


def readings(slot_type: str, said: str, vocabulary: Vocabulary = VOCABULARY) -> list[SlotData]:
    """The values that all of the words can be."""
    tokens = normalize(said)
    found = vocabulary.read(slot_type, tokens, 0)
    return [vocabulary.finish(slot_type, emitted) for end, emitted in found if end == len(tokens)]


def digits_of(length: int) -> st.SearchStrategy[str]:
    return st.text(alphabet="0123456789", min_size=length, max_size=length)


IDENTIFIERS = st.one_of(
    *(st.tuples(st.just("job"), digits_of(n)) for n in (4, 5, 6)),
    *(st.tuples(st.just("serial"), digits_of(n)) for n in range(3, 9)),
    *(st.tuples(st.just("lot"), digits_of(n)) for n in range(2, 6)),
    st.tuples(st.just("lot"), st.from_regex(r"[A-Z][0-9]{2,5}", fullmatch=True)),
)


@given(IDENTIFIERS)
def test_an_identifier_read_back_digit_by_digit_is_the_identifier(named: tuple[str, str]) -> None:
    slot_type, identifier = named
    assert readings(slot_type, spell(identifier)) == [identifier]


@given(IDENTIFIERS)
def test_a_typed_identifier_is_the_identifier(named: tuple[str, str]) -> None:
    slot_type, identifier = named
    spaced = f"{identifier[0]} {identifier[1:]}" if identifier[0].isalpha() else identifier
    assert readings(slot_type, spaced) == [identifier]
    assert readings(slot_type, identifier.lower()) == [identifier]


@given(IDENTIFIERS, st.randoms(use_true_random=False))
def test_an_identifier_said_in_any_style_reads_back_among_the_values(
    named: tuple[str, str], rng: random.Random
) -> None:
    slot_type, identifier = named
    said = " ".join(sample(forms(identifier), {}, rng))
    assert identifier in readings(slot_type, said), said


@given(st.integers(1_000, 99_999))
def test_an_order_said_as_a_number_is_the_order(number: int) -> None:
    assert str(number) in readings("job", say_cardinal(number))


@given(st.integers(1_000, 9_999))
def test_an_order_said_in_pairs_is_the_order(number: int) -> None:
    first, second = divmod(number, 100)
    tail = say_cardinal(second) if second >= 10 else f"oh {say_cardinal(second)}" if second else "oh oh"
    assert str(number) in readings("job", f"{say_cardinal(first)} {tail}")


@given(IDENTIFIERS)
def test_zero_may_be_said_oh(named: tuple[str, str]) -> None:
    slot_type, identifier = named
    assume("0" in identifier)
    assert readings(slot_type, spell(identifier).replace("zero", "oh")) == [identifier]


@given(digits_of(4), st.integers(0, 1))
def test_double_and_triple_stand_for_repeated_digits(digits: str, which: int) -> None:
    name, times = (("double", 2), ("triple", 3))[which]
    said = f"{name} {spell(digits[0])} {spell(digits[1:])}"
    assert readings("serial", said) == [digits[0] * times + digits[1:]]


@given(st.integers(0, 9_999))
def test_a_quantity_in_words_or_digits_is_that_number(number: int) -> None:
    assert number in readings("quantity", say_cardinal(number))
    assert number in readings("quantity", str(number))


@given(st.decimals(min_value=-99_999, max_value=99_999, places=4, allow_nan=False, allow_infinity=False))
def test_a_measured_value_reads_back_as_itself(value: object) -> None:
    number = float(str(value))
    assert number in readings("value", say_number(number))


@given(st.sampled_from(DESIGNATORS), st.integers(1, 999))
def test_a_designator_is_understood_by_letter_and_by_nato_word(sign: str, number: int) -> None:
    name = f"{sign}{number}"
    assert readings("component", f"{sign} {number}") == [name]
    assert readings("component", name.lower()) == [name]
    assert readings("component", spell(name)) == [name]
    assert name in readings("component", f"{sign} {say_cardinal(number)}")


@pytest.mark.parametrize(
    ("slot_type", "said", "value"),
    [
        ("job", "four seven one one", "4711"),
        ("job", "forty-seven eleven", "4711"),
        ("job", "four thousand seven hundred eleven", "4711"),
        ("job", "four thousand seven hundred and eleven", "4711"),
        ("job", "forty-seven hundred eleven", "4711"),
        ("job", "four seven double one", "4711"),
        ("job", "five one oh oh two", "51002"),
        ("job", "five one double oh two", "51002"),
        ("job", "four seven triple zero", "47000"),
        ("serial", "one two three", "123"),
        ("serial", "one twenty three", "123"),
        ("serial", "one hundred twenty three", "123"),
        ("lot", "bravo two oh three", "B203"),
        ("lot", "b two oh three", "B203"),
        ("lot", "eighty-eight", "88"),
        ("component", "U7", "U7"),
        ("component", "u seven", "U7"),
        ("component", "romeo twelve", "R12"),
        ("component", "X3", "X3"),
        ("component", "x-ray three", "X3"),
        ("quantity", "a hundred", 100),
        ("quantity", "two hundred and five", 205),
        ("quantity", "fifty", 50),
        ("quantity", "zero", 0),
        ("value", "one point five", 1.5),
        ("value", "minus eighteen", -18),
        ("value", "negative eighteen", -18),
        ("value", "plus twenty", 20),
        ("value", "one four two", 142),
        ("value", "zero point three five", 0.35),
        ("value", "twelve point oh five", 12.05),
        ("value", ".5", 0.5),
        ("step", "next", "next"),
        ("step", "previous", "back"),
        ("step", "three", 3),
        ("text", "the belt is loose", "the belt is loose"),
        ("request", "twelve", "12"),
        ("alert", "one two", "12"),
        ("container", "five", "5"),
        ("position", "before forty-seven eleven", {"before": "4711"}),
        ("position", "ahead of order four seven one one", {"before": "4711"}),
        ("position", "behind 4711", {"after": "4711"}),
        ("position", "to the front", "first"),
        ("position", "last", "last"),
        ("delta", "minus eighteen microns", -18),
        ("delta", "up by two point five", 2.5),
        ("delta", "down three newtons", -3),
        ("decrease", "five degrees", -5),
        ("limits", "plus minus twenty microns", {"plus": 20, "minus": 20, "unit": "um"}),
        ("limits", "plus or minus zero point two", {"plus": 0.2, "minus": 0.2}),
        ("limits", "plus thirty minus ten", {"plus": 30, "minus": 10}),
        ("limits", "±5", {"plus": 5, "minus": 5}),
        ("duration", "ten minutes", 10),
        ("duration", "half an hour", 30),
        ("duration", "two hours", 120),
    ],
)
def test_the_ways_people_say_it(slot_type: str, said: str, value: SlotData) -> None:
    assert readings(slot_type, said) == [value]


@pytest.mark.parametrize(
    ("slot_type", "said"),
    [
        ("job", "four seven one"),
        ("job", "one two three four five six seven"),
        ("job", "four seven eleven hundred one two three"),
        ("serial", "one two"),
        ("component", "seven"),
        ("component", "a seven"),
        ("quantity", "minus two"),
        ("value", "point"),
        ("value", "minus"),
        ("value", "one point"),
        ("value", "one point two point three"),
        ("lot", "bravo"),
        ("lot", "bravo bravo two three"),
        ("step", "some"),
    ],
)
def test_what_is_not_well_formed_is_nothing(slot_type: str, said: str) -> None:
    assert readings(slot_type, said) == []


@pytest.mark.parametrize(
    "said", ["tango forty one", "tango four zero one", "tango four hundred one", "tango four oh one"]
)
def test_an_id_of_the_mes_is_not_said_as_tens_and_a_digit_that_belong_together(said: str) -> None:
    """"Forty one" is 41: T401 must not take it."""
    live = Live(references={"tool": (Reference("T401"), Reference("T41"))})
    expected = ["T41"] if said == "tango forty one" else ["T401"]
    assert readings("tool", said, Vocabulary(EMPTY, live, Templates({}))) == expected


def test_forty_seven_is_never_forty_and_then_seven() -> None:
    assert readings("serial", "one forty seven") == ["147"]
    assert readings("job", "forty seven eleven") == ["4711"]


WORDS = st.lists(st.sampled_from(["one", "oh", "forty", "hundred", "point", "a", "x"]))


@given(st.sampled_from(sorted(PATTERNS)), WORDS)
def test_any_words_read_as_finished_values_of_the_right_kind(slot_type: str, tokens: list[str]) -> None:
    for end, emitted in VOCABULARY.read(slot_type, tokens, 0):
        value = VOCABULARY.finish(slot_type, emitted)
        assert 0 < end <= len(tokens)
        assert isinstance(value, {"quantity": int, "value": int | float}.get(slot_type, str | int))


def test_what_lives_in_the_mes_is_understood_beside_the_list() -> None:
    listed = Catalog(intents={}, lists={"equipment": (ListValue("SPP-1", (Template("printer one"),)),)})
    live = Live(references={"equipment": (Reference("SPP-1", ("old printer",)), Reference("WLD-9", ("welder nine",)))})
    vocabulary = Vocabulary(listed, live, Templates({}))
    assert readings("equipment", "welder nine", vocabulary) == ["WLD-9"]
    assert readings("equipment", "printer one", vocabulary) == ["SPP-1"]
    assert readings("equipment", "old printer", vocabulary) == []


def test_something_of_the_mes_without_an_alias_is_called_by_its_id() -> None:
    live = Live(references={"tool": (Reference("T42"),)})
    vocabulary = Vocabulary(EMPTY, live, Templates({}))
    assert readings("tool", "tango forty two", vocabulary) == ["T42"]


def test_an_alias_from_the_mes_is_never_a_template() -> None:
    live = Live(references={"tool": (Reference("T1", ("{job} <rule> (a|b)",)),)})
    vocabulary = Vocabulary(EMPTY, live, Templates({}))
    assert readings("tool", "job rule a b", vocabulary) == ["T1"]
    assert readings("tool", "a", vocabulary) == []
