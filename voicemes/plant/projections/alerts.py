"""Work alerts (andon): raised, acknowledged, resolved or taken back, escalated."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event


def _raised(tables: Writer, event: Event) -> None:
    about = {"id": int(event.data["alert"]), "status": "Open", "operator": event.operator, "time": event.time}
    names = ("team", "equipment", "text", "priority")
    tables.insert("work_alert", {**about, **{name: event.data[name] for name in names}})


def _acknowledged(tables: Writer, event: Event) -> None:
    sql = "UPDATE work_alert SET status = 'Acknowledged', acknowledged_by = ? WHERE id = ?"
    tables.run(sql, event.operator, int(event.data["alert"]))


def _resolved(tables: Writer, event: Event) -> None:
    status = "Cancelled" if event.data["resolution"] == "cancelled" else "Resolved"
    tables.run(
        "UPDATE work_alert SET status = ?, resolved_by = ?, resolved = ?, resolution = ? WHERE id = ?",
        *(status, event.operator, event.time, event.data.get("text"), int(event.data["alert"])),
    )


def _escalated(tables: Writer, event: Event) -> None:
    tables.run("UPDATE work_alert SET team = ? WHERE id = ?", event.data["team"], int(event.data["alert"]))


APPLY = {
    "mes.alert.raised": _raised,
    "mes.alert.acknowledged": _acknowledged,
    "mes.alert.resolved": _resolved,
    "mes.alert.escalated": _escalated,
}
