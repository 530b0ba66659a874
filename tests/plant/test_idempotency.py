"""A key is answered once: again with the same body, never with another, and never twice at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from voicemes.plant.change import Change

if TYPE_CHECKING:
    import httpx
    import pytest
    from fastapi import FastAPI

ACTUALS = "/job-orders/4711/material-actuals"


def key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": name}


async def scrapped(client: httpx.AsyncClient) -> int:
    return int((await client.get("/job-orders/4711")).json()["scrap"])


async def test_the_same_request_gets_the_stored_answer(client: httpx.AsyncClient) -> None:
    first = await client.post(ACTUALS, json={"scrap": 1}, headers=key("a"))
    second = await client.post(ACTUALS, json={"scrap": 1}, headers=key("a"))
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert await scrapped(client) == 4


async def test_without_a_key_every_request_counts(client: httpx.AsyncClient) -> None:
    await client.post(ACTUALS, json={"scrap": 1})
    await client.post(ACTUALS, json={"scrap": 1})
    assert await scrapped(client) == 5


async def test_another_body_path_or_operator_under_the_same_key_is_refused(client: httpx.AsyncClient) -> None:
    await client.post(ACTUALS, json={"scrap": 1}, headers=key("a"))
    answers = [
        await client.post(ACTUALS, json={"scrap": 2}, headers=key("a")),
        await client.post("/job-orders/4801/material-actuals", json={"scrap": 1}, headers=key("a")),
        await client.post(ACTUALS, json={"scrap": 1}, headers={**key("a"), "On-Behalf-Of": "Ben"}),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(422, "key_reused")] * 3
    assert await scrapped(client) == 4


async def test_a_refusal_stays_a_refusal(client: httpx.AsyncClient) -> None:
    """An operator who heard "no" is not overtaken by a repetition that would succeed by now."""
    path = "/job-orders/4712/commands"
    refused = await client.post(path, json={"command": "Start"}, headers=key("a"))
    await client.post("/job-orders/4711/commands", json={"command": "Stop"})
    again = await client.post(path, json={"command": "Start"}, headers=key("a"))
    assert (refused.status_code, again.status_code, again.content) == (409, 409, refused.content)
    assert again.headers["Content-Type"] == "application/problem+json"
    assert (await client.post(path, json={"command": "Start"}, headers=key("b"))).status_code == 200


async def test_a_key_whose_first_request_still_runs_is_refused(client: httpx.AsyncClient, app: FastAPI) -> None:
    with app.state.plant.once_at_a_time("a"):
        answer = await client.post(ACTUALS, json={"scrap": 1}, headers=key("a"))
    assert (answer.status_code, answer.json()["code"]) == (409, "request_in_progress")
    assert (await client.post(ACTUALS, json={"scrap": 1}, headers=key("a"))).status_code == 201


async def test_twenty_duplicates_at_once_make_one_record(client: httpx.AsyncClient) -> None:
    requests = [client.post(ACTUALS, json={"scrap": 1}, headers=key("a")) for _ in range(20)]
    answers = await asyncio.gather(*requests)
    fresh = [a for a in answers if a.status_code == 201 and "Idempotency-Replayed" not in a.headers]
    others = [a for a in answers if a not in fresh]
    assert len(fresh) == 1
    assert all(a.status_code == 201 or a.json()["code"] == "request_in_progress" for a in others)
    assert await scrapped(client) == 4


async def test_twenty_requests_at_once_are_all_counted(client: httpx.AsyncClient) -> None:
    requests = [client.post(ACTUALS, json={"scrap": 1}, headers=key(str(n))) for n in range(20)]
    assert {answer.status_code for answer in await asyncio.gather(*requests)} == {201}
    assert await scrapped(client) == 23


async def test_a_change_that_breaks_halfway_leaves_nothing(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the disk is gone")

    with monkeypatch.context() as broken:
        broken.setattr(Change, "emit", fail)
        answer = await client.post(ACTUALS, json={"scrap": 1}, headers=key("a"))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "disk" not in answer.text
    assert await scrapped(client) == 3
    assert (await client.post(ACTUALS, json={"scrap": 1}, headers=key("a"))).status_code == 201
