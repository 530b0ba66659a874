"""The plan: the sequence and size of orders, and new demand.

New demand becomes an order on the line that makes the product, a bill of material that is asked for, and a notice to
procurement where the stock does not reach; each event names the one that caused it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from voicemes.plant.change import Decision
from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import lookups
from voicemes.plant.queries.job_orders import OPEN, find, with_status

if TYPE_CHECKING:
    from voicemes.plant.bodies import NewQuantity, Place, WorkRequest
    from voicemes.plant.change import Change
    from voicemes.plant.database import Row

STEP = 10
"""Between two positions, as seeded: what is put between them finds room nine times before all move."""
FIRST_NEW_ORDER = 20_000
"""Orders that the plant makes itself begin here, above those of the seed."""

BILL = """
    SELECT bill_of_material.material AS material, bill_of_material.quantity AS each, unit,
           (SELECT coalesce(sum(quantity), 0) FROM material_lot
            WHERE material_lot.material = bill_of_material.material AND disposition = 'UnRestricted') AS stock
    FROM bill_of_material JOIN material_definition ON material_definition.id = bill_of_material.material
    WHERE product = ? ORDER BY material
"""
MACHINE_OF = """
    SELECT equipment, work_master.id AS work_master FROM work_master
    LEFT JOIN job_order ON work_master = work_master.id WHERE product = ?
    GROUP BY work_master.id, equipment ORDER BY count(job_order.id) DESC, equipment LIMIT 1
"""
"""Where most orders of the product are made."""


def move(change: Change, job: str, body: Place) -> Row:
    """Puts an order before or after another one, first or last; only the orders that must move are renumbered."""
    order = _open(change, job)
    order_ids = [
        row["id"]
        for row in change.all(f"SELECT id FROM job_order WHERE {with_status(OPEN)} ORDER BY position")  # noqa: S608
    ]
    order_ids.remove(job)
    order_ids.insert(_index(change, order_ids, job, body), job)
    positions = {name: number * STEP for number, name in enumerate(order_ids, start=1)}
    jobs = {name: {"position": position} for name, position in positions.items() if _moves(change, name, position)}
    data = {"job": job, "position": body.model_dump()["position"], "jobs": jobs}
    change.emit("mes.plan.changed", job, data, order["equipment"])
    return find(change, job)


def change_quantity(change: Change, job: str, body: NewQuantity) -> Row:
    order = _open(change, job)
    data = {"job": job, "before": order["quantity"], "jobs": {job: {"quantity": body.quantity}}}
    change.emit("mes.plan.changed", job, data, order["equipment"])
    return find(change, job)


def receive(change: Change, body: WorkRequest) -> Row:
    """New demand: plans it, asks for its material, and tells procurement what is missing."""
    lookups.need(change, "product", body.product)
    request = str(change.next_id("work_request"))
    received = change.emit("mes.work-request.received", request, {"work_request": request, **body.model_dump()})
    with change.because(received):
        job = _dispatch(change, body, request)
        order = find(change, job)
        data = {"work_request": request, "product": body.product, "quantity": body.quantity, "job": job, "jobs": {}}
        why = _why_there(body, order).data()
        planned = change.emit("mes.plan.changed", request, {**data, "decision": why}, order["equipment"])
    with change.because(planned):
        short = _order_material(change, body)
        if short:
            about = {"work_request": request, "product": body.product, "short": short}
            change.emit("mes.procurement.notified", request, {**about, "decision": _why_notified(short).data()})
    return {**lookups.need(change, "work request", request), "id": request, "job": job, "short": short}


def _why_there(body: WorkRequest, order: Row) -> Decision:
    inputs = {"product": body.product, "quantity": body.quantity, "equipment": order["equipment"]}
    outcome = f"order {order['id']} at {order['equipment']}"
    why = "new demand goes where its product is made, behind all other orders"
    return Decision("last-in-line-of-product", inputs, outcome, why)


def _why_notified(short: dict[str, int]) -> Decision:
    return Decision("stock-below-need", {"short": short}, "notified", "the stock does not cover the bill of material")


def _dispatch(change: Change, body: WorkRequest, request: str) -> str:
    machine = change.one(MACHINE_OF, body.product)
    if machine is None or machine["equipment"] is None:
        raise Problem(Code.NO_DATA, f"No machine makes {body.product}.")
    last = change.value("SELECT max(position) FROM job_order")
    highest = change.value("SELECT max(CAST(id AS INTEGER)) FROM job_order WHERE work_request IS NOT NULL")
    job = str(max(highest or 0, FIRST_NEW_ORDER) + 1)
    data = {"job": job, **machine, "status": "Waiting", "position": last + STEP, "quantity": body.quantity}
    change.emit("mes.job-order.dispatched", job, {**data, "work_request": request}, machine["equipment"])
    return job


def _order_material(change: Change, body: WorkRequest) -> dict[str, int]:
    """Asks for the bill of material; returns what the stock does not cover."""
    short = {}
    for item in change.all(BILL, body.product):
        needed = math.ceil(item["each"] * body.quantity)
        request = str(change.next_id("material_request"))
        data = {"request": request, "material": item["material"], "quantity": needed, "unit": item["unit"]}
        change.emit("mes.material.requested", request, {**data, "line": None, "status": "Open"})
        if needed > item["stock"]:
            short[item["material"]] = needed - item["stock"]
    return short


def _open(change: Change, job: str) -> Row:
    order = find(change, job)
    if order["status"] not in OPEN:
        raise Problem(Code.TRANSITION_REFUSED, f"Order {job} is already {order['status'].lower()}.")
    return order


def _index(change: Change, others: list[str], job: str, body: Place) -> int:
    if body.position == "first":
        return 0
    if body.position == "last":
        return len(others)
    neighbour = body.position.before or body.position.after or ""
    find(change, neighbour)
    if neighbour not in others:
        raise Problem(Code.TRANSITION_REFUSED, f"Order {job} cannot be placed beside order {neighbour}.")
    return others.index(neighbour) + (1 if body.position.after else 0)


def _moves(change: Change, job: str, position: int) -> bool:
    return bool(change.value("SELECT position <> ? FROM job_order WHERE id = ?", position, job))
