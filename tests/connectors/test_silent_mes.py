"""A MES that does not answer is left alone for a while, and found again however often somebody asks meanwhile."""

from __future__ import annotations

import httpx
import pytest

from voicemes.config import MesSettings
from voicemes.connectors import open_connector
from voicemes.connectors.breaker import LONGEST_OPEN_S, N_FAILURES
from voicemes.connectors.declarative import DeclarativeConnector
from voicemes.errors import MesUnreachable
from voicemes.model import MesCommand
from voicemes.testing import FakeClock

ASK = MesCommand("id-1", "job.remaining", {"job": "4711"}, False, "Ana", "", 0.0)
LEFT = {"id": "4711", "quantity": 5, "remaining": 3}


class Line:
    """A MES that is there or not."""

    def __init__(self) -> None:
        self.is_there, self.n_asked, self.clock = False, 0, FakeClock()
        transport = httpx.MockTransport(self.answer)
        self.connector: DeclarativeConnector = open_connector(MesSettings(), transport=transport, clock=self.clock)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.n_asked += 1
        if not self.is_there:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(200, json=LEFT)

    async def ask(self) -> bool:
        try:
            await self.connector.execute(ASK)
        except MesUnreachable:
            return False
        return True


async def test_after_a_few_failures_it_is_not_asked_every_time() -> None:
    line = Line()
    for _ in range(20):
        assert not await line.ask()
    assert line.n_asked == N_FAILURES


@pytest.mark.parametrize("every_s", [0.1, 1.0, 5.0, 20.0])
async def test_whoever_asks_often_does_not_keep_it_away(every_s: float) -> None:
    line = Line()
    for _ in range(100):
        await line.ask()
        line.clock.advance(every_s)
    line.is_there = True
    waited_s = 0.0
    while not await line.ask():
        line.clock.advance(every_s)
        waited_s += every_s
    assert waited_s <= LONGEST_OPEN_S * 1.2 + every_s
    assert await line.ask(), "and it is asked as always"
