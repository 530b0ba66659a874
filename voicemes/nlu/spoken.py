"""Numbers and identifiers as phrases: every style in which people say them.

Digit by digit ("four seven one one"), paired ("forty seven eleven"), as a number ("four thousand seven hundred
eleven"), "double" and "triple", "oh" and "zero", letters alone or in the NATO alphabet, decimals, signs. What a phrase
emits is the value in digits.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Literal, TypeAlias

from voicemes.nlu.phrase import (
    NOTHING,
    Emit,
    Less,
    Phrase,
    Seq,
    Word,
    one_of,
    optional,
    seq,
)
from voicemes.numbers import DIGITS, NATO, TEENS, TENS

NATO_VARIANTS = {"A": ("alfa",), "J": ("juliett",), "W": ("whisky",)}
"""Other spellings in use; the same sounds."""
MULTIPLES = (("double", 2), ("triple", 3))

# How likely each word of a number is for the recogniser, against 1 for every other word. Without this a grammar with
# free digits explains any sound: "oh five one" costs nothing and fits a cough. Measured on fixtures and human orders;
# see `tests/engines/asr`. The decoder raises a weight to its language weight of 6.5.
NUMBER_WORD = 1e-3
"""Any digit, tens, "hundred", letter or NATO word of a free number or identifier."""
OH = 0.01
"""Besides: "oh" is one vowel, and fits everywhere."""
MULTIPLE = 0.1
"""Besides: "double" and "triple"."""
TEEN = 0.3
"""Besides: "thirteen" to "nineteen", 8 nats. Where people said "sixteen" it leads "sixty" by 24 nats or more, in four
voices made of people's recordings "-teen" leads "-ty" by 22 or more; but where those said "-ty", "-teen" leads 12 times
of 53, 6 times by more than this. In noise what was "-teen" leads by less: with 12 nats two of five "eighteen" are lost.
"""
GROUPED = 1.0
"""Besides: a digit string with pairs in it, "forty seven"."""


After: TypeAlias = Literal["", "tens", "zero", "oh"]
"""The word before, where it matters."""


@cache
def digit(out_times: int = 1) -> Phrase:
    """One digit word, emitting its digit `out_times` times."""
    names = [("zero", "0")] + [(DIGITS[n], str(n)) for n in range(1, 10)]
    return one_of([*(Word(name, out * out_times) for name, out in names), Less(Word("oh", "0" * out_times), OH)])


@cache
def _zero() -> Phrase:
    return Word("zero", "0")


@cache
def _oh() -> Phrase:
    return Less(Word("oh", "0"), OH)


@cache
def _unit() -> Phrase:
    """1 to 9, emitting one digit."""
    return one_of(Word(DIGITS[n], str(n)) for n in range(1, 10))


@cache
def _teen() -> Phrase:
    names = [Word(name, str(10 + n)) for n, name in enumerate(TEENS)]
    return one_of([*names[:3], *(Less(name, TEEN) for name in names[3:])])


@cache
def _tens_and_unit() -> Phrase:
    """21 to 99 without the round ones, emitting two digits."""
    return seq(one_of(Word(name, str(n + 2)) for n, name in enumerate(TENS)), _unit())


@cache
def _bare_tens() -> Phrase:
    return one_of(Word(name, f"{n + 2}0") for n, name in enumerate(TENS))


@cache
def _tens() -> Phrase:
    """20 to 99, emitting two digits."""
    return one_of([_tens_and_unit(), _bare_tens()])


@cache
def _two_digits() -> Phrase:
    """What follows "hundred": nothing, or 1 to 99; always emits two digits."""
    said = one_of([_tens(), _teen(), seq(Emit("0"), _unit())])
    return one_of([seq(optional(Word("and")), said), Emit("00")])


@cache
def _three_digits() -> Phrase:
    """What follows "thousand": always emits three digits."""
    return one_of([seq(_unit(), Word("hundred"), _two_digits()), seq(Emit("0"), _two_digits())])


@cache
def cardinal(max_digits: int = 4) -> Phrase:
    """A whole number in words, up to 9, 99, 999, 9999 or 99,999. "a hundred" and "forty-seven hundred" too."""
    return Less(_cardinal(max_digits), NUMBER_WORD)


@cache
def _cardinal(max_digits: int) -> Phrase:
    small: list[Phrase] = [Word("zero", "0"), _unit()]
    if max_digits >= 2:
        small += [_teen(), _tens()]
    if max_digits >= 3:
        small.append(seq(one_of([_unit(), Word("a", "1")]), Word("hundred"), _two_digits()))
    if max_digits >= 4:
        thousands = [_unit(), Word("a", "1")] + ([_teen(), _tens()] if max_digits >= 5 else [])
        small.append(seq(one_of(thousands), Word("thousand"), _three_digits()))
        small.append(seq(one_of([_teen(), _tens()]), Word("hundred"), _two_digits()))
    return one_of(small)


@cache
def digits(shortest: int, longest: int) -> Phrase:
    """A digit string of `shortest` to `longest` digits, in single digits, pairs, doubles and triples, mixed."""
    return Less(_digits(shortest, longest), NUMBER_WORD)


@cache
def _digits(shortest: int, longest: int, after: After = "") -> Phrase:
    """What goes before matters: "forty seven" is 47, never 40 and 7, and nobody says "zero oh".

    The second is said by recognisers: the end of "zero" is an "oh".
    """
    if longest <= 0:
        return NOTHING
    options: list[Phrase] = [
        seq(single, _digits(shortest - 1, longest - 1, then)) for single, then in _singles(after)
    ]
    if longest >= 2:
        pair = Less(one_of([_teen(), _tens_and_unit()]), GROUPED)
        options.append(seq(pair, _digits(shortest - 2, longest - 2)))
        options.append(seq(Less(_bare_tens(), GROUPED), _digits(shortest - 2, longest - 2, "tens")))
    for name, times in MULTIPLES:
        if longest >= times:
            several = Less(seq(Word(name), digit(times)), MULTIPLE)
            options.append(seq(several, _digits(shortest - times, longest - times)))
    if shortest <= 0:
        options.append(NOTHING)
    return one_of(options)


def _singles(after: After) -> list[tuple[Phrase, After]]:
    """The single digits that may follow, each with what it is for the next one."""
    singles: list[tuple[Phrase, After]] = [] if after == "tens" else [(_unit(), "")]
    singles += [] if after == "oh" else [(_zero(), "zero")]
    singles += [] if after == "zero" else [(_oh(), "oh")]
    return singles


@cache
def spelled(shortest: int, longest: int) -> Phrase:
    """A digit string in single digits only: what the recogniser listens for where strings are rare."""
    return Less(_spelled(shortest, longest), NUMBER_WORD)


@cache
def _spelled(shortest: int, longest: int, after: After = "") -> Phrase:
    singles = _singles(after) if longest > 0 else []
    more = [seq(single, _spelled(shortest - 1, longest - 1, then)) for single, then in singles]
    return one_of([*more, NOTHING] if shortest <= 0 else more)


@cache
def identifier(shortest: int, longest: int) -> Phrase:
    """A digit string, or the number with that many digits."""
    as_number = [_number_of(n) for n in range(max(3, shortest), min(5, longest) + 1)]
    return Less(one_of([_digits(shortest, longest), *as_number]), NUMBER_WORD)


@cache
def _number_of(n_digits: int) -> Phrase:
    """A number of exactly 3, 4 or 5 digits in words. Two-digit numbers are pairs already."""
    if n_digits == 3:
        return seq(_unit(), Word("hundred"), _two_digits())
    if n_digits == 4:
        thousands = seq(_unit(), Word("thousand"), _three_digits())
        return one_of([thousands, seq(one_of([_teen(), _tens()]), Word("hundred"), _two_digits())])
    return seq(one_of([_teen(), _tens()]), Word("thousand"), _three_digits())


@cache
def letter() -> Phrase:
    """A letter by its own name or its NATO word."""
    names = [(name.lower(), name) for name in NATO] + [(nato, sign) for sign, nato in NATO.items()]
    names += [(variant, sign) for sign, variants in NATO_VARIANTS.items() for variant in variants]
    return Less(one_of(_letter_word(name, sign) for name, sign in names), NUMBER_WORD)


def _letter_word(name: str, sign: str) -> Phrase:
    first, *rest = name.replace("-", " ").split()
    return seq(Word(first, sign), *(Word(word) for word in rest))


@cache
def number() -> Phrase:
    """A signed decimal: "minus eighteen", "one point five", "one four two"."""
    return seq(sign(), unsigned())


@cache
def sign() -> Phrase:
    return Less(one_of([NOTHING, Word("minus", "-"), Word("negative", "-"), Word("plus")]), NUMBER_WORD)


@cache
def measured() -> Phrase:
    """A decimal without a sign, as the recogniser hears it: without pairs and doubles."""
    whole = one_of([_cardinal(4), Less(_spelled(2, 4), GROUPED)])
    return Less(seq(whole, optional(seq(Word("point", "."), _spelled(1, 3)))), NUMBER_WORD)


@cache
def unsigned() -> Phrase:
    """A decimal without a sign."""
    return Less(_unsigned(), NUMBER_WORD)


@cache
def _unsigned() -> Phrase:
    whole = one_of([_cardinal(5), Less(_digits(2, 5), GROUPED)])
    return seq(whole, optional(seq(Word("point", "."), _digits(1, 4))))


def forms(text: str) -> Phrase:
    """Every way of saying one known identifier: the digits and letters of `text`. Emits `text` as it is."""
    return seq(Emit(text), Less(silent_forms(text), NUMBER_WORD))


def silent_forms(text: str) -> Phrase:
    """The same, emitting nothing: for a digit inside a template or an alias."""
    signs = "".join(sign for sign in text.upper() if sign.isascii() and sign.isalnum())
    return _forms(signs, starts_digits=True, after="")


@lru_cache(maxsize=65_536)
def _forms(rest: str, *, starts_digits: bool, after: After) -> Phrase:
    """All ways through `rest`; only a whole run of digits is also said as one number."""
    if not rest:
        return NOTHING
    head, n_digits = rest[0], _leading_digits(rest)
    if head.isalpha():
        return seq(_named_letter(head), _forms(rest[1:], starts_digits=True, after=""))
    options: list[Phrase] = [
        seq(name, _forms(rest[1:], starts_digits=False, after=then)) for name, then in _named_digit(head, after)
    ]
    for name, times in MULTIPLES:
        if n_digits >= times and len(set(rest[:times])) == 1:
            digit_names = one_of(digit_name for digit_name, _ in _named_digit(head, ""))
            options.append(seq(Word(name), digit_names, _forms(rest[times:], starts_digits=False, after="")))
    if n_digits >= 2 and head != "0" and not (head > "1" and rest[1] == "0" and "1" <= rest[2:3] <= "9"):  # not 40 + 7
        options.append(seq(_pair(rest[:2]), _forms(rest[2:], starts_digits=False, after="")))
    if starts_digits and 3 <= n_digits <= 5 and head != "0":
        as_number = _as_number(rest[:n_digits])
        options.append(seq(as_number, _forms(rest[n_digits:], starts_digits=False, after="")))
    return one_of(options)


def _leading_digits(text: str) -> int:
    return len(text) - len(text.lstrip("0123456789"))


def _named_digit(sign: str, after: After) -> list[tuple[Phrase, After]]:
    """The names of a digit, each with what it is for the next one."""
    if sign != "0":
        return [(Word(DIGITS[int(sign)]), "")]
    zeros: tuple[After, After] = ("zero", "oh")
    return [(Word(name), name) for name in zeros if after in {"", name}]


def _named_letter(sign: str) -> Phrase:
    names = (sign.lower(), NATO[sign], *NATO_VARIANTS.get(sign, ()))
    return one_of(_letter_word(name, "") for name in names)


def _pair(two: str) -> Phrase:
    value = int(two)
    if value < 20:
        return Word(TEENS[value - 10])
    tens: Phrase = Word(TENS[value // 10 - 2])
    return seq(tens, Word(DIGITS[value % 10])) if value % 10 else tens


def _as_number(text: str) -> Phrase:
    """A 3 to 5 digit number in words, with or without "and", and in hundreds where people do that."""
    value = int(text)
    options = [_hundreds(value % 1000, _small(value // 1000), "thousand")] if value >= 1000 else []
    if value < 1000 or (1000 <= value < 10_000 and value // 100 % 10):
        options.append(seq(_small(value // 100), Word("hundred"), _tail(value % 100)))
    return one_of(options)


def _hundreds(rest: int, head: Phrase, unit: str) -> Phrase:
    hundreds = [seq(_small(rest // 100), Word("hundred"))] if rest >= 100 else []
    return Seq((head, Word(unit), *hundreds, _tail(rest % 100)))


def _tail(value: int) -> Phrase:
    return seq(optional(Word("and")), _small(value)) if value else NOTHING


def _small(value: int) -> Phrase:
    """1 to 99 in words."""
    return Word(DIGITS[value]) if value < 10 else _pair(str(value))
