"""A plant that does not work as it should, on purpose: what stands between a station and its MES fails like this.

For a share of the requests, reads too, one of FAULTS comes about. Off unless somebody asks for it. The dice are seeded:
the same requests in the same order meet the same faults.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

Fault: TypeAlias = Literal["drop_before", "drop_after", "delay", "double", "fail_before", "fail_after"]
"""drop_before: the connection breaks and nothing was done. drop_after: it was done and the answer breaks off.
delay: it is done and the answer comes when nobody waits any more. double: it is worked on twice, as when a proxy tries
again; the second answer counts. fail_before, fail_after: status 500 and nothing was done, or it was.
"""
FAULTS: tuple[Fault, ...] = get_args(Fault)
PATH = "/api/v1/"
SPARED = "/api/v1/health"
"""Whoever starts the plant has to see that it is there."""
STREAM = b"text/event-stream"
"""An answer without an end has no moment after it: the stream is spared, too."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How much goes wrong, and what."""

    share: float = 0.0
    """Of the requests, 0-1."""
    seed: int = 1
    delay_s: float = 1.0
    """Longer than the client's deadline."""
    kinds: tuple[Fault, ...] = FAULTS


class Faulty:
    """Between the server and the application. Inside the body limit: it keeps the body, to give it twice."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app, self._faults = app, faults
        self._dice = random.Random(faults.seed)  # noqa: S311 - dice, no secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_exposed(scope) or self._dice.random() >= self._faults.share:
            await self._app(scope, receive, send)
            return
        await self._fail(self._dice.choice(self._faults.kinds), scope, receive, send)

    async def _fail(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        request = await _whole(receive)
        if fault == "double":
            await self._work(scope, request)
        answer = [] if fault in {"drop_before", "fail_before"} else await self._work(scope, request)
        if fault == "delay":
            await asyncio.sleep(self._faults.delay_s)
        if fault in {"drop_before", "drop_after"}:
            await _break_off(send)
        elif fault in {"fail_before", "fail_after"}:
            await _send_500(send)
        else:
            for message in answer:
                await send(message)

    async def _work(self, scope: Scope, request: list[Message]) -> list[Message]:
        """Does what was asked; returns the answer instead of sending it."""
        waiting, answer = list(request), []

        async def receive() -> Message:
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def keep(message: Message) -> None:
            answer.append(message)

        await self._app(dict(scope), receive, keep)
        return answer


def _is_exposed(scope: Scope) -> bool:
    if scope["type"] != "http" or not scope["path"].startswith(PATH) or scope["path"] == SPARED:
        return False
    return not any(name == b"accept" and STREAM in value for name, value in scope["headers"])


async def _whole(receive: Receive) -> list[Message]:
    """The request with all of its body."""
    request = [await receive()]
    while request[-1].get("more_body", False):
        request.append(await receive())
    return request


async def _break_off(send: Send) -> None:
    """Promises more than it sends: the server closes the connection, and the client sees that something is missing."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})


async def _send_500(send: Send) -> None:
    await send({"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
