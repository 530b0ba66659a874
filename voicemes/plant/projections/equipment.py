"""Equipment: the SEMI E10 state, the parameters that are set, and the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event


def _state_changed(tables: Writer, event: Event) -> None:
    data = event.data
    tables.run(
        "UPDATE equipment SET state = ?, state_since = ?, state_reason = ?, state_before_setup = ? WHERE id = ?",
        *(data["state"], event.time, data["reason"], data.get("state_before_setup"), data["equipment"]),
    )


def _parameter_changed(tables: Writer, event: Event) -> None:
    data = event.data
    tables.run(
        "INSERT INTO equipment_parameter (equipment, parameter, value, unit, time) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET value = excluded.value, unit = excluded.unit, time = excluded.time",
        *(data["equipment"], data["parameter"], data["value"], data["unit"], event.time),
    )


def _locked(tables: Writer, event: Event) -> None:
    data = event.data
    tables.run("UPDATE equipment SET locked = 1, lock_reason = ? WHERE id = ?", data["reason"], data["equipment"])


def _unlocked(tables: Writer, event: Event) -> None:
    tables.run("UPDATE equipment SET locked = 0, lock_reason = NULL WHERE id = ?", event.data["equipment"])


def _installed(tables: Writer, event: Event) -> None:
    names = ("id", "level", "line", "text", "aliases", "state", "position", "ends_line")
    tables.insert("equipment", {**{name: event.data[name] for name in names}, "state_since": event.time})


APPLY = {
    "mes.equipment.installed": _installed,
    "mes.equipment.state-changed": _state_changed,
    "mes.equipment.parameter-changed": _parameter_changed,
    "mes.equipment.locked": _locked,
    "mes.equipment.unlocked": _unlocked,
}
