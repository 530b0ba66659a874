"""Robot interns: cycles and run time by the hour, and when a person had to help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant import periods
from voicemes.plant.database import stamp, unstamp

if TYPE_CHECKING:
    from voicemes.plant.database import Writer
    from voicemes.plant.event_store import Event


def _cycled(tables: Writer, event: Event) -> None:
    data = event.data
    tables.run(
        "INSERT INTO robot_hour (robot, hour, cycles, run_s) VALUES (?1, ?2, ?3, ?4)"
        " ON CONFLICT DO UPDATE SET cycles = cycles + ?3, run_s = run_s + ?4",
        *(data["robot"], stamp(periods.floor_hour(unstamp(event.time))), data["cycles"], float(data["run_s"])),
    )


def _helped(tables: Writer, event: Event) -> None:
    data = event.data
    about = {"id": int(data["intervention"]), "operator": event.operator, "time": event.time}
    tables.insert("intervention", {**about, **{name: data[name] for name in ("robot", "reason", "text")}})


APPLY = {"mes.robot.cycle-completed": _cycled, "mes.robot.intervention-requested": _helped}
