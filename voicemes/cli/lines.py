"""`voicemes tui --plain`: the same session line by line, for screen readers, pipes and dumb terminals."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

from rich.console import Console

from voicemes.cli.output import console, show_table
from voicemes.cli.turns import TurnPrinter
from voicemes.clock import SystemClock
from voicemes.config import Settings
from voicemes.connectors import open_board
from voicemes.errors import ConfigError
from voicemes.model import Key
from voicemes.runtime.bus import Bus
from voicemes.runtime.floor import Floor, follow_floor
from voicemes.runtime.session import Session
from voicemes.runtime.wiring import open_session
from voicemes.tui.wording import text_of

KEYS: dict[str, Key] = {"y": "yes", "n": "no", "c": "cancel", "r": "repeat"}
TABLES = ("stations", "people", "orders", "calls", "requests")
LAST_EVENTS = 20
HELP = f"Type what you would say, or y, n, c(ancel), r(epeat); {', '.join(TABLES)} or events lists them; quit ends."
CLOCK_S = 0.25
MAX_LINE_CHARS = 500


async def converse(settings: Settings) -> None:
    """Reads lines from standard input until it ends. Raises VoicemesError."""
    screen = console(plain=True)
    bus = Bus(TurnPrinter(screen))
    async with (
        open_session(settings, bus=bus, with_ears=False, with_news=True) as session,
        follow_floor(open_board(settings.mes), SystemClock()) as floor,
    ):
        await session.start("lines")
        screen.print(HELP, markup=False)
        clock = asyncio.create_task(_look_at_clock(session), name="clock")
        try:
            async for line in _lines():
                if line in {"quit", "exit"}:
                    return
                await _take(line, session, floor, screen)
        finally:
            clock.cancel()
            await asyncio.gather(clock, return_exceptions=True)


async def _take(line: str, session: Session, floor: Floor, screen: Console) -> None:
    if line in KEYS:
        await session.press(KEYS[line])
    elif line in {*TABLES, "events"}:
        rows = list(floor.events)[-LAST_EVENTS:] if line == "events" else floor.rows(line)
        names = list(dict.fromkeys(name for row in rows for name in row))
        show_table(screen, names, [[text_of(row.get(name)) for name in names] for row in rows], plain=True)
        screen.print(f"{len(rows)} {line}")
    elif line:
        await session.type(line)


async def _lines() -> AsyncIterator[str]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    with contextlib.closing(transport):
        while line := await _line(reader):
            yield line.decode("utf-8", "replace").strip()[:MAX_LINE_CHARS]


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next line, empty at the end. Raises ConfigError where it is longer than the reader holds."""
    try:
        return await reader.readline()
    except ValueError as exc:
        raise ConfigError("has a line that is far too long for a sentence.", key="standard input") from exc


async def _look_at_clock(session: Session) -> None:
    while True:
        await session.look_at_clock()
        await asyncio.sleep(CLOCK_S)
