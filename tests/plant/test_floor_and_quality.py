"""Downtime, calls, material, nonconformances, measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from voicemes.plant.commands.quality import verdict

if TYPE_CHECKING:
    import httpx


async def state_of(client: httpx.AsyncClient, equipment: str) -> tuple[int, str | None, str | None]:
    state = (await client.get(f"/equipment/{equipment}/state")).json()
    return state["code"], state["reason"], state["downtime_event"]


async def test_downtime_puts_the_machine_into_the_e10_state_of_its_reason(client: httpx.AsyncClient) -> None:
    body = {"equipment": "SPP-1", "reason": "stencil-clog"}
    answer = (await client.post("/downtime-events", json=body)).json()
    assert (answer["status"], answer["started"]) == ("Open", "2026-03-03T15:20:00.000Z")
    assert await state_of(client, "SPP-1") == (5500, "stencil-clog", answer["id"])


async def test_a_cancelled_downtime_gives_the_machine_its_state_back(client: httpx.AsyncClient) -> None:
    answer = (await client.post("/downtime-events", json={"equipment": "SPP-1", "reason": "cleaning"})).json()
    cancelled = await client.post(f"/downtime-events/{answer['id']}:cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "Cancelled")
    assert await state_of(client, "SPP-1") == (1100, None, None)


async def test_a_machine_is_down_once(client: httpx.AsyncClient) -> None:
    await client.post("/downtime-events", json={"equipment": "SPP-1", "reason": "stencil-clog"})
    again = await client.post("/downtime-events", json={"equipment": "SPP-1", "reason": "feeder-jam"})
    assert (again.status_code, again.json()["detail"]) == (409, "Printer one is already down: stencil clog.")


async def test_a_machine_that_is_down_stays_down_when_an_order_starts(client: httpx.AsyncClient) -> None:
    await client.post("/downtime-events", json={"equipment": "ROB-2", "reason": "sensor-fault"})
    await client.post("/job-orders/4902/commands", json={"command": "Start"})
    assert (await state_of(client, "ROB-2"))[0] == 5300


async def test_a_call_is_open_until_it_is_taken_back(client: httpx.AsyncClient) -> None:
    body = {"team": "maintenance", "equipment": "PRS-3", "text": "oil on the floor"}
    alert = (await client.post("/work-alerts", json=body)).json()
    assert (alert["status"], alert["operator"], alert["text"]) == ("Open", "Ana", "oil on the floor")
    assert alert["id"].isdigit()
    assert (await client.post(f"/work-alerts/{alert['id']}:cancel")).json()["status"] == "Cancelled"
    assert (await client.post(f"/work-alerts/{alert['id']}:cancel")).json()["code"] == "already_closed"


async def test_material_is_requested_in_its_own_unit_unless_another_is_named(client: httpx.AsyncClient) -> None:
    rolls = (await client.post("/material-requests", json={"material": "r0402", "quantity": 2})).json()
    pieces = {"material": "r0402", "quantity": 2, "unit": "pieces", "line": "LINE-1"}
    assert rolls["unit"] == "rolls"
    assert (await client.post("/material-requests", json=pieces)).json()["unit"] == "pieces"


async def test_a_material_request_can_be_taken_back(client: httpx.AsyncClient) -> None:
    request = (await client.post("/material-requests", json={"material": "flux", "quantity": 1})).json()["id"]
    assert (await client.post(f"/material-requests/{request}:cancel", json={})).json()["status"] == "Cancelled"


async def test_a_nonconformance_is_on_the_record_of_its_unit(client: httpx.AsyncClient) -> None:
    body = {"defect": "tombstone", "serial": "123", "component": "U7"}
    opened = (await client.post("/nonconformances", json=body)).json()
    (record,) = (await client.get("/units/123")).json()["nonconformances"]
    assert (str(record["id"]), record["defect"], record["component"]) == (opened["id"], "tombstone", "U7")


@pytest.mark.parametrize(
    ("value", "lower", "upper", "expected"),
    [
        (120, 120, 160, "pass"),
        (160, 120, 160, "pass"),
        (119.9, 120, 160, "fail"),
        (160.1, 120, 160, "fail"),
        (-5, None, 50, "pass"),
        (51, None, 50, "fail"),
        (1, 2, None, "fail"),
        (1, None, None, "none"),
    ],
)
def test_the_limits_themselves_pass(value: float, lower: float | None, upper: float | None, expected: str) -> None:
    assert verdict(value, lower, upper) == expected


async def test_a_measurement_gets_its_verdict_and_its_limits(client: httpx.AsyncClient) -> None:
    body = {"characteristic": "paste-height", "value": 171, "unit": "um", "serial": "123"}
    answer = (await client.post("/test-results", json=body)).json()
    assert (answer["result"], answer["lower"], answer["upper"], answer["unit"]) == ("fail", 120, 160, "um")
    assert (await client.get("/units/123")).json()["test_results"][0]["result"] == "fail"


async def test_a_measurement_without_a_unit_is_in_that_of_the_specification(client: httpx.AsyncClient) -> None:
    answer = (await client.post("/test-results", json={"characteristic": "torque", "value": 0.5})).json()
    assert (answer["unit"], answer["result"]) == ("Nm", "pass")


async def test_a_measurement_in_another_unit_is_refused_and_not_converted(client: httpx.AsyncClient) -> None:
    body = {"characteristic": "paste-height", "value": 0.14, "unit": "mm"}
    answer = await client.post("/test-results", json=body)
    assert answer.json()["detail"] == "Paste height is measured in microns, not in millimetres."
