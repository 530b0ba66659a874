"""Downtime events: open, closed when the machine is back, cancelled when it was not down after all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event


def _classified(tables: Writer, event: Event) -> None:
    data = event.data
    number = int(data["downtime_event"])
    if data["status"] != "Open":
        tables.run("UPDATE downtime_event SET status = ?, ended = ? WHERE id = ?", data["status"], event.time, number)
        return
    names = ("equipment", "reason", "component", "status", "state_before")
    about = {"id": number, "started": event.time, "operator": event.operator}
    tables.insert("downtime_event", {**about, **{name: data[name] for name in names}})


APPLY = {"mes.downtime.classified": _classified}
