"""Fills the views of a new plant from its first event, which holds the seed file as it was read.

Times in the seed are `{ago: 1, minute: 45}`, the 45th minute of the shift before the one that ran when the plant was
seeded, and never in the future. `steps` of a work master is a list of texts. `shift_results` are KPI elements for whole
shifts, spread evenly over their hours; `telemetry` is a list of values, a minute apart, the last one a minute ago.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from voicemes.plant import periods
from voicemes.plant.database import Row, stamp, unstamp
from voicemes.plant.projections import telemetry

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event

TABLES = (
    *("e10_state", "equipment", "physical_asset", "product", "team", "person", "defect_code", "reason_code"),
    *("material_definition", "bill_of_material", "setup_sheet", "policy", "equipment_parameter"),
    *("material_lot", "lot_load", "test_specification", "work_master", "work_request", "job_order", "unit"),
    *("unit_history", "consumption", "nonconformance", "downtime_event", "work_alert", "material_request"),
    *("maintenance_request", "change_request", "session", "handover", "note", "robot_hour", "intervention"),
)
"""In the order in which they refer to each other."""
SHIFT_RESULTS, TELEMETRY = "shift_results", "telemetry"
SECTIONS = (*TABLES, SHIFT_RESULTS, TELEMETRY)
COUNTED = frozenset({"pq", "gq", "sq", "rq", "gp", "ip", "fe"})
"""Elements that stay whole numbers when a shift is spread over its hours."""
HOURS_SO_FAR = 5
HOURS_PER_SHIFT = 8


class SectionError(Exception):
    """A section of the seed does not fit the tables; its name, and why."""


def _seeded(tables: Writer, event: Event) -> None:
    anchor = unstamp(event.data["anchor"])
    tables.insert("setting", {"name": "shift_anchor", "value": event.data["anchor"]})
    for section in SECTIONS:
        add = ADD.get(section, _add_row)
        try:
            for number, row in enumerate(event.data["tables"].get(section, [])):
                add(tables, section, {**row}, Moment(anchor, unstamp(event.time), number))
        except (sqlite3.Error, KeyError, TypeError, AttributeError) as error:
            raise SectionError(section, repr(error)) from error


class Moment:
    """When the seed is sown, and the number of the row in its section."""

    def __init__(self, anchor: datetime, now: datetime, number: int) -> None:
        self.anchor, self.now, self.number = anchor, now, number

    def time(self, value: Any) -> Any:
        """A time that is written for people as the plant keeps it; everything else unchanged."""
        if not isinstance(value, dict) or "ago" not in value:
            return value
        shift = periods.shift_at(self.anchor, self.now, value["ago"])
        return stamp(min(shift.starts + timedelta(minutes=value["minute"]), self.now))


def _add_row(tables: Writer, section: str, row: Row, moment: Moment) -> None:
    tables.insert(section, {name: moment.time(value) for name, value in row.items()})


def _add_equipment(tables: Writer, section: str, row: Row, moment: Moment) -> None:
    """Machines stand along their line in the order of the file."""
    _add_row(tables, section, {"position": moment.number, **row}, moment)


def _add_work_master(tables: Writer, section: str, row: Row, moment: Moment) -> None:
    steps = row.pop("steps", [])
    _add_row(tables, section, row, moment)
    for number, text in enumerate(steps, start=1):
        tables.insert("work_step", {"work_master": row["id"], "number": number, "text": text})


def _add_shift(tables: Writer, _section: str, row: Row, moment: Moment) -> None:
    """Spreads one row of shift results over the hours of each shift it stands for."""
    elements = {name: value for name, value in row.items() if name not in {"equipment", "ago"}}
    for ago in row["ago"]:
        n_hours = HOURS_SO_FAR if ago == 0 else HOURS_PER_SHIFT
        starts = periods.shift_at(moment.anchor, moment.now, ago).starts
        for hour in range(n_hours):
            share = {name: _share(name, value, hour, n_hours) for name, value in elements.items()}
            time = stamp(starts + timedelta(hours=hour))
            tables.insert("kpi_element", {"equipment": row["equipment"], "hour": time, **share})


def _share(name: str, total: float, hour: int, n_hours: int) -> float:
    """What falls into one hour; the time per item is the same in all."""
    if name == "pri":
        return total
    if name not in COUNTED:
        return total / n_hours
    each, rest = divmod(int(total), n_hours)
    return each + (1 if hour < rest else 0)


def _add_telemetry(tables: Writer, _section: str, row: Row, moment: Moment) -> None:
    n_values = len(row["values"])
    for number, value in enumerate(row["values"]):
        time = stamp(moment.now - timedelta(minutes=n_values - number))
        telemetry.record(tables, row["equipment"], row["parameter"], value, row["unit"], time)


ADD: dict[str, Callable[[Writer, str, Row, Moment], None]] = {
    "equipment": _add_equipment,
    "work_master": _add_work_master,
    SHIFT_RESULTS: _add_shift,
    TELEMETRY: _add_telemetry,
}

APPLY = {"mes.plant.seeded": _seeded}
