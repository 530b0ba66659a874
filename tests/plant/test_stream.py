"""The stream as server-sent events: cut and resumed, every event comes exactly once."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi.testclient import TestClient

from voicemes.plant import event_store
from voicemes.plant.change import Actor, Change
from voicemes.plant.event_store import Wanted
from voicemes.plant.http import stream
from voicemes.plant.process import PlantProcess
from voicemes.plant.server import create_app, open_plant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from voicemes.plant.plant import Plant

BASE = "http://plant/api/v1"
N_CUTS = 100
LONG_S = 60.0


def frames(text: str) -> Iterator[dict[str, str]]:
    """The complete events of a stream; what was cut off in the middle is none."""
    for block in text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if "data" in fields:
            yield fields


@pytest.fixture
def plant() -> Iterator[Plant]:
    opened = open_plant()
    yield opened
    opened.database.close()


def add_notes(plant: Plant, count: int, actor: Actor | None = None) -> None:
    with plant.change(actor or Actor("Ana")) as change:
        for _ in range(count):
            add_note(change)


def add_note(change: Change, equipment: str | None = None) -> None:
    number = str(change.next_id("note"))
    change.emit("mes.note.added", number, {"note": number, "text": "x", "equipment": equipment, "job": None}, equipment)


def follow(plant: Plant, after: int = 0, wanted: Wanted | None = None, heartbeat_s: float = LONG_S) -> Any:
    return aclosing(stream.follow(plant, after, wanted or Wanted(), heartbeat_s, asyncio.Event()))


async def take(events: AsyncIterator[bytes], count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        found += [int(frame["id"]) for frame in frames((await anext(events)).decode())]
    return found


async def test_what_was_and_what_comes_is_sent_in_order(plant: Plant) -> None:
    add_notes(plant, 3)
    async with follow(plant) as events:
        assert await take(events, 3) == [1, 2, 3]
        waiting = asyncio.create_task(take(events, 2))
        await asyncio.to_thread(add_notes, plant, 2)
        assert await waiting == [4, 5]


async def test_an_event_has_its_sequence_number_and_is_a_cloud_event(plant: Plant) -> None:
    add_notes(plant, 1)
    async with follow(plant) as events:
        assert await anext(events) == b"id: 0\nretry: 1000\n\n"
        (frame,) = frames((await anext(events)).decode())
    event = json.loads(frame["data"])
    assert (frame["id"], frame["event"]) == ("1", "mes.note.added")
    assert (event["id"], event["type"], event["specversion"]) == ("1", "mes.note.added", "1.0")


async def test_silence_is_filled_with_heartbeats(plant: Plant) -> None:
    async with follow(plant, heartbeat_s=0.001) as events:
        assert [await anext(events) for _ in range(3)][1:] == [stream.HEARTBEAT] * 2


async def test_a_reader_who_does_not_read_does_not_keep_anyone_waiting(plant: Plant) -> None:
    async with follow(plant) as slow:
        await anext(slow)
        add_notes(plant, 3 * stream.BATCH)
        assert await take(slow, 3 * stream.BATCH) == list(range(1, 3 * stream.BATCH + 1))


async def test_filters_leave_out_what_was_not_asked_for(plant: Plant) -> None:
    with plant.change() as change:
        for number in range(3 * stream.BATCH):
            add_note(change, "SPP-1" if number % 300 == 0 else "ROB-1")
    async with follow(plant, wanted=Wanted("mes.note", equipment="SPP-1")) as events:
        assert await take(events, 2) == [1, 301]
    async with follow(plant, wanted=Wanted(line="LINE-4")) as events:
        assert await take(events, 1) == list(range(2, stream.BATCH + 2))


async def test_a_rare_event_is_found_behind_many_others(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_store, "WINDOW", 10)
    add_notes(plant, 95)
    with plant.change() as change:
        add_note(change, "SPP-1")
    async with follow(plant, wanted=Wanted(equipment="SPP-1")) as events:
        assert await take(events, 1) == [96]
    page = await stream.page(plant, 0, 5, Wanted(equipment="SPP-1"))
    assert (page["items"], page["last"]) == ([], 10)


async def test_the_stream_ends_when_the_server_stops(plant: Plant) -> None:
    stopping = asyncio.Event()
    async with aclosing(stream.follow(plant, 0, Wanted(), LONG_S, stopping)) as events:
        await anext(events)
        waiting = asyncio.create_task(anext(events))
        await asyncio.wait([waiting], timeout=0.01)
        stopping.set()
        with pytest.raises(StopAsyncIteration):
            await waiting


async def read_until_cut(client: httpx.AsyncClient, last: int, n_bytes: int) -> list[int]:
    """Reads so many bytes and hangs up, in the middle of an event or not; returns the numbers of the complete ones."""
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(last)}
    text = b""
    async with client.stream("GET", "/events", headers=headers) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        async for chunk in answer.aiter_raw():
            text += chunk
            if len(text) >= n_bytes:
                break
    return [int(frame["id"]) for frame in frames(text[:n_bytes].decode())]


def test_a_reader_may_begin_with_what_happens_from_now_on() -> None:
    with TestClient(create_app(), base_url=BASE) as client:
        client.post("/work-alerts", json={"team": "safety"}, headers={"On-Behalf-Of": "Ana"})
        page = client.get("/events", params={"newest": True}).json()
        assert page["items"] == []
        client.post("/work-alerts", json={"team": "quality"}, headers={"On-Behalf-Of": "Ana"})
        (event,) = client.get("/events", params={"after": page["last"]}).json()["items"]
        header = {"Last-Event-ID": str(page["last"])}
        (again,) = client.get("/events", params={"newest": True}, headers=header).json()["items"]
    assert event["data"]["team"] == "quality"
    assert again == event, "who was cut goes on where they were"


async def write(client: httpx.AsyncClient, until: asyncio.Event) -> int:
    """One alert after the other; returns how many."""
    count = 0
    while not until.is_set():
        answer = await client.post("/work-alerts", json={"team": "safety"}, headers={"On-Behalf-Of": "Ana"})
        assert answer.status_code == 201
        count += 1
    return count


async def test_a_reader_who_is_cut_100_times_sees_every_event_once() -> None:
    seen: list[int] = []
    is_done = asyncio.Event()
    with PlantProcess() as plant:
        base = f"{plant.url}/api/v1"
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=LONG_S) as client:
            writing = asyncio.create_task(write(client, is_done))
            for cut in range(N_CUTS):
                # from less than one event to a few of them, in the same sizes in every run
                seen += await read_until_cut(client, seen[-1] if seen else 0, 100 + cut * 137 % 1100)
            is_done.set()
            last = await writing
            for event in (await client.get("/events", params={"after": seen[-1], "limit": 1000})).json()["items"]:
                seen.append(int(event["id"]))
    assert len(seen) > N_CUTS // 4
    assert seen == list(range(1, last + 1))
