"""Numbers and identifiers as phrases: every style in which people say them.

Digit by digit ("four seven one one"), paired ("forty seven eleven"), as a number ("four thousand seven hundred
eleven"), "double" and "triple", "oh" and "zero", letters alone or in the NATO alphabet, decimals, signs. What a phrase
emits is the value in digits.
"""

from __future__ import annotations

from functools import cache, lru_cache

from voicemes.nlu.phrase import NOTHING, Emit, Phrase, Seq, Word, one_of, optional, seq
from voicemes.numbers import DIGITS, NATO, TEENS, TENS

ZEROS = ("zero", "oh")
NATO_VARIANTS = {"A": ("alfa",), "J": ("juliett",), "W": ("whisky",)}
"""Other spellings in use; the same sounds."""
MULTIPLES = (("double", 2), ("triple", 3))


@cache
def digit(out_times: int = 1) -> Phrase:
    """One digit word, emitting its digit `out_times` times."""
    names = [(name, "0") for name in ZEROS] + [(DIGITS[n], str(n)) for n in range(1, 10)]
    return one_of(Word(name, out * out_times) for name, out in names)


@cache
def _unit() -> Phrase:
    """1 to 9, emitting one digit."""
    return one_of(Word(DIGITS[n], str(n)) for n in range(1, 10))


@cache
def _teen() -> Phrase:
    return one_of(Word(name, str(10 + n)) for n, name in enumerate(TEENS))


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
def digits(shortest: int, longest: int, *, after_tens: bool = False) -> Phrase:
    """A digit string of `shortest` to `longest` digits, in single digits, pairs, doubles and triples, mixed.

    "forty seven" is 47, never 40 and 7: `after_tens` keeps a unit from following a bare "forty".
    """
    if longest <= 0:
        return NOTHING
    single = one_of(Word(name, "0") for name in ZEROS) if after_tens else digit()
    options: list[Phrase] = [seq(single, digits(shortest - 1, longest - 1))]
    if longest >= 2:
        options.append(seq(one_of([_teen(), _tens_and_unit()]), digits(shortest - 2, longest - 2)))
        options.append(seq(_bare_tens(), digits(shortest - 2, longest - 2, after_tens=True)))
    for name, times in MULTIPLES:
        if longest >= times:
            options.append(seq(Word(name), digit(times), digits(shortest - times, longest - times)))
    if shortest <= 0:
        options.append(NOTHING)
    return one_of(options)


@cache
def identifier(shortest: int, longest: int) -> Phrase:
    """A digit string, or the number with that many digits."""
    as_number = [_number_of(n) for n in range(max(3, shortest), min(5, longest) + 1)]
    return one_of([digits(shortest, longest), *as_number])


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
    return one_of(_letter_word(name, sign) for name, sign in names)


def _letter_word(name: str, sign: str) -> Phrase:
    first, *rest = name.replace("-", " ").split()
    return seq(Word(first, sign), *(Word(word) for word in rest))


@cache
def number() -> Phrase:
    """A signed decimal: "minus eighteen", "one point five", "one four two"."""
    sign = one_of([NOTHING, Word("minus", "-"), Word("negative", "-"), Word("plus")])
    whole = one_of([cardinal(5), digits(2, 5)])
    decimals = seq(Word("point", "."), digits(1, 4))
    return seq(sign, whole, optional(decimals))


def forms(text: str) -> Phrase:
    """Every way of saying one known identifier: the digits and letters of `text`. Emits `text` as it is."""
    return seq(Emit(text), silent_forms(text))


def silent_forms(text: str) -> Phrase:
    """The same, emitting nothing: for a digit inside a template or an alias."""
    signs = "".join(sign for sign in text.upper() if sign.isascii() and sign.isalnum())
    return _forms(signs, starts_digits=True)


@lru_cache(maxsize=65_536)
def _forms(rest: str, *, starts_digits: bool) -> Phrase:
    """All ways through `rest`; only a whole run of digits is also said as one number."""
    if not rest:
        return NOTHING
    head, n_digits = rest[0], _leading_digits(rest)
    if head.isalpha():
        return seq(_named_letter(head), _forms(rest[1:], starts_digits=True))
    options: list[Phrase] = [seq(_named_digit(head), _forms(rest[1:], starts_digits=False))]
    for name, times in MULTIPLES:
        if n_digits >= times and len(set(rest[:times])) == 1:
            options.append(seq(Word(name), _named_digit(head), _forms(rest[times:], starts_digits=False)))
    if n_digits >= 2 and head != "0":
        options.append(seq(_pair(rest[:2]), _forms(rest[2:], starts_digits=False)))
    if starts_digits and 3 <= n_digits <= 5 and head != "0":
        options.append(seq(_as_number(rest[:n_digits]), _forms(rest[n_digits:], starts_digits=False)))
    return one_of(options)


def _leading_digits(text: str) -> int:
    return len(text) - len(text.lstrip("0123456789"))


def _named_digit(sign: str) -> Phrase:
    return one_of(Word(name) for name in (ZEROS if sign == "0" else (DIGITS[int(sign)],)))


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
    if value < 1000 or 1000 <= value < 10_000 and value // 100 % 10:
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
