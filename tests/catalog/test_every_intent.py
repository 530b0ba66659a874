"""Every intent of the catalogue, said as text to a running plant: by who may, and by who may not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jmespath
import pytest
import uvicorn
import yaml

from voicemes.config import MesSettings, Settings, StationSettings
from voicemes.connectors import open_connector
from voicemes.plant.server import create_app, open_plant
from voicemes.ports import Voice
from voicemes.runtime.bus import Bus
from voicemes.runtime.session import Session
from voicemes.runtime.speaker import NoSink, Speaker
from voicemes.runtime.wiring import build_matcher
from voicemes.testing import FakeSynthesizer

ROOT = Path(__file__).resolve().parents[2]
MATCHER = build_matcher(Settings())
CATALOG = MATCHER.catalog
START_S = 20.0


@dataclass(frozen=True)
class Case:
    intent: str
    say: str
    answer: str
    by: str = "Ana"
    not_by: str = ""
    station: str = "SPP-1"
    first: list[dict[str, Any]] = field(default_factory=list)
    look: list[str] | None = None
    shows: Any = None
    for_everybody: bool = False


TEXT = (ROOT / "tests/catalog/every_intent.yaml").read_text(encoding="utf-8")
CASES = [Case(**case) for case in yaml.load(TEXT, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))]


class Plant:
    """A server that runs as long as the tests, and a new plant in it for each."""

    def __init__(self) -> None:
        self.app = create_app()
        config = uvicorn.Config(self.app, port=0, log_level="warning", lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        deadline_s = time.monotonic() + START_S
        while not self.server.started and time.monotonic() < deadline_s:
            self.thread.join(0.01)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def begin(self) -> None:
        self.app.state.plant.database.close()
        self.app.state.plant = open_plant()

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.app.state.plant.database.close()

    def post(self, path: str, body: dict[str, Any], by: str = "Ana") -> None:
        headers = {"On-Behalf-Of": by}
        httpx.post(f"{self.url}/api/v1{path}", json=body, headers=headers, trust_env=False).raise_for_status()

    def look(self, path: str, expression: str) -> Any:
        answer = httpx.get(f"{self.url}/api/v1{path}", trust_env=False).raise_for_status()
        return jmespath.search(expression, answer.json())


@pytest.fixture(scope="module")
def server() -> Iterator[Plant]:
    plant = Plant()
    yield plant
    plant.stop()


@pytest.fixture
def plant(server: Plant) -> Plant:
    server.begin()
    return server


async def say(plant: Plant, case: Case, person: str) -> tuple[str, bool]:
    """What is answered to the sentence (and to "yes", where it was read back), and whether it was read back."""
    settings = Settings(
        station=StationSettings(name=case.station, operator=person, role=""), mes=MesSettings(url=plant.url)
    )
    speaker = Speaker(FakeSynthesizer(), NoSink(), Voice())
    session = Session(settings, MATCHER, speaker, open_connector(settings.mes), Bus())
    await session.start("keyboard")
    try:
        first = await session.type(case.say)
        assert first.intent == case.intent
        if session.state.phase != "confirming":
            return first.answer, False
        return (await session.type("yes")).answer, True
    finally:
        await session.close()


def test_every_intent_has_a_line() -> None:
    assert sorted(case.intent for case in CASES) == sorted(CATALOG.intents)
    assert len(CASES) == 75


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.intent)
async def test_who_may_is_served(plant: Plant, case: Case) -> None:
    for given in case.first:
        plant.post(given["post"], given["body"], given.get("by", "Ana"))
    if case.look:
        assert plant.look(*case.look) != case.shows, "it would show that anyhow"
    answer, is_read_back = await say(plant, case, case.by)
    assert case.answer in answer
    assert is_read_back is (CATALOG.intent(case.intent).risk in {"R2", "R3"})
    if case.look:
        assert plant.look(*case.look) == case.shows


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.intent)
async def test_who_may_not_is_told_so(plant: Plant, case: Case) -> None:
    for given in case.first:
        plant.post(given["post"], given["body"], given.get("by", "Ana"))
    before = plant.look(*case.look) if case.look else None
    answer, _ = await say(plant, case, case.not_by)
    if case.look is None or case.for_everybody:
        assert case.answer in answer, "everybody may ask"
        return
    is_for_another = "may do that" in answer and answer.endswith("with their badge. Badge number?")
    assert is_for_another or answer.endswith("Nothing was written.")
    assert "may do that" in answer or answer.startswith("Clock on first.")
    assert plant.look(*case.look) == before
