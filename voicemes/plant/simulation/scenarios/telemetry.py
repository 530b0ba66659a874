"""What the machines measure, all the time; the servo of the weld cell wears, its trend is seen, it gets its service."""

from __future__ import annotations

from collections.abc import Iterator

from voicemes.plant import bodies
from voicemes.plant.change import Decision
from voicemes.plant.commands import alerts, downtime, equipment, requests
from voicemes.plant.queries import telemetry as questions
from voicemes.plant.simulation.factory import MACHINE, Factory

STREAMS: tuple[tuple[str, str, str, float, float], ...] = (
    ("SPI-1", "paste-height", "um", 140.0, 2.0),
    ("PNP-1", "offset", "um", 0.0, 6.0),
    ("OVN-1", "temperature", "degC", 244.0, 0.6),
    ("LINE-1", "humidity", "percent", 48.0, 0.5),
    ("LINE-1", "dust", "pieces", 900.0, 60.0),
    ("LINE-3", "energy", "kWh", 0.9, 0.05),
    ("FCT-1", "vibration", "um", 6.0, 0.4),
)
"""Where, what, in which unit, its usual value, and how much it scatters."""
WORN, PARAMETER, UNIT = "WLD-1", "servo-torque", "Nm"
N_ROUNDS, ROUND_S, WEAR_NM = 30, 20.0, 0.15
SERVICE_S = 1200.0


def play(factory: Factory) -> Iterator[float]:
    last = ""
    for number in range(N_ROUNDS):
        yield ROUND_S
        for place, parameter, unit, usual, scatter in STREAMS:
            _tell(factory, place, parameter, unit, factory.random.gauss(usual, scatter))
        wear = WEAR_NM * max(0, number - N_ROUNDS // 2)
        last = _tell(factory, WORN, PARAMETER, UNIT, factory.random.gauss(8.0, 0.1) + wear)
    trend = factory.ask(questions.trend, WORN, PARAMETER)
    if trend["is_drifting"]:
        yield from _service(factory, trend, last)


def _tell(factory: Factory, place: str, parameter: str, unit: str, value: float) -> str:
    measured = bodies.Telemetry(parameter=parameter, value=round(value, 3), unit=unit)
    return factory.do(equipment.record_telemetry, place, measured, by=MACHINE).id


def _service(factory: Factory, trend: dict[str, object], why: str) -> Iterator[float]:
    inputs = {name: trend[name] for name in ("parameter", "n", "mean", "last", "drift", "upper")}
    decision = Decision("trend-before-limit", inputs, "maintenance asked for", "the torque rises towards its limit")
    wish = bodies.MaintenanceRequest(equipment=WORN, component="SERVO-1", text="the servo torque rises")
    asked = factory.do(requests.request_maintenance, wish, why=why, decision=decision)
    yield 5.0
    call = bodies.WorkAlert(team="maintenance", equipment=WORN, text="The servo torque rises; please service it.")
    called = factory.do(alerts.raise_alert, call, why=asked.id)
    yield factory.random.uniform(300, 900)
    stop = bodies.Downtime(equipment=WORN, reason="preventive-maintenance", component="SERVO-1")
    down = factory.do(downtime.start, stop, by=MACHINE, why=called.id)
    yield SERVICE_S
    served = factory.do(requests.complete_maintenance, asked.row["id"], bodies.Empty(), by=MACHINE, why=down.id)
    factory.do(downtime.end, down.row["id"], bodies.DowntimeEnd(), by=MACHINE, why=served.id)
    factory.do(alerts.resolve, called.row["id"], bodies.Remark(text="serviced"), by=MACHINE, why=served.id)
