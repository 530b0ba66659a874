"""Typed templates: "{quantity}" alone stays a number, "order {job}" is text, an absent value leaves its key out.

A value is text, number or mapping; `{limits.plus}` is a part of one. Filters follow a bar: `{line|default:all}` gives a
text for what is absent, `{job|upper}`, `{defect|lookup:defects}`; see `filters.py`. `{{` and `}}` are braces. `${NAME}`
is a secret, which only the part `auth` of a connector may use. There is no code in a template, and no way to any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from voicemes.connectors.filters import FILTERS, Filter, Lookup

Values: TypeAlias = Mapping[str, Any]
MAPS: Final = "_maps"
"""Among the values, the tables that look-ups use."""

MAX_FILTERS = 4
"""Of one value. Base 64 of base 64 of … grows by a third each time, JSON of JSON by more."""
PLACEHOLDER = re.compile(
    r"\{\{|\}\}|\$\{([A-Z][A-Z0-9_]*)\}|\{([a-z_][a-z0-9_]*)(?:\.([a-z_][a-z0-9_]*))?((?:\|[^{}|]*)*)\}|[{}]"
)


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


class MissingValueError(Exception):
    """A path needs a value that is absent; carries its name."""


@dataclass(frozen=True, slots=True)
class Slot:
    name: str
    """A secret's begins with a dollar sign."""
    default: str | None = None
    part: str | None = None
    """Of a value that is a record."""
    filters: tuple[Filter | Lookup, ...] = ()


Piece: TypeAlias = str | Slot


@dataclass(frozen=True, slots=True)
class Template:
    """A string with placeholders, parsed once."""

    pieces: tuple[Piece, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(piece.name for piece in self.pieces if isinstance(piece, Slot))

    def value(self, values: Values) -> Any:
        """The value itself where the template is one placeholder, else text; ABSENT when a part of it is absent."""
        if len(self.pieces) == 1 and isinstance(self.pieces[0], Slot):
            return _fill(self.pieces[0], values)
        parts = [piece if isinstance(piece, str) else _fill(piece, values) for piece in self.pieces]
        return ABSENT if ABSENT in parts else "".join(text_of(part) for part in parts)

    def path(self, values: Values) -> str:
        """The template as a URL path: every value is one percent-encoded segment. Raises MissingValueError."""
        parts: list[str] = []
        for piece in self.pieces:
            if isinstance(piece, str):
                parts.append(piece)
                continue
            filled = _fill(piece, values)
            if filled is ABSENT:
                raise MissingValueError(piece.name)
            parts.append(_segment(text_of(filled)))
        return "".join(parts)


def parse(text: str) -> Template:
    """Raises ValueError for a brace that belongs to no placeholder."""
    pieces: list[Piece] = []
    end = 0
    for match in PLACEHOLDER.finditer(text):
        _append(pieces, text[end : match.start()])
        end = match.end()
        if match[0] in {"{{", "}}"}:
            _append(pieces, match[0][0])
        elif match[1] is not None:
            pieces.append(Slot(f"${match[1]}"))
        elif match[2] is None:
            raise ValueError(f"has a brace at column {match.start() + 1} that belongs to no placeholder: {text!r}")
        else:
            pieces.append(_slot(match[2], match[3], match[4].split("|")[1:]))
    _append(pieces, text[end:])
    return Template(tuple(pieces))


def _slot(name: str, part: str | None, steps: list[str]) -> Slot:
    """Raises ValueError for a filter that nobody knows, or one without what it needs."""
    if len(steps) > MAX_FILTERS:
        raise ValueError(f"has more than {MAX_FILTERS} filters for {name!r}")
    default: str | None = None
    filters: list[Filter | Lookup] = []
    for step in steps:
        word, _, argument = step.partition(":")
        if word == "default":
            default = argument
        elif word == "lookup":
            filters.append(Lookup(argument))
        elif word in FILTERS and not argument:
            filters.append(FILTERS[word])
        else:
            known = ", ".join(("default:…", "lookup:…", *FILTERS))
            raise ValueError(f"has the filter {step!r}; known are {known}")
    return Slot(name, default, part, tuple(filters))


def text_of(value: Any) -> str:
    """A whole number has no decimals, whether it came as 3 or as 3.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def render(data: Any, values: Values) -> Any:
    """Fills the templates in a tree of mappings, lists and templates; what is absent is left out."""
    if isinstance(data, Template):
        return data.value(values)
    if isinstance(data, dict):
        filled = {render(key, values): render(value, values) for key, value in data.items()}
        return {text_of(key): value for key, value in filled.items() if ABSENT not in (key, value)}
    if isinstance(data, list):
        return [value for value in (render(item, values) for item in data) if value is not ABSENT]
    return data


def parse_tree(data: Any) -> Any:
    """Parses every string in a tree of mappings and lists. Raises ValueError."""
    if isinstance(data, str):
        return parse(data)
    if isinstance(data, dict):
        return {parse(key) if "{" in str(key) else key: parse_tree(value) for key, value in data.items()}
    if isinstance(data, list):
        return [parse_tree(item) for item in data]
    return data


def lookups_in(data: Any) -> frozenset[str]:
    """The names of every map that a parsed tree looks something up in."""
    if isinstance(data, Template):
        filters = (one for piece in data.pieces if isinstance(piece, Slot) for one in piece.filters)
        return frozenset(one.table for one in filters if isinstance(one, Lookup))
    if isinstance(data, dict):
        data = list(data.values())
    return frozenset().union(*(lookups_in(item) for item in data)) if isinstance(data, list) else frozenset()


def names_in(data: Any) -> frozenset[str]:
    """Every placeholder in a parsed tree."""
    if isinstance(data, Template):
        return data.names
    if isinstance(data, dict):
        data = [*data, *data.values()]
    if isinstance(data, list):
        return frozenset().union(*(names_in(item) for item in data))
    return frozenset()


def _append(pieces: list[Piece], text: str) -> None:
    """Adds text to the pieces; neighbouring texts become one."""
    if text and pieces and isinstance(pieces[-1], str):
        pieces[-1] += text
    elif text:
        pieces.append(text)


def _fill(slot: Slot, values: Values) -> Any:
    value = values.get(slot.name)
    if slot.part is not None:
        value = value.get(slot.part) if isinstance(value, Mapping) else None
    if value is None or value == "":
        return ABSENT if slot.default is None else slot.default
    for one in slot.filters:
        value = one.find(value, values.get(MAPS, {})) if isinstance(one, Lookup) else one(value)
    return value


def _segment(text: str) -> str:
    """Encodes everything that could leave the segment; "." and ".." would, although they need no encoding."""
    return text.replace(".", "%2E") if text in {".", ".."} else quote(text, safe="")
