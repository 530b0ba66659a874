"""How much the plant bears: events written and read, what they take on the disk, and what people wait meanwhile."""

from __future__ import annotations

import asyncio
import math
import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import httpx

from voicemes.errors import MesUnreachable
from voicemes.plant import bodies, event_store
from voicemes.plant.change import SYSTEM
from voicemes.plant.commands import job_orders, units
from voicemes.plant.queries import kpis, work_calendar
from voicemes.plant.server import open_plant
from voicemes.plant.simulation.clock import SteppedClock

if TYPE_CHECKING:
    from voicemes.plant.change import Change
    from voicemes.plant.database import Row, Tables
    from voicemes.plant.plant import Plant

Report: TypeAlias = dict[str, Any]
Progress: TypeAlias = Callable[[int, int], None]

EVENTS_PER_UNIT = 3
"""A unit arrives, is counted, departs."""
UNITS_PER_COMMIT = 20
N_KPI = 100
ARRIVALS_PER_S = 1000
BATCH = 50
"""Measurements that a gateway sends at a time: every twentieth of a second."""
AGES = (1, 10)


@dataclass(frozen=True, slots=True)
class CoreCall:
    """One of the twelve calls, with what must be done before and after it so that it can be made again."""

    name: str
    path: str
    body: Row | None = None
    before: str = ""
    """Posted first; its answer's `job` or the call's `id` fills the path."""
    after: str = ""


DEMAND = {"product": "fold", "quantity": 10}
CALLS = (
    CoreCall("job.next", "/job-lists/SPP-1"),
    CoreCall("instruction.step", "/work-masters/WM-CONTROLLER/steps/2"),
    CoreCall("kpi.get", "/kpis?kpi=oee&line=LINE-1&period=this-week"),
    CoreCall("report.shift", "/shifts/last-shift/report?line=LINE-1"),
    CoreCall("job.start", "/job-orders/{job}/commands", {"command": "Start"}, before="/work-requests"),
    CoreCall("job.complete", "/job-orders/{job}/commands", {"command": "Stop", "good": 10}),
    CoreCall("scrap.report", "/job-orders/4711/material-actuals", {"scrap": 1, "defect": "solder-bridge"}),
    CoreCall("defect.record", "/nonconformances", {"defect": "void", "serial": "123", "component": "U1"}),
    CoreCall("measurement.record", "/test-results", {"characteristic": "paste-height", "value": 141}),
    CoreCall(
        "downtime.start",
        "/downtime-events",
        {"equipment": "PNP-1", "reason": "feeder-jam"},
        after="/downtime-events/{id}:cancel",
    ),
    CoreCall("andon.call", "/work-alerts", {"team": "maintenance", "equipment": "PNP-1"}),
    CoreCall("material.request", "/material-requests", {"material": "r0402", "quantity": 2}),
)
"""In the order in which they are made, again and again."""


# --- the store -------------------------------------------------------------------------------------------------------


def measure_store(file: Path, n_units: int, on_progress: Progress | None = None) -> Report:
    """Writes units into a new plant, reads them again, and asks for a KPI at two ages of the store.

    What is written in the end is ten times `n_units`; a day at one unit a second is 86,400. `on_progress` is told how
    many units are done, and of how many.
    """
    clock = SteppedClock()
    plant = open_plant(file, now=clock.now)
    try:
        empty_bytes = _size(file)
        ages: list[Report] = []
        for age in AGES:
            before = ages[-1]["units"] if ages else 0
            report = partial(_report, on_progress, before, n_units * AGES[-1])
            written_s = _write(plant, clock, n_units * age - before, report)
            ages.append({"age": age, "units": n_units * age, "write_s": written_s, "kpi_ms": _kpi_ms(plant)})
        n_events = n_units * AGES[-1] * EVENTS_PER_UNIT
        size_bytes = _size(file) - empty_bytes
        read_s, n_read = _timed(lambda: _count(plant))
    finally:
        plant.database.close()
    return {
        "units": n_units * AGES[-1],
        "events": n_events,
        "written_per_s": round(n_events / sum(one["write_s"] for one in ages)),
        "read_per_s": round(n_read / read_s),
        "bytes_per_event": round(size_bytes / n_events),
        "megabytes": round(size_bytes / 1e6, 1),
        "memory_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "kpi_ms_by_age": {f"{one['age']}x": one["kpi_ms"] for one in ages},
    }


def _report(on_progress: Progress | None, before: int, total: int, done: int) -> None:
    if on_progress is not None:
        on_progress(before + done, total)


