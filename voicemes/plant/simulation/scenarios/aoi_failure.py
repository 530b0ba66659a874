"""A board fails optical inspection at night: it goes to rework, what it takes is ordered, the next orders change
places, and the supervisor hears it all in the morning.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from voicemes.plant import bodies
from voicemes.plant.change import Actor, Decision
from voicemes.plant.commands import alerts, planning, quality, requests, units
from voicemes.plant.queries import job_orders, work_calendar
from voicemes.plant.simulation.factory import MACHINE, Factory, note

if TYPE_CHECKING:
    from voicemes.plant.database import Row

LINE, CAMERA = "LINE-1", "AOI-1"
DEFECTS = ("solder-bridge", "tombstone", "missing-part", "cold-joint")
REPAIR = Actor("Ben")


def play(factory: Factory) -> Iterator[float]:
    yield factory.random.uniform(60, 300)
    serial, defect = factory.serial("N"), factory.random.choice(DEFECTS)
    board = bodies.Arrival(serial=serial, equipment=CAMERA, job=factory.job_on(LINE))
    arrived = factory.do(units.arrive, board, by=MACHINE)
    yield 4.0
    verdict = bodies.Inspection(result="fail", defect=defect)
    failed = factory.do(quality.inspect, serial, verdict, by=MACHINE, why=arrived.id)
    yield 1.0
    found = bodies.Nonconformance(defect=defect, serial=serial, component=f"U{factory.random.randint(1, 12)}")
    opened = factory.do(quality.open_nonconformance, found, by=MACHINE, why=failed.id)
    yield 2.0
    away = bodies.Move(target="rework", defect=defect)
    decision = Decision(
        "repairable-goes-to-rework",
        {"serial": serial, "defect": defect, "repairable": list(DEFECTS)},
        "rework",
        "a defect that can be repaired is repaired before its board is scrapped",
    )
    rerouted = factory.do(units.reroute, serial, away, why=opened.id, decision=decision)
    yield 5.0
    spare = bodies.MaterialRequest(material="flux", quantity=1, line=LINE)
    material = factory.do(requests.request_material, spare, why=rerouted.id, decision=_why_spare(defect))
    yield 10.0
    moved = _shortest_first(factory, material.id)
    yield factory.random.uniform(1800, 3600)
    factory.do(units.repair, serial, bodies.Repair(defect=defect), by=REPAIR, why=rerouted.id)
    yield factory.seconds_to_shift_end()
    yield from _morning(factory, moved, f"Board {serial} failed inspection and was repaired.")


def _why_spare(defect: str) -> Decision:
    bill = {"rework": {"flux": 1}, "defect": defect}
    return Decision(
        "bill-of-rework", bill, "flux ordered", "rework takes what the board's own bill of material has not"
    )


def _shortest_first(factory: Factory, why: str) -> str:
    """While a board is away, the shortest of the waiting orders goes first, so that the line is not held up."""
    waiting: list[Row] = factory.ask(job_orders.job_list, LINE)["items"]
    orders = {order["id"]: order["quantity"] for order in waiting if order["status"] == "Waiting"}
    if not orders:
        return why
    first = min(orders, key=lambda job: orders[job])
    decision = Decision(
        "shortest-first-while-reworking",
        {"waiting": orders},
        f"order {first} first",
        "its board is back before it ends",
    )
    return factory.do(planning.move, first, bodies.Place(position="first"), why=why, decision=decision).id


def _morning(factory: Factory, why: str, text: str) -> Iterator[float]:
    shift = factory.ask(work_calendar.shift_named, factory.plant.now(), "last")
    about = {"shift": shift.name, "line": LINE, "report": text}
    ended = factory.do(note, "mes.shift.ended", shift.name, about, why=why)
    yield 60.0
    call = bodies.WorkAlert(team="supervisor", equipment=CAMERA, text=f"Night report: {text}")
    factory.do(alerts.raise_alert, call, why=ended.id)
