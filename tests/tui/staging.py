"""Screens in a test: over a real plant, or over a board that stands still so that they can be compared."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from voicemes.clock import Clock, SystemClock
from voicemes.config import LlmSettings, MesSettings, Settings, StationSettings
from voicemes.connectors import open_board
from voicemes.ports import MesBoard
from voicemes.runtime.bus import Bus
from voicemes.runtime.floor import Floor, follow_floor
from voicemes.runtime.session import Session
from voicemes.runtime.tail import TraceTail
from voicemes.runtime.wiring import open_session
from voicemes.tui.app import Screens, View
from voicemes.tui.elsewhere import Elsewhere
from voicemes.tui.seen import Seen

SIZE = (110, 36)
WITHIN_S = 20.0
"""For what must happen soon; generous, because other tests run beside."""


@dataclass
class Stage:
    app: Screens
    pilot: Pilot[None]
    session: Session
    floor: Floor
    seen: Seen

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Waits until the screens show it."""
        clock = SystemClock()
        ends_s = clock.now_s() + WITHIN_S
        while not is_so():
            assert clock.now_s() < ends_s, f"not within {WITHIN_S:.0f} s; the screen shows:\n{self.text}"
            await self.pilot.pause(0.05)

    async def until_shown(self, text: str) -> None:
        await self.until(lambda: text in self.text)

    async def type(self, sentence: str) -> None:
        """As a person does: the key of the line, every letter, Enter."""
        await self.pilot.press("slash")
        keys = {" ": "space", "?": "question_mark", ",": "comma", "'": "apostrophe", ":": "colon"}
        await self.pilot.press(*(keys.get(letter, letter) for letter in sentence), "enter")

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def lines(self) -> list[str]:
        return ["".join(segment.text for segment in strip).rstrip() for strip in self.strips]

    @property
    def notices(self) -> list[str]:
        return [one.message for one in self.app._notifications]

    @property
    def strips(self) -> list[object]:
        return self.app.screen._compositor.render_strips()


@asynccontextmanager
async def on_stage(
    settings: Settings,
    board: MesBoard,
    *,
    view: View = "operator",
    size: tuple[int, int] = SIZE,
    clock: Clock | None = None,
    with_mes: bool = True,
    traces: Path | None = None,
) -> AsyncIterator[Stage]:
    seen, clock = Seen(), clock or SystemClock()
    async with (
        open_session(settings, bus=Bus(seen.take), with_ears=False, with_mes=with_mes, with_news=with_mes) as session,
        follow_floor(board, clock) as floor,
    ):
        session.clock = clock
        await session.start("screen")
        app = Screens(session, floor, seen, view, elsewhere=Elsewhere(seen, TraceTail(traces) if traces else None))
        async with app.run_test(size=size) as pilot:
            stage = Stage(app, pilot, session, floor, seen)
            await stage.until(lambda: bool(floor.rows("stations")))
            await stage.until(lambda: app.focused is not None)
            yield stage


@asynccontextmanager
async def over_plant(
    url: str, operator: str = "Ana", view: View = "operator", traces: Path | None = None, size: tuple[int, int] = SIZE
) -> AsyncIterator[Stage]:
    """Screens of a person at printer one, in the plant at `url`. Without a language model: others test that."""
    settings = Settings(
        station=StationSettings(operator=operator), mes=MesSettings(url=url), llm=LlmSettings(engine="none")
    )
    async with on_stage(settings, open_board(settings.mes), view=view, traces=traces, size=size) as stage:
        yield stage
