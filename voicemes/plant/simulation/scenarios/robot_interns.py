"""A humanoid intern works through its shift: cycles, hours, and a misaligned part for which it calls a person."""

from __future__ import annotations

from collections.abc import Iterator

from voicemes.plant import bodies
from voicemes.plant.change import Actor, Decision
from voicemes.plant.commands import alerts, downtime, equipment, quality, units
from voicemes.plant.simulation.factory import MACHINE, ROBOT, Factory

INTERN, LINE = "ROB-1", "LINE-4"
CYCLE_S, N_BEFORE, N_AFTER, MAX_GRIPS = 150.0, 6, 4, 2
"""A door takes two and a half minutes; after two grips the intern asks."""
OPERATOR = Actor("Elif")


def play(factory: Factory) -> Iterator[float]:
    yield 10.0
    yield from _work(factory, N_BEFORE, None)
    serial, off = factory.serial("D"), factory.random.randint(35, 60)
    part = bodies.Arrival(serial=serial, equipment=INTERN, job=factory.job_on(LINE))
    arrived = factory.do(units.arrive, part, by=MACHINE)
    yield 8.0
    seen = bodies.TestResult(characteristic="offset", value=off, serial=serial, equipment=INTERN)
    measured = factory.do(quality.record_test, seen, by=ROBOT, why=arrived.id)
    yield 25.0
    decision = Decision(
        "two-grips-then-ask",
        {"serial": serial, "offset_um": off, "grips": MAX_GRIPS, "max_grips": MAX_GRIPS},
        "asks for a person",
        "a third grip would scratch the part",
    )
    help_wanted = bodies.Intervention(reason="misaligned-part", text=f"gripped {MAX_GRIPS} times, {off} microns off")
    asked = factory.do(equipment.record_intervention, INTERN, help_wanted, by=ROBOT, why=measured.id, decision=decision)
    yield from _helped(factory, asked.id)


def _helped(factory: Factory, why: str) -> Iterator[float]:
    """It stands still until a person has put the part right, then goes on."""
    stop = bodies.Downtime(equipment=INTERN, reason="misaligned-part")
    down = factory.do(downtime.start, stop, by=ROBOT, why=why)
    call = bodies.WorkAlert(team="supervisor", equipment=INTERN, text="A misaligned part, please help.")
    called = factory.do(alerts.raise_alert, call, by=ROBOT, why=why)
    yield factory.random.uniform(40, 120)
    taken = factory.do(alerts.acknowledge, called.row["id"], bodies.Empty(), by=OPERATOR, why=called.id)
    yield factory.random.uniform(60, 180)
    done = bodies.Remark(text="part put right by hand")
    resolved = factory.do(alerts.resolve, called.row["id"], done, by=OPERATOR, why=taken.id)
    back = factory.do(downtime.end, down.row["id"], bodies.DowntimeEnd(), by=ROBOT, why=resolved.id)
    yield from _work(factory, N_AFTER, back.id)


def _work(factory: Factory, n_cycles: int, why: str | None) -> Iterator[float]:
    for _ in range(n_cycles):
        run_s = round(factory.random.gauss(CYCLE_S, 4.0), 1)
        yield run_s
        done = factory.do(equipment.complete_cycles, INTERN, bodies.Cycles(cycles=1, run_s=run_s), by=ROBOT, why=why)
        why = done.id if why else None
