"""The screens in a browser. Everybody with the token is who the settings say, so it listens on loopback by default.

textual-serve runs one process of `voicemes tui` for each browser; this adds the token, a page that fetches nothing from
outside the plant, and the check that a page of another site cannot talk to it.
"""

from __future__ import annotations

import asyncio
import secrets
import shlex
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicemes.errors import ConfigError, EngineMissing

if TYPE_CHECKING:
    from aiohttp import web

COOKIE = "voicemes"
PAGE = Path(__file__).with_name("page")
MIN_TOKEN_CHARS = 12
MAX_BROWSERS = 8
"""Each is a process of its own, of some 200 MB."""


async def serve(arguments: Sequence[str], host: str, port: int, token: str, tell: Callable[[str], None]) -> None:
    """Serves `voicemes tui <arguments>` until it is cancelled. `tell` gets the address, with the token.

    Raises EngineMissing without the extra `browser`, and ConfigError for a token that could be guessed or a port that
    is taken.
    """
    try:
        from aiohttp import web
    except ImportError as exc:
        raise EngineMissing("textual-serve", install="Install it with: uv sync --extra browser") from exc
    if token and len(token) < MIN_TOKEN_CHARS:
        raise ConfigError(f"must hold at least {MIN_TOKEN_CHARS} characters.", key="--token-file")
    token = token or secrets.token_urlsafe(16)
    command = shlex.join([sys.executable, "-m", "voicemes", "tui", *arguments])
    application = await _application(command, host, port, token)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as exc:
            raise ConfigError(f"{host}:{port} cannot be listened on: {exc.strerror}.", key="--port") from exc
        bound = runner.addresses[0][1]
        tell(f"http://{host}:{bound}/?token={token}")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


async def _application(command: str, host: str, port: int, token: str) -> web.Application:
    """textual-serve's application, behind the token."""
    from textual_serve.server import Server

    class Here(Server):
        """Under whatever name it was asked for."""

        async def handle_index(self, request: web.Request) -> Any:
            self.public_url = f"{request.scheme}://{request.host}"
            return await super().handle_index(request)

    server = Here(command, host=host, port=port, title="voicemes", templates_path=str(PAGE))
    application = await server._make_app()  # noqa: SLF001 - its own way to run it has no place for a token
    application.on_startup.clear()  # it only prints
    application.middlewares.append(_guard(token))
    return application


def _guard(token: str) -> Any:
    from aiohttp import web

    n_open = 0

    @web.middleware
    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        nonlocal n_open
        given = request.query.get("token") or request.cookies.get(COOKIE, "")
        if not secrets.compare_digest(given.encode(), token.encode()):
            return web.Response(status=401, text="Open the address that voicemes printed, with its token.\n")
        if request.path != "/ws":
            response = await handler(request)
            if not response.prepared:
                response.set_cookie(COOKIE, token, httponly=True, samesite="Strict")
            return response
        origin = request.headers.get("Origin", "")
        if origin and origin.partition("://")[2] != request.host:
            return web.Response(status=403, text="This page is of another site.\n")
        if n_open >= MAX_BROWSERS:
            return web.Response(status=503, text="Too many browsers are open.\n")
        n_open += 1
        try:
            return await handler(request)
        finally:
            n_open -= 1

    return guard
