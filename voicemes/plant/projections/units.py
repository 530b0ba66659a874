"""Units: where each one is and was, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event

NEXT_ID = "SELECT coalesce(max(id), 0) + 1 FROM unit_history"


def _arrived(tables: Writer, event: Event) -> None:
    """At a machine; a unit that nobody knew begins its life there."""
    data = event.data
    if tables.one("SELECT 1 FROM unit WHERE serial = ?", data["serial"]) is None:
        about = {"serial": data["serial"], "product": data["product"], "job": data["job"]}
        tables.insert("unit", {**about, "equipment": data["equipment"], "status": "InProcess"})
    else:
        sql = "UPDATE unit SET equipment = ?, target = NULL WHERE serial = ?"
        tables.run(sql, data["equipment"], data["serial"])
    _remember(tables, event)


def _departed(tables: Writer, event: Event) -> None:
    """From a machine; `status` says when that was the last one."""
    if event.data.get("status"):
        tables.run("UPDATE unit SET status = ? WHERE serial = ?", event.data["status"], event.data["serial"])
    _remember(tables, event)


def _rerouted(tables: Writer, event: Event) -> None:
    data = event.data
    sql = "UPDATE unit SET target = ?, status = ? WHERE serial = ?"
    tables.run(sql, data["target"], data["status"], data["serial"])
    _remember(tables, event)


def _disqualified(tables: Writer, event: Event) -> None:
    tables.run("UPDATE unit SET status = 'Scrapped' WHERE serial = ?", event.data["serial"])
    _remember(tables, event)


def _repaired(tables: Writer, event: Event) -> None:
    sql = "UPDATE unit SET status = 'InProcess', target = NULL WHERE serial = ?"
    tables.run(sql, event.data["serial"])
    _remember(tables, event)


def _remember(tables: Writer, event: Event) -> None:
    data = event.data
    number = tables.value(NEXT_ID)
    what = {"serial": data["serial"], "type": event.type.rpartition(".")[2], "equipment": event.equipment}
    why = {"target": data.get("target"), "text": data.get("text") or data.get("defect")}
    tables.insert("unit_history", {"id": number, **what, **why, "operator": event.operator, "time": event.time})


APPLY = {
    "mes.unit.arrived": _arrived,
    "mes.unit.departed": _departed,
    "mes.unit.rerouted": _rerouted,
    "mes.unit.disqualified": _disqualified,
    "mes.unit.repaired": _repaired,
}
