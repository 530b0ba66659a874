"""A view as a picture: the README's are made so, and stay true."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from voicemes.errors import ConfigError, MesUnreachable
from voicemes.runtime.floor import Floor
from voicemes.runtime.session import Session
from voicemes.tui.app import Screens, View
from voicemes.tui.seen import Seen

SIZE = (110, 32)
WITHIN_S = 15.0
SAID = "scrap three solder bridge"
"""On the operator's view, so that a read-back is seen."""
FONTS = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
"""Fetched from outside; any monospaced font does."""


async def draw_view(session: Session, floor: Floor, seen: Seen, view: View, picture: Path) -> None:
    """Raises MesUnreachable where the MES shows nothing, and ConfigError where nothing can be written."""
    app = Screens(session, floor, seen, view)
    async with app.run_test(size=SIZE) as pilot:
        try:
            async with asyncio.timeout(WITHIN_S):
                while not floor.figures:
                    if floor.trouble and floor.revision:
                        raise MesUnreachable(floor.trouble)
                    await pilot.pause(0.1)
        except TimeoutError as exc:
            raise MesUnreachable("The MES shows no stations and no figures.") from exc
        if view == "supervisor":
            await pilot.press("2")
        else:
            await session.type(SAID)
        app.draw()
        await pilot.pause(0.2)
        drawn = FONTS.sub("", app.export_screenshot(title=f"voicemes tui --view {view}"))
    _write(picture, drawn)


def _write(picture: Path, drawn: str) -> None:
    try:
        picture.write_text(drawn, encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"cannot be written: {exc.strerror}", file=picture, key="--picture") from exc
