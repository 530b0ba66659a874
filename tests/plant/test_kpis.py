"""ISO 22400-2: the formulas, their elements, and the traps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from voicemes.plant.queries.kpis import KPI_NAMES, KPIS, PLACE, PLANT, KpiName, NoDataError, evaluate

if TYPE_CHECKING:
    import httpx
    from conftest import StoppedClock
    from fastapi import FastAPI

ELEMENTS = {
    "PBT": 400.0,
    "APT": 300.0,
    "AUBT": 375.0,
    "AOET": 390.0,
    "PRI": 0.5,
    "PQ": 500.0,
    "GQ": 450.0,
    "SQ": 30.0,
    "RQ": 20.0,
    "GP": 440.0,
    "IP": 500.0,
    "FE": 3.0,
    "TBF": 300.0,
    "TTR": 60.0,
    "EC": 125.0,
}
EXPECTED: dict[KpiName, float] = {
    "oee": 56.2,  # 0.75 x 0.8333 x 0.9
    "availability": 75.0,
    "effectiveness": 83.3,
    "quality-ratio": 90.0,
    "first-pass-yield": 88.0,
    "throughput-rate": 1.28,
    "cycle-time": 36.0,
    "scrap-ratio": 6.0,
    "rework-ratio": 4.0,
    "energy-per-unit": 0.25,
    "mtbf": 100.0,
    "mttr": 20.0,
    "utilization": 80.0,
}
NOTHING = dict.fromkeys(ELEMENTS, 0.0)


@pytest.mark.parametrize("name", KPI_NAMES)
def test_the_formula_is_that_of_the_standard(name: KpiName) -> None:
    assert evaluate(name, ELEMENTS) == pytest.approx(EXPECTED[name])


@pytest.mark.parametrize("name", KPI_NAMES)
def test_without_production_there_is_no_data(name: KpiName) -> None:
    with pytest.raises(NoDataError):
        evaluate(name, NOTHING)


@pytest.mark.parametrize("element", ["PBT", "APT", "PQ"])
def test_oee_has_no_value_when_one_of_its_divisors_is_zero(element: str) -> None:
    with pytest.raises(NoDataError, match=element):
        evaluate("oee", {**ELEMENTS, element: 0.0})


def test_effectiveness_above_one_is_reported_not_clipped() -> None:
    assert evaluate("effectiveness", {**ELEMENTS, "PRI": 0.9}) == 150.0


async def get_kpi(client: httpx.AsyncClient, kpi: str, **query: str) -> httpx.Response:
    return await client.get("/kpis", params={"kpi": kpi, **query})


@pytest.mark.parametrize("name", KPI_NAMES)
async def test_the_elements_beside_the_value_prove_it(client: httpx.AsyncClient, name: KpiName) -> None:
    answer = (await get_kpi(client, name, line="LINE-1")).json()
    assert set(answer["elements"]) == set(KPIS[name].elements)
    assert answer["value"] == evaluate(name, answer["elements"])
    assert answer["unit"] == KPIS[name].unit


async def test_the_oee_of_a_line_is_measured_at_the_line(client: httpx.AsyncClient) -> None:
    answer = (await get_kpi(client, "oee", line="LINE-1")).json()
    assert (answer["value"], answer["scope"], answer["period"]) == (79.2, "LINE-1", "this-shift")
    assert answer["elements"] == {"PBT": 300, "APT": 262, "PRI": 0.45, "PQ": 540, "GQ": 528}


async def test_without_a_place_the_lines_are_summed_and_not_their_machines(client: httpx.AsyncClient) -> None:
    elements = (await get_kpi(client, "availability")).json()["elements"]
    assert elements["PBT"] == 4 * 300


@pytest.mark.parametrize(
    ("equipment", "sentence"),
    [
        ("ROB-2", "Robot two has no data for OEE: the planned busy time is zero."),
        ("AOI-2", "A O I two has no data for OEE: the production time is zero."),
    ],
)
async def test_no_data_is_said_and_not_zero(client: httpx.AsyncClient, equipment: str, sentence: str) -> None:
    answer = await get_kpi(client, "oee", equipment=equipment)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_data")
    assert answer.json()["detail"] == sentence
    assert "value" not in answer.json()


async def test_all_lines_at_once_say_what_each_says_alone(client: httpx.AsyncClient) -> None:
    """In one request instead of one for each; what has no data is left out."""
    items = (await client.get("/kpis/lines", params={"period": "last-shift"})).json()["items"]
    told = {(item["scope"], item["kpi"]): item for item in items}
    for line in ("LINE-1", "LINE-2", "LINE-3", "LINE-4"):
        for kpi in KPI_NAMES:
            alone = await get_kpi(client, kpi, line=line, period="last-shift")
            assert told.get((line, kpi)) == (alone.json() if alone.is_success else None)
    assert ("LINE-1", "oee") in told


async def test_what_is_reported_counts_at_once_for_machine_and_line(client: httpx.AsyncClient) -> None:
    await client.post("/job-orders/4711/material-actuals", json={"scrap": 10, "defect": "void"})
    for query, produced, scrapped in (({"equipment": "SPP-1"}, 562, 16), ({"line": "LINE-1"}, 550, 18)):
        elements = (await get_kpi(client, "scrap-ratio", **query)).json()["elements"]
        assert elements == {"PQ": produced, "SQ": scrapped}


async def test_a_report_in_a_new_hour_keeps_the_run_time_per_item(client: httpx.AsyncClient) -> None:
    await client.post("/job-orders/4711/material-actuals", json={"good": 40})
    elements = (await get_kpi(client, "oee", equipment="SPP-1")).json()["elements"]
    assert (elements["PRI"], elements["PQ"]) == (0.45, 592)


async def test_a_shift_in_which_nothing_was_stored_has_no_data(client: httpx.AsyncClient, clock: StoppedClock) -> None:
    clock.advance(hours=8)
    assert (await get_kpi(client, "oee", line="LINE-1")).json()["code"] == "no_data"
    assert (await get_kpi(client, "oee", line="LINE-1", period="last-shift")).json()["value"] == 79.2


async def test_time_counts_in_the_state_that_runs(client: httpx.AsyncClient, clock: StoppedClock) -> None:
    """From its first event on: half an hour down, then an hour of production, of which nobody has told yet."""
    down = (await client.post("/downtime-events", json={"equipment": "WLD-1", "reason": "power-loss"})).json()["id"]
    before = (await get_kpi(client, "availability", equipment="WLD-1")).json()["elements"]
    clock.advance(minutes=30)
    await client.post(f"/downtime-events/{down}:end", json={})
    await client.post("/job-orders/4903/commands", json={"command": "Start"})
    clock.advance(minutes=60)
    after = (await get_kpi(client, "availability", equipment="WLD-1")).json()["elements"]
    assert (after["PBT"] - before["PBT"], after["APT"] - before["APT"]) == (90, 60)
    repair = (await get_kpi(client, "mttr", equipment="WLD-1")).json()["elements"]
    assert repair == {"TTR": 38, "FE": 2}


async def test_a_line_has_the_times_of_the_machine_that_ends_it(client: httpx.AsyncClient, clock: StoppedClock) -> None:
    for equipment in ("SPP-1", "AOI-1"):
        await client.post("/downtime-events", json={"equipment": equipment, "reason": "sensor-fault"})
    clock.advance(minutes=10)
    assert (await get_kpi(client, "mttr", line="LINE-1")).json()["elements"] == {"TTR": 27, "FE": 3}


@pytest.mark.parametrize("sql", [PLACE, PLANT])
def test_a_kpi_reads_the_hours_of_its_period_and_nothing_else(app: FastAPI, sql: str) -> None:
    with app.state.plant.database.read() as tables:
        steps = [row["detail"] for row in tables.all(f"EXPLAIN QUERY PLAN {sql}", "2026-03-03", "2026-03-04", "LINE-1")]
    assert "SEARCH kpi_element USING INDEX sqlite_autoindex_kpi_element_1 (equipment=? AND hour>? AND hour<?)" in steps
