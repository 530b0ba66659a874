"""Job orders: the ISA-95 commands and what was made.

One work unit runs one order at a time. Pause leads to Suspended (the dispatch status has no Paused); Reset takes a
start back as long as nothing was reported; Stop completes the order and may carry the last quantities, which are added
to what was reported before. An order may be completed short of its quantity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voicemes.plant import floor, kpis, lookups
from voicemes.plant.problems import Code, Problem

if TYPE_CHECKING:
    from voicemes.plant.bodies import CommandName, JobCommand, MaterialActual, Quantities
    from voicemes.plant.database import Change, Row, Tables

STATUSES = (
    *("Waiting", "Pending", "Cancelled", "Dispatched", "Ready", "Running"),
    *("Completed", "Aborted", "Held", "Suspended", "Closed"),
)
NEXT = ("Waiting", "Dispatched", "Ready")
"""May be started."""
OPEN = (*NEXT, "Pending", "Running", "Held", "Suspended")
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

SELECT = """
    SELECT job_order.*, work_master.product AS product, equipment.line AS line,
           max(0, job_order.quantity - job_order.good) AS remaining
    FROM job_order JOIN work_master ON work_master.id = work_master JOIN equipment ON equipment.id = equipment
"""


def next_status(status: str, command: CommandName, *, has_started: bool) -> str | None:
    """The status after `command`, or None where it is refused. A held order goes on where it was stopped."""
    after = TRANSITIONS[command].get(status)
    return "Running" if command == "Restart" and after and has_started else after


def find(tables: Tables, job: str) -> Row:
    order = tables.one(SELECT + " WHERE job_order.id = ?", job)
    if order is None:
        raise Problem(Code.NOT_FOUND, f"There is no order {job} in the MES.")
    return order


def listed(tables: Tables, status: str | None, equipment: str | None) -> dict[str, list[Row]]:
    """All orders in their sequence. `status` is one of ISA-95's, or "open"; `equipment` may be a line."""
    if status not in {None, "open", *STATUSES}:
        raise Problem(Code.INVALID_INPUT, f"There is no order status {status}.")
    lookups.check(tables, "equipment", equipment)
    orders = tables.all(
        SELECT + " WHERE ? IS NULL OR ? IN (equipment.id, equipment.line) ORDER BY position", equipment, equipment
    )
    wanted = OPEN if status == "open" else (status,)
    return {"items": [order for order in orders if status is None or order["status"] in wanted]}


def job_list(tables: Tables, equipment: str) -> dict[str, Any]:
    """What is next at a work unit, on a line, or with "all" in the plant."""
    orders = listed(tables, None, None if equipment == "all" else equipment)["items"]
    return {"equipment": equipment, "items": [order for order in orders if order["status"] in NEXT]}


def command(change: Change, job: str, body: JobCommand) -> Row:
    """Obeys or refuses one JobOrderCommand; returns the order with `reported`, what this command added."""
    order = find(change, job)
    after = next_status(order["status"], body.command, has_started=order["started"] is not None)
    if after is None:
        raise Problem(Code.TRANSITION_REFUSED, _refusal(order, body.command))
    if body.command == "Reset" and order["good"] + order["scrap"] + order["rework"] > 0:
        raise Problem(Code.TRANSITION_REFUSED, f"Order {job} has quantities, so its start cannot be taken back.")
    equipment = body.equipment or order["equipment"]
    if after == "Running":
        _claim(change, equipment, job)
    if body.total:
        _add(change, order, body, serial=None)
    change.run("UPDATE job_order SET status = ?, equipment = ? WHERE id = ?", after, equipment, job)
    _stamp_times(change, job, body.command)
    data = {"job": job, "equipment": equipment, "status": after, "before": order["status"]}
    change.record(EVENTS[body.command], job, data)
    if order["status"] == "Running" or after == "Running":
        floor.work(change, equipment, PRODUCTIVE if after == "Running" else STANDBY)
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
        change.run("UPDATE unit SET status = 'Scrapped' WHERE serial = ?", body.serial)
        change.record("mes.unit.disqualified", body.serial, {"serial": body.serial, "defect": body.defect, "job": job})
    return {**find(change, job), "material_actual": str(record)}


def _claim(change: Change, equipment: str, job: str) -> None:
    """A work unit runs one order at a time."""
    machine = lookups.need(change, "equipment", equipment)
    if machine["level"] != "WorkUnit":
        raise Problem(
            Code.INVALID_INPUT, f"{lookups.spoken(machine)} is a line; an order starts on one of its machines."
        )
    running = "SELECT id FROM job_order WHERE equipment = ? AND status = 'Running' AND id <> ?"
    other = change.one(running, equipment, job)
    if other:
        raise Problem(Code.EQUIPMENT_BUSY, f"{lookups.spoken(machine)} is still running order {other['id']}.")


def _add(change: Change, order: Row, body: Quantities, serial: str | None) -> int:
    """Writes one material actual, the order's sums and the KPI elements; returns the record's id."""
    lookups.check(change, "defect", body.defect)
    record = change.run(
        "INSERT INTO material_actual (job, good, scrap, rework, defect, serial, operator, time)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(order["id"], body.good, body.scrap, body.rework, body.defect, serial, change.operator, change.time),
    )
    change.run(
        "UPDATE job_order SET good = good + ?, scrap = scrap + ?, rework = rework + ? WHERE id = ?",
        *(body.good, body.scrap, body.rework, order["id"]),
    )
    for equipment in (order["equipment"], order["line"]):
        kpis.count(change, equipment, good=body.good, scrap=body.scrap, rework=body.rework)
    data = {"job": order["id"], "good": body.good, "scrap": body.scrap, "rework": body.rework, "defect": body.defect}
    change.record("mes.quantity.reported", order["id"], {**data, "serial": serial, "material_actual": str(record)})
    return record


def _check_serial(change: Change, serial: str, *, is_scrap: bool) -> None:
    unit = lookups.need(change, "unit", serial)
    if is_scrap and unit["status"] == "Scrapped":
        raise Problem(Code.ALREADY_SCRAPPED, f"Unit {serial} is already scrapped.")


def _stamp_times(change: Change, job: str, name: CommandName) -> None:
    if name == "Start":
        change.run("UPDATE job_order SET started = ? WHERE id = ?", change.time, job)
    elif name == "Reset":
        change.run("UPDATE job_order SET started = NULL WHERE id = ?", job)
    elif name in {"Stop", "Abort"}:
        change.run("UPDATE job_order SET ended = ? WHERE id = ?", change.time, job)


def _word(order: Row) -> str:
    """The status as people say it."""
    words = {"Suspended": "paused", "Held": "on hold", "Pending": "not released yet"}
    status = str(order["status"])
    return words.get(status, status.lower())


def _refusal(order: Row, name: CommandName) -> str:
    if order["status"] in TRANSITIONS[name].values():
        return f"Order {order['id']} is already {_word(order)}."
    return f"Order {order['id']} is {_word(order)}, so it cannot be {DONE_WORDS[name]}."
