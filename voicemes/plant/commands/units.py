"""Units on their way: arriving, leaving, sent elsewhere, repaired, scrapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from voicemes.plant.bodies import Arrival, Empty, Move, Repair
    from voicemes.plant.change import Change
    from voicemes.plant.database import Row

OPEN_NONCONFORMANCES = """
    SELECT * FROM nonconformance WHERE serial = ?1 AND status = 'Open' AND (?2 IS NULL OR defect = ?2) ORDER BY id
"""
BESIDE_ROUTE = frozenset({"rework", "scrap", "inspection", "x-ray", "test", "return"})
AFTER_TARGET = {"rework": "Rework", "scrap": "Scrapped", "return": "Returned"}
"""Where a unit is sent -> its status there; elsewhere it stays in process."""


def arrive(change: Change, body: Arrival) -> Row:
    """A unit is at a machine; a new serial begins its life there, on the order it names."""
    lookups.need(change, "equipment", body.equipment)
    unit = change.one("SELECT * FROM unit WHERE serial = ?", body.serial)
    data = {"serial": body.serial, "equipment": body.equipment}
    if unit is None:
        data |= _born(change, body)
    elif unit["status"] == "Scrapped":
        raise Problem(Code.ALREADY_SCRAPPED, f"Unit {body.serial} is already scrapped.")
    change.emit("mes.unit.arrived", body.serial, data, body.equipment)
    return lookups.need(change, "unit", body.serial)


def _born(change: Change, body: Arrival) -> dict[str, str]:
    if body.job is None:
        raise Problem(Code.NOT_FOUND, f"There is no unit {body.serial} in the MES.")
    order = lookups.need(change, "job order", body.job)
    product = lookups.need(change, "work master", order["work_master"])["product"]
    return {"job": body.job, "product": str(product)}


def move(change: Change, serial: str, body: Move) -> Row:
    """Onward along the route, or to a place beside it: the operator's own work."""
    return send(change, serial, body.target, body.defect, body.text)


def reroute(change: Change, serial: str, body: Move) -> Row:
    """Away from the route: for the line lead."""
    change.require("line-lead")
    return send(change, serial, body.target, body.defect, body.text)


def send(change: Change, serial: str, target: str, defect: str | None = None, text: str | None = None) -> Row:
    """To a machine, or to rework, scrap, inspection, x-ray or test."""
    unit = _alive(change, serial)
    lookups.check(change, "defect", defect)
    if target == "scrap":
        return disqualify(change, serial, defect)
    if target not in BESIDE_ROUTE:
        lookups.need(change, "equipment", target)
        change.emit("mes.unit.departed", serial, {"serial": serial, "target": target, "text": text}, unit["equipment"])
        change.emit("mes.unit.arrived", serial, {"serial": serial, "equipment": target}, target)
        return lookups.need(change, "unit", serial)
    data = {"serial": serial, "target": target, "status": AFTER_TARGET.get(target, "InProcess")}
    change.emit("mes.unit.rerouted", serial, {**data, "defect": defect, "text": text}, unit["equipment"])
    return lookups.need(change, "unit", serial)


def disqualify(change: Change, serial: str, defect: str | None) -> Row:
    unit = _alive(change, serial)
    data = {"serial": serial, "defect": defect, "job": unit["job"]}
    change.emit("mes.unit.disqualified", serial, data, unit["equipment"])
    return lookups.need(change, "unit", serial)


def repair(change: Change, serial: str, body: Repair) -> Row:
    """Repaired: what was open on the unit (of this defect, where one is named) is closed."""
    unit = _alive(change, serial)
    lookups.check(change, "defect", body.defect)
    data = {"serial": serial, "defect": body.defect, "component": body.component, "text": body.text}
    change.emit("mes.unit.repaired", serial, data, unit["equipment"])
    closed = []
    for row in change.all(OPEN_NONCONFORMANCES, serial, body.defect):
        closed.append(str(row["id"]))
        about = {"nonconformance": str(row["id"]), "serial": serial, "disposition": row["disposition"] or "rework"}
        change.emit("mes.nonconformance.closed", serial, about, unit["equipment"])
    return {**lookups.need(change, "unit", serial), "closed": closed}


def close(change: Change, serial: str, _body: Empty) -> Row:
    """A tray, box or carton is full; a unit is finished."""
    unit = _alive(change, serial)
    if unit["status"] == "Closed":
        raise Problem(Code.ALREADY_CLOSED, f"Unit {serial} is already closed.")
    change.emit("mes.unit.departed", serial, {"serial": serial, "status": "Closed"}, unit["equipment"])
    return lookups.need(change, "unit", serial)


def _alive(change: Change, serial: str) -> Row:
    unit = lookups.need(change, "unit", serial)
    if unit["status"] == "Scrapped":
        raise Problem(Code.ALREADY_SCRAPPED, f"Unit {serial} is already scrapped.")
    return unit
