"""A session that the plant speaks to: told in a quiet moment, never into a dialogue, repeated when asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
from parts import WITHIN_S, Books, Events

from voicemes.config import MesSettings, NewsSettings, Settings
from voicemes.errors import MesUnreachable
from voicemes.events import EngineTroubled, NewsArrived, TurnEnded
from voicemes.happening import News
from voicemes.model import Reply
from voicemes.runtime.bus import Bus
from voicemes.runtime.demo import wait_for_news
from voicemes.runtime.news import NewsDesk
from voicemes.runtime.session import Session
from voicemes.runtime.wiring import build_catalog, build_desk, open_session
from voicemes.testing import FakeClock, FakeMes

CATALOG = build_catalog(Settings())
CHANGED = "SPP-1: offset was changed from"


@contextlib.asynccontextmanager
async def listening_at(url: str, events: Events, *, muted: bool = False) -> AsyncIterator[Session]:
    """Without ears; the stream is open when this returns."""
    settings = Settings(mes=MesSettings(url=url), news=NewsSettings(muted=muted))
    async with open_session(settings, bus=Bus(events), with_ears=False) as session:
        session.desk = build_desk(settings, session.matcher.catalog, session.bus, session.clock)
        await session.start("keyboard")
        await until_heard(session, url)
        yield session


async def until_heard(session: Session, url: str) -> None:
    """The stream begins in its own time: something happens until it arrives, and is told before the test begins."""
    assert session.desk is not None
    async with asyncio.timeout(WITHIN_S):
        while not session.desk.n_waiting:
            await change(url, 1)
        while session.desk.n_waiting and not session.desk.is_muted:
            await wait_for_news(session)


async def change(url: str, delta: float) -> None:
    body = {"kind": "parameter", "equipment": "SPP-1", "parameter": "offset", "delta": delta}
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        answer = await client.post("/api/v1/change-requests", json=body, headers={"On-Behalf-Of": "Hugo"})
        answer.raise_for_status()


async def waiting(desk: NewsDesk | None, events: Events) -> None:
    """Returns when something waits to be told."""
    assert desk is not None
    came = asyncio.Event()
    events.watchers.append(came.set)
    async with asyncio.timeout(WITHIN_S):
        while not desk.n_waiting:
            await came.wait()
            came.clear()
            await asyncio.sleep(0)  # the event is published just before the news is pinned


async def test_what_happens_here_is_told_and_can_be_asked_for_again(plant: Books) -> None:
    events = Events()
    async with listening_at(plant.url, events) as session:
        await change(plant.url, -3)
        (told,) = await wait_for_news(session)
        again = await session.type("say again")
    assert told.outcome == "told"
    assert told.answer.startswith(CHANGED)
    assert again.answer == told.answer
    assert told.answer in [event.shown for event in events.of(NewsArrived)]


async def test_nothing_is_told_while_something_is_being_confirmed(plant: Books) -> None:
    events = Events()
    async with listening_at(plant.url, events) as session:
        asked = await session.type("scrap two solder bridge")
        await change(plant.url, 2)
        await waiting(session.desk, events)
        session._last_voice_s -= 60
        assert await session.look_at_clock() == []
        await session.type("cancel that")
        (told,) = await wait_for_news(session)
    assert asked.answer.endswith("Correct?")
    assert told.answer.startswith(CHANGED)


async def test_muted_it_is_shown_and_told_later(plant: Books) -> None:
    events = Events()
    async with listening_at(plant.url, events, muted=True) as session:
        assert events.of(NewsArrived)
        session._last_voice_s -= 60
        assert await session.look_at_clock() == []
        assert session.desk is not None
        session.desk.mute(is_muted=False)
        (told,) = await session.look_at_clock()
    assert isinstance(told, TurnEnded)


async def test_a_stream_that_breaks_is_said_once_and_taken_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicemes.runtime.news.AGAIN_S", (0.0,))
    events, mes, settings = Events(), FakeMes(), Settings()
    mes.trouble = "unreachable"
    desk = build_desk(settings, CATALOG, Bus(events), FakeClock())
    desk.open(mes)
    for _ in range(10):
        await asyncio.sleep(0)
    mes.trouble = "none"
    mes.happens(News("9", Reply("news_called", {"team": "quality"}), "now", ("operator",)))
    await waiting(desk, events)
    await desk.close()
    assert len(events.of(EngineTroubled)) == 1
    assert [event.shown for event in events.of(NewsArrived)] == ["Quality is called."]


async def test_a_stream_that_stays_away_ends_no_session() -> None:
    """Closing while it waits for the next attempt leaves nothing behind."""
    mes = FakeMes()
    mes.trouble = "unreachable"
    with pytest.raises(MesUnreachable):
        await anext(mes.news())
    desk = build_desk(Settings(), CATALOG, Bus(), FakeClock())
    desk.open(mes)
    await asyncio.sleep(0)
    await desk.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
