"""Requests for material and for maintenance."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event


def _material(tables: Writer, event: Event) -> None:
    data = event.data
    if data["status"] != "Open":
        tables.run("UPDATE material_request SET status = ? WHERE id = ?", data["status"], int(data["request"]))
        return
    about = {"id": int(data["request"]), "status": "Open", "operator": event.operator, "time": event.time}
    names = ("material", "quantity", "unit", "line")
    tables.insert("material_request", {**about, **{name: data[name] for name in names}})


def _delivered(tables: Writer, event: Event) -> None:
    tables.run("UPDATE material_request SET status = 'Delivered' WHERE id = ?", int(event.data["request"]))


def _maintenance(tables: Writer, event: Event) -> None:
    data = event.data
    if data["status"] != "Open":
        tables.run("UPDATE maintenance_request SET status = ? WHERE id = ?", data["status"], int(data["request"]))
        return
    about = {"id": int(data["request"]), "status": "Open", "operator": event.operator, "time": event.time}
    names = ("equipment", "component", "text")
    tables.insert("maintenance_request", {**about, **{name: data[name] for name in names}})


APPLY = {
    "mes.material.requested": _material,
    "mes.material.delivered": _delivered,
    "mes.maintenance.requested": _maintenance,
}
