"""A catalogue that is edited while it is used."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from voicemes.config import CatalogSettings, Settings
from voicemes.events import CatalogReloaded, EngineTroubled, Event
from voicemes.runtime.bus import Bus
from voicemes.runtime.session import Session
from voicemes.runtime.wiring import open_session

ROOT = Path(__file__).resolve().parents[2]
NEW = """
intent: tea.order
summary: Order tea.
risk: R0
sentences: ["a cup of tea"]
examples: [{say: "a cup of tea"}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "tests" / "catalogs" / "drinks", tmp_path / "intents")
    return tmp_path / "intents"


async def say(session: Session, text: str) -> str | None:
    session._looked_s = float("-inf")  # two seconds later
    return (await session.type(text)).intent


async def test_a_new_intent_is_understood_without_a_restart(folder: Path) -> None:
    seen: list[Event] = []
    settings = Settings(catalog=CatalogSettings(intents=folder))
    async with open_session(settings, bus=Bus(seen.append), with_ears=False, with_mes=False) as session:
        assert await say(session, "a cup of tea") is None
        (folder / "tea.order.yaml").write_text(NEW, encoding="utf-8")
        assert await say(session, "a cup of tea") == "tea.order"
    assert [type(event) for event in seen if isinstance(event, CatalogReloaded)] == [CatalogReloaded]


async def test_a_broken_file_keeps_the_old_catalogue_and_says_so_once(folder: Path) -> None:
    seen: list[Event] = []
    settings = Settings(catalog=CatalogSettings(intents=folder))
    async with open_session(settings, bus=Bus(seen.append), with_ears=False, with_mes=False) as session:
        before = session.matcher.catalog.hash
        (folder / "tea.order.yaml").write_text(NEW + "sentenses: []", encoding="utf-8")
        assert await say(session, "a cup of tea") is None
        assert await say(session, "a cup of tea") is None
        assert session.matcher.catalog.hash == before
    (trouble,) = [event for event in seen if isinstance(event, EngineTroubled)]
    assert "tea.order.yaml" in trouble.reason
    assert "The old one stays in use." in trouble.reason
