"""From the JSON of an answer to the values that replies and the recogniser use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jmespath.exceptions import JMESPathError

from voicemes.connectors.exchange import NonsenseError
from voicemes.model import Reference, SlotData

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult

    from voicemes.connectors.spec import Facts, Listing, Names, People, Table

MAX_ROWS = 1_000
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


def slot_data(name: str, value: Any) -> SlotData:
    """A text, a number, or mappings and lists of these; raises NonsenseError for anything else."""
    if isinstance(value, Mapping):
        return {str(key): slot_data(name, part) for key, part in value.items() if part is not None}
    if isinstance(value, list):
        return tuple(slot_data(name, part) for part in value if part is not None)
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return value
    raise NonsenseError(f"The answer has a {type(value).__name__} as {name}")


def references(listing: Listing, data: Any) -> tuple[Reference, ...]:
    """The things of a list. Raises NonsenseError for a list that is none, or an item without an id."""
    items = search(listing.items, data)
    if not isinstance(items, list):
        raise NonsenseError("The answer has no list")
    return tuple(_reference(listing, item) for item in items)


def facts(part: Facts, data: Any) -> dict[str, dict[str, SlotData]]:
    """Id -> what is known of it. Raises NonsenseError for a list that is none."""
    items = search(part.items, data)
    if not isinstance(items, list):
        raise NonsenseError("The answer has no list")
    named = ((search(part.id, item), item) for item in items[:MAX_ROWS])
    return {str(name): row(part.values, item) for name, item in named if name is not None}


def row(columns: Mapping[str, ParsedResult], item: Any) -> dict[str, SlotData]:
    """One row of a table; what is absent is left out. Raises NonsenseError for what no screen can show."""
    found = {name: search(expression, item) for name, expression in columns.items()}
    return {name: slot_data(name, _shown(value)) for name, value in found.items() if value is not None}


def rows(table: Table, data: Any) -> tuple[dict[str, SlotData], ...]:
    """Raises NonsenseError for a list that is none."""
    items = search(table.rows, data)
    if not isinstance(items, list):
        raise NonsenseError("The answer has no list")
    return tuple(row(table.columns, item) for item in items[:MAX_ROWS])


def _shown(value: Any) -> Any:
    """True and false are 1 and 0: a column says what they mean."""
    return int(value) if isinstance(value, bool) else value


def roles(people: People, data: Any) -> dict[str, tuple[str, ...]]:
    """Person -> roles. Raises NonsenseError for a list that is none, or roles that are no texts."""
    items = search(people.items, data)
    if not isinstance(items, list):
        raise NonsenseError("The answer has no list of people")
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
