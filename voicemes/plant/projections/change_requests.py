"""Change requests: submitted, then approved or rejected by a person or by a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event


def _submitted(tables: Writer, event: Event) -> None:
    data = event.data
    about = {"id": int(data["change_request"]), "status": "Open", "operator": event.operator, "time": event.time}
    names = ("kind", "line", "equipment", "details")
    tables.insert("change_request", {**about, **{name: data[name] for name in names}})


def _decided(tables: Writer, event: Event) -> None:
    data = event.data
    status = "Approved" if event.type.endswith("approved") else "Rejected"
    tables.run(
        "UPDATE change_request SET status = ?, decided_by = ?, decided = ?, reason = ? WHERE id = ?",
        *(status, data["decided_by"], event.time, data.get("reason"), int(data["change_request"])),
    )


APPLY = {
    "mes.change-request.submitted": _submitted,
    "mes.change-request.approved": _decided,
    "mes.change-request.rejected": _decided,
}
