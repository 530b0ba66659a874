"""`bench screen`: how long from a key to its repaint while events pour in, and whether memory stays where it is."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable
from typing import Any

import httpx
from textual import events
from textual.widgets import ContentSwitcher, Input, TabbedContent

from voicemes.clock import SystemClock
from voicemes.config import MesSettings, Settings
from voicemes.connectors import open_board
from voicemes.errors import MesUnreachable
from voicemes.plant.process import PlantProcess
from voicemes.runtime.bus import Bus
from voicemes.runtime.floor import follow_floor
from voicemes.runtime.memory import resident_bytes
from voicemes.runtime.wiring import open_session
from voicemes.tui.app import Screens
from voicemes.tui.event_list import EventList
from voicemes.tui.seen import Seen
from voicemes.tui.table import Rows

KEYS = ("f3", "6", "down", "pagedown", "home", "f", "o", "v", "backspace", "escape", "1", "down", "2", "4", "f2")
"""All panes that move, and the filter."""
EVERY_S = 0.25
"""Between two keys, as fast as a person goes through it."""
WITHIN_S = 1.0
BATCHES_PER_S, MOST_AT_ONCE = 4, 200
SIZE = (120, 40)
ITEM = {"equipment": "OVN-1", "parameter": "temperature", "value": 244.1, "unit": "degC"}


async def measure_screen(minutes: float, per_minute: int, tell: Callable[[float], None]) -> dict[str, Any]:
    """Presses keys for `minutes` while `per_minute` events arrive over the plant's stream. Raises VoicemesError."""
    seen, clock = Seen(), SystemClock()
    with PlantProcess() as plant:
        settings = Settings(mes=MesSettings(url=plant.url))
        async with (
            open_session(
                settings, bus=Bus(seen.take), with_ears=False, with_news=True, with_outbox=False
            ) as session,
            follow_floor(open_board(settings.mes), clock) as floor,
        ):
            await session.start("bench")
            app = Screens(session, floor, seen)
            async with app.run_test(size=SIZE) as pilot:
                await pilot.pause()
                arriving = asyncio.create_task(_arrive(plant.url, minutes * 60, per_minute))
                taken_s, memory = await _press(app, arriving, minutes * 60, tell)
                n_sent = await arriving
            return {**_report(taken_s, memory), "events": n_sent, "events_seen": floor.n_events, "minutes": minutes}


async def _press(
    app: Screens, arriving: asyncio.Task[int], seconds: float, tell: Callable[[float], None]
) -> tuple[list[float], list[int]]:
    """From the key until what it does is painted. A key that changes nothing within WITHIN_S is not counted."""
    taken_s: list[float] = []
    memory: list[int] = []
    watch, began_s = _Watch(app), time.perf_counter()
    for key in itertools.cycle(KEYS):
        if arriving.done():
            return taken_s, memory
        watch.begin()
        app.post_message(events.Key(key, key if len(key) == 1 else None))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WITHIN_S):
                await watch.painted.wait()
                taken_s.append(watch.painted_s - watch.began_s)
        memory.append(resident_bytes())
        tell(min(1.0, (time.perf_counter() - began_s) / seconds))
        await asyncio.sleep(EVERY_S)
    raise AssertionError("a cycle has no end")


class _Watch:
    """Notices when the screen is painted after what a key changes has changed."""

    def __init__(self, app: Screens) -> None:
        self._app = app
        self._before: tuple[object, ...] = ()
        self.began_s = self.painted_s = 0.0
        self.painted = asyncio.Event()
        display = app._display  # noqa: SLF001 - every paint goes through it, and nothing else tells of one

        def painted(*given: Any) -> None:
            display(*given)
            if self._state() != self._before:
                self.painted_s = time.perf_counter()
                self.painted.set()

        app._display = painted  # type: ignore[assignment]  # noqa: SLF001

    def begin(self) -> None:
        self._before = self._state()
        self.painted.clear()
        self.began_s = time.perf_counter()

    def _state(self) -> tuple[object, ...]:
        """What keys change."""
        base = self._app.base
        tables = tuple(table.cursor_row for table in base.query(Rows))
        places = (base.query_one(EventList).place, base.query_one("#event-filter", Input).value)
        shown = (base.query_one("#views", ContentSwitcher).current, base.query_one("#panes", TabbedContent).active)
        return (*tables, *places, *shown, base.focused)


async def _arrive(url: str, seconds: float, per_minute: int) -> int:
    """A gateway that sends a batch of measurements four times a second."""
    began_s, n_sent = time.perf_counter(), 0
    try:
        async with httpx.AsyncClient(base_url=f"{url}/api/v1", trust_env=False, timeout=10) as client:
            while (elapsed_s := time.perf_counter() - began_s) < seconds:
                n_due = int(elapsed_s * per_minute / 60) - n_sent
                if n_due > 0:  # all that is due, or what one request may hold
                    n_due = min(n_due, MOST_AT_ONCE)
                    (await client.post("/telemetry", json={"items": [ITEM] * n_due})).raise_for_status()
                    n_sent += n_due
                await asyncio.sleep(1 / BATCHES_PER_S)
    except httpx.HTTPError as exc:
        raise MesUnreachable(f"The plant failed under load: {exc}") from exc
    return n_sent


def _report(taken_s: list[float], memory: list[int]) -> dict[str, Any]:
    ordered = sorted(taken_s)
    fifth = max(1, len(memory) // 5)
    early, late = max(memory[fifth : 2 * fifth] or memory), max(memory[-fifth:])
    return {
        "keys": len(ordered),
        "key_to_repaint_p50_ms": round(ordered[len(ordered) // 2] * 1000, 1),
        "key_to_repaint_p95_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] * 1000, 1),
        "memory_early_mb": round(early / 1e6, 1),
        "memory_late_mb": round(late / 1e6, 1),
        "memory_growth": round(late / early, 3),
    }
