"""A plant in memory whose time stands still, and a client that speaks for Ana."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from voicemes.plant.server import create_app, open_plant

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from fastapi import FastAPI


@dataclass
class StoppedClock:
    time: datetime = datetime(2026, 3, 3, 15, 20, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, **duration: float) -> None:
        self.time += timedelta(**duration)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture(scope="session")
def routes() -> FastAPI:
    """The application without a plant: to build its routes takes longer than most tests."""
    app = create_app()
    app.state.plant.database.close()
    return app


@pytest.fixture
def app(routes: FastAPI, clock: StoppedClock) -> Iterator[FastAPI]:
    routes.state.plant = open_plant(now=clock.now)
    yield routes
    routes.state.plant.database.close()


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"On-Behalf-Of": "Ana"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://plant/api/v1", headers=headers, trust_env=False
    ) as client:
        yield client
