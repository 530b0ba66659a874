"""ISO 22400-2 elements, added up by machine and clock hour as events come in.

Quantities count for the machine and its line. Time counts in the SEMI E10 state that ends, from the first event that a
machine has (what was before is as seeded); a line has the times of the machine that ends it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from voicemes.plant import periods
from voicemes.plant.database import stamp, unstamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicemes.plant.database import Row, Writer
    from voicemes.plant.event_store import Event

SETUP, UNSCHEDULED, NON_SCHEDULED = 4500, 5000, 6000
HOUR = timedelta(hours=1)

TIMES: dict[int, tuple[str, ...]] = {
    1000: ("pbt", "aubt", "aoet", "apt", "tbf"),
    2000: ("pbt", "aoet"),
    SETUP: ("pbt", "aubt", "aoet"),
    UNSCHEDULED: ("pbt", "aubt", "aoet", "ttr"),
}
"""SEMI E10 state -> the elements that its minutes belong to. Planned stops and unworked time are not planned busy."""

COUNT = """
    INSERT INTO kpi_element (equipment, hour, pri, pq, gq, sq, rq, gp, ip) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET pq = pq + excluded.pq, gq = gq + excluded.gq, sq = sq + excluded.sq,
        rq = rq + excluded.rq, gp = gp + excluded.gp, ip = ip + excluded.ip
"""


def elements_of(state: int | None) -> tuple[str, ...]:
    if state is None:
        return ()
    return TIMES.get(state) or TIMES.get(state // 1000 * 1000, ())


def hours(starts: datetime, ends: datetime) -> Iterator[tuple[str, float]]:
    """Clock hours between two times, with the minutes that fall into each."""
    while starts < ends:
        hour = periods.floor_hour(starts)
        until = min(hour + HOUR, ends)
        yield stamp(hour), (until - starts).total_seconds() / 60
        starts = until


def _state_changed(tables: Writer, event: Event) -> None:
    equipment = event.data["equipment"]
    _accrue(tables, equipment, event.time)
    was, now = event.data["before"] or 0, event.data["state"] or 0
    if UNSCHEDULED <= now < NON_SCHEDULED and not UNSCHEDULED <= was < NON_SCHEDULED:
        for place in _places(tables, equipment):
            _add(tables, place, stamp(periods.floor_hour(unstamp(event.time))), ("fe",), 1.0)


def _reported(tables: Writer, event: Event) -> None:
    data = event.data
    assert event.equipment
    _accrue(tables, event.equipment, event.time)
    good, scrap, rework = data["good"], data["scrap"], data["rework"]
    total = good + scrap + rework
    hour = stamp(periods.floor_hour(unstamp(event.time)))
    for place in (event.equipment, event.line):
        if place:
            tables.run(COUNT, place, hour, _run_time(tables, place), total, good, scrap, rework, good, total)


def _energy(tables: Writer, event: Event) -> None:
    """Telemetry `energy` is kWh since the last record, of a machine or of a line."""
    if event.data["parameter"] == "energy":
        hour = stamp(periods.floor_hour(unstamp(event.time)))
        _add(tables, event.data["equipment"], hour, ("ec",), event.data["value"])


def _accrue(tables: Writer, equipment: str, time: str) -> None:
    """Counts the time in the present state up to now. A line has no time of its own."""
    machine = tables.one("SELECT * FROM equipment WHERE id = ?", equipment)
    assert machine is not None
    if machine["level"] != "WorkUnit":
        return
    tables.run("UPDATE equipment SET accrued_until = max(coalesce(accrued_until, ''), ?) WHERE id = ?", time, equipment)
    elements = elements_of(machine["state"])
    if machine["accrued_until"] is None or not elements:
        return
    for hour, minutes in hours(unstamp(machine["accrued_until"]), unstamp(time)):
        for place in _places_of(machine):
            _add(tables, place, hour, elements, minutes)


def _places(tables: Writer, equipment: str) -> list[str]:
    machine = tables.one("SELECT * FROM equipment WHERE id = ?", equipment)
    assert machine is not None
    return _places_of(machine)


def _places_of(machine: Row) -> list[str]:
    return [machine["id"], machine["line"]] if machine["ends_line"] else [machine["id"]]


def _add(tables: Writer, place: str, hour: str, elements: tuple[str, ...], amount: float) -> None:
    columns = ", ".join(elements)
    marks = ", ".join("?3" for _ in elements)
    sums = ", ".join(f"{element} = {element} + ?3" for element in elements)
    tables.run(
        f"INSERT INTO kpi_element (equipment, hour, pri, {columns}) VALUES (?1, ?2, ?4, {marks})"  # noqa: S608 - ours
        f" ON CONFLICT DO UPDATE SET {sums}",
        *(place, hour, amount, _run_time(tables, place)),
    )


def _run_time(tables: Writer, place: str) -> float:
    """The planned run time per item (PRI) is the last one known."""
    return tables.value("SELECT pri FROM kpi_element WHERE equipment = ? ORDER BY hour DESC LIMIT 1", place) or 0.0


APPLY = {
    "mes.equipment.state-changed": _state_changed,
    "mes.quantity.reported": _reported,
    "mes.telemetry.recorded": _energy,
}
