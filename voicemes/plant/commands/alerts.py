"""Andon: calls a team to a machine, or just calls it. `emergency` calls safety and says so on every channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from voicemes.plant.bodies import Empty, Escalation, Remark, WorkAlert
    from voicemes.plant.change import Change
    from voicemes.plant.database import Row

CLOSED = ("Resolved", "Cancelled")


def raise_alert(change: Change, body: WorkAlert) -> Row:
    lookups.need(change, "team", body.team)
    lookups.check(change, "equipment", body.equipment)
    alert = str(change.next_id("work_alert"))
    change.emit("mes.alert.raised", alert, {"alert": alert, **body.model_dump()}, body.equipment)
    return _found(change, alert)


def acknowledge(change: Change, alert: str, _body: Empty) -> Row:
    row = lookups.need(change, "alert", alert)
    if row["status"] != "Open":
        raise Problem(Code.ALREADY_CLOSED, f"Alert {alert} is already {row['status'].lower()}.")
    change.emit("mes.alert.acknowledged", alert, {"alert": alert, "team": row["team"]}, row["equipment"])
    return _found(change, alert)


def resolve(change: Change, alert: str, body: Remark) -> Row:
    row = _unresolved(change, alert)
    data = {"alert": alert, "team": row["team"], "resolution": "resolved", "text": body.text}
    change.emit("mes.alert.resolved", alert, data, row["equipment"])
    return _found(change, alert)


def cancel(change: Change, alert: str, _body: Empty) -> Row:
    """The call was a mistake."""
    row = _unresolved(change, alert)
    data = {"alert": alert, "team": row["team"], "resolution": "cancelled"}
    change.emit("mes.alert.resolved", alert, data, row["equipment"])
    return _found(change, alert)


def escalate(change: Change, alert: str, body: Escalation) -> Row:
    """Nobody came: another team is called."""
    row = _unresolved(change, alert)
    lookups.need(change, "team", body.team)
    data = {"alert": alert, "team": body.team, "before": row["team"]}
    change.emit("mes.alert.escalated", alert, data, row["equipment"])
    return _found(change, alert)


def _unresolved(change: Change, alert: str) -> Row:
    row = lookups.need(change, "alert", alert)
    if row["status"] in CLOSED:
        raise Problem(Code.ALREADY_CLOSED, f"Alert {alert} is already {row['status'].lower()}.")
    return row


def _found(change: Change, alert: str) -> Row:
    return {**lookups.need(change, "alert", alert), "id": alert}
