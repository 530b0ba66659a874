"""Job orders and job lists, as they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from voicemes.plant.database import Row, Tables

STATUSES = (
    *("Waiting", "Pending", "Cancelled", "Dispatched", "Ready", "Running"),
    *("Completed", "Aborted", "Held", "Suspended", "Closed"),
)
NEXT = ("Waiting", "Dispatched", "Ready")
"""May be started."""
OPEN = (*NEXT, "Pending", "Running", "Held", "Suspended")

SELECT = """
    SELECT job_order.*, work_master.product AS product, equipment.line AS line,
           max(0, job_order.quantity - job_order.good) AS remaining
    FROM job_order JOIN work_master ON work_master.id = work_master JOIN equipment ON equipment.id = equipment
"""


def find(tables: Tables, job: str) -> Row:
    order = tables.one(SELECT + " WHERE job_order.id = ?", job)
    if order is None:
        raise Problem(Code.NOT_FOUND, f"There is no order {job} in the MES.")
    return order


def with_status(wanted: tuple[str, ...]) -> str:
    return "status IN (" + ", ".join(f"'{status}'" for status in wanted) + ")"


def open_orders(tables: Tables, place: str | None) -> list[Row]:
    """What is not finished at a machine, on a line, or in the plant, in its sequence."""
    sql = f"{SELECT} WHERE {with_status(OPEN)} AND (? IS NULL OR ? IN (equipment.id, equipment.line)) ORDER BY position"
    return tables.all(sql, place, place)


def job_list(tables: Tables, equipment: str) -> dict[str, Any]:
    """What is next at a work unit, on a line, or with "all" in the plant."""
    place = None if equipment == "all" else equipment
    lookups.check(tables, "equipment", place)
    return {
        "equipment": equipment,
        "items": [order for order in open_orders(tables, place) if order["status"] in NEXT],
    }
