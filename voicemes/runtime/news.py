"""Follows the stream of the MES, and keeps for the session what it has to be told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from voicemes.dialogue.news import Board, Listener, Quiet, concerns, pin, take
from voicemes.errors import MesError
from voicemes.events import EngineTroubled, NewsArrived
from voicemes.respond import respond

if TYPE_CHECKING:
    from voicemes.clock import Clock
    from voicemes.happening import News
    from voicemes.intents import Catalog
    from voicemes.ports import MesConnector
    from voicemes.runtime.bus import Bus

AGAIN_S = (1.0, 2.0, 5.0, 10.0)
"""How long is waited before the stream is opened again, the first time and so on; the last one for ever."""
HELD_S = 60.0
"""A stream that was open so long had not failed."""


class NewsDesk:
    """What arrives while nobody looks, in one task of the session's loop."""

    def __init__(self, listener: Listener, catalog: Catalog, bus: Bus, clock: Clock, *, is_muted: bool = False) -> None:
        self._listener, self._catalog, self._bus, self._clock = listener, catalog, bus, clock
        self._board = Board(is_muted=is_muted)
        self._task: asyncio.Task[None] | None = None

    def use(self, catalog: Catalog) -> None:
        """Speaks from now on as this catalogue does."""
        self._catalog = catalog

    def tell_to(self, operator: str) -> None:
        """Somebody else works here from now on."""
        self._listener = replace(self._listener, operator=operator)

    def open(self, connector: MesConnector) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._follow(connector), name="news")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def n_waiting(self) -> int:
        return len(self._board.waiting)

    @property
    def is_muted(self) -> bool:
        return self._board.is_muted

    def mute(self, *, is_muted: bool) -> None:
        """Muted, news is shown and waits to be told."""
        self._board = Board(self._board.waiting, is_muted)

    def next(self, quiet: Quiet) -> News | None:
        """The news whose moment has come; it is given once."""
        told, self._board = take(self._board, quiet)
        return told

    def arrived(self, news: News) -> None:
        if not concerns(news, self._listener):
            return
        shown = respond(news.reply, self._catalog).shown
        self._bus.publish(NewsArrived(self._clock.now_s(), news.event_id, news.urgency, shown))
        self._board = pin(self._board, news)

    async def _follow(self, connector: MesConnector) -> None:
        """A stream that breaks is opened again; that it broke is said once, until it has held for a while."""
        n_failed = 0
        while True:
            opened_s = self._clock.now_s()
            try:
                async for news in connector.news():
                    self.arrived(news)
            except MesError as exc:
                failed = str(exc)
            else:
                return  # this MES tells nothing
            n_failed = 0 if self._clock.now_s() - opened_s > HELD_S else n_failed
            if n_failed == 0:
                self._bus.publish(EngineTroubled(self._clock.now_s(), "stream", failed))
            await asyncio.sleep(AGAIN_S[min(n_failed, len(AGAIN_S) - 1)])
            n_failed += 1
