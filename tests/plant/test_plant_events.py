"""The stream: every change is in it, in the words of mes.md, with who did it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

CHANGES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("/job-orders/4902/commands", {"command": "Start"}, ["job-order.started", "equipment.state-changed"]),
    ("/job-orders/4711/commands", {"command": "Pause"}, ["job-order.paused", "equipment.state-changed"]),
    ("/job-orders/4804/commands", {"command": "Resume"}, ["job-order.resumed", "equipment.state-changed"]),
    ("/job-orders/4712/commands", {"command": "Hold"}, ["job-order.held"]),
    ("/job-orders/4715/commands", {"command": "Restart"}, ["job-order.resumed", "equipment.state-changed"]),
    ("/job-orders/4713/commands", {"command": "Abort"}, ["job-order.aborted"]),
    (
        "/job-orders/4711/commands",
        {"command": "Stop", "good": 5},
        ["quantity.reported", "job-order.completed", "equipment.state-changed"],
    ),
    ("/job-orders/4711/material-actuals", {"good": 1}, ["quantity.reported"]),
    (
        "/job-orders/4711/material-actuals",
        {"scrap": 1, "serial": "123"},
        ["quantity.reported", "unit.disqualified"],
    ),
    ("/nonconformances", {"defect": "void", "serial": "123"}, ["nonconformance.opened"]),
    ("/test-results", {"characteristic": "gap", "value": 0.2}, ["test-result.recorded"]),
    (
        "/downtime-events",
        {"equipment": "SPP-1", "reason": "cleaning"},
        ["downtime.classified", "equipment.state-changed"],
    ),
    ("/downtime-events/7:cancel", {}, ["downtime.classified", "equipment.state-changed"]),
    ("/work-alerts", {"team": "safety"}, ["alert.raised"]),
    ("/work-alerts/2:cancel", {}, ["alert.resolved"]),
    ("/material-requests", {"material": "flux", "quantity": 1}, ["material.requested"]),
]


@pytest.mark.parametrize(("path", "body", "types"), CHANGES)
async def test_every_change_is_in_the_stream(
    client: httpx.AsyncClient, path: str, body: dict[str, Any], types: list[str]
) -> None:
    answer = await client.post(path, json=body, headers={"Idempotency-Key": "k-1"})
    assert answer.status_code in {200, 201}
    events = (await client.get("/events")).json()["items"]
    assert [event["type"] for event in events] == [f"mes.{name}" for name in types]
    for event in events:
        assert (event["specversion"], event["operator"], event["actortype"]) == ("1.0", "Ana", "human")
        assert (event["idempotencykey"], event["time"]) == ("k-1", "2026-03-03T15:20:00.000Z")


async def test_the_stream_is_read_in_pages(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        await client.post("/job-orders/4711/material-actuals", json={"good": 1})
    first = (await client.get("/events", params={"limit": 2})).json()
    rest = (await client.get("/events", params={"after": first["last"]})).json()
    end = (await client.get("/events", params={"after": rest["last"]})).json()
    assert [event["id"] for event in first["items"] + rest["items"]] == ["1", "2", "3"]
    assert (end["items"], end["last"]) == ([], 3)


async def test_a_machine_that_asks_for_itself_is_no_human(client: httpx.AsyncClient) -> None:
    del client.headers["On-Behalf-Of"]
    await client.post("/work-alerts", json={"team": "safety"})
    (event,) = (await client.get("/events")).json()["items"]
    assert (event["operator"], event["actortype"]) == (None, "remotesystem")
