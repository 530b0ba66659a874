"""The event stream as server-sent events.

A reader asks the store for what follows its last sequence number, and sleeps when there is nothing. Nothing is kept for
it in memory, so a slow reader costs the writer nothing and loses nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from voicemes.plant import event_store
from voicemes.plant.event_store import canonical, cloud_event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from voicemes.plant.database import Row
    from voicemes.plant.event_store import Event, Wanted
    from voicemes.plant.plant import Plant

MEDIA_TYPE = "text/event-stream"
BATCH = 200
"""Events that are read and sent at a time: about 100 kB."""
HEARTBEAT = b": heartbeat\n\n"
HEARTBEAT_S = 15.0
"""Shorter than the idle time-outs of usual proxies."""


async def follow(
    plant: Plant, after: int, wanted: Wanted, heartbeat_s: float, stopping: asyncio.Event
) -> AsyncIterator[bytes]:
    """The events after a sequence number, for ever; ends when the server stops or the reader is gone."""
    loop, news = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(news.set)

    with plant.listening(wake):
        after = min(after, await last(plant))  # an id of a store that is no more
        yield f"id: {after}\nretry: 1000\n\n".encode()
        while not stopping.is_set():
            news.clear()
            before = after
            events, after = await run_in_threadpool(_read, plant, after, wanted)
            if events:
                yield b"".join(_frame(event) for event in events)
            elif after > before:
                continue  # a stretch in which nothing was wanted
            elif not await _is_any_set(news, stopping, heartbeat_s):
                yield HEARTBEAT


async def page(plant: Plant, after: int, limit: int, wanted: Wanted) -> Row:
    """The same events for those who ask instead of listening; when `last` grows no more, that is all."""
    events, last = await run_in_threadpool(_read, plant, after, wanted, limit)
    return {"items": [cloud_event(event) for event in events], "last": last}


async def last(plant: Plant) -> int:
    """The number of the newest event."""
    return await run_in_threadpool(_last, plant)


def _last(plant: Plant) -> int:
    with plant.database.read() as tables:
        return event_store.head(tables)[0]


def _read(plant: Plant, after: int, wanted: Wanted, limit: int = BATCH) -> tuple[list[Event], int]:
    with plant.database.read() as tables:
        return event_store.scan(tables, after, limit, wanted)


def _frame(event: Event) -> bytes:
    return f"id: {event.sequence}\nevent: {event.type}\ndata: {canonical(cloud_event(event))}\n\n".encode()


async def _is_any_set(news: asyncio.Event, stopping: asyncio.Event, timeout_s: float) -> bool:
    waits = [asyncio.ensure_future(news.wait()), asyncio.ensure_future(stopping.wait())]
    try:
        done, _ = await asyncio.wait(waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for wait in waits:
            wait.cancel()
