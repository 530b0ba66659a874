"""The printer drifts by about 18 microns: it is seen, asked for, allowed by rule, corrected on the next print, and the
lot of paste keeps that it was printed so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from voicemes.plant import bodies
from voicemes.plant.change import Actor, Decision
from voicemes.plant.commands import alerts, change_requests, materials, quality
from voicemes.plant.problems import Code, Problem
from voicemes.plant.simulation.factory import AGENT, MACHINE, Factory

if TYPE_CHECKING:
    from voicemes.plant.database import Tables
    from voicemes.plant.simulation.factory import Done

PRINTER, ALLOWED_UM, N_PRINTS, PRINT_S = "SPP-1", 15, 6, 30.0
"""A board is printed every half minute; above 15 microns the rule asks for a correction."""
ENGINEER = Actor("Hugo")
LOADED = "SELECT id FROM material_lot WHERE material = 'solder-paste' AND location = ? LIMIT 1"


def play(factory: Factory) -> Iterator[float]:
    yield factory.random.uniform(30, 120)
    drift = factory.random.choice((17, 18, 19))
    seen = _measure(factory, 2.0)
    for number in range(1, N_PRINTS + 1):
        yield PRINT_S
        seen = _measure(factory, round(drift * number / N_PRINTS, 1), seen.id)
    yield 2.0
    lot, delta = _paste(factory), -float(drift)
    wanted = bodies.ChangeRequest(kind="parameter", equipment=PRINTER, parameter="offset", delta=delta, lot=lot)
    decision = Decision(
        "drift-above-15-um",
        {"measured_um": drift, "allowed_um": ALLOWED_UM, "prints": N_PRINTS, "lot": lot},
        f"offset by {delta:g} microns",
        "the paste drifts in one direction and is still within its limits",
    )
    asked = factory.do(change_requests.submit, wanted, by=AGENT, why=seen.id, decision=decision)
    if asked.row["status"] != "Approved":
        yield 600.0
        asked = factory.do(change_requests.approve, asked.row["id"], bodies.Remark(), by=ENGINEER, why=asked.id)
    changed = asked["mes.equipment.parameter-changed"]
    yield PRINT_S
    text = f"Printed with an offset of {delta:g} microns from here on."
    factory.do(materials.record_deviation, lot, bodies.Deviation(text=text), why=changed)
    _measure(factory, round(factory.random.uniform(-2, 2), 1), changed)
    call = bodies.WorkAlert(team="engineering", equipment=PRINTER, text=f"The paste drifted by {drift} microns.")
    factory.do(alerts.raise_alert, call, why=changed)


def _measure(factory: Factory, offset_um: float, why: str | None = None) -> Done:
    result = bodies.TestResult(characteristic="paste-offset", value=offset_um, equipment=PRINTER)
    return factory.do(quality.record_test, result, by=MACHINE, why=why)


def _paste(factory: Factory) -> str:
    def loaded(tables: Tables) -> str | None:
        lot: str | None = tables.value(LOADED, PRINTER)
        return lot

    lot: str | None = factory.ask(loaded)
    if lot is None:
        raise Problem(Code.NO_DATA, "No paste is loaded.")
    return lot
