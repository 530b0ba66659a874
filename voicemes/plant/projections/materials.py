"""Material lots: where they are loaded, what is left of them, whether they may be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event


def _loaded(tables: Writer, event: Event) -> None:
    lot, equipment = event.data["lot"], event.data["equipment"]
    tables.run("UPDATE material_lot SET location = ? WHERE id = ?", equipment, lot)
    tables.insert("lot_load", {"lot": lot, "equipment": equipment, "loaded": event.time})


def _unloaded(tables: Writer, event: Event) -> None:
    lot = event.data["lot"]
    tables.run("UPDATE material_lot SET location = NULL WHERE id = ?", lot)
    tables.run("UPDATE lot_load SET unloaded = ? WHERE lot = ? AND unloaded IS NULL", event.time, lot)


def _consumed(tables: Writer, event: Event) -> None:
    data = event.data
    about = {"id": int(data["consumption"]), "operator": event.operator, "time": event.time}
    tables.insert("consumption", {**about, **{name: data[name] for name in ("lot", "quantity", "job", "serial")}})
    tables.run("UPDATE material_lot SET quantity = quantity - ? WHERE id = ?", data["quantity"], data["lot"])


def _held(tables: Writer, event: Event) -> None:
    reason = event.data.get("text") or event.data.get("defect")
    sql = "UPDATE material_lot SET disposition = 'Restricted', hold_reason = ? WHERE id = ?"
    tables.run(sql, reason, event.data["lot"])


def _released(tables: Writer, event: Event) -> None:
    sql = "UPDATE material_lot SET disposition = 'UnRestricted', hold_reason = NULL WHERE id = ?"
    tables.run(sql, event.data["lot"])


def _deviated(tables: Writer, event: Event) -> None:
    about = {"id": int(event.data["deviation"]), "lot": event.data["lot"], "text": event.data["text"]}
    tables.insert("lot_deviation", {**about, "operator": event.operator, "time": event.time})


APPLY = {
    "mes.material.deviation-recorded": _deviated,
    "mes.material.loaded": _loaded,
    "mes.material.unloaded": _unloaded,
    "mes.material.consumed": _consumed,
    "mes.material.held": _held,
    "mes.material.released": _released,
}
