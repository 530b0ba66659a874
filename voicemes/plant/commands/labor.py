"""People: clocking on and off, the handover, notes, checklists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import lookups, work_calendar

if TYPE_CHECKING:
    from voicemes.plant.bodies import Check, Empty, Handover, Note, Session
    from voicemes.plant.change import Change
    from voicemes.plant.database import Row

OPEN_SESSION = "SELECT * FROM session WHERE person = ? AND ended IS NULL"


def clock_on(change: Change, person: str, body: Session) -> Row:
    """Onto an order, an indirect activity, or just present. What the person did before ends."""
    row = lookups.need(change, "person", person)
    _check_self(change, person)
    lookups.check(change, "job order", body.job)
    lookups.need_line(change, body.line)
    before = change.one(OPEN_SESSION, person)
    if before:
        if (before["job"], before["activity"]) == (body.job, body.activity):
            raise Problem(Code.TRANSITION_REFUSED, f"{person} is already clocked on.")
        _end(change, before)
    session = str(change.next_id("session"))
    data = {"session": session, "person": person, **body.model_dump(), "line": body.line or row["line"]}
    change.emit("mes.person.clocked-on", person, data)
    return _found(change, session)


def clock_off(change: Change, person: str, _body: Empty) -> Row:
    lookups.need(change, "person", person)
    _check_self(change, person)
    before = change.one(OPEN_SESSION, person)
    if before is None:
        raise Problem(Code.TRANSITION_REFUSED, f"{person} is not clocked on.")
    _end(change, before)
    return _found(change, str(before["id"]))


def hand_over(change: Change, shift: str, body: Handover) -> Row:
    """Leaves the shift to a person, with what that person must know."""
    lookups.need(change, "person", body.person)
    handover = str(change.next_id("handover"))
    name = work_calendar.shift_named(change, change.now, shift).name
    data = {"handover": handover, "shift": name, **body.model_dump()}
    change.emit("mes.shift.handed-over", name, data)
    return {**lookups.need(change, "handover", handover), "id": handover}


def add_note(change: Change, body: Note) -> Row:
    lookups.check(change, "equipment", body.equipment)
    lookups.check(change, "job order", body.job)
    note = str(change.next_id("note"))
    change.emit("mes.note.added", note, {"note": note, **body.model_dump()}, body.equipment)
    return {**lookups.need(change, "note", note), "id": note}


def check_step(change: Change, job: str, body: Check) -> Row:
    """One step of the work instruction was done, or was not in order."""
    order = lookups.need(change, "job order", job)
    number = str(change.next_id("checklist_result"))
    data = {"checklist_result": number, "job": job, **body.model_dump()}
    change.emit("mes.checklist.recorded", job, data, order["equipment"])
    return {"id": number, "job": job, **body.model_dump(), "time": change.time}


def _check_self(change: Change, person: str) -> None:
    """People clock themselves; a line lead does it for others."""
    if change.operator not in {None, person}:
        change.require("line-lead")


def _end(change: Change, session: Row) -> None:
    data = {"session": str(session["id"]), "person": session["person"], "job": session["job"], "line": session["line"]}
    change.emit("mes.person.clocked-off", session["person"], {**data, "activity": session["activity"]})


def _found(change: Change, session: str) -> Row:
    return {**lookups.need(change, "session", session), "id": session}
