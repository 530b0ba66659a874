"""What machines tell: telemetry, robot cycles, and a person who had to help a robot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from voicemes.plant.bodies import Cycles, Intervention, Telemetry, TelemetryBatch
    from voicemes.plant.change import Change
    from voicemes.plant.database import Row

IDLE = 2000
"""SEMI E10: standby."""


def record_telemetry(change: Change, equipment: str, body: Telemetry) -> Row:
    lookups.need(change, "equipment", equipment)
    data = {"equipment": equipment, **body.model_dump()}
    change.emit("mes.telemetry.recorded", equipment, data, equipment)
    return {**data, "time": change.time}


def record_batch(change: Change, body: TelemetryBatch) -> Row:
    """All of it or, where a machine is not known, nothing."""
    for measured in body.items:
        with change.apart():
            record_telemetry(change, measured.equipment, measured)
    return {"recorded": len(body.items), "time": change.time}


def complete_cycles(change: Change, robot: str, body: Cycles) -> Row:
    lookups.need(change, "equipment", robot)
    data = {"robot": robot, **body.model_dump()}
    change.emit("mes.robot.cycle-completed", robot, data, robot)
    return {**data, "time": change.time}


def record_intervention(change: Change, robot: str, body: Intervention) -> Row:
    """A person helped a robot."""
    lookups.need(change, "equipment", robot)
    lookups.need(change, "reason", body.reason)
    number = str(change.next_id("intervention"))
    data = {"intervention": number, "robot": robot, **body.model_dump()}
    change.emit("mes.robot.intervention-requested", robot, data, robot)
    return {"id": number, "robot": robot, **body.model_dump(), "time": change.time}


def install_line(change: Change, line: str, name: str, machine: str) -> Row:
    """A new line of one machine, ready to work. `name` is what people say."""
    position = int(change.value("SELECT max(position) FROM equipment"))
    about = {"line": line, "text": name, "aliases": [name]}
    level = {"id": line, "level": "ProductionLine", "state": None, "position": position + 1, "ends_line": 0}
    change.emit("mes.equipment.installed", line, {**about, **level})
    last = {"id": machine, "level": "WorkUnit", "state": IDLE, "position": position + 2, "ends_line": 1}
    cell = {"line": line, "text": "assembly cell", "aliases": [f"cell of {name}"]}
    change.emit("mes.equipment.installed", machine, {**cell, **last})
    return lookups.need(change, "equipment", machine)
