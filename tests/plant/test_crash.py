"""The power fails while everyone writes: nothing acknowledged is lost, nothing is done twice, the chain is whole."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from voicemes.plant import rebuild
from voicemes.plant.process import PlantProcess

if TYPE_CHECKING:
    from pathlib import Path

N_KILLS = int(os.environ.get("VOICEMES_PLANT_KILLS", "12"))
"""A run of 200 is the acceptance; 20 find what is broken in half a minute."""
N_WRITERS = 8
WRITES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/job-orders/4711/material-actuals", {"good": 1}),
    ("/work-alerts", {"team": "safety"}),
    ("/test-results", {"characteristic": "paste-height", "value": 140, "equipment": "SPP-1"}),
    ("/material-lots/1204:consume", {"quantity": 1, "job": "4801"}),
    ("/units/123:move", {"target": "AOI-1"}),
    ("/persons/Ana/sessions", {"activity": "cleaning"}),
    ("/persons/Ana/sessions", {"job": "4711"}),
    ("/job-orders/4711/material-actuals", {"scrap": 1, "defect": "void"}),
)
Sent = dict[str, tuple[str, dict[str, Any]]]


async def write(client: httpx.AsyncClient, keys: str, sent: Sent, acknowledged: dict[str, bytes]) -> None:
    """One request after the other, each under its own key, until the plant is gone."""
    for number in range(10_000):
        key, request = f"{keys}-{number}", WRITES[number % len(WRITES)]
        sent[key] = request
        answer = await post(client, key, request)
        if answer is None:
            return
        acknowledged[key] = answer.content


async def post(client: httpx.AsyncClient, key: str, request: tuple[str, dict[str, Any]]) -> httpx.Response | None:
    path, body = request
    try:
        return await client.post(path, json=body, headers={"Idempotency-Key": key, "On-Behalf-Of": "Ana"})
    except httpx.HTTPError:
        return None


async def work_until_killed(database: Path, name: str, n_answers: int) -> tuple[Sent, dict[str, bytes]]:
    """Returns what was sent, and what was answered before the plant was killed in the middle of it."""
    sent: Sent = {}
    acknowledged: dict[str, bytes] = {}
    plant = PlantProcess(database).start()
    async with httpx.AsyncClient(base_url=f"{plant.url}/api/v1", trust_env=False) as client:
        writers = [
            asyncio.create_task(write(client, f"{name}-{writer}", sent, acknowledged)) for writer in range(N_WRITERS)
        ]
        while len(acknowledged) < n_answers:
            await asyncio.wait(writers, timeout=0.001)
        plant.kill()
        await asyncio.gather(*writers)
    return sent, acknowledged


def stored(database: Path) -> tuple[dict[str, bytes], Counter[tuple[str, str, str]]]:
    """The answers that are kept, and how often each key made an event."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        answers = {key: body.encode() for key, body in connection.execute("SELECT key, body FROM idempotency")}
        made = connection.execute("SELECT idempotencykey, type, subject FROM event WHERE idempotencykey IS NOT NULL")
        return answers, Counter(made.fetchall())


def check(database: Path, sent: Sent, acknowledged: dict[str, bytes]) -> None:
    answers, made = stored(database)
    assert {key: answers.get(key) for key in acknowledged} == acknowledged
    assert set(answers) <= set(sent)
    assert {key for key, _, _ in made} <= set(answers), "an event without its answer"
    assert set(made.values()) == {1}, "an event twice"
    assert rebuild.verify(database).broken_at is None
    assert rebuild.rebuild(database).is_identical


@pytest.mark.timeout(60 + 6 * N_KILLS)
async def test_what_was_acknowledged_survives_a_kill_at_any_moment(tmp_path: Path) -> None:
    database, moments = tmp_path / "plant.sqlite", random.Random(20)
    sent: Sent = {}
    acknowledged: dict[str, bytes] = {}
    for number in range(N_KILLS):
        new, answered = await work_until_killed(database, f"r{number}", moments.randint(1, 80))
        sent |= new
        acknowledged |= answered
        check(database, sent, acknowledged)
    with PlantProcess(database) as plant:
        async with httpx.AsyncClient(base_url=f"{plant.url}/api/v1", trust_env=False) as client:
            for key in sent.keys() - acknowledged.keys():  # whoever got no answer asks again
                answer = await post(client, key, sent[key])
                assert answer is not None
                acknowledged[key] = answer.content
    check(database, sent, acknowledged)
    assert stored(database)[0].keys() == sent.keys()
