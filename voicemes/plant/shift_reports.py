"""What a shift did, in the numbers that a supervisor asks for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from voicemes.plant import kpis, lookups
from voicemes.plant.database import stamp, unstamp

if TYPE_CHECKING:
    from datetime import datetime

    from voicemes.plant.database import Row, Tables
    from voicemes.plant.periods import Span

COMPLETED = """
    SELECT job_order.id AS id FROM job_order JOIN equipment ON equipment.id = equipment
    WHERE status = 'Completed' AND ended >= ? AND ended < ? AND line = coalesce(?, line) ORDER BY ended
"""
STOPS = """
    SELECT reason, started, ended FROM downtime_event JOIN equipment ON equipment.id = equipment
    WHERE status <> 'Cancelled' AND started < ? AND coalesce(ended, ?) > ? AND line = coalesce(?, line)
"""
OPEN_ALERTS = """
    SELECT count(*) AS n FROM work_alert LEFT JOIN equipment ON equipment.id = equipment
    WHERE status = 'Open' AND (? IS NULL OR line = ?)
"""
NONCONFORMANCES = """
    SELECT count(*) AS n FROM nonconformance JOIN unit USING (serial) JOIN equipment ON equipment.id = unit.equipment
    WHERE time >= ? AND time < ? AND line = coalesce(?, line)
"""


def report(tables: Tables, span: Span, line: str | None, now: datetime) -> Row:
    """Orders completed, pieces, stops and nonconformances of the span; alerts are those that are open now."""
    lookups.need_line(tables, line)
    starts, ends = stamp(span.starts), stamp(span.ends)
    elements = kpis.elements_in(tables, line, span)
    completed = [row["id"] for row in tables.all(COMPLETED, starts, ends, line)]
    stops = top_stops(tables, span, line, now)
    alerts = tables.one(OPEN_ALERTS, line, line) or {"n": 0}
    nonconformances = tables.one(NONCONFORMANCES, starts, ends, line) or {"n": 0}
    return {
        "shift": span.name,
        "from": starts,
        "to": ends,
        "line": line,
        "orders_completed": len(completed),
        "orders": completed,
        "good": int(elements["GQ"]),
        "scrap": int(elements["SQ"]),
        "rework": int(elements["RQ"]),
        "top_stops": stops,
        "open_alerts": alerts["n"],
        "nonconformances": nonconformances["n"],
    }


def top_stops(tables: Tables, span: Span, line: str | None, now: datetime) -> list[Row]:
    """Reasons with the whole minutes they cost within the span, the worst first."""
    rows = tables.all(STOPS, stamp(span.ends), stamp(now), stamp(span.starts), line)
    lost: dict[str, timedelta] = {}
    for row in rows:
        ended = unstamp(row["ended"]) if row["ended"] else now
        overlap = min(ended, span.ends) - max(unstamp(row["started"]), span.starts)
        lost[row["reason"]] = lost.get(row["reason"], timedelta()) + overlap
    ranked = sorted(lost.items(), key=lambda item: item[1], reverse=True)
    return [{"reason": reason, "minutes": int(time.total_seconds() // 60)} for reason, time in ranked]
