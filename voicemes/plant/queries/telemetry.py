"""What machines measure: the last values, and whether a parameter drifts."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from voicemes.plant.database import Row, Tables

LATEST = """
    SELECT telemetry.equipment AS equipment, parameter, value, unit, time, line
    FROM telemetry JOIN equipment ON equipment.id = telemetry.equipment
    WHERE parameter = ?1 AND (?2 IS NULL OR ?2 IN (telemetry.equipment, line)) ORDER BY time DESC LIMIT 100
"""
ALL = "SELECT parameter, value, unit, time FROM telemetry WHERE equipment = ? ORDER BY parameter"
POINTS = "SELECT value, time FROM telemetry_point WHERE equipment = ? AND parameter = ? ORDER BY number"
HOURS = """
    SELECT hour, n, total / n AS mean, lowest, highest FROM telemetry_hour
    WHERE equipment = ? AND parameter = ? ORDER BY hour DESC LIMIT 24
"""
MIN_POINTS = 8
"""As many points on one side of the centre line as Nelson's second rule asks for, less one: fewer say nothing."""
DRIFT_SIGMAS = 1.0
"""The later half lies this many standard deviations of the earlier one away from it: a drift that people would see."""


def latest(tables: Tables, parameter: str, place: str | None) -> Row:
    """The last values of a parameter at a machine, on a line, or everywhere; the newest first."""
    lookups.check(tables, "equipment", place)
    items = tables.all(LATEST, parameter, place)
    if not items:
        raise Problem(Code.NO_DATA, f"There is no {parameter.replace('-', ' ')} measured there.")
    return {"parameter": parameter, "items": items}


def of_equipment(tables: Tables, equipment: str) -> Row:
    lookups.need(tables, "equipment", equipment)
    return {"equipment": equipment, "items": tables.all(ALL, equipment)}


def trend(tables: Tables, equipment: str, parameter: str) -> Row:
    """The last points, their drift (mean of the later half less that of the earlier one), and Cm of ISO 22400."""
    lookups.need(tables, "equipment", equipment)
    points = tables.all(POINTS, equipment, parameter)
    if len(points) < MIN_POINTS:
        raise Problem(Code.NO_DATA, f"There are too few values of {parameter.replace('-', ' ')} for a trend.")
    values = [point["value"] for point in points]
    limits = tables.one("SELECT * FROM test_specification WHERE characteristic = ?", parameter) or {}
    half = len(values) // 2
    drift = statistics.fmean(values[half:]) - statistics.fmean(values[:half])
    spread = statistics.pstdev(values[:half])
    return {
        "equipment": equipment,
        "parameter": parameter,
        "unit": limits.get("unit"),
        "n": len(values),
        "mean": round(statistics.fmean(values), 3),
        "last": values[-1],
        "drift": round(drift, 3),
        "is_drifting": abs(drift) > DRIFT_SIGMAS * spread and drift != 0,
        "lower": limits.get("lower"),
        "upper": limits.get("upper"),
        "cm": _capability(values, limits),
        "points": points,
        "hours": tables.all(HOURS, equipment, parameter),
    }


def _capability(values: list[float], limits: Row) -> float | None:
    """Cm = (USL - LSL) / 6 s; None without both limits or without spread."""
    sigma = statistics.stdev(values)
    if limits.get("lower") is None or limits.get("upper") is None or sigma == 0:
        return None
    return round(float(limits["upper"] - limits["lower"]) / (6 * sigma), 2)
