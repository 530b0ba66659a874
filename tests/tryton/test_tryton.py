"""Orders, scrap, holds, measurements and lots of a real Tryton, by voice and by text, read back from Tryton itself."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import platformdirs
import pytest
import server
from server import TrytonMissing, TrytonServer

from voicemes.config import MesSettings, OutboxSettings, Settings, StationSettings
from voicemes.engines.audio import wav
from voicemes.events import TurnEnded
from voicemes.model import Live
from voicemes.outbox.store import Looker
from voicemes.runtime.session import Session
from voicemes.runtime.wiring import context_of, open_session

pytestmark = [pytest.mark.tryton, pytest.mark.timeout(600), pytest.mark.xdist_group("tryton")]
FIXTURES = Path(__file__).resolve().parents[2] / "audio_fixtures"
CACHE = Path(platformdirs.user_cache_dir("voicemes")) / "tryton"
TRAILING_SILENCE_S = 1.5
POLL_S = 0.05
ORDER = ["state", "run_by.rec_name", "done_by.rec_name", "outputs.quantity", "outputs.to_location.type"]


@pytest.fixture(scope="session")
def template() -> server.Template:
    try:
        return server.make_database(CACHE)
    except TrytonMissing as exc:
        pytest.skip(str(exc))


@pytest.fixture
def tryton(template: server.Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrytonServer]:
    """A plant of its own for each test."""
    with TrytonServer(template, tmp_path / "tryton") as mes:
        monkeypatch.setenv("TRYTON_USER", "admin")
        monkeypatch.setenv("TRYTON_PASSWORD", mes.password)
        yield mes


@asynccontextmanager
async def at_work(mes: TrytonServer, folder: Path, *, hears: bool = False) -> AsyncIterator[Session]:
    """Ben, a supervisor, at the printer."""
    settings = Settings(
        station=StationSettings(operator="Ben", role="supervisor"),
        mes=MesSettings(url=f"{mes.url}/mes", connector="tryton", timeout_s=10),
        outbox=OutboxSettings(folder=folder / "outbox"),
    )
    async with open_session(settings, with_ears=hears) as session:
        await session.start("tryton")
        yield session


async def type_all(session: Session, *sentences: str) -> TurnEnded:
    """The last of several turns."""
    ended = [await session.type(sentence) for sentence in sentences]
    return ended[-1]


async def hear(session: Session, name: str) -> TurnEnded:
    options = wav.Options(FIXTURES / name, trailing_silence_s=TRAILING_SILENCE_S)
    (ended,) = await session.hear(wav.create(options, context_of(session.settings)))
    return ended


async def delivered(session: Session) -> None:
    """Returns when the outbox is empty; the time of the test bounds it."""
    assert session.courier is not None
    with contextlib.closing(Looker.open(session.settings.outbox_file)) as outbox:
        while outbox.entries(("waiting", "sending")):
            await session.clock.sleep(POLL_S)


def order(mes: TrytonServer, number: str) -> Any:
    (found,) = mes.call("model.production.search_read", [["rec_name", "=", number]], 0, 2, None, ORDER)
    return found


def moved(found: Any, place: str) -> float:
    """What was brought to places of a kind."""
    return sum(one["quantity"] for one in found["outputs."] if one["to_location."]["type"] == place)


async def test_an_order_is_started_scrapped_and_completed(tryton: TrytonServer, tmp_path: Path) -> None:
    async with at_work(tryton, tmp_path) as session:
        assert (await type_all(session, "how far is order 4711")).answer.startswith("Order 4711: draft, 0 of 50 good")
        assert (await type_all(session, "start order 4711")).answer == "Order 4711 started, 50 controller boards."
        started = order(tryton, "4711")
        assert (started["state"], started["run_by."]["rec_name"]) == ("running", "Ben")
        assert (await type_all(session, "start order 4711")).mes == "accepted", "it runs already, and that was wanted"
        scrapped = await type_all(session, "scrap three solder bridges on order 4711", "affirm")
        assert scrapped.answer.startswith("3 scrap recorded on order 4711")
        assert moved(order(tryton, "4711"), "lost_found") == 3
        done = await type_all(session, "complete order 4711, 46 good, 4 scrap", "affirm")
        assert done.answer == "Order 4711 is complete: 46 good and 4 scrap in all."
    finished = order(tryton, "4711")
    assert (finished["state"], finished["done_by."]["rec_name"]) == ("done", "Ben")
    assert (moved(finished, "storage"), moved(finished, "lost_found")) == (46, 4)


async def test_the_same_by_voice(tryton: TrytonServer, tmp_path: Path) -> None:
    async with at_work(tryton, tmp_path, hears=True) as session:
        started = await hear(session, "job.start/start-4711-slt.flac")
        assert started.answer == "Order 4711 started, 50 controller boards."
        assert order(tryton, "4711")["state"] == "running"
        assert (await hear(session, "catalogue/job.status-slt.flac")).answer.startswith("Order 4711: running")
        asked = await hear(session, "job.complete/finished-scrap-slt.flac")
        assert asked.answer.endswith("with 48 good and 2 scrap, solder bridge. Correct?")
        assert (await hear(session, "dialogue/affirm-rms.flac")).mes == "accepted"
    finished = order(tryton, "4711")
    assert (finished["state"], moved(finished, "storage"), moved(finished, "lost_found")) == ("done", 48, 2)


async def test_what_lacks_material_cannot_be_started(tryton: TrytonServer, tmp_path: Path) -> None:
    async with at_work(tryton, tmp_path) as session:
        refused = await type_all(session, "start order 4713")
    assert refused.answer == "Not done: Order 4713 cannot start: there is not enough bare-board."
    assert order(tryton, "4713")["state"] == "waiting"


async def test_a_held_order_is_not_started_until_it_is_released(tryton: TrytonServer, tmp_path: Path) -> None:
    async with at_work(tryton, tmp_path) as session:
        assert (await type_all(session, "hold order 4712", "affirm")).answer == "Order 4712 is on hold."
        assert (await type_all(session, "start order 4712")).mes == "rejected"
        assert order(tryton, "4712")["state"] == "waiting"
        assert (await type_all(session, "release order 4712", "affirm")).answer == "Order 4712 is released, waiting."
        assert (await type_all(session, "start order 4712")).mes == "accepted"
    assert order(tryton, "4712")["state"] == "running"


async def test_a_measurement_that_fails_stops_the_order(tryton: TrytonServer, tmp_path: Path) -> None:
    async with at_work(tryton, tmp_path) as session:
        await type_all(session, "start order 4711")
        passed = await type_all(session, "paste height 140", "affirm")
        assert passed.answer == "Paste height 140 recorded: passed."
        asked = await type_all(session, "gap 0.5")
        assert asked.answer.startswith("That is above the limit of 0.3.")
        assert (await type_all(session, "affirm")).answer == "Gap 0.5 recorded: failed."
        stopped = await type_all(session, "complete order 4711, 50 good", "affirm")
        assert stopped.mes == "rejected"
    by_age, shown = [["id", "ASC"]], ["state", "points"]
    found = tryton.call("model.quality.inspection.search_read", [], 0, 9, by_age, shown)
    assert [(one["state"], one["points"]["value"]) for one in found] == [("passed", 140), ("failed", 0.5)]
    assert order(tryton, "4711")["state"] == "running"


async def test_an_inspection_that_is_due_is_no_completion(tryton: TrytonServer, tmp_path: Path) -> None:
    async with at_work(tryton, tmp_path) as session:
        await type_all(session, "start order 4714")
        refused = await type_all(session, "complete order 4714, 8 good", "affirm")
    assert refused.answer == "Not done: Order 4714 is not complete: an inspection is due."
    assert order(tryton, "4714")["state"] == "running"


async def test_where_a_lot_went_is_told(tryton: TrytonServer, tmp_path: Path) -> None:
    async with at_work(tryton, tmp_path) as session:
        assert (await type_all(session, "which boards used lot A17")).answer == "Lot A17 is in no unit."
        await type_all(session, "start order 4711", "complete order 4711, 50 good", "affirm")
        told = await type_all(session, "which boards used lot A17")
    assert told.answer.startswith("Lot A17, bare boards, is in 1 units: B301")


async def test_what_tryton_cannot_do_is_said_and_is_not_listened_for(tryton: TrytonServer, tmp_path: Path) -> None:
    async with at_work(tryton, tmp_path) as session:
        refused = await type_all(session, "pause order 4711")
        assert refused.answer == "This MES cannot do that. Tryton knows no pause. Hold the order."
        words = session.matcher.graph(session.state.scope).words
        assert "pause" not in words
        assert "hold" in words
        assert live_numbers(session.matcher.live) == ["4711", "4712", "4713", "4714"]


def live_numbers(live: Live) -> list[str]:
    return sorted(reference.id for reference in live.references["job"])


@pytest.mark.parametrize("lost", ["run", "do", "write", "create", "process"])
async def test_a_lost_answer_does_nothing_twice(
    tryton: TrytonServer, tmp_path: Path, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the first call of a kind gets lost: what was done is found out, and not done again."""
    with losing(monkeypatch, lost):
        async with at_work(tryton, tmp_path) as session:
            for sentences in (
                ["start order 4711"],
                ["gap 0.2", "affirm"],
                ["complete order 4711, 47 good, 3 scrap", "affirm"],
            ):
                await type_all(session, *sentences)
                await delivered(session)
    finished = order(tryton, "4711")
    assert (finished["state"], moved(finished, "storage"), moved(finished, "lost_found")) == ("done", 47, 3)
    assert len(tryton.call("model.quality.inspection.search_read", [], 0, 9, None, ["state"])) == 1


@contextlib.contextmanager
def losing(monkeypatch: pytest.MonkeyPatch, what: str) -> Iterator[None]:
    """The line breaks after the first call whose method ends with a word."""
    import httpx

    from voicemes.connectors.exchange import Exchange

    send: Callable[..., Any] = Exchange._send
    left = [what]

    async def break_once(self: Exchange, request: Any, timeout_s: float) -> Any:
        answer = await send(self, request, timeout_s)
        if left and str((request.body or {}).get("method", "")).rpartition(".")[2] == left[0]:
            left.clear()
            raise httpx.ReadError("the connection broke")
        return answer

    monkeypatch.setattr(Exchange, "_send", break_once)
    yield
    assert not left, f"no call of {what} was made"
