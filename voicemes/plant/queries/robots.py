"""What a robot intern did: cycles, hours run, how often a person had to help, uptime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant.database import stamp
from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from voicemes.plant.database import Row, Tables
    from voicemes.plant.periods import Span

WORK = """
    SELECT coalesce(sum(cycles), 0) AS cycles, coalesce(sum(run_s), 0) AS run_s FROM robot_hour
    WHERE robot = ? AND hour >= ? AND hour < ?
"""
HELP = "SELECT reason, text, operator, time FROM intervention WHERE robot = ? AND time >= ? AND time < ? ORDER BY time"
UPTIME = "SELECT sum(apt) / nullif(sum(pbt), 0) FROM kpi_element WHERE equipment = ? AND hour >= ? AND hour < ?"


def record(tables: Tables, robot: str, span: Span) -> Row:
    """`uptime` is availability (APT / PBT) in percent, None without planned time."""
    lookups.need(tables, "equipment", robot)
    within = (robot, stamp(span.starts), stamp(span.ends))
    work = tables.one(WORK, *within) or {"cycles": 0, "run_s": 0.0}
    uptime = tables.value(UPTIME, *within)
    helped = tables.all(HELP, *within)
    return {
        "robot": robot,
        "period": span.name,
        "cycles": work["cycles"],
        "hours_run": round(work["run_s"] / 3600, 1),
        "interventions": len(helped),
        "uptime": None if uptime is None else round(100 * uptime, 1),
        "helped": helped[-20:],
    }
