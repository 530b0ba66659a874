"""The lists, all paged the same way: by the key of the last row, so that a page costs the same however far it is."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import lookups
from voicemes.plant.queries.job_orders import OPEN, SELECT, STATUSES, with_status

if TYPE_CHECKING:
    from voicemes.plant.database import Row, Tables

MAX_LIMIT = 10_000
DEFAULT_LIMIT = 1000
"""A live snapshot of a plant as large as the reference plant comes in one page."""


@dataclass(frozen=True, slots=True)
class Listing:
    """`select` yields the columns that filters and key name. Filters: query parameter -> condition with one `?`."""

    select: str
    key: tuple[str, ...] = ("id",)
    filters: Mapping[str, str] = field(default_factory=dict)
    newest_first: bool = False
    is_numbered: bool = False
    """Ids are counted; JSON shows them as strings, as all ids."""


def _plain(table: str, key: str = "id", **filters: str) -> Listing:
    return Listing(f"SELECT * FROM {table}", (key,), filters)  # noqa: S608 - our own table names


def _numbered(table: str, **filters: str) -> Listing:
    select = f"SELECT * FROM {table}"  # noqa: S608 - our own table names
    return Listing(select, ("id",), filters, newest_first=True, is_numbered=True)


ON_LINE = "equipment IN (SELECT id FROM equipment WHERE line = ?)"
STATUS = "status = ? COLLATE NOCASE"
RESPONSES = """
    SELECT id, id AS job_order, good, scrap, rework, started, ended, equipment,
        CASE status WHEN 'Suspended' THEN 'Paused' WHEN 'Pending' THEN 'Waiting' WHEN 'Dispatched' THEN 'Waiting'
        WHEN 'Cancelled' THEN 'Aborted' ELSE status END AS state FROM job_order
"""
ON_DUTY = """
    SELECT person.*, session.job AS job, session.activity AS activity, session.started AS since,
           coalesce(session.line, person.line) AS on_line
    FROM person LEFT JOIN session ON session.person = person.id AND session.ended IS NULL
"""

LISTINGS: dict[str, Listing] = {
    "equipment": Listing(
        f"SELECT {lookups.EQUIPMENT} FROM equipment",  # noqa: S608 - our own column names
        ("line", "id"),
        {"level": "level = ?", "line": "line = ?"},
    ),
    "physical-assets": _plain("physical_asset", equipment="equipment = ?"),
    "persons": Listing(ON_DUTY, ("id",), {"line": "on_line = ?", "on_duty": "(since IS NOT NULL) = (? = 'true')"}),
    "products": _plain("product"),
    "teams": _plain("team"),
    "defect-codes": _plain("defect_code"),
    "reason-codes": _plain("reason_code"),
    "material-definitions": _plain("material_definition"),
    "bills-of-material": Listing("SELECT * FROM bill_of_material", ("product", "material"), {"product": "product = ?"}),
    "material-lots": _plain("material_lot", material="material = ?", equipment="location = ?"),
    "units": _plain("unit", "serial", status=STATUS, job="job = ?", equipment="equipment = ?"),
    "work-masters": _plain("work_master", product="product = ?"),
    "job-orders": Listing(
        SELECT, ("position", "id"), {"status": STATUS, "equipment": "? IN (equipment, line)", "line": "line = ?"}
    ),
    "job-responses": Listing(RESPONSES, ("id",), {"state": "state = ? COLLATE NOCASE", "equipment": "equipment = ?"}),
    "work-requests": _numbered("work_request", status=STATUS, product="product = ?"),
    "test-specifications": _plain("test_specification", "characteristic"),
    "test-results": _numbered("test_result", serial="serial = ?", characteristic="characteristic = ?"),
    "nonconformances": _numbered("nonconformance", status=STATUS, serial="serial = ?", line=ON_LINE),
    "downtime-events": _numbered("downtime_event", status=STATUS, equipment="equipment = ?", line=ON_LINE),
    "work-alerts": _numbered("work_alert", status=STATUS, equipment="equipment = ?", line=ON_LINE, team="team = ?"),
    "material-requests": _numbered("material_request", status=STATUS, line="line = ?", material="material = ?"),
    "maintenance-requests": _numbered("maintenance_request", status=STATUS, equipment="equipment = ?", line=ON_LINE),
    "change-requests": _numbered("change_request", status=STATUS, kind="kind = ?", line="line = ?"),
    "decisions": _numbered("decision", line="line = ?"),
    "notes": _numbered("note", equipment="equipment = ?", job="job = ?"),
}


def page(tables: Tables, resource: str, filters: Mapping[str, str], limit: int, cursor: str | None) -> dict[str, Any]:
    """One page; `next` goes into `cursor` for the next one, and is None on the last."""
    listing = LISTINGS[resource]
    conditions, values = _conditions(tables, resource, filters)
    order = ", ".join(f"{name} {'DESC' if listing.newest_first else 'ASC'}" for name in listing.key)
    if cursor is not None:
        marks = ", ".join("?" for _ in listing.key)
        conditions.append(f"({', '.join(listing.key)}) {'<' if listing.newest_first else '>'} ({marks})")
        values += _decode(cursor, len(listing.key))
    where = " AND ".join(conditions) or "TRUE"
    sql = f"SELECT * FROM ({listing.select}) WHERE {where} ORDER BY {order} LIMIT ?"  # noqa: S608 - our own SQL
    rows = tables.all(sql, *values, limit + 1)
    more = len(rows) > limit
    rows = rows[:limit]
    following = _encode([rows[-1][name] for name in listing.key]) if more else None
    return {"items": [_shown(row, listing) for row in rows], "next": following}


def _shown(row: Row, listing: Listing) -> Row:
    return {**row, "id": str(row["id"])} if listing.is_numbered else row


def _conditions(tables: Tables, resource: str, filters: Mapping[str, str]) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    values: list[object] = []
    for name, value in filters.items():
        if name not in LISTINGS[resource].filters:
            raise Problem(Code.INVALID_INPUT, f"The list of {resource} has no filter {name}.")
        if name in {"equipment", "line"}:
            lookups.check(tables, "equipment", value)
        if (resource, name) == ("job-orders", "status"):
            conditions.append(_order_status(value))
            continue
        conditions.append(LISTINGS[resource].filters[name])
        values.append(value)
    return conditions, values


def _order_status(status: str) -> str:
    """One of ISA-95's, or "open"."""
    if status != "open" and status not in STATUSES:
        raise Problem(Code.INVALID_INPUT, f"There is no order status {status}.")
    return with_status(OPEN if status == "open" else (status,))


def _encode(key: list[object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _decode(cursor: str, length: int) -> list[object]:
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, UnicodeError, ValueError, RecursionError) as error:
        raise Problem(Code.INVALID_INPUT, "The cursor is not one that this list gave.") from error
    if not isinstance(key, list) or len(key) != length or not all(isinstance(part, (str, int)) for part in key):
        raise Problem(Code.INVALID_INPUT, "The cursor is not one that this list gave.")
    return [_in_range(part) for part in key]


def _in_range(part: str | int) -> str | int:
    """SQLite knows whole numbers of 64 bits."""
    return part if isinstance(part, str) else max(-(2**63), min(part, 2**63 - 1))
