"""Job orders: the ISA-95 commands and what was made.

One work unit runs one order at a time. Pause leads to Suspended (the dispatch status has no Paused); Reset takes a
start back as long as nothing was reported; Stop completes the order and may carry the last quantities, which are added
to what was reported before. An order may be completed short of its quantity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant.commands import downtime
from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import lookups
from voicemes.plant.queries.job_orders import NEXT, OPEN, STATUSES, find

if TYPE_CHECKING:
    from voicemes.plant.bodies import CommandName, JobCommand, MaterialActual, Quantities
    from voicemes.plant.change import Change
    from voicemes.plant.database import Row

__all__ = ["STATUSES", "command", "next_status", "report"]

REPORTABLE = ("Running", "Suspended", "Held")

TRANSITIONS: dict[CommandName, dict[str, str]] = {
    "Start": dict.fromkeys(NEXT, "Running"),
    "Stop": {"Running": "Completed", "Suspended": "Completed"},
    "Pause": {"Running": "Suspended"},
    "Resume": {"Suspended": "Running"},
    "Hold": dict.fromkeys((*NEXT, "Pending", "Running", "Suspended"), "Held"),
    "Restart": {"Held": "Ready"},
    "Abort": dict.fromkeys(OPEN, "Aborted"),
    "Reset": {"Running": "Ready"},
}
"""Command -> status before -> status after. Everything else is refused."""

EVENTS: dict[CommandName, str] = {
    "Start": "mes.job-order.started",
    "Stop": "mes.job-order.completed",
    "Pause": "mes.job-order.paused",
    "Resume": "mes.job-order.resumed",
    "Hold": "mes.job-order.held",
    "Restart": "mes.job-order.resumed",
    "Abort": "mes.job-order.aborted",
    "Reset": "mes.job-order.dispatched",
}
DONE_WORDS: dict[CommandName, str] = {
    "Start": "started",
    "Stop": "completed",
    "Pause": "paused",
    "Resume": "resumed",
    "Hold": "held",
    "Restart": "released",
    "Abort": "aborted",
    "Reset": "taken back",
}
PRODUCTIVE, STANDBY = 1100, 2000
"""SEMI E10: regular production, and standby."""
ROLE: dict[CommandName, str] = {"Hold": "supervisor", "Restart": "supervisor", "Abort": "supervisor"}
"""Who may say it; the others are the operator's own work."""


def next_status(status: str, command: CommandName, *, has_started: bool) -> str | None:
    """The status after `command`, or None where it is refused. A held order goes on where it was stopped."""
    after = TRANSITIONS[command].get(status)
    return "Running" if command == "Restart" and after and has_started else after


def command(change: Change, job: str, body: JobCommand) -> Row:
    """Obeys or refuses one JobOrderCommand; returns the order with `reported`, what this command added."""
    change.require(ROLE.get(body.command, "operator"))
    order = find(change, job)
    after = _after(order, body.command)
    equipment = body.equipment or order["equipment"]
    lookups.check(change, "reason", body.reason)
    if after == "Running":
        _claim(change, equipment, job)
    if body.total:
        _add(change, order, body, serial=None)
    data = {"job": job, "equipment": equipment, "status": after, "before": order["status"], "reason": body.reason}
    change.emit(EVENTS[body.command], job, data, equipment)
    if order["status"] == "Running" or after == "Running":
        downtime.work(change, equipment, PRODUCTIVE if after == "Running" else STANDBY)
    return {**find(change, job), "reported": {"good": body.good, "scrap": body.scrap, "rework": body.rework}}


def report(change: Change, job: str, body: MaterialActual) -> Row:
    """Adds good, scrap or rework to an order; returns it with the id of the record."""
    order = find(change, job)
    if order["status"] not in REPORTABLE:
        raise Problem(Code.TRANSITION_REFUSED, f"Order {job} is {_word(order)}, so nothing can be reported on it.")
    if body.serial is not None:
        _check_serial(change, body.serial, is_scrap=body.scrap > 0)
    record = _add(change, order, body, body.serial)
    if body.serial is not None and body.scrap:
        data = {"serial": body.serial, "defect": body.defect, "job": job}
        change.emit("mes.unit.disqualified", body.serial, data, order["equipment"])
    return {**find(change, job), "material_actual": record}


def _after(order: Row, name: CommandName) -> str:
    """The status that follows, or the refusal."""
    after = next_status(order["status"], name, has_started=order["started"] is not None)
    if after is None:
        raise Problem(Code.TRANSITION_REFUSED, _refusal(order, name))
    if name == "Reset" and order["good"] + order["scrap"] + order["rework"] > 0:
        sentence = f"Order {order['id']} has quantities, so its start cannot be taken back."
        raise Problem(Code.TRANSITION_REFUSED, sentence)
    return after


def _claim(change: Change, equipment: str, job: str) -> None:
    """A work unit runs one order at a time."""
    machine = lookups.need(change, "equipment", equipment)
    if machine["level"] != "WorkUnit":
        raise Problem(
            Code.INVALID_INPUT, f"{lookups.spoken(machine)} is a line; an order starts on one of its machines."
        )
    if machine["locked"]:
        raise Problem(Code.EQUIPMENT_LOCKED, f"{lookups.spoken(machine)} is locked.")
    running = "SELECT id FROM job_order WHERE equipment = ? AND status = 'Running' AND id <> ?"
    other = change.one(running, equipment, job)
    if other:
        raise Problem(Code.EQUIPMENT_BUSY, f"{lookups.spoken(machine)} is still running order {other['id']}.")


def _add(change: Change, order: Row, body: Quantities, serial: str | None) -> str:
    """Reports what was made; returns the id of the material actual."""
    lookups.check(change, "defect", body.defect)
    record = str(change.next_id("material_actual"))
    data = {"job": order["id"], "good": body.good, "scrap": body.scrap, "rework": body.rework, "defect": body.defect}
    more = {"serial": serial, "material_actual": record}
    change.emit("mes.quantity.reported", order["id"], {**data, **more}, order["equipment"])
    return record


def _check_serial(change: Change, serial: str, *, is_scrap: bool) -> None:
    unit = lookups.need(change, "unit", serial)
    if is_scrap and unit["status"] == "Scrapped":
        raise Problem(Code.ALREADY_SCRAPPED, f"Unit {serial} is already scrapped.")


def _word(order: Row) -> str:
    """The status as people say it."""
    words = {"Suspended": "paused", "Held": "on hold", "Pending": "not released yet"}
    status = str(order["status"])
    return words.get(status, status.lower())


def _refusal(order: Row, name: CommandName) -> str:
    if order["status"] in TRANSITIONS[name].values():
        return f"Order {order['id']} is already {_word(order)}."
    return f"Order {order['id']} is {_word(order)}, so it cannot be {DONE_WORDS[name]}."
