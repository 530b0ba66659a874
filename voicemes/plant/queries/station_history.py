"""What happened at one machine: pieces, stops, and how often anything else did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant.database import stamp, unstamp
from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from datetime import datetime

    from voicemes.plant.database import Row, Tables
    from voicemes.plant.periods import Span

PIECES = """
    SELECT coalesce(sum(json_extract(data, '$.good')), 0) AS good,
    coalesce(sum(json_extract(data, '$.scrap')), 0) AS scrap
    FROM event WHERE type = 'mes.quantity.reported' AND equipment = ? AND time >= ? AND time <= ?
"""
STOPS = """
    SELECT started, ended FROM downtime_event
    WHERE equipment = ?1 AND started < ?3 AND (status = 'Open' OR (status = 'Closed' AND ended > ?2))
"""
COUNTS = "SELECT type, count(*) AS n FROM event WHERE equipment = ? AND time >= ? AND time <= ? GROUP BY type"
NAMES = {
    "mes.job-order.started": "orders started",
    "mes.job-order.completed": "orders completed",
    "mes.job-order.paused": "orders paused",
    "mes.job-order.held": "orders put on hold",
    "mes.alert.raised": "calls",
    "mes.nonconformance.opened": "defects recorded",
    "mes.material.loaded": "lots loaded",
    "mes.unit.rerouted": "boards rerouted",
    "mes.equipment.parameter-changed": "parameters changed",
    "mes.equipment.locked": "times locked",
    "mes.robot.intervention-requested": "times a robot was helped",
    "mes.note.added": "notes",
}
"""What is worth telling, in this order; pieces and stops are told with their sums."""


def history(tables: Tables, equipment: str, span: Span, now: datetime) -> Row:
    lookups.need(tables, "equipment", equipment)
    within = (equipment, stamp(span.starts), stamp(span.ends))
    pieces = tables.one(PIECES, *within) or {}
    counts = {row["type"]: row["n"] for row in tables.all(COUNTS, *within)}
    stops = tables.all(STOPS, *within)
    return {
        "equipment": equipment,
        "period": span.name,
        "good": int(pieces["good"]),
        "scrap": int(pieces["scrap"]),
        "stops": len(stops),
        "stop_minutes": sum(_minutes(row, span, now) for row in stops),
        "items": [{"what": name, "n": counts[kind]} for kind, name in NAMES.items() if kind in counts],
    }


def _minutes(stop: Row, span: Span, now: datetime) -> int:
    """Whole minutes of a stop that lie within the span."""
    ended = unstamp(stop["ended"]) if stop["ended"] else now
    overlap = min(ended, span.ends) - max(unstamp(stop["started"]), span.starts)
    return max(0, int(overlap.total_seconds() // 60))
