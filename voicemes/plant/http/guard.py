"""What is checked before a request is looked at: its size, its token, its rate, and the headers of a POST."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Header, Request

from voicemes.plant.change import Actor
from voicemes.plant.http.calls import Call
from voicemes.plant.http.rates import Rates
from voicemes.plant.plant import Plant
from voicemes.plant.problems import Code, Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024
"""No request of ours has more than a few hundred bytes."""


class BodyLimit:
    """Refuses a body over the limit, whatever its Content-Length says, before anything reads it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        messages = await _receive_all(receive)
        if messages is None:
            await Problem(Code.TOO_LARGE, "The request is too large.").response()(scope, receive, send)
            return

        async def replay() -> Message:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, replay, send)


async def _receive_all(receive: Receive) -> list[Message] | None:
    """The whole body as the messages it came in, or None when it is too large."""
    messages: list[Message] = []
    size_bytes = 0
    while True:
        message = await receive()
        messages.append(message)
        size_bytes += len(message.get("body", b""))
        if size_bytes > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return messages


def the_plant(request: Request) -> Plant:
    plant: Plant = request.app.state.plant
    return plant


PlantHere = Annotated[Plant, Depends(the_plant)]


async def check_token(
    request: Request, plant: PlantHere, authorization: Annotated[str | None, Header()] = None
) -> str | None:
    """Returns the token's role, None where no tokens are configured. Refuses unknown tokens, and those in a hurry."""
    rates: Rates = request.app.state.rates
    if not plant.tokens:
        rates.check(request.client.host if request.client else "")
        return None
    scheme, _, sent = (authorization or "").partition(" ")
    sent = sent.strip()
    known = [token for token in plant.tokens if hmac.compare_digest(sent.encode(), token.encode())]
    if scheme.lower() != "bearer" or not known:
        raise Problem(Code.UNAUTHENTICATED, "The MES does not accept this station's token.")
    rates.check(known[0])
    return plant.tokens[known[0]]


TokenRole = Annotated[str | None, Depends(check_token)]


async def the_call(
    request: Request,
    plant: PlantHere,
    role: TokenRole,
    on_behalf_of: Annotated[str | None, Header(max_length=100)] = None,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
    causation_id: Annotated[str | None, Header(pattern=r"^[1-9][0-9]{0,17}$")] = None,
    if_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Call:
    """The headers of a POST. On-Behalf-Of is UTF-8."""
    operator = on_behalf_of.encode("latin-1").decode("utf-8", "replace") if on_behalf_of else None
    return Call(plant, request.url.path, Actor(operator, role=role), idempotency_key, causation_id, if_match)


CallHere = Annotated[Call, Depends(the_call)]
