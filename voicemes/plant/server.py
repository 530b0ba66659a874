"""The reference MES as an application, and as a server that runs until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from voicemes.errors import ConfigError
from voicemes.plant import problems
from voicemes.plant.calls import Plant
from voicemes.plant.database import Database, utc_now
from voicemes.plant.guard import BodyLimit
from voicemes.plant.process import PlantProcess
from voicemes.plant.routes import health, router
from voicemes.plant.seeding import seed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

__all__ = ["Address", "PlantProcess", "create_app", "open_plant", "read_tokens", "serve"]

SEED_FILE = Path(__file__).with_name("seed.yaml")
KEEP_ALIVE_S = 30
"""Longer than clients keep an idle connection, so that a request never meets one that is just being closed."""
STOP_WITHIN_S = 2
BACKLOG = 128


@dataclass(frozen=True, slots=True)
class Address:
    host: str = "127.0.0.1"
    port: int = 8800
    """0 takes a free one."""


def open_plant(
    database: Path | None = None,
    *,
    seed_file: Path = SEED_FILE,
    tokens: frozenset[str] = frozenset(),
    now: Callable[[], datetime] = utc_now,
) -> Plant:
    """The plant in `database`, which is seeded when it is new; None keeps it in memory. Raises ConfigError."""
    plant = Plant(Database(database), now, tokens)
    if plant.database.is_new:
        seed(plant.database, seed_file, now())
    return plant


def create_app(
    database: Path | None = None,
    *,
    seed_file: Path = SEED_FILE,
    tokens: frozenset[str] = frozenset(),
    now: Callable[[], datetime] = utc_now,
) -> FastAPI:
    """The application over a plant, which is `app.state.plant`. Raises ConfigError.

    Whoever does not run the application's lifespan closes `app.state.plant.database` when done.
    """
    app = FastAPI(title="voicemes reference MES", version="1", lifespan=_lifespan)
    app.state.plant = open_plant(database, seed_file=seed_file, tokens=tokens, now=now)
    app.add_middleware(BodyLimit)
    problems.add_handlers(app)
    app.include_router(health)
    app.include_router(router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.plant.database.close()


def read_tokens(file: Path) -> frozenset[str]:
    """One token a line; empty lines and lines that begin with # do not count. Raises ConfigError."""
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from error
    tokens = frozenset(line for line in lines if line and not line.startswith("#"))
    if not tokens:
        raise ConfigError("has no token in it.", file=file)
    return tokens


class _Server(uvicorn.Server):
    """Tells when it is ready; with `stops_with_stdin` it stops when whoever started it is gone."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], *, stops_with_stdin: bool) -> None:
        super().__init__(config)
        self._on_ready, self._stops_with_stdin = on_ready, stops_with_stdin

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self._stops_with_stdin:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._read_stdin)
        self._on_ready()

    def _read_stdin(self) -> None:
        if not os.read(sys.stdin.fileno(), 1024):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self.should_exit = True


def serve(
    address: Address,
    database: Path,
    *,
    tokens: frozenset[str] = frozenset(),
    on_ready: Callable[[str], None] = lambda _url: None,
    stops_with_stdin: bool = False,
) -> None:
    """Serves until SIGTERM or SIGINT; calls `on_ready` with the URL. Raises ConfigError."""
    app = create_app(database, tokens=tokens)
    with _listen(address) as listener:
        host, port = listener.getsockname()[:2]
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        _Server(config, lambda: on_ready(url), stops_with_stdin=stops_with_stdin).run(sockets=[listener])


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError(f"The plant cannot listen on {address.host}, port {address.port}: {error}.") from error