def _write(plant: Plant, clock: SteppedClock, n_units: int, report: Callable[[int], None]) -> float:
    """One unit a second, by the plant's own commands; returns the seconds that it took."""
    with plant.database.read() as tables:
        first = event_store.head(tables)[0]  # no serial is ever used twice
    began_s = time.perf_counter()
    for start in range(first, first + n_units, UNITS_PER_COMMIT):
        clock.wait_until(clock.now() + timedelta(seconds=UNITS_PER_COMMIT))
        with plant.change(SYSTEM) as change:
            for number in range(start, min(start + UNITS_PER_COMMIT, first + n_units)):
                with change.apart():
                    _make(change, f"L{number}")
        report(start - first)
    return time.perf_counter() - began_s


def _make(change: Change, serial: str) -> None:
    units.arrive(change, bodies.Arrival(serial=serial, equipment="FCT-1", job="4801"))
    job_orders.report(change, "4801", bodies.MaterialActual(good=1, serial=serial))
    units.close(change, serial, bodies.Empty())


def _kpi_ms(plant: Plant) -> float:
    """The median of one question about the whole week."""

    def ask(tables: Tables) -> Row:
        span = work_calendar.span(tables, plant.now(), "this-week")
        return kpis.answer(tables, "oee", None, "LINE-3", span, plant.now())

    taken_s = []
    for _ in range(N_KPI):
        with plant.database.read() as tables:
            taken_s.append(_timed(lambda: ask(tables))[0])
    return round(statistics.median(taken_s) * 1000, 3)


def _count(plant: Plant) -> int:
    with plant.database.read() as tables:
        return sum(1 for _ in event_store.everything(tables))


def _size(file: Path) -> int:
    """With what is still in the write-ahead log."""
    return sum(part.stat().st_size for part in file.parent.glob(f"{file.name}*"))


def _timed(do: Callable[[], Any]) -> tuple[float, Any]:
    began_s = time.perf_counter()
    result = do()
    return time.perf_counter() - began_s, result


# --- the calls -------------------------------------------------------------------------------------------------------


async def measure_calls(url: str, seconds: float) -> Report:
    """Makes the twelve calls one after the other while measurements arrive. Raises MesUnreachable."""
    try:
        async with httpx.AsyncClient(base_url=f"{url}/api/v1", trust_env=False, timeout=30.0) as client:
            arriving = asyncio.create_task(_arrive(client, seconds))
            taken_s = await _make_calls(client, arriving)
            n_arrived, took_s = await arriving
    except httpx.HTTPError as error:
        raise MesUnreachable(f"The plant failed under load: {error}.") from error
    p95_ms = {name: round(_p95(values) * 1000, 1) for name, values in taken_s.items()}
    return {
        "arrived_per_s": round(n_arrived / took_s),
        "rounds": min(len(values) for values in taken_s.values()),
        "p95_ms": p95_ms,
        "p95_ms_of_the_slowest": max(p95_ms.values()),
    }


async def _arrive(client: httpx.AsyncClient, seconds: float) -> tuple[int, float]:
    """A gateway: as many measurements as it should have sent by now, at most a batch at a time."""
    loop = asyncio.get_running_loop()
    began_s, n_sent = loop.time(), 0
    item = {"equipment": "OVN-1", "parameter": "temperature", "value": 244.1, "unit": "degC"}
    while (elapsed_s := loop.time() - began_s) < seconds:
        if n_sent + BATCH > elapsed_s * ARRIVALS_PER_S:
            await asyncio.sleep((n_sent + BATCH) / ARRIVALS_PER_S - elapsed_s)
        answer = await client.post("/telemetry", json={"items": [item] * BATCH})
        answer.raise_for_status()
        n_sent += BATCH
    return n_sent, loop.time() - began_s


async def _make_calls(client: httpx.AsyncClient, arriving: asyncio.Task[Any]) -> dict[str, list[float]]:
    taken_s: dict[str, list[float]] = defaultdict(list)
    while not arriving.done():
        known: dict[str, str] = {}
        for call in CALLS:
            if call.before:
                known |= (await _post(client, call.before, DEMAND)).json()
            began_s = time.perf_counter()
            path = call.path.format(**known)
            answer = await (_post(client, path, call.body) if call.body else client.get(path))
            answer.raise_for_status()
            taken_s[call.name].append(time.perf_counter() - began_s)
            if call.after:
                await _post(client, call.after.format(id=answer.json()["id"]), {})
    return taken_s


async def _post(client: httpx.AsyncClient, path: str, body: Row) -> httpx.Response:
    answer = await client.post(path, json=body)
    answer.raise_for_status()
    return answer


def _p95(values: list[float]) -> float:
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]
