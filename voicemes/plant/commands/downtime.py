"""SEMI E10 states and downtime of machines, and the changeover (setup)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from voicemes.plant.bodies import Downtime, DowntimeEnd, Empty, Lock, Setup
    from voicemes.plant.change import Change
    from voicemes.plant.database import Row

OPEN_DOWNTIME = "SELECT * FROM downtime_event WHERE equipment = ? AND status = 'Open'"
SETUP, STANDBY = 4500, 2000
"""SEMI E10."""


def work(change: Change, equipment: str, state: int) -> None:
    """An order began or stopped to run here. A machine that is down stays down."""
    if change.one(OPEN_DOWNTIME, equipment) is None:
        set_state(change, equipment, state, None)


def set_state(
    change: Change, equipment: str, state: int | None, reason: str | None, state_before_setup: int | None = None
) -> None:
    before = lookups.need(change, "equipment", equipment)
    if (before["state"], before["state_reason"]) == (state, reason):
        return
    data = {"equipment": equipment, "state": state, "before": before["state"], "reason": reason}
    more = {"state_before_setup": state_before_setup} if state_before_setup is not None else {}
    change.emit("mes.equipment.state-changed", equipment, {**data, **more}, equipment)


def start(change: Change, body: Downtime) -> Row:
    machine = lookups.need(change, "equipment", body.equipment)
    reason = lookups.need(change, "reason", body.reason)
    down = change.one(OPEN_DOWNTIME, body.equipment)
    if down:
        known = lookups.need(change, "reason", down["reason"])["text"]
        raise Problem(Code.ALREADY_DOWN, f"{lookups.spoken(machine)} is already down: {known}.")
    event = str(change.next_id("downtime_event"))
    more = {"e10_code": reason["e10_code"], "status": "Open", "state_before": machine["state"]}
    data = {"downtime_event": event, **body.model_dump(), **more}
    change.emit("mes.downtime.classified", body.equipment, data, body.equipment)
    set_state(change, body.equipment, reason["e10_code"], body.reason)
    return _found(change, event)


def cancel(change: Change, event: str, _body: Empty) -> Row:
    """It was not down after all: the machine is again in the state that it had."""
    row = _open(change, event)
    _classify(change, row, "Cancelled")
    set_state(change, row["equipment"], row["state_before"], None)
    return _found(change, event)


def end(change: Change, event: str, body: DowntimeEnd) -> Row:
    """The machine is back: it produces when an order runs on it, else it stands by."""
    row = _open(change, event)
    _classify(change, row, "Closed", body.text)
    running = change.one("SELECT id FROM job_order WHERE equipment = ? AND status = 'Running'", row["equipment"])
    set_state(change, row["equipment"], 1100 if running else STANDBY, None)
    return _found(change, event)


def start_setup(change: Change, equipment: str, body: Setup) -> Row:
    """A changeover begins on a machine or a line."""
    machine = lookups.need(change, "equipment", equipment)
    lookups.check(change, "job order", body.job)
    if machine["state"] == SETUP:
        raise Problem(Code.TRANSITION_REFUSED, f"{lookups.spoken(machine)} is already being set up.")
    if change.one(OPEN_DOWNTIME, equipment):
        raise Problem(Code.ALREADY_DOWN, f"{lookups.spoken(machine)} is down and cannot be set up.")
    set_state(change, equipment, SETUP, "changeover", machine["state"] or 0)
    return {"equipment": equipment, "job": body.job, "state": SETUP, "since": change.time}


def end_setup(change: Change, equipment: str, _body: Empty) -> Row:
    machine = lookups.need(change, "equipment", equipment)
    if machine["state"] != SETUP:
        raise Problem(Code.TRANSITION_REFUSED, f"{lookups.spoken(machine)} is not being set up.")
    before = machine["state_before_setup"]
    set_state(change, equipment, STANDBY if before is None else before or None, None)
    after = lookups.need(change, "equipment", equipment)
    return {"equipment": equipment, "state": after["state"], "since": after["state_since"]}


def lock(change: Change, equipment: str, body: Lock) -> Row:
    """Nothing starts on a locked machine; what runs, runs on."""
    machine = lookups.need(change, "equipment", equipment)
    lookups.check(change, "reason", body.reason)
    if machine["locked"]:
        raise Problem(Code.EQUIPMENT_LOCKED, f"{lookups.spoken(machine)} is already locked.")
    data = {"equipment": equipment, "reason": body.text or body.reason}
    change.emit("mes.equipment.locked", equipment, data, equipment)
    return lookups.need(change, "equipment", equipment)


def unlock(change: Change, equipment: str, _body: Empty) -> Row:
    machine = lookups.need(change, "equipment", equipment)
    if not machine["locked"]:
        raise Problem(Code.TRANSITION_REFUSED, f"{lookups.spoken(machine)} is not locked.")
    change.emit("mes.equipment.unlocked", equipment, {"equipment": equipment}, equipment)
    return lookups.need(change, "equipment", equipment)


def _open(change: Change, event: str) -> Row:
    row = lookups.need(change, "downtime event", event)
    if row["status"] != "Open":
        raise Problem(Code.ALREADY_CLOSED, f"Downtime event {event} is already {row['status'].lower()}.")
    return row


def _classify(change: Change, row: Row, status: str, text: str | None = None) -> None:
    data = {"downtime_event": str(row["id"]), "equipment": row["equipment"], "reason": row["reason"], "status": status}
    more = {"text": text} if text else {}
    change.emit("mes.downtime.classified", row["equipment"], {**data, **more}, row["equipment"])


def _found(change: Change, event: str) -> Row:
    return {**lookups.need(change, "downtime event", event), "id": event}
