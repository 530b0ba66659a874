"""Typed text becomes the words that a person would have said.

"Scrap 3 on U7, order 4711!" -> scrap three on u seven order four seven one one. So typed and spoken sentences go
through the same matcher, and a test written as text says something about speech.
"""

from __future__ import annotations

import re

from voicemes.numbers import DIGITS

MAX_CHARS = 500
"""Longer than anybody says in one breath; longer input is cut, so that no text can make the matcher slow."""



class Fresh(str):
    """The first word of a number that punctuation parts from the number before: "3, 4" is never 34."""

    __slots__ = ()


class Inner(str):
    """A word in the middle of a number that was typed as one: "4711, 50" is never 47115 and zero."""

    __slots__ = ()


_TOKEN = re.compile(r"[-−]?\d+(?:[.,]\d+)?|(?<![\w.,])[-−]?\.\d+|[a-z]+(?:'[a-z]+)*|'[a-z]+|%|±")
_THOUSANDS = re.compile(r"[1-9]\d{0,2},\d{3}")
"""1250 to some and 1.25 to others: it stays as it is, a remark may have it, and no sentence takes it for a number."""
_MINUS = re.compile(r"(?<!\S)[-\u2212\u2013]\s*(?=[\d.])")
"""A dash before a number, with a blank between or not; inside "4711-50" it is none."""
WRITTEN = {"mm": "millimeters", "um": "microns", "nm": "newton meters", "pcs": "pieces", "kpa": "kilopascals"}
"""Units as people write them after digits."""
_WRITTEN = re.compile(rf"(?<=\d)\s*({'|'.join(WRITTEN)})(?![a-z])")
BRITISH = {"metre": "meter", "metres": "meters", "millimetre": "millimeter", "millimetres": "millimeters"}
_SAME = str.maketrans("’µμ", "'uu")
_SIGNS = {"%": ["percent"], "±": ["plus", "minus"]}


def normalize(text: str, vocabulary: frozenset[str] = frozenset()) -> list[str]:
    """Lower-case words without punctuation, digits as digit words. Letters that together make a word of the
    `vocabulary` are joined: "A O I" -> "aoi".
    """
    lowered = _MINUS.sub("-", text[:MAX_CHARS].lower().translate(_SAME))
    lowered = _WRITTEN.sub(lambda unit: f" {WRITTEN[unit.group(1)]}", lowered)[:MAX_CHARS]
    tokens: list[str] = []
    position = 0
    for found in _TOKEN.finditer(lowered):
        words = _words(found.group(), after_letter=_touches_letter(lowered, position, found.start()))
        is_apart = bool(lowered[position : found.start()].strip()) or found.start() == position
        if is_apart and position and lowered[position - 1].isdigit() and found.group()[-1].isdigit():
            words[0] = Fresh(words[0])
        tokens += words
        position = found.end()
    return _join_letters(_open_up(tokens, vocabulary), vocabulary)


def _open_up(tokens: list[str], vocabulary: frozenset[str]) -> list[str]:
    """"oven one's down" is "oven one is down", unless the word is known as it stands ("what's", "yesterday's")."""
    opened: list[str] = []
    for token in tokens:
        bare = token.removesuffix("'s")
        is_known = bare == token or token in vocabulary or (bare and bare not in vocabulary)
        opened += [token] if is_known else [*([bare] if bare else []), "is"]
    return opened


def _touches_letter(text: str, previous_end: int, start: int) -> bool:
    """True for the "-1" of "spp-1": a hyphen inside an identifier is not a minus."""
    return start > 0 and previous_end == start and text[start - 1].isalnum()


def _words(token: str, *, after_letter: bool) -> list[str]:
    if token in _SIGNS:
        return _SIGNS[token]
    if token[-1].isdigit():
        return _number_words(token, signed=not after_letter)
    return [BRITISH.get(token, token)]


def _number_words(token: str, *, signed: bool) -> list[str]:
    minus = ["minus"] if signed and token[0] in "-−" else []
    if _THOUSANDS.fullmatch(token.lstrip("-−")):
        return [token]
    whole, _, decimals = token.lstrip("-−").replace(",", ".").partition(".")
    spelled = [DIGITS[int(digit)] for digit in whole or "0"]
    first, *rest = minus + spelled + (["point", *(DIGITS[int(digit)] for digit in decimals)] if decimals else [])
    return [first, *map(Inner, rest)]


def _join_letters(tokens: list[str], vocabulary: frozenset[str]) -> list[str]:
    joined: list[str] = []
    position = 0
    while position < len(tokens):
        end = position
        while end < len(tokens) and len(tokens[end]) == 1:
            end += 1
        length = next((n for n in range(end - position, 1, -1) if _word(tokens, position, n) in vocabulary), 1)
        joined.append(tokens[position] if length == 1 else _word(tokens, position, length))
        position += length
    return joined


def _word(tokens: list[str], position: int, length: int) -> str:
    return "".join(tokens[position : position + length])
