"""From the JSON of an answer to the values that replies and the recogniser use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jmespath.exceptions import JMESPathError

from voicemes.connectors.messages import NonsenseError
from voicemes.model import Reference, SlotData

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

    from voicemes.connectors.parts import Conversion, Names, Reads
    from voicemes.connectors.spec import Facts, Listing, People, Table

DECIMALS = 9
"""Of a number that was converted: what is beyond comes from the arithmetic."""
MAX_ROWS, MAX_CELL_CHARS, MAX_CELL_ITEMS = 1_000, 1_000, 50
"""Of a table on a screen; nobody reads on."""


def search(expression: ParsedResult, data: Any) -> Any:
    """Raises NonsenseError where the data are not what the expression expects."""
    try:
        return expression.search(data)
    except JMESPathError as error:
        raise NonsenseError(f"The answer does not fit {expression.expression!r}: {error}") from error


def answers(expressions: Mapping[str, ParsedResult], may_be_absent: Names, data: Any) -> dict[str, SlotData]:
    """Every named value that the answer has. Raises NonsenseError when one is missing that must be there."""
    found: dict[str, SlotData] = {}
    for name, expression in expressions.items():
        value = search(expression, data)
        if value is not None:
            found[name] = slot_data(name, value)
        elif name not in may_be_absent:
            raise NonsenseError(f"The answer has no {name}")
    return found


def read(part: Reads, data: Any, maps: Mapping[str, Mapping[str, Any]]) -> dict[str, SlotData]:
    """What a part of the connector file takes out of an answer, in our words and units. Raises NonsenseError."""
    found = answers(part.answer, part.may_be_absent, data)
    return {name: _ours(part, name, value, maps) for name, value in found.items()}


def _ours(part: Reads, name: str, value: SlotData, maps: Mapping[str, Mapping[str, Any]]) -> SlotData:
    if name in part.translate:
        theirs = maps[part.translate[name]]
        return next((ours for ours, word in theirs.items() if word == value), value)
    return _converted(part.convert[name], name, value) if name in part.convert else value


def _converted(conversion: Conversion, name: str, value: SlotData) -> SlotData:
    if conversion.to == "text":
        return str(value)
    try:
        number = float(value) * conversion.times + conversion.plus  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise NonsenseError(f"The answer has {value!r} as {name}, which is no number") from None
    if not math.isfinite(number):
        raise NonsenseError(f"The answer has {value!r} as {name}")
    whole = conversion.to == "integer" or number.is_integer()
    return round(number) if whole else round(number, DECIMALS)


def plain(value: SlotData) -> Any:
    """The same as JSON has it, for expressions and bodies."""
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, tuple | list) else value


def slot_data(name: str, value: Any) -> SlotData:
    """A text, a number, or mappings and lists of these; raises NonsenseError for anything else."""
    if isinstance(value, Mapping):
        return {str(key): slot_data(name, part) for key, part in value.items() if part is not None}
    if isinstance(value, list):
        return tuple(slot_data(name, part) for part in value if part is not None)
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return value
    raise NonsenseError(f"The answer has a {type(value).__name__} as {name}")


def listed(expression: ParsedResult, data: Any) -> list[Any]:
    """Raises NonsenseError for a list that is none."""
    items = search(expression, data)
    if not isinstance(items, list):
        raise NonsenseError("The answer has no list")
    return items


def references(listing: Listing, items: list[Any]) -> tuple[Reference, ...]:
    """The things of a list. Raises NonsenseError for an item without an id."""
    return tuple(_reference(listing, item) for item in items)


def facts(part: Facts, items: list[Any]) -> dict[str, dict[str, SlotData]]:
    """Id -> what is known of it."""
    named = ((search(part.id, item), item) for item in items)
    return {str(name): row(part.values, item) for name, item in named if name is not None}


def row(columns: Mapping[str, ParsedResult], item: Any) -> dict[str, SlotData]:
    """One row of a table; what is absent is left out. Raises NonsenseError for what no screen can show."""
    found = {name: search(expression, item) for name, expression in columns.items()}
    return {name: slot_data(name, _shown(value)) for name, value in found.items() if value is not None}


def rows(table: Table, data: Any) -> tuple[dict[str, SlotData], ...]:
    """Raises NonsenseError for a list that is none."""
    return tuple(row(table.columns, item) for item in listed(table.rows, data)[:MAX_ROWS])


def _shown(value: Any) -> Any:
    """As much as a cell can hold. True and false are 1 and 0: a column says what they mean."""
    if isinstance(value, str):
        return value[:MAX_CELL_CHARS]
    if isinstance(value, list):
        return [_shown(item) for item in value[:MAX_CELL_ITEMS]]
    if isinstance(value, dict):
        return {name[:MAX_CELL_CHARS]: _shown(part) for name, part in value.items()}
    return int(value) if isinstance(value, bool) else value


def roles(people: People, items: list[Any]) -> dict[str, tuple[str, ...]]:
    """Person -> roles. Raises NonsenseError for roles that are no texts."""
    held = {str(search(people.id, item)): search(people.roles, item) for item in items}
    for person, names in held.items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise NonsenseError(f"The answer has no roles of {person}")
    return {person: tuple(names) for person, names in held.items()}


def _reference(listing: Listing, item: Any) -> Reference:
    identifier = search(listing.id, item)
    if not isinstance(identifier, str | int) or isinstance(identifier, bool):
        raise NonsenseError("The answer has an item without an id")
    aliases = search(listing.aliases, item) if listing.aliases is not None else []
    return Reference(str(identifier), tuple(str(alias) for alias in aliases or []))
