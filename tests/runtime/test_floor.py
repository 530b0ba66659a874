"""The floor behind a screen: what it keeps, and what it shows when the plant is gone for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.clock import SystemClock
from voicemes.errors import MesProtocolError
from voicemes.model import Row
from voicemes.runtime.floor import GAP, MAX_EVENTS, Floor, chain_tree, follow_floor
from voicemes.testing import FakeBoard, FakeClock
from voicemes.tui.supervisor import figure_rows

WITHIN_S = 20.0
STATIONS = ({"id": "SPP-1", "line": "LINE-1"}, {"id": "FCT-1", "line": "LINE-3"})


@asynccontextmanager
async def followed(board: FakeBoard) -> AsyncIterator[Floor]:
    async with follow_floor(board, SystemClock()) as floor:
        yield floor


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not is_so():  # noqa: ASYNC110 - the floor tells nobody that it changed
            await asyncio.sleep(0.01)


def event(number: int, cause: str = "", kind: str = "mes.unit.arrived") -> Row:
    return {"id": str(number), "type": kind, "cause": cause, "chain": "1"}


async def test_tables_and_the_past_are_read_and_events_follow() -> None:
    board = FakeBoard({"stations": STATIONS, "past": [event(1), event(2)]})
    async with followed(board) as floor:
        await until(lambda: bool(floor.rows("stations")) and floor.link == "live")
        board.tell(event(3))
        await until(lambda: floor.n_events == 3)
        assert [row["id"] for row in floor.events] == ["1", "2", "3"]
        assert floor.lines == ["LINE-1", "LINE-3"]
        assert floor.row("stations", "FCT-1") == STATIONS[1]
    assert board.is_closed


async def test_a_broken_stream_leaves_a_gap_that_can_be_seen() -> None:
    board = FakeBoard({"stations": STATIONS})
    async with followed(board) as floor:
        await until(lambda: floor.link == "live")
        board.cut()
        await until(lambda: floor.link == "lost")
        await until(lambda: floor.link == "live")
        gaps = [str(row["subject"]) for row in floor.events if row["type"] == GAP]
        assert gaps[0].startswith("The stream broke")
        assert gaps[1].startswith("The stream is back")


async def test_a_mes_that_is_down_is_said_and_what_was_known_stays() -> None:
    board = FakeBoard({"stations": STATIONS})
    async with followed(board) as floor:
        await until(lambda: floor.link == "live")
        board.is_down = True
        floor.read_soon()
        await until(lambda: bool(floor.trouble))
        assert floor.rows("stations") == STATIONS
        board.is_down = False
        floor.read_soon()
        await until(lambda: not floor.trouble)


async def test_what_is_written_is_read_at_once() -> None:
    board = FakeBoard({"stations": STATIONS, "calls": []})
    async with followed(board) as floor:
        await until(lambda: floor.link == "live")
        board.rows["calls"] = [{"id": "1"}]
        floor.read_soon()
        await until(lambda: len(floor.rows("calls")) == 1)
        assert floor.row("calls", "1") == {"id": "1"}


@pytest.mark.parametrize("table", ["figure", "figures"])
async def test_figures_begin_with_what_they_were(table: str) -> None:
    """Read one by one, or those of all lines at once, of which a screen shows some."""
    past = {"kpi": "oee", "line": "LINE-1", "value": 71.0, "period": "yesterday"}
    others = [{**past, "kpi": "mtbf"}, {**past, "line": "LINE-9"}]
    board = FakeBoard({"stations": STATIONS[:1], table: [past, *others]})
    async with followed(board) as floor:
        await until(lambda: ("oee", "LINE-1") in floor.figures)
        assert next(iter(floor.history["oee", "LINE-1"])) == 71.0
        assert set(floor.figures) == {("oee", "LINE-1")}


async def test_a_figure_that_is_no_number_has_no_line() -> None:
    unknown = {"kpi": "oee", "line": "LINE-1", "value": "?"}
    floor = Floor(FakeBoard({"stations": STATIONS[:1], "figures": [unknown]}), FakeClock())
    await floor._read_tables()
    await floor._read_figures()
    assert len(figure_rows(floor)) == 1
    assert not floor.history["oee", "LINE-1"]


async def test_what_was_is_noted_once_though_a_new_shift_has_no_figures_yet() -> None:
    class NewShift(FakeBoard):
        async def read(self, table: str, wanted: Mapping[str, str] | None = None) -> tuple[Row, ...]:
            return () if table == "figures" and not wanted else await super().read(table, wanted)

    past = {"kpi": "oee", "line": "LINE-1", "value": 71.0, "period": "yesterday"}
    floor = Floor(NewShift({"stations": STATIONS[:1], "figures": [past]}), FakeClock())
    await floor._read_tables()
    await floor._read_figures()
    await floor._read_figures()
    assert list(floor.history["oee", "LINE-1"]) == [71.0]


class Partly(FakeBoard):
    """Cannot tell what is asked with these columns."""

    def __init__(self, tables: Mapping[str, tuple[Row, ...]], **missing: str) -> None:
        super().__init__(tables)
        self.missing = missing

    async def read(self, table: str, wanted: Mapping[str, str] | None = None) -> tuple[Row, ...]:
        if self.missing.items() <= (wanted or {}).items():
            raise MesProtocolError("HTTP 404: there is nothing.")
        return await super().read(table, wanted)


@pytest.mark.parametrize("table", ["figure", "figures"])
async def test_what_is_now_is_told_though_nobody_knows_what_was(table: str) -> None:
    now = {"kpi": "oee", "line": "LINE-1", "value": 71.0}
    floor = Floor(Partly({"stations": STATIONS[:1], table: (now,)}, period="yesterday"), FakeClock())
    await floor._read_tables()
    await floor._read_figures()
    assert floor.figures["oee", "LINE-1"]["value"] == 71.0


async def test_a_figure_that_this_mes_does_not_tell_hides_no_other() -> None:
    """What was asked for need not stand in the answer."""
    floor = Floor(Partly({"stations": STATIONS[:1], "figure": ({"value": 71.0},)}, kpi="oee"), FakeClock())
    await floor._read_tables()
    await floor._read_figures()
    assert ("oee", "LINE-1") not in floor.figures
    assert floor.figures["availability", "LINE-1"]["value"] == 71.0
    assert "404" in floor.trouble


async def test_a_figure_that_is_gone_is_shown_no_longer() -> None:
    board = FakeBoard({"stations": STATIONS[:1], "figures": [{"kpi": "oee", "line": "LINE-1", "value": 71.0}]})
    floor = Floor(board, FakeClock())
    await floor._read_tables()
    await floor._read_figures()
    board.rows["figures"] = []
    await floor._read_figures()
    assert floor.figures == {}


async def test_an_event_without_a_chain_is_its_own() -> None:
    floor = Floor(FakeBoard({"chain": [event(7)]}), FakeClock())
    assert await floor.chain({"id": "9"}) == ({"id": "9"},)
    assert await floor.chain({"id": "7", "chain": "1"}) == (event(7),)


def test_events_are_bounded_and_counted() -> None:
    floor = Floor(FakeBoard(), FakeClock())
    for number in range(MAX_EVENTS + 10):
        floor._arrive(event(number))
    assert len(floor.events) == MAX_EVENTS
    assert floor.n_events == MAX_EVENTS + 10


@given(st.lists(st.integers(min_value=0, max_value=30), max_size=30))
def test_every_event_of_a_chain_hangs_once_below_its_cause(causes: list[int]) -> None:
    """Whatever the causes are: earlier events, later ones, none of the chain."""
    events = tuple(event(number, str(cause)) for number, cause in enumerate(causes, start=1))
    tree = chain_tree(events)
    hung = [str(row["id"]) for rows in tree.values() for row in rows]
    assert sorted(hung) == sorted(str(row["id"]) for row in events)
    for cause, rows in tree.items():
        assert all(row["cause"] == cause for row in rows) or cause == ""
