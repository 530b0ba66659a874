"""What a shift did, in the numbers that a supervisor asks for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from voicemes.plant.database import stamp, unstamp
from voicemes.plant.queries import kpis, lookups, robots

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
    WHERE started < ?1 AND line = coalesce(?3, line)
    AND (status = 'Open' OR (status = 'Closed' AND ended > ?2))
"""
OPEN_ALERTS = """
    SELECT count(*) FROM work_alert LEFT JOIN equipment ON equipment.id = equipment
    WHERE status IN ('Open', 'Acknowledged') AND (?1 IS NULL OR line = ?1)
"""
NONCONFORMANCES = """
    SELECT coalesce(disposition, lower(nonconformance.status)) AS outcome, count(*) AS n
    FROM nonconformance JOIN unit USING (serial) JOIN equipment ON equipment.id = unit.equipment
    WHERE time >= ? AND time < ? AND line = coalesce(?, line) GROUP BY 1 ORDER BY 1
"""
DECISIONS = """
    SELECT type, subject, line, rule, inputs, outcome, reason, time FROM decision
    WHERE time >= ?1 AND time < ?2 AND (?3 IS NULL OR line = ?3) ORDER BY time, id LIMIT 100
"""
ROBOTS = "SELECT id FROM equipment WHERE text = 'humanoid intern' AND line = coalesce(?, line) ORDER BY id"


def report(tables: Tables, span: Span, line: str | None, now: datetime) -> Row:
    """Orders completed, pieces, stops, nonconformances, robots, energy and decisions of the span.

    Alerts are those that are open now.
    """
    lookups.need_line(tables, line)
    starts, ends = stamp(span.starts), stamp(span.ends)
    elements = kpis.elements_in(tables, line, span, now)
    completed = [row["id"] for row in tables.all(COMPLETED, starts, ends, line)]
    outcomes = {row["outcome"]: row["n"] for row in tables.all(NONCONFORMANCES, starts, ends, line)}
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
        "top_stops": top_stops(tables, span, line, now),
        "open_alerts": tables.value(OPEN_ALERTS, line),
        "nonconformances": sum(outcomes.values()),
        "nonconformance_outcomes": outcomes,
        "robots": [robots.record(tables, row["id"], span) for row in tables.all(ROBOTS, line)],
        "energy_kwh": round(elements["EC"], 1),
        "decisions": tables.all(DECISIONS, starts, ends, line),
    }


def top_stops(tables: Tables, span: Span, line: str | None, now: datetime) -> list[Row]:
    """Reasons with the whole minutes they cost within the span, the worst first."""
    rows = tables.all(STOPS, stamp(span.ends), stamp(span.starts), line)
    lost: dict[str, timedelta] = {}
    for row in rows:
        ended = unstamp(row["ended"]) if row["ended"] else now
        overlap = min(ended, span.ends) - max(unstamp(row["started"]), span.starts)
        lost[row["reason"]] = lost.get(row["reason"], timedelta()) + overlap
    ranked = sorted(lost.items(), key=lambda item: item[1], reverse=True)
    return [{"reason": reason, "minutes": int(time.total_seconds() // 60)} for reason, time in ranked]
