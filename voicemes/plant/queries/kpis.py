"""ISO 22400-2 KPIs from stored elements. Each answer carries its elements, so that a supervisor can check it.

Where a divisor is zero there is no data: never 0, never 1. Effectiveness above 100 percent is reported, not clipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from voicemes.plant import periods
from voicemes.plant.database import stamp, unstamp
from voicemes.plant.problems import Code, Problem
from voicemes.plant.projections.kpis import elements_of
from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from datetime import datetime

    from voicemes.plant.database import Row, Tables

Elements: TypeAlias = Mapping[str, float]
KpiName: TypeAlias = Literal[
    "oee",
    "availability",
    "effectiveness",
    "quality-ratio",
    "first-pass-yield",
    "throughput-rate",
    "cycle-time",
    "scrap-ratio",
    "rework-ratio",
    "energy-per-unit",
    "mtbf",
    "mttr",
    "utilization",
]
KPI_NAMES: tuple[KpiName, ...] = get_args(KpiName)

MEANING = {
    "PBT": "the planned busy time",
    "APT": "the production time",
    "AUBT": "the busy time",
    "AOET": "the order execution time",
    "PQ": "the produced quantity",
    "IP": "the number of inspected pieces",
    "FE": "the number of failures",
}
"""The divisors, as people say them."""

INITIALS = frozenset({"oee", "mtbf", "mttr"})


class NoDataError(Exception):
    """A divisor, named by its element, is zero."""


@dataclass(frozen=True, slots=True)
class Kpi:
    unit: str
    elements: tuple[str, ...]
    """What the formula reads."""
    formula: Callable[[Elements], float]
    digits: int = 1
    """Decimals that are worth saying."""


def _ratio(elements: Elements, part: str, whole: str) -> float:
    if elements[whole] == 0:
        raise NoDataError(whole)
    return elements[part] / elements[whole]


def _percent(part: str, whole: str) -> Kpi:
    return Kpi("percent", (part, whole), lambda elements: 100 * _ratio(elements, part, whole))


def _effectiveness(elements: Elements) -> float:
    """PRI x PQ / APT; above 1 where the planned run time per item (PRI) was too long."""
    return elements["PRI"] * _ratio(elements, "PQ", "APT")


def _oee(elements: Elements) -> float:
    availability = _ratio(elements, "APT", "PBT")
    return availability * _effectiveness(elements) * _ratio(elements, "GQ", "PQ")


KPIS: dict[KpiName, Kpi] = {
    "oee": Kpi("percent", ("PBT", "APT", "PRI", "PQ", "GQ"), lambda elements: 100 * _oee(elements)),
    "availability": _percent("APT", "PBT"),
    "effectiveness": Kpi("percent", ("PRI", "PQ", "APT"), lambda elements: 100 * _effectiveness(elements)),
    "quality-ratio": _percent("GQ", "PQ"),
    "first-pass-yield": _percent("GP", "IP"),
    "throughput-rate": Kpi("pieces per minute", ("PQ", "AOET"), lambda elements: _ratio(elements, "PQ", "AOET"), 2),
    "cycle-time": Kpi("seconds", ("APT", "PQ"), lambda elements: 60 * _ratio(elements, "APT", "PQ")),
    "scrap-ratio": _percent("SQ", "PQ"),
    "rework-ratio": _percent("RQ", "PQ"),
    "energy-per-unit": Kpi("kWh", ("EC", "PQ"), lambda elements: _ratio(elements, "EC", "PQ"), 3),
    "mtbf": Kpi("minutes", ("TBF", "FE"), lambda elements: _ratio(elements, "TBF", "FE")),
    "mttr": Kpi("minutes", ("TTR", "FE"), lambda elements: _ratio(elements, "TTR", "FE")),
    "utilization": _percent("APT", "AUBT"),
}

SUM = """
    SELECT coalesce(sum(pbt), 0) AS PBT, coalesce(sum(apt), 0) AS APT, coalesce(sum(aubt), 0) AS AUBT,
           coalesce(sum(aoet), 0) AS AOET, coalesce(sum(pri * pq) / nullif(sum(pq), 0), 0) AS PRI,
           coalesce(sum(pq), 0) AS PQ, coalesce(sum(gq), 0) AS GQ, coalesce(sum(sq), 0) AS SQ,
           coalesce(sum(rq), 0) AS RQ, coalesce(sum(gp), 0) AS GP, coalesce(sum(ip), 0) AS IP,
           coalesce(sum(fe), 0) AS FE, coalesce(sum(tbf), 0) AS TBF, coalesce(sum(ttr), 0) AS TTR,
           coalesce(sum(ec), 0) AS EC
    FROM kpi_element WHERE hour >= ?1 AND hour < ?2 AND
