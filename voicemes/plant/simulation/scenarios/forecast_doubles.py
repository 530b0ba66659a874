"""The forecast doubles: the planner agrees, orders and material follow, machines are set up, procurement is told."""

from __future__ import annotations

from collections.abc import Iterator

from voicemes.plant import bodies
from voicemes.plant.change import Actor, Decision
from voicemes.plant.commands import alerts, change_requests, downtime
from voicemes.plant.simulation.factory import MACHINE, Factory

PRODUCT, MACHINES = "controller-board", ("SPP-2", "PNP-3", "PNP-4")
"""Machines of the line that has room."""
PLANNER = Actor("Ines")
SETUP_S = 1500.0
SETUP_STATE = 4500


def play(factory: Factory) -> Iterator[float]:
    yield factory.random.uniform(120, 600)
    before = factory.random.choice((600, 800, 1000))
    text = f"The forecast rose from {before} to {2 * before}."
    demand = bodies.ChangeRequest(kind="plan", product=PRODUCT, quantity=before, text=text)
    asked = factory.do(change_requests.submit, demand, by=MACHINE)
    yield factory.random.uniform(300, 900)
    approved = factory.do(
        change_requests.approve, asked.row["id"], bodies.Remark(text="We take it."), by=PLANNER, why=asked.id
    )
    yield 5.0
    planned = approved["mes.plan.changed"]
    told = bodies.WorkAlert(team="supervisor", text=f"New plan: {before} more boards. {text}")
    factory.do(alerts.raise_alert, told, why=approved["mes.procurement.notified"])
    being_set_up = _signal(factory, before, planned)
    yield SETUP_S
    for machine, why in being_set_up.items():
        if _state(factory, machine) == SETUP_STATE:
            factory.do(downtime.end_setup, machine, bodies.Empty(), by=MACHINE, why=why)


def _signal(factory: Factory, quantity: int, why: str) -> dict[str, str]:
    """Signals the changeover to every machine that is free; returns them, each with its event."""
    done = {}
    for machine in MACHINES:
        state = _state(factory, machine)
        if state is None or not 2000 <= state < 3000:  # only a machine that stands by
            continue
        inputs = {"product": PRODUCT, "quantity": quantity, "state": state}
        decision = Decision("set-up-what-stands-by", inputs, "changeover", "the machine has nothing else to do")
        done[machine] = factory.do(downtime.start_setup, machine, bodies.Setup(), why=why, decision=decision).id
    return done


def _state(factory: Factory, machine: str) -> int | None:
    state: int | None = factory.ask(lambda tables: tables.value("SELECT state FROM equipment WHERE id = ?", machine))
    return state
