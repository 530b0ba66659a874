"""The program that `bench crash` forks its lives from, broken on purpose: `broken_lives.py fresh-keys|forgets`."""

from __future__ import annotations

import sys
import uuid
from typing import Any

import httpx

from voicemes.connectors import open_connector
from voicemes.model import MesCommand
from voicemes.outbox.entry import Entry, State
from voicemes.outbox.store import Store
from voicemes.runtime import crash_life


class FreshKeys(httpx.AsyncHTTPTransport):
    """Each attempt is another command to the MES, and a write is tried once more whatever came of it: nothing tells
    the MES that it was asked before.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if "Idempotency-Key" in request.headers:
            request.headers["Idempotency-Key"] = str(uuid.uuid4())
            first = await super().handle_async_request(request)
            await first.aclose()
            request.headers["Idempotency-Key"] = str(uuid.uuid4())
        return await super().handle_async_request(request)


def forget(_store: Store, command: MesCommand, state: State, wall_s: float) -> Entry:
    """It says that it is on the disk, and it is not."""
    return Entry(0, command, state, 1, "", wall_s, wall_s, is_told=False)


def main() -> None:
    if sys.argv[1] == "forgets":
        Store.add = forget  # type: ignore[method-assign]
    else:

        def opened(settings: Any, **options: Any) -> Any:
            return open_connector(settings, transport=FreshKeys(trust_env=False), **options)

        crash_life.open_connector = opened
    crash_life.main()


if __name__ == "__main__":
    main()
