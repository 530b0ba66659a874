"""What happens at the machines: states, downtime, calls for help, material requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant import lookups
from voicemes.plant.problems import Code, Problem

if TYPE_CHECKING:
    from voicemes.plant.bodies import Downtime, MaterialRequest, WorkAlert
    from voicemes.plant.database import Change, Row

OPEN_DOWNTIME = "SELECT * FROM downtime_event WHERE equipment = ? AND status = 'Open'"


def work(change: Change, equipment: str, state: int) -> None:
    """An order began or stopped to run here. A machine that is down stays down."""
    if change.one(OPEN_DOWNTIME, equipment) is None:
        set_state(change, equipment, state, None)


def set_state(change: Change, equipment: str, state: int | None, reason: str | None) -> None:
    before = lookups.need(change, "equipment", equipment)
    if (before["state"], before["state_reason"]) == (state, reason):
        return
    change.run(
        "UPDATE equipment SET state = ?, state_since = ?, state_reason = ? WHERE id = ?",
        *(state, change.time, reason, equipment),
    )
    data = {"equipment": equipment, "state": state, "before": before["state"], "reason": reason}
    change.record("mes.equipment.state-changed", equipment, data)


def start_downtime(change: Change, body: Downtime) -> Row:
    machine = lookups.need(change, "equipment", body.equipment)
    reason = lookups.need(change, "reason", body.reason)
    down = change.one(OPEN_DOWNTIME, body.equipment)
    if down:
        known = lookups.need(change, "reason", down["reason"])["text"]
        raise Problem(Code.ALREADY_DOWN, f"{lookups.spoken(machine)} is already down: {known}.")
    event = change.run(
        "INSERT INTO downtime_event (equipment, reason, component, status, started, state_before, operator)"
        " VALUES (?, ?, ?, 'Open', ?, ?, ?)",
        *(body.equipment, body.reason, body.component, change.time, machine["state"], change.operator),
    )
    data = {"downtime_event": str(event), **body.model_dump(), "e10_code": reason["e10_code"], "status": "Open"}
    change.record("mes.downtime.classified", body.equipment, data)
    set_state(change, body.equipment, reason["e10_code"], body.reason)
    return _downtime(change, event)


def cancel_downtime(change: Change, event: str) -> Row:
    """It was not down after all: the machine is again in the state that it had."""
    row = lookups.need(change, "downtime event", event)
    if row["status"] != "Open":
        raise Problem(Code.ALREADY_CLOSED, f"Downtime event {event} is already {row['status'].lower()}.")
    change.run("UPDATE downtime_event SET status = 'Cancelled', ended = ? WHERE id = ?", change.time, row["id"])
    data = {"downtime_event": event, "equipment": row["equipment"], "reason": row["reason"], "status": "Cancelled"}
    change.record("mes.downtime.classified", row["equipment"], data)
    set_state(change, row["equipment"], row["state_before"], None)
    return _downtime(change, row["id"])


def raise_alert(change: Change, body: WorkAlert) -> Row:
    """Andon: calls a team to a machine, or just calls it."""
    lookups.need(change, "team", body.team)
    lookups.check(change, "equipment", body.equipment)
    alert = change.run(
        "INSERT INTO work_alert (team, equipment, text, status, operator, time) VALUES (?, ?, ?, 'Open', ?, ?)",
        *(body.team, body.equipment, body.text, change.operator, change.time),
    )
    change.record("mes.alert.raised", str(alert), {"alert": str(alert), **body.model_dump()})
    return _alert(change, alert)


def cancel_alert(change: Change, alert: str) -> Row:
    row = lookups.need(change, "alert", alert)
    if row["status"] != "Open":
        raise Problem(Code.ALREADY_CLOSED, f"Alert {alert} is already {row['status'].lower()}.")
    change.run("UPDATE work_alert SET status = 'Cancelled' WHERE id = ?", row["id"])
    change.record("mes.alert.resolved", alert, {"alert": alert, "team": row["team"], "resolution": "cancelled"})
    return _alert(change, row["id"])


def request_material(change: Change, body: MaterialRequest) -> Row:
    material = lookups.need(change, "material", body.material)
    lookups.need_line(change, body.line)
    unit = body.unit or material["unit"]
    request = change.run(
        "INSERT INTO material_request (material, quantity, unit, line, status, operator, time)"
        " VALUES (?, ?, ?, ?, 'Open', ?, ?)",
        *(body.material, body.quantity, unit, body.line, change.operator, change.time),
    )
    data = {"request": str(request), **body.model_dump(), "unit": unit, "status": "Open"}
    change.record("mes.material.requested", str(request), data)
    return _request(change, request)


def cancel_material(change: Change, request: str) -> Row:
    row = lookups.need(change, "request", request)
    if row["status"] != "Open":
        raise Problem(Code.ALREADY_CLOSED, f"Request {request} is already {row['status'].lower()}.")
    change.run("UPDATE material_request SET status = 'Cancelled' WHERE id = ?", row["id"])
    data = {"request": request, "material": row["material"], "quantity": row["quantity"], "status": "Cancelled"}
    change.record("mes.material.requested", request, data)
    return _request(change, row["id"])


def _downtime(change: Change, event: int) -> Row:
    row = lookups.need(change, "downtime event", str(event))
    return {**row, "id": str(event)}


def _alert(change: Change, alert: int) -> Row:
    return {**lookups.need(change, "alert", str(alert)), "id": str(alert)}


def _request(change: Change, request: int) -> Row:
    return {**lookups.need(change, "request", str(request)), "id": str(request)}
