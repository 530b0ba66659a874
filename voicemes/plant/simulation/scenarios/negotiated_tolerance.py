"""An arm finds bent frames and asks for a wider gap. The policy grants the first; the second lies outside, and a person
of quality decides.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from voicemes.plant import bodies
from voicemes.plant.change import Actor, Decision
from voicemes.plant.commands import alerts, change_requests, equipment, quality, units
from voicemes.plant.simulation.factory import MACHINE, ROBOT, Factory

if TYPE_CHECKING:
    from voicemes.plant.simulation.factory import Done

ARM, LINE = "ROB-1", "LINE-4"
MIDDLE_MM = 0.2
"""Of the gap's limits, 0.1 to 0.3."""
STIFFNESS_MPA_PER_MM, YIELD_MPA = 620.0, 160.0
EXPANSION_MM_PER_K, HALL_RANGE_K = 0.0011, 18.0
MAX_DEFECT_PROBABILITY = 0.05
QUALITY = Actor("Grace")


def play(factory: Factory) -> Iterator[float]:
    yield factory.random.uniform(60, 240)
    small = yield from _ask(factory, bent_mm=round(factory.random.uniform(0.101, 0.115), 3))
    yield 20.0
    _go_on(factory, small["mes.change-request.approved"])
    yield factory.random.uniform(600, 1200)
    large = yield from _ask(factory, bent_mm=round(factory.random.uniform(0.15, 0.19), 3))
    yield 2.0
    text = f"{ARM} asks for a tolerance outside the policy, request {large.row['id']}."
    call = bodies.WorkAlert(team="quality", equipment=ARM, text=text)
    called = factory.do(alerts.raise_alert, call, by=ROBOT, why=large.id)
    yield factory.random.uniform(300, 900)
    no = bodies.Remark(text="The seal would be open in winter.")
    factory.do(change_requests.reject, large.row["id"], no, by=QUALITY, why=called.id)


def _ask(factory: Factory, bent_mm: float) -> Generator[float, None, Done]:
    """Measures a frame and asks; returns the request."""
    serial = factory.serial("D")
    frame = bodies.Arrival(serial=serial, equipment=ARM, job=factory.job_on(LINE))
    arrived = factory.do(units.arrive, frame, by=MACHINE)
    yield 6.0
    gap = bodies.TestResult(characteristic="gap", value=MIDDLE_MM + bent_mm, serial=serial, equipment=ARM)
    measured = factory.do(quality.record_test, gap, by=ROBOT, why=arrived.id)
    yield 1.0
    wanted = bodies.ChangeRequest(
        kind="tolerance", characteristic="gap", plus=bent_mm, minus=bent_mm, unit="mm", serial=serial
    )
    return factory.do(change_requests.submit, wanted, by=ROBOT, why=measured.id, decision=weigh(bent_mm))


def weigh(bent_mm: float) -> Decision:
    """Whether the arm may ask at all: stress, thermal expansion, and what is likely to fail."""
    stress = round(bent_mm * STIFFNESS_MPA_PER_MM, 1)
    expansion = round(EXPANSION_MM_PER_K * HALL_RANGE_K, 4)
    probability = round(min(1.0, (stress / YIELD_MPA) ** 4 * (1 + expansion)), 4)
    limits = {"yield_mpa": YIELD_MPA, "max_defect_probability": MAX_DEFECT_PROBABILITY}
    inputs = {"bent_mm": bent_mm, "stress_mpa": stress, "thermal_expansion_mm": expansion}
    is_small = probability <= MAX_DEFECT_PROBABILITY
    reason = (
        "stress and expansion leave the door sealed" if is_small else "it may not stay sealed: a person must see it"
    )
    outcome = "asks" if is_small else "asks, and advises against it"
    return Decision(
        "frame-stress-and-expansion", {**inputs, "defect_probability": probability, **limits}, outcome, reason
    )


def _go_on(factory: Factory, why: str) -> Done:
    return factory.do(equipment.complete_cycles, ARM, bodies.Cycles(cycles=1, run_s=150.0), by=ROBOT, why=why)
