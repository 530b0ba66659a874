"""How numbers and identifiers are spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.numbers import DIGITS, MAX_CARDINAL, NATO, TEENS, TENS, say_cardinal, say_number, spell


@pytest.mark.parametrize(
    ("identifier", "said"),
    [
        ("4711", "four seven one one"),
        ("B203", "bravo two zero three"),
        ("u7", "uniform seven"),
        ("SPP-1", "sierra papa papa one"),
        ("", ""),
        ("-_/", ""),
        ("٣²", ""),
    ],
)
def test_an_identifier_is_spelled_sign_by_sign(identifier: str, said: str) -> None:
    assert spell(identifier) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "zero"),
        (10, "ten"),
        (19, "nineteen"),
        (20, "twenty"),
        (47, "forty seven"),
        (100, "one hundred"),
        (142, "one hundred forty two"),
        (1_000, "one thousand"),
        (4_711, "four thousand seven hundred eleven"),
        (12_005, "twelve thousand five"),
        (2_000_000, "two million"),
        (-18, "minus eighteen"),
        (MAX_CARDINAL + 1, "one zero zero zero zero zero zero zero zero zero"),
    ],
)
def test_a_whole_number_is_said_in_words(number: int, said: str) -> None:
    assert say_cardinal(number) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1.5, "one point five"),
        (12.05, "twelve point zero five"),
        (-0.35, "minus zero point three five"),
        (3.0, "three"),
        (1e-7, "zero point zero zero zero zero zero zero one"),
        (7, "seven"),
        (-0.0, "zero"),
        (float("nan"), "unknown"),
        (float("inf"), "unknown"),
        (float("-inf"), "unknown"),
        (10**400, "one" + " zero" * 400),
    ],
)
def test_a_decimal_loses_no_digit_and_gains_none(number: float, said: str) -> None:
    assert say_number(number) == said


@given(st.integers(-MAX_CARDINAL, MAX_CARDINAL))
def test_two_numbers_are_never_said_the_same(number: int) -> None:
    assert say_cardinal(number) != say_cardinal(number + 1)
    assert _value_of(say_cardinal(number)) == number


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", max_size=20))
def test_what_is_spelled_can_be_written_down_again(identifier: str) -> None:
    signs = {name: sign for sign, name in NATO.items()} | {name: str(n) for n, name in enumerate(DIGITS)}
    assert "".join(signs[word] for word in spell(identifier).split()) == identifier


def _value_of(said: str) -> int:
    """A second, simpler reading of number words, to check the first."""
    small = {name: n for n, name in enumerate((*DIGITS, *TEENS))} | {name: 20 + 10 * n for n, name in enumerate(TENS)}
    total = part = 0
    words = said.split()
    sign = -1 if words[0] == "minus" else 1
    for word in words[sign < 0 :]:
        if word == "hundred":
            part *= 100
        elif word in {"thousand", "million"}:
            total += part * (1_000 if word == "thousand" else 1_000_000)
            part = 0
        else:
            part += small[word]
    return sign * (total + part)
