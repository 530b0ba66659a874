"""How numbers and identifiers are said, in the words that the recogniser accepts.

The tables are shared: nlu builds its grammars from them, respond speaks with them. So what is read back is always
something that can be said ("zero", never "oh", although both are understood).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import isfinite

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = (
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
"""20 to 90."""

NATO = {
    "A": "alpha", "B": "bravo", "C": "charlie", "D": "delta", "E": "echo", "F": "foxtrot", "G": "golf", "H": "hotel",
    "I": "india", "J": "juliet", "K": "kilo", "L": "lima", "M": "mike", "N": "november", "O": "oscar", "P": "papa",
    "Q": "quebec", "R": "romeo", "S": "sierra", "T": "tango", "U": "uniform", "V": "victor", "W": "whiskey",
    "X": "x-ray", "Y": "yankee", "Z": "zulu",
}  # fmt: skip
"""ICAO spelling alphabet, in the spelling of the recogniser's dictionary."""

MAX_CARDINAL = 999_999_999


def spell(identifier: str) -> str:
    """Digit by digit, letters by their NATO word: "B203" -> "bravo two zero three". Other signs are left out."""
    names = (_sign_name(sign) for sign in identifier.upper())
    return " ".join(name for name in names if name)


def _sign_name(sign: str) -> str:
    return DIGITS[int(sign)] if sign.isascii() and sign.isdigit() else NATO.get(sign, "")


def say_cardinal(number: int) -> str:
    """A whole number in words: 142 -> "one hundred forty two". Digit by digit beyond 999,999,999."""
    if number < 0:
        return f"minus {say_cardinal(-number)}"
    if number > MAX_CARDINAL:
        return spell(str(number))
    for size, name in ((1_000_000, "million"), (1_000, "thousand")):
        if number >= size:
            rest = f" {say_cardinal(number % size)}" if number % size else ""
            return f"{_below_thousand(number // size)} {name}{rest}"
    return _below_thousand(number)


def _below_thousand(number: int) -> str:
    if number >= 100:
        rest = f" {_below_hundred(number % 100)}" if number % 100 else ""
        return f"{DIGITS[number // 100]} hundred{rest}"
    return _below_hundred(number)


def _below_hundred(number: int) -> str:
    if number < 10:
        return DIGITS[number]
    if number < 20:
        return TEENS[number - 10]
    tens = TENS[number // 10 - 2]
    return f"{tens} {DIGITS[number % 10]}" if number % 10 else tens


def say_number(number: float) -> str:
    """A number with its decimals, none lost: 1.50 given as 1.5 -> "one point five". What is no number is "unknown"."""
    return _say_signed(number, lambda whole: say_cardinal(int(whole)))


def say_digits(number: float) -> str:
    """The same digit by digit, so that fifteen and fifty cannot be taken for each other: 50 -> "five zero"."""
    return _say_signed(number, spell)


def _say_signed(number: float, say_whole: Callable[[str], str]) -> str:
    if isinstance(number, float) and not isfinite(number):
        return "unknown"
    text = format(Decimal(repr(number)) if isinstance(number, float) else Decimal(number), "f")
    whole, _, decimals = text.lstrip("-").partition(".")
    said = ("minus " if number < 0 else "") + say_whole(whole or "0")
    decimals = decimals.rstrip("0")
    return f"{said} point {spell(decimals)}" if decimals else said
