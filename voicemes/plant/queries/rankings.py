"""The worst first: stops and defects of a period; and what is planned, and how a machine is set up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from voicemes.plant.database import stamp
from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import job_orders, lookups, shift_reports

if TYPE_CHECKING:
    from datetime import datetime

    from voicemes.plant.database import Row, Tables
    from voicemes.plant.periods import Span

DEFECTS = """
    SELECT defect, count(*) AS n FROM nonconformance JOIN unit USING (serial)
    JOIN equipment ON equipment.id = coalesce(nonconformance.equipment, unit.equipment)
    WHERE time >= ?1 AND time < ?2 AND (?3 IS NULL OR ?3 IN (equipment.id, line))
    GROUP BY defect ORDER BY n DESC, defect
"""
SETUP = """
    SELECT slot, setup_sheet.material AS material, material_lot.id AS lot FROM setup_sheet
    LEFT JOIN material_lot ON material_lot.location = setup_sheet.equipment
        AND material_lot.material = setup_sheet.material
    WHERE setup_sheet.equipment = ? AND product = ? ORDER BY slot, lot
"""
RUN_TIME = "SELECT pri FROM kpi_element WHERE equipment = ? AND pri > 0 ORDER BY hour DESC LIMIT 1"
DEFAULT_RUN_TIME_MIN = 1.0
"""Minutes per piece where nothing was ever made: long enough to be seen in a plan."""


def stops(tables: Tables, span: Span, line: str | None, now: datetime) -> Row:
    lookups.need_line(tables, line)
    return {"period": span.name, "line": line, "items": shift_reports.top_stops(tables, span, line, now)}


def defects(tables: Tables, span: Span, place: str | None) -> Row:
    lookups.check(tables, "equipment", place)
    items = tables.all(DEFECTS, stamp(span.starts), stamp(span.ends), place)
    return {"period": span.name, "equipment": place, "items": items}


def setup(tables: Tables, equipment: str, job: str | None) -> Row:
    """Slots and materials for an order, else for the next one that waits here; `lot` is what is loaded already."""
    lookups.need(tables, "equipment", equipment)
    waiting = job_orders.job_list(tables, equipment)["items"]
    order = job_orders.find(tables, job) if job else next(iter(waiting), None)
    if order is None:
        raise Problem(Code.NO_DATA, "No order is waiting there.")
    items = tables.all(SETUP, equipment, order["product"])
    return {"equipment": equipment, "job": order["id"], "product": order["product"], "items": items}


def plan(tables: Tables, span: Span, line: str | None, now: datetime) -> Row:
    """The orders that are expected to run within the span: each line works its orders off in their sequence."""
    lookups.need_line(tables, line)
    free: dict[str, datetime] = {}
    items = []
    for order in job_orders.open_orders(tables, line):
        if order["status"] in {"Held", "Pending"}:
            continue
        starts = free.get(order["equipment"], now)
        run_time = tables.value(RUN_TIME, order["equipment"]) or DEFAULT_RUN_TIME_MIN
        ends = free[order["equipment"]] = starts + timedelta(minutes=run_time * order["remaining"])
        if starts < span.ends and ends > span.starts:
            items.append({**order, "expected_start": stamp(starts), "expected_end": stamp(ends)})
    return {"period": span.name, "from": stamp(span.starts), "to": stamp(span.ends), "line": line, "items": items}
