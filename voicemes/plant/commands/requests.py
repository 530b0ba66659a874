"""Requests for material and for maintenance: opened, delivered or done, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from voicemes.plant.bodies import Empty, MaintenanceRequest, MaterialRequest
    from voicemes.plant.change import Change
    from voicemes.plant.database import Row


def request_material(change: Change, body: MaterialRequest) -> Row:
    material = lookups.need(change, "material", body.material)
    lookups.need_line(change, body.line)
    request = str(change.next_id("material_request"))
    data = {"request": request, **body.model_dump(), "unit": body.unit or material["unit"], "status": "Open"}
    change.emit("mes.material.requested", request, data)
    return _found(change, "request", request)


def cancel_material(change: Change, request: str, _body: Empty) -> Row:
    row = _open(change, "request", request)
    data = {"request": request, "material": row["material"], "quantity": row["quantity"], "status": "Cancelled"}
    change.emit("mes.material.requested", request, {**data, "line": row["line"]})
    return _found(change, "request", request)


def deliver_material(change: Change, request: str, _body: Empty) -> Row:
    row = _open(change, "request", request)
    data = {"request": request, "material": row["material"], "quantity": row["quantity"], "line": row["line"]}
    change.emit("mes.material.delivered", request, data)
    return _found(change, "request", request)


def request_maintenance(change: Change, body: MaintenanceRequest) -> Row:
    lookups.need(change, "equipment", body.equipment)
    request = str(change.next_id("maintenance_request"))
    data = {"request": request, **body.model_dump(), "status": "Open"}
    change.emit("mes.maintenance.requested", request, data, body.equipment)
    return _found(change, "maintenance request", request)


def cancel_maintenance(change: Change, request: str, _body: Empty) -> Row:
    return _end_maintenance(change, request, "Cancelled")


def complete_maintenance(change: Change, request: str, _body: Empty) -> Row:
    return _end_maintenance(change, request, "Completed")


def _end_maintenance(change: Change, request: str, status: str) -> Row:
    row = _open(change, "maintenance request", request)
    data = {"request": request, "equipment": row["equipment"], "status": status}
    change.emit("mes.maintenance.requested", request, data, row["equipment"])
    return _found(change, "maintenance request", request)


def _open(change: Change, kind: str, request: str) -> Row:
    row = lookups.need(change, kind, request)
    if row["status"] != "Open":
        raise Problem(Code.ALREADY_CLOSED, f"Request {request} is already {row['status'].lower()}.")
    return row


def _found(change: Change, kind: str, request: str) -> Row:
    return {**lookups.need(change, kind, request), "id": request}
