"""The pace rises from one unit in three seconds to one a second: lines are added until eleven of them work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from voicemes.plant import bodies
from voicemes.plant.change import Decision
from voicemes.plant.commands import equipment, job_orders, units
from voicemes.plant.simulation.factory import MACHINE, Factory

if TYPE_CHECKING:
    from voicemes.plant.change import Change
    from voicemes.plant.database import Row, Tables

STAGES = ((3.0, 3), (2.0, 6), (1.0, 11))
"""Seconds between two units, and on how many lines they are made."""
STAGE_S = 60.0
OWN_LINES = (("LINE-1", "SPP-1"), ("LINE-3", "FCT-1"), ("LINE-4", "ROB-1"))
NUMBERS = ("five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NEW_LINES = tuple((f"LINE-{number}", f"CEL-{number}") for number in range(5, 13))
WORK_MASTER, QUANTITY = "WM-FLIP", 9999


def play(factory: Factory) -> Iterator[float]:
    yield 5.0
    machines = [machine for _, machine in OWN_LINES]
    why: str | None = None
    for interval_s, n_lines in STAGES:
        while len(machines) < n_lines:
            machine, why = _grow(factory, len(machines), interval_s, why)
            machines.append(machine)
            yield 1.0
        for number in range(int(STAGE_S / interval_s)):
            _make(factory, machines[number % n_lines], why)
            yield interval_s


def _grow(factory: Factory, n_lines: int, interval_s: float, why: str | None) -> tuple[str, str]:
    """Adds a line, or finds it from the round before, with an order that runs on it."""
    index = n_lines - len(OWN_LINES)
    line, machine = NEW_LINES[index]
    decision = Decision(
        "lines-follow-the-pace",
        {"units_per_s": round(1 / interval_s, 3), "lines": n_lines},
        f"{line} added",
        "the lines that work cannot make a unit this often",
    )
    if not factory.ask(_is_there, machine):
        name = f"line {NUMBERS[index]}"
        why = factory.do(equipment.install_line, line, name, machine, why=why, decision=decision).id
    if factory.ask(_running_on, machine) is None:
        why = factory.do(_begin, machine, why=why).id
    return machine, why or ""


def _make(factory: Factory, machine: str, why: str | None) -> None:
    """One unit: it comes, it is good, it goes."""
    job = factory.ask(_running_on, machine)
    if job is None:  # people have stopped it
        return
    serial = factory.serial("P")
    arrival = bodies.Arrival(serial=serial, equipment=machine, job=job)
    came = factory.do(units.arrive, arrival, by=MACHINE, why=why or None)
    good = factory.do(job_orders.report, job, bodies.MaterialActual(good=1, serial=serial), by=MACHINE, why=came.id)
    factory.do(units.close, serial, bodies.Empty(), by=MACHINE, why=good.id)


def _begin(change: Change, machine: str) -> Row:
    """An order of its own for a new line, and its start."""
    position = change.value("SELECT max(position) FROM job_order") + 10
    n_orders = change.value("SELECT count(*) FROM job_order")
    job = f"{machine}-{n_orders}"
    about = {"job": job, "work_master": WORK_MASTER, "equipment": machine, "status": "Waiting", "work_request": None}
    change.emit("mes.job-order.dispatched", job, {**about, "position": position, "quantity": QUANTITY}, machine)
    return job_orders.command(change, job, bodies.JobCommand(command="Start"))


def _is_there(tables: Tables, machine: str) -> bool:
    return tables.one("SELECT 1 FROM equipment WHERE id = ?", machine) is not None


def _running_on(tables: Tables, machine: str) -> str | None:
    job: str | None = tables.value("SELECT id FROM job_order WHERE equipment = ? AND status = 'Running'", machine)
    return job
