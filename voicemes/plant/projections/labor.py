"""People: clocked on and off, handovers, notes, checklists."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event


def _clocked_on(tables: Writer, event: Event) -> None:
    data = event.data
    names = ("person", "job", "activity", "line")
    row = {"id": int(data["session"]), "started": event.time, **{name: data[name] for name in names}}
    tables.insert("session", row)


def _clocked_off(tables: Writer, event: Event) -> None:
    tables.run("UPDATE session SET ended = ? WHERE id = ?", event.time, int(event.data["session"]))


def _handed_over(tables: Writer, event: Event) -> None:
    data = event.data
    about = {"id": int(data["handover"]), "operator": event.operator, "time": event.time}
    tables.insert("handover", {**about, **{name: data[name] for name in ("shift", "person", "text")}})


def _noted(tables: Writer, event: Event) -> None:
    data = event.data
    about = {"id": int(data["note"]), "operator": event.operator, "time": event.time}
    tables.insert("note", {**about, **{name: data[name] for name in ("text", "equipment", "job")}})


def _checked(tables: Writer, event: Event) -> None:
    data = event.data
    about = {"id": int(data["checklist_result"]), "operator": event.operator, "time": event.time}
    names = ("job", "step", "result", "text")
    tables.insert("checklist_result", {**about, **{name: data[name] for name in names}})


APPLY = {
    "mes.person.clocked-on": _clocked_on,
    "mes.person.clocked-off": _clocked_off,
    "mes.shift.handed-over": _handed_over,
    "mes.note.added": _noted,
    "mes.checklist.recorded": _checked,
}
