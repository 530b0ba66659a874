"""Shifts, production days, and the report about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.plant.periods import (
    DAY,
    PERIODS,
    SHIFT,
    anchor_at,
    named,
    shift_at,
    span_of,
)

if TYPE_CHECKING:
    import httpx
    from conftest import StoppedClock

SEEDED = datetime(2026, 3, 3, 15, 20, tzinfo=UTC)
ANCHOR = anchor_at(SEEDED)


def test_a_fresh_plant_stands_five_hours_into_its_second_shift() -> None:
    shift = shift_at(ANCHOR, SEEDED)
    assert (shift.name, SEEDED - shift.starts) == ("2026-03-03-late", timedelta(hours=5, minutes=20))


@given(st.integers(min_value=-10_000, max_value=1_000_000))
def test_shifts_follow_each_other_without_a_gap(minutes: int) -> None:
    now = SEEDED + timedelta(minutes=minutes)
    shift, before = shift_at(ANCHOR, now), shift_at(ANCHOR, now, ago=1)
    assert shift.starts <= now < shift.ends == shift.starts + SHIFT
    assert before.ends == shift.starts
    assert before.name != shift.name


@given(st.integers(min_value=0, max_value=100_000))
def test_today_follows_yesterday(minutes: int) -> None:
    now = SEEDED + timedelta(minutes=minutes)
    today, yesterday = span_of(ANCHOR, now, "today"), span_of(ANCHOR, now, "yesterday")
    assert yesterday.ends == today.starts <= now
    assert yesterday.ends - yesterday.starts == DAY


def test_a_shift_is_found_by_its_id() -> None:
    last = shift_at(ANCHOR, SEEDED, ago=1)
    assert named(ANCHOR, SEEDED, last.name) == last


@pytest.mark.parametrize("name", ["this", "last", *PERIODS])
async def test_every_period_has_a_report(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/shifts/{name}/report")).status_code == 200


async def test_the_report_has_what_a_supervisor_asks_for(client: httpx.AsyncClient) -> None:
    report = (await client.get("/shifts/last/report")).json()
    assert report["orders"] == ["4708", "4709", "4800"]
    assert (report["good"], report["scrap"], report["rework"]) == (3775, 45, 32)
    assert report["top_stops"][0] == {"reason": "stencil-clog", "minutes": 45}
    assert (report["open_alerts"], report["nonconformances"]) == (1, 1)


async def test_the_report_can_be_about_one_line(client: httpx.AsyncClient) -> None:
    report = (await client.get("/shifts/last/report", params={"line": "LINE-3"})).json()
    assert (report["orders"], report["good"], report["open_alerts"]) == (["4800"], 2032, 0)
    assert report["top_stops"] == [{"reason": "no-material", "minutes": 21}]


async def test_what_happens_now_is_in_the_report_of_this_shift(client: httpx.AsyncClient, clock: StoppedClock) -> None:
    before = (await client.get("/shifts/this/report", params={"line": "LINE-1"})).json()
    await client.post("/job-orders/4711/commands", json={"command": "Stop", "good": 50, "scrap": 2, "defect": "void"})
    await client.post("/nonconformances", json={"defect": "void", "serial": "123"})
    await client.post("/work-alerts", json={"team": "quality", "equipment": "SPP-1"})
    await client.post("/downtime-events", json={"equipment": "SPP-1", "reason": "stencil-clog"})
    clock.advance(minutes=30)
    after = (await client.get("/shifts/this/report", params={"line": "LINE-1"})).json()
    assert (after["good"] - before["good"], after["scrap"] - before["scrap"]) == (50, 2)
    assert after["orders"] == [*before["orders"], "4711"]
    assert after["nonconformances"] == before["nonconformances"] + 1
    assert after["open_alerts"] == before["open_alerts"] + 1
    assert after["top_stops"][0] == {"reason": "stencil-clog", "minutes": 30}


async def test_a_stop_counts_only_within_the_shift(client: httpx.AsyncClient, clock: StoppedClock) -> None:
    """AOI-2 is down since the running shift began, and stays down into the next one."""
    clock.advance(hours=3)
    report = (await client.get("/shifts/last/report", params={"line": "LINE-2"})).json()
    assert {"reason": "sensor-fault", "minutes": 480} in report["top_stops"]


async def test_a_cancelled_stop_is_not_in_the_report(client: httpx.AsyncClient, clock: StoppedClock) -> None:
    started = await client.post("/downtime-events", json={"equipment": "ROB-1", "reason": "power-loss"})
    clock.advance(minutes=5)
    await client.post(f"/downtime-events/{started.json()['id']}:cancel")
    report = (await client.get("/shifts/this/report")).json()
    assert "power-loss" not in {stop["reason"] for stop in report["top_stops"]}
