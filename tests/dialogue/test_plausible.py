"""Numbers that sound alike, things that are called nearly so, and how clearly a number is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.dialogue.nearest import nearest
from voicemes.dialogue.plausible import sounds_like_another
from voicemes.intents import SlotSpec
from voicemes.model import Live, Reference, SlotValue
from voicemes.numbers import say_cardinal, say_digits, say_number

QUANTITY = SlotSpec("quantity", "quantity")


@given(st.integers(0, 9_999))
def test_a_number_that_sounds_like_another_is_one_of_the_two(number: int) -> None:
    two = sounds_like_another(QUANTITY, SlotValue("quantity", number, say_cardinal(number)))
    ends = number % 100
    is_alike = ends in range(13, 20) or (ends % 10 == 0 and ends in range(30, 100))
    assert (two is not None) == is_alike
    if two:
        assert number in two
        assert two[0] < two[1]


@given(st.integers(0, 9_999))
def test_digit_by_digit_nothing_sounds_alike(number: int) -> None:
    assert sounds_like_another(QUANTITY, SlotValue("quantity", number, say_digits(number))) is None


@pytest.mark.parametrize(
    ("number", "natural", "digits"),
    [
        (50, "fifty", "five zero"),
        (15, "fifteen", "one five"),
        (-1.5, "minus one point five", "minus one point five"),
        (142, "one hundred forty two", "one four two"),
        (0.05, "zero point zero five", "zero point zero five"),
        (float("nan"), "unknown", "unknown"),
    ],
)
def test_a_number_is_said_naturally_and_digit_by_digit(number: float, natural: str, digits: str) -> None:
    assert (say_number(number), say_digits(number)) == (natural, digits)


def live(*ids: str) -> Live:
    return Live({"job": tuple(Reference(one) for one in ids)})


@pytest.mark.parametrize(
    ("said", "known", "offered"),
    [
        ("4171", ("4711", "4712"), ("4711",)),
        ("4713", ("4711", "4712"), ("4711", "4712")),
        ("471", ("4711",), ("4711",)),
        ("88", ("A88", "B88", "C12"), ("A88", "B88")),
        ("9999", ("4711",), ()),
        ("12", ("13",), ()),
    ],
)
def test_what_is_called_nearly_so_is_offered(said: str, known: tuple[str, ...], offered: tuple[str, ...]) -> None:
    assert nearest("job", said, live(*known)) == offered


@given(st.text("0123456789", min_size=1, max_size=6), st.sets(st.text("0123456789", min_size=1, max_size=6)))
def test_only_what_exists_is_offered_and_at_most_two(said: str, known: set[str]) -> None:
    offered = nearest("job", said, live(*known))
    assert set(offered) <= known
    assert len(offered) <= 2
