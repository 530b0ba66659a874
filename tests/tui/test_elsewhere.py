"""Another station, followed from a supervisor's screen: as much as those who work there share, and no more."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
from staging import Stage, on_stage, over_plant

from voicemes.config import LlmSettings, MesSettings, Settings, StationSettings, TraceSettings
from voicemes.connectors import open_board
from voicemes.plant.process import PlantProcess
from voicemes.runtime.bus import Bus
from voicemes.runtime.session import Session
from voicemes.runtime.trace import TraceWriter, new_trace
from voicemes.runtime.wiring import open_session

Shared = Literal["words", "figures", "nothing"]
WIDE = (160, 40)
SAID = "what is the temperature in oven one"

pytestmark = pytest.mark.xdist_group("elsewhere")


@pytest.fixture(scope="module")
def plant() -> Iterator[PlantProcess]:
    with PlantProcess() as running:
        yield running


@asynccontextmanager
async def at_the_oven(url: str, folder: Path, shared: Shared) -> AsyncIterator[Session]:
    """Ben, who works at oven one."""
    settings = Settings(
        station=StationSettings(name="OVN-1", operator="Ben", shared=shared),
        mes=MesSettings(url=url),
        llm=LlmSettings(engine="none"),
        trace=TraceSettings(folder=folder),
    )
    with contextlib.closing(TraceWriter(new_trace(settings))) as writer:
        async with open_session(settings, bus=Bus(writer), with_ears=False) as session:
            await session.start("keyboard")
            yield session


async def look_at_the_oven(stage: Stage) -> None:
    await stage.pilot.press("f3", "1")
    await stage.until_shown("OVN-1")
    table = stage.app.query_one("#station-rows")
    names = [str(key.value) for key in table.rows]
    await stage.pilot.press("home", *["down"] * names.index("OVN-1"))
    await stage.pilot.press("enter")


async def test_shared_words_are_followed_as_they_are_said(plant: PlantProcess, tmp_path: Path) -> None:
    async with (
        at_the_oven(plant.url, tmp_path, "words") as ben,
        over_plant(plant.url, "Farid", "supervisor", tmp_path, WIDE) as stage,
    ):
        await ben.type(SAID)
        await stage.until_shown(f"{SAID[:20]}")
        await look_at_the_oven(stage)
        await stage.until_shown("OVN-1: Ben. What is said here is shared")
        await stage.until_shown(f"“{SAID}”")
        await ben.type("any open calls")
        await stage.until_shown("“any open calls”")
        await stage.pilot.press("escape")
        await stage.until_shown("SUPERVISOR")
        assert stage.app.elsewhere.words_of("OVN-1") == "any open calls → alert.list"


async def test_words_that_are_not_shared_are_not_shown(plant: PlantProcess, tmp_path: Path) -> None:
    async with (
        at_the_oven(plant.url, tmp_path, "figures") as ben,
        over_plant(plant.url, "Farid", "supervisor", tmp_path, WIDE) as stage,
    ):
        await ben.type(SAID)
        await ben.type("flying saucers over here")
        await stage.until_shown("(words are not shared)")
        await stage.until_shown("1 of 2")
        await look_at_the_oven(stage)
        await stage.until_shown("Words are not shared from here")
        assert "temperature" not in stage.text


async def test_of_who_shares_nothing_nothing_is_shown(plant: PlantProcess, tmp_path: Path) -> None:
    async with at_the_oven(plant.url, tmp_path, "nothing") as ben:
        await ben.type(SAID)
        async with over_plant(plant.url, "Farid", "supervisor", tmp_path, WIDE) as stage:
            await stage.until(lambda: stage.app.elsewhere.revision > 0)
            await look_at_the_oven(stage)
            await stage.until_shown("nothing of it is shared")
            assert "temperature" not in stage.text


async def test_who_shares_words_sees_that(plant: PlantProcess, tmp_path: Path) -> None:
    settings = Settings(
        station=StationSettings(shared="words"), mes=MesSettings(url=plant.url), llm=LlmSettings(engine="none")
    )
    async with on_stage(settings, open_board(settings.mes), traces=tmp_path) as stage:
        await stage.until_shown("others see what is said here")
        assert stage.seen.shared == "words"