"""
"""PRI is the mean over the pieces."""
LINES = "SELECT id FROM equipment WHERE level = 'ProductionLine'"
PLACE = SUM + " equipment = ?3"
PLANT = SUM + f" equipment IN ({LINES}) AND ?3 IS NULL"
"""All lines are summed, not their machines. Both read the hours of the period by the primary key, however old the
store is."""
RUNNING = """
    SELECT id, line, state, accrued_until FROM equipment WHERE accrued_until IS NOT NULL
    AND ((?1 IS NULL AND ends_line) OR id = ?1 OR (ends_line AND line = ?1))
"""


def elements_in(tables: Tables, place: str | None, span: periods.Span, now: datetime) -> dict[str, float]:
    """The elements of the hours that begin in `span`, for one machine or line, or for the whole plant.

    To what the events have counted comes the time of the state that still runs.
    """
    row = tables.one(PLACE if place else PLANT, stamp(span.starts), stamp(span.ends), place) or {}
    elements = {name: float(value) for name, value in row.items()}
    for machine in tables.all(RUNNING, place):
        since = max(unstamp(machine["accrued_until"]), span.starts)
        for element in elements_of(machine["state"]):
            elements[element.upper()] += max(0.0, (min(span.ends, now) - since).total_seconds() / 60)
    return elements


def evaluate(name: KpiName, elements: Elements) -> float:
    """The KPI in its unit, rounded to what is worth saying. Raises NoDataError."""
    kpi = KPIS[name]
    return round(kpi.formula(elements), kpi.digits)


def about(name: KpiName, scope: str | None, span: periods.Span, elements: Elements) -> Row:
    """What a KPI is of, and what it is made from."""
    shown = {element: round(elements[element], 3) for element in KPIS[name].elements}
    row: Row = {"kpi": name, "scope": scope or "plant", "period": span.name, "elements": shown}
    return row | {"from": stamp(span.starts), "to": stamp(span.ends), "unit": KPIS[name].unit}


def of_lines(tables: Tables, span: periods.Span, now: datetime) -> Iterator[Row]:
    """Every KPI of every line; without those that have no data."""
    for line in tables.all(LINES):
        elements = elements_in(tables, line["id"], span, now)
        for name in KPI_NAMES:
            with suppress(NoDataError):
                yield {**about(name, line["id"], span, elements), "value": evaluate(name, elements)}


def answer(
    tables: Tables, name: KpiName, equipment: str | None, line: str | None, span: periods.Span, now: datetime
) -> Row:
    """One KPI of a machine, else of a line, else of the plant, with the elements it was made from."""
    lookups.need_line(tables, line)
    scope = equipment or line
    place = lookups.spoken(lookups.need(tables, "equipment", scope)) if scope else "The plant"
    elements = elements_in(tables, scope, span, now)
    told = about(name, scope, span, elements)
    try:
        return {**told, "value": evaluate(name, elements)}
    except NoDataError as error:
        spoken = name.upper() if name in INITIALS else name.replace("-", " ")
        sentence = f"{place} has no data for {spoken}: {MEANING[str(error)]} is zero."
        raise Problem(Code.NO_DATA, sentence, told) from error
