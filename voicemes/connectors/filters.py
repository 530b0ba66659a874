"""What a template may do to a value: pure functions of it, and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

MOST_DIGITS = 30
"""Before or behind the point: 1e999999999 would be a gigabyte of them."""


class FilterError(Exception):
    """A value that a filter cannot take; the message says which."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Our word -> that of the MES, by a map of the connector file."""

    table: str

    def find(self, value: Any, maps: Mapping[str, Mapping[str, Any]]) -> Any:
        try:
            return maps[self.table][str(value)]
        except KeyError:
            raise FilterError(f"{str(value)[:100]} is not in the map {self.table!r} of the connector") from None


Filter: TypeAlias = Callable[[Any], Any]


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def b64(value: Any) -> str:
    """Base 64 of the text, as in Basic authentication (RFC 4648, 4)."""
    return base64.b64encode(_text(value).encode()).decode()


def b64url(value: Any) -> str:
    """Base 64 for addresses (RFC 4648, 5), with its padding."""
    return base64.urlsafe_b64encode(_text(value).encode()).decode()


def iso8601(value: Any) -> str:
    """Seconds since 1970 as a time in UTC."""
    return _time(value).isoformat(timespec="seconds").replace("+00:00", "Z")


def epoch_ms(value: Any) -> int:
    """Seconds since 1970 as milliseconds."""
    return round(_time(value).timestamp() * 1000)


def decimal(value: Any) -> str:
    """A number as text, with all its decimals and no exponent: 0.1 stays 0.1."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise FilterError(f"{str(value)[:100]!r} is not a number") from None
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        raise FilterError(f"{str(value)[:MOST_DIGITS]!r} is not a number that anybody means")
    whole = number == number.to_integral_value()
    return format(number.to_integral_value() if whole else number, "f")


def upper(value: Any) -> str:
    return _text(value).upper()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value)


def _time(value: Any) -> datetime:
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise FilterError(f"{str(value)[:100]!r} is not a time in seconds") from None


FILTERS: dict[str, Filter] = {
    "json": to_json,
    "b64": b64,
    "b64url": b64url,
    "iso8601": iso8601,
    "epoch_ms": epoch_ms,
    "decimal": decimal,
    "upper": upper,
    "text": _text,
}
