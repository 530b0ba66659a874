"""The reference MES as an application, and as a server that runs until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from voicemes.errors import ConfigError
from voicemes.plant import badges, problems, rebuild
from voicemes.plant.change import ROLES, SAME_ROLE
from voicemes.plant.database import Database, utc_now
from voicemes.plant.http.answers import ProblemBody
from voicemes.plant.http.faults import Faults, Faulty
from voicemes.plant.http.guard import BodyLimit
from voicemes.plant.http.rates import Rates
from voicemes.plant.http.routes import health, router
from voicemes.plant.http.stream import HEARTBEAT_S
from voicemes.plant.plant import Plant
from voicemes.plant.process import PlantProcess
from voicemes.plant.seeding import seed
from voicemes.plant.simulation.player import Living

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime

__all__ = ["Address", "PlantProcess", "create_app", "open_plant", "read_tokens", "serve"]

SEED_FILE = Path(__file__).with_name("seed.yaml")
KEEP_ALIVE_S = 30
"""Longer than clients keep an idle connection, so that a request never meets one that is just being closed."""
STOP_WITHIN_S = 2
BACKLOG = 128
NO_TOKENS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Address:
    host: str = "127.0.0.1"
    port: int = 8800
    """0 takes a free one."""


def open_plant(
    database: Path | None = None,
    *,
    seed_file: Path = SEED_FILE,
    tokens: Mapping[str, str] = NO_TOKENS,
    now: Callable[[], datetime] = utc_now,
    badge_file: Path = badges.FILE,
) -> Plant:
    """The plant in `database`, which is seeded when it is new; None keeps it in memory. Raises ConfigError."""
    plant = Plant(Database(database), now, tokens, badges.read_badges(badge_file))
    if plant.database.is_new:
        seed(plant.database, seed_file, now())
        return plant
    with plant.database.read() as tables:
        is_current = rebuild.are_current(tables)
    if not is_current:
        rebuild.rebuild_views(plant.database)
    return plant


def create_app(
    database: Path | None = None,
    *,
    seed_file: Path = SEED_FILE,
    tokens: Mapping[str, str] = NO_TOKENS,
    now: Callable[[], datetime] = utc_now,
    rates: Rates | None = None,
    heartbeat_s: float = HEARTBEAT_S,
    badge_file: Path = badges.FILE,
    faults: Faults | None = None,
) -> FastAPI:
    """The application over a plant, which is `app.state.plant`. Raises ConfigError.

    Whoever does not run the application's lifespan closes `app.state.plant.database` when done.
    """
    app = FastAPI(title="voicemes reference MES", version="1", lifespan=_lifespan)
    app.state.plant = open_plant(database, seed_file=seed_file, tokens=tokens, now=now, badge_file=badge_file)
    app.state.living = None
    app.state.rates, app.state.heartbeat_s, app.state.stopping = rates or Rates(), heartbeat_s, asyncio.Event()
    if faults is not None:
        app.add_middleware(Faulty, faults=faults)
    app.add_middleware(BodyLimit)
    problems.add_handlers(app)
    app.include_router(health)
    app.include_router(router)
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]
    return app


def _describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, in which every refusal is a ProblemBody."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        document["components"]["schemas"]["ProblemBody"] = _problem_schema()
        app.openapi_schema = document
    return app.openapi_schema


def _problem_schema() -> dict[str, Any]:
    schema = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schema["properties"]["code"] = {"type": "string", "enum": schema.pop("$defs")["Code"]["enum"]}
    return schema


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    living: Living | None = app.state.living
    with living.running(app.state.plant) if living else contextlib.nullcontext():
        yield
    app.state.plant.database.close()


def read_tokens(file: Path) -> dict[str, str]:
    """One token and its role a line; empty lines and lines that begin with # do not count. Raises ConfigError."""
    try:
        lines = [line.split() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from error
    tokens = {}
    for number, words in enumerate(lines, start=1):
        if not words or words[0].startswith("#"):
            continue
        role = SAME_ROLE.get(words[-1], words[-1])
        if len(words) != 2 or role not in ROLES:
            raise ConfigError(f"line {number} is not a token and one of the roles {', '.join(ROLES)}.", file=file)
        tokens[words[0]] = role
    if not tokens:
        raise ConfigError("has no token in it.", file=file)
    return tokens


class _Server(uvicorn.Server):
    """Tells when it is ready, and ends the event streams when it stops.

    With `stops_with_stdin` it stops when whoever started it is gone.
    """

    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[], None], stopping: asyncio.Event, *, stops_with_stdin: bool
    ) -> None:
        super().__init__(config)
        self._on_ready, self._stopping, self._stops_with_stdin = on_ready, stopping, stops_with_stdin

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self._stops_with_stdin:
            asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._read_stdin)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()
        await super().shutdown(sockets=sockets)

    def _read_stdin(self) -> None:
        if not os.read(sys.stdin.fileno(), 1024):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self.should_exit = True


def serve(
    address: Address,
    database: Path,
    *,
    tokens: Mapping[str, str] = NO_TOKENS,
    badge_file: Path = badges.FILE,
    living: Living | None = None,
    faults: Faults | None = None,
    on_ready: Callable[[str], None] = lambda _url: None,
    stops_with_stdin: bool = False,
) -> None:
    """Serves until SIGTERM or SIGINT; calls `on_ready` with the URL. Raises ConfigError.

    With `living` the plant's time is the factory's. With `faults` it fails on purpose.
    """
    now = living.clock.now if living else utc_now
    app = create_app(database, tokens=tokens, now=now, badge_file=badge_file, faults=faults)
    app.state.living = living
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
        server = _Server(config, lambda: on_ready(url), app.state.stopping, stops_with_stdin=stops_with_stdin)
        server.run(sockets=[listener])


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        listener = socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError(f"The plant cannot listen on {address.host}, port {address.port}: {error}.") from error
    # Accepted connections inherit it; asyncio sets it only where the socket names its protocol. Without it, head and
    # body of an answer wait for each other's acknowledgement: 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
