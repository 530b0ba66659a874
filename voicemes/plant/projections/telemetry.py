"""Telemetry: the last value, a ring of the last values for the trend, and sums by the hour.

The cost of a question does not grow with the age of the store: nothing here is ever summed from the beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant import periods
from voicemes.plant.database import stamp, unstamp

if TYPE_CHECKING:
    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event

RING = 50
"""Values that a trend is judged by: two subgroups of 25, as control charts take them."""


def _recorded(tables: Writer, event: Event) -> None:
    data = event.data
    record(tables, data["equipment"], data["parameter"], data["value"], data["unit"], event.time)


def _tested(tables: Writer, event: Event) -> None:
    """A measurement at a machine is telemetry, too."""
    data = event.data
    if data["equipment"] and data["characteristic"]:
        record(tables, data["equipment"], data["characteristic"], data["value"], data["unit"], event.time)


def record(tables: Writer, equipment: str, parameter: str, value: float, unit: str | None, time: str) -> None:
    tables.run(
        "INSERT INTO telemetry (equipment, parameter, value, unit, time) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET value = excluded.value, unit = excluded.unit, time = excluded.time, n = n + 1",
        *(equipment, parameter, value, unit, time),
    )
    n = tables.value("SELECT n FROM telemetry WHERE equipment = ? AND parameter = ?", equipment, parameter)
    tables.run(
        "INSERT INTO telemetry_point (equipment, parameter, slot, number, value, time) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET number = excluded.number, value = excluded.value, time = excluded.time",
        *(equipment, parameter, n % RING, n, value, time),
    )
    tables.run(
        "INSERT INTO telemetry_hour (equipment, parameter, hour, n, total, lowest, highest)"
        " VALUES (?1, ?2, ?3, 1, ?4, ?4, ?4) ON CONFLICT DO UPDATE SET n = n + 1, total = total + ?4,"
        " lowest = min(lowest, ?4), highest = max(highest, ?4)",
        *(equipment, parameter, stamp(periods.floor_hour(unstamp(time))), float(value)),
    )


APPLY = {"mes.telemetry.recorded": _recorded, "mes.test-result.recorded": _tested}
