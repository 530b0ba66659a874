"""What every MesBoard does; the declarative one does it against the plant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from voicemes.config import MesSettings
from voicemes.connectors import open_board
from voicemes.errors import MesError
from voicemes.plant.process import PlantProcess
from voicemes.ports import MesBoard
from voicemes.testing import FakeBoard

CALL = {"team": "quality", "text": "come please"}


@dataclass
class Case:
    board: MesBoard
    raise_call: Callable[[], None]
    """Lets something happen in the plant."""
    take_away: Callable[[], None]
    """The plant is gone."""


@pytest.fixture
def plant() -> Iterator[PlantProcess]:
    with PlantProcess() as running:
        yield running


@pytest.fixture(params=["fake", "reference"])
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    if request.param == "fake":
        stations = ({"id": "SPP-1", "line": "LINE-1"}, {"id": "OVN-1", "line": "LINE-1"})
        figure = {"kpi": "oee", "line": "LINE-1", "value": 80.0, "period": "yesterday"}
        fake = FakeBoard({"stations": stations, "figures": (figure, {**figure, "period": "this-shift"})})
        event = {"id": "1", "type": "mes.alert.raised", "data": {"text": "come please"}}
        yield Case(fake, lambda: fake.tell(event), lambda: setattr(fake, "is_down", True))
    else:
        plant: PlantProcess = request.getfixturevalue("plant")
        url = f"{plant.url}/api/v1/work-alerts"
        board = open_board(MesSettings(url=plant.url))
        yield Case(board, lambda: _raise_call(url), plant.kill)
        await board.aclose()


def _raise_call(url: str) -> None:
    httpx.post(url, json=CALL, trust_env=False).raise_for_status()


async def test_a_table_is_rows_with_names(case: Case) -> None:
    assert {"stations", "figures"} <= case.board.tables
    rows = {row["id"]: row for row in await case.board.read("stations")}
    assert rows["SPP-1"]["line"] == "LINE-1"


async def test_only_what_is_wanted_is_read(case: Case) -> None:
    rows = await case.board.read("figures", {"period": "yesterday"})
    assert {row["period"] for row in rows} == {"yesterday"}
    assert ("oee", "LINE-1") in {(row["kpi"], row["line"]) for row in rows}


async def test_a_table_that_it_has_not_is_empty(case: Case) -> None:
    assert await case.board.read("menu") == ()


async def test_the_stream_opens_with_an_empty_row_and_tells_what_happens(case: Case) -> None:
    events = case.board.events()
    assert await anext(events) == {}
    case.raise_call()
    told = await anext(events)
    assert told["type"] == "mes.alert.raised"
    assert told["data"]["text"] == "come please"  # type: ignore[index, call-overload]
    await events.aclose()


async def test_a_plant_that_is_gone_is_an_error_of_the_mes(case: Case) -> None:
    case.take_away()
    with pytest.raises(MesError):
        await case.board.read("stations")
    with pytest.raises(MesError):
        await anext(case.board.events())
