"""What the factory is doing, for a screen: tables that are read again and again, and the stream of events.

It is read by screens and changes nothing. `revision` counts up with every change, so a screen draws when it is ready
and not when an event arrives: two thousand a minute cost it no more than two.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from voicemes.clock import Clock
from voicemes.errors import MesError, MesUnreachable
from voicemes.model import Row
from voicemes.ports import MesBoard
from voicemes.runtime.news import AGAIN_S

TABLES = ("stations", "people", "orders", "calls", "requests")
KPIS = ("oee", "availability", "effectiveness", "quality-ratio", "first-pass-yield", "scrap-ratio")
PAST_PERIODS = ("yesterday", "last-shift")
"""What a figure was, before this screen was opened."""
MAX_EVENTS = 5_000
"""Kept to look at; older ones are in the MES."""
MAX_FIGURES = 60
"""Of one key figure, for its line."""
READ_S = 5.0
"""How old a table may be."""
SOON_S = 1.0
"""After an event the tables are read this soon, and not more often."""
FIGURES_S = 30.0
GAP = "stream.gap"
"""The type of a row that stands where the stream was broken."""

Link: TypeAlias = Literal["connecting", "live", "lost"]


@dataclass(slots=True)
class Floor:
    board: MesBoard
    clock: Clock
    tables: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    events: deque[Row] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))
    """Oldest first."""
    n_events: int = 0
    """Ever seen."""
    figures: dict[tuple[str, str], Row] = field(default_factory=dict)
    """Key figure and line -> its value now, with its elements."""
    history: dict[tuple[str, str], deque[float]] = field(default_factory=dict)
    report: Row = field(default_factory=dict)
    """The shift that has ended."""
    link: Link = "connecting"
    lost_s: float = 0.0
    """When the stream broke."""
    trouble: str = ""
    """Why the tables are old; empty where they are not."""
    revision: int = 0
    _stale: asyncio.Event = field(default_factory=asyncio.Event)
    _figured_s: float = float("-inf")

    async def run(self) -> None:
        """Follows the plant until it is cancelled. What breaks is taken up again."""
        await self._read_past()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read_again(), name="tables")
            group.create_task(self._follow(), name="events")

    def rows(self, table: str) -> tuple[Row, ...]:
        return self.tables.get(table, ())

    def row(self, table: str, identifier: str) -> Row | None:
        return next((row for row in self.rows(table) if row.get("id") == identifier), None)

    @property
    def lines(self) -> list[str]:
        return sorted({str(row["line"]) for row in self.rows("stations") if row.get("line")})

    def read_soon(self) -> None:
        """Something was written: what is shown is old."""
        self._stale.set()

    async def chain(self, event: Row) -> tuple[Row, ...]:
        """All that belongs to an event: what led to it, and what it led to. Raises MesError."""
        if not event.get("chain") or "chain" not in self.board.tables:
            return (event,)
        return await self.board.read("chain", {"chain": str(event["chain"])})

    async def _read_past(self) -> None:
        try:
            for row in await self.board.read("past"):
                self._take(row)
        except MesError as exc:
            self._fail(exc)

    async def _read_again(self) -> None:
        while True:
            self._stale.clear()
            await self._read_tables()
            if self.clock.now_s() - self._figured_s >= FIGURES_S:
                await self._read_figures()
            await asyncio.sleep(SOON_S)
            try:
                async with asyncio.timeout(READ_S - SOON_S):
                    await self._stale.wait()
            except TimeoutError:
                pass

    async def _read_tables(self) -> None:
        try:
            for table in TABLES:
                self.tables[table] = await self.board.read(table)
        except MesError as exc:
            self._fail(exc)
        else:
            self.trouble = ""
        self.revision += 1

    async def _read_figures(self) -> None:
        self._figured_s = self.clock.now_s()
        if not self.history:
            await self._read_history()
        try:
            found = await self._figures_of({})
            report = await self.board.read("report", {"shift": "last-shift"})
        except MesError as exc:
            self._fail(exc)
        else:
            self.figures = {_key(row): row for row in found}
            self.report = next(iter(report), {})
            for row in found:
                self._note(row)
        self.revision += 1

    async def _read_history(self) -> None:
        """What was, once: figures are told without it where a MES does not know it any more."""
        for period in PAST_PERIODS:
            try:
                for row in await self._figures_of({"period": period}):
                    self._note(row)
            except MesError as exc:
                self._fail(exc)

    async def _figures_of(self, wanted: Mapping[str, str]) -> list[Row]:
        """All lines at once where this MES can tell them so, else one by one. Raises MesError."""
        if "figures" in self.board.tables:
            found = await self.board.read("figures", wanted)
            return [row for row in found if row.get("kpi") in KPIS and row.get("line") in self.lines]
        return [row for line in self.lines for kpi in KPIS for row in await self._figure(kpi, line, wanted)]

    async def _figure(self, kpi: str, line: str, wanted: Mapping[str, str]) -> list[Row]:
        """Empty where this MES does not tell this one. Raises MesUnreachable."""
        asked = {"kpi": kpi, "line": line}
        try:
            return [{**row, **asked} for row in await self.board.read("figure", {**wanted, **asked})]
        except MesUnreachable:
            raise
        except MesError as exc:
            self._fail(exc)
            return []

    def _note(self, row: Row) -> None:
        history, value = self.history.setdefault(_key(row), deque(maxlen=MAX_FIGURES)), row.get("value")
        if isinstance(value, int | float):
            history.append(float(value))

    async def _follow(self) -> None:
        """A stream that breaks is opened again; the gap stays to be seen."""
        n_failed = 0
        while True:
            try:
                async for row in self.board.events():
                    self._arrive(row)
                    n_failed = 0
            except MesError as exc:
                self._lose(str(exc))
            else:
                return  # this MES tells nothing
            await asyncio.sleep(AGAIN_S[min(n_failed, len(AGAIN_S) - 1)])
            n_failed += 1

    def _arrive(self, row: Row) -> None:
        if self.link == "lost":
            self._mark(f"The stream is back after {self.clock.now_s() - self.lost_s:.0f} s. Nothing is missing.")
        self.link = "live"
        if row.get("type"):
            self._take(row)
            self._stale.set()
        self.revision += 1

    def _lose(self, why: str) -> None:
        if self.link != "lost":
            self.link, self.lost_s = "lost", self.clock.now_s()
            self._mark(f"The stream broke: {why}")
        self.revision += 1

    def _mark(self, text: str) -> None:
        now = datetime.fromtimestamp(self.clock.wall_s(), UTC).isoformat(timespec="milliseconds")
        self._take({"id": f"gap-{self.n_events}", "type": GAP, "time": now.replace("+00:00", "Z"), "subject": text})

    def _take(self, row: Row) -> None:
        self.events.append(row)
        self.n_events += 1

    def _fail(self, exc: MesError) -> None:
        self.trouble = str(exc)


def _key(row: Row) -> tuple[str, str]:
    return str(row["kpi"]), str(row["line"])


@asynccontextmanager
async def follow_floor(board: MesBoard, clock: Clock) -> AsyncIterator[Floor]:
    """A floor that is kept up to date until the end, whatever happens."""
    floor = Floor(board, clock)
    task = asyncio.create_task(floor.run(), name="floor")
    try:
        yield floor
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await board.aclose()


def chain_tree(events: tuple[Row, ...]) -> Mapping[str, list[Row]]:
    """Cause -> what it led to, in the order of the stream; "" has those whose cause is not among them."""
    known = {str(event.get("id")) for event in events}
    tree: dict[str, list[Row]] = {}
    for event in events:
        cause = str(event.get("cause") or "")
        tree.setdefault(cause if cause in known else "", []).append(event)
    return tree


