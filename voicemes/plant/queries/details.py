"""One resource by its id."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import job_orders, lookups, units

if TYPE_CHECKING:
    from voicemes.plant.database import Row, Tables

Find: TypeAlias = Callable[["Tables", str], "Row"]

NUMBERED = {
    "nonconformances": "nonconformance",
    "downtime-events": "downtime event",
    "work-alerts": "alert",
    "material-requests": "request",
    "maintenance-requests": "maintenance request",
    "change-requests": "change request",
    "work-requests": "work request",
    "notes": "note",
}
"""Resources whose ids are counted; JSON shows them as strings, as all ids."""

MAX_NUMBER = 2**63 - 1


def _row(kind: str) -> Find:
    return lambda tables, identifier: lookups.need(tables, kind, identifier)


def _numbered(kind: str) -> Find:
    def find_one(tables: Tables, identifier: str) -> Row:
        if not (identifier.isascii() and identifier.isdigit() and int(identifier) <= MAX_NUMBER):
            raise Problem(Code.NOT_FOUND, f"There is no {kind} {identifier} in the MES.")
        return {**lookups.need(tables, kind, identifier), "id": identifier}

    return find_one


DETAILS: dict[str, Find] = {
    "equipment": lookups.equipment,
    "persons": _row("person"),
    "products": _row("product"),
    "defect-codes": _row("defect"),
    "reason-codes": _row("reason"),
    "material-definitions": _row("material"),
    "material-lots": _row("lot"),
    "test-specifications": _row("characteristic"),
    "work-masters": _row("work master"),
    "job-orders": job_orders.find,
    "units": units.record,
    **{resource: _numbered(kind) for resource, kind in NUMBERED.items()},
}


def find(tables: Tables, resource: str, identifier: str) -> Row:
    if resource not in DETAILS:
        raise Problem(Code.NOT_FOUND, "There is no such resource.")
    return DETAILS[resource](tables, identifier)
