"""Sends one command to a MES for test, and writes down what went over the line as an exchange for a connector file.

Headers that say who we are stay out, and our secrets stand by their names, wherever they were sent. Look through what
came before it is published: a MES may put secrets of its own anywhere, such as the token that a login gives.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import httpx

from voicemes.config import read_secret
from voicemes.connectors import extract
from voicemes.connectors.declarative import DeclarativeConnector
from voicemes.connectors.load import find, load_spec, open_exchange
from voicemes.connectors.proof import COMMAND_ID, RAISED
from voicemes.errors import MesError
from voicemes.model import Accepted, Rejected

if TYPE_CHECKING:
    from voicemes.clock import Clock
    from voicemes.config import MesSettings
    from voicemes.model import MesCommand

LEAST_CHARS = 4
"""Of a secret that is looked for inside a text: a shorter one is found only where it stands alone."""
SHOWN_HEADERS = frozenset({"retry-after", "content-range"})
"""Of an answer; the others say nothing to a connector."""


async def record(settings: MesSettings, command: MesCommand, clock: Clock) -> dict[str, Any]:
    """Performs it for real. Returns an item for `exchanges.cases`; an error of the MES is an outcome, too."""
    spec = load_spec(find(settings.connector))
    own = frozenset({spec.idempotency_header.lower(), (spec.on_behalf_of_header or "").lower(), "range"})
    recorder, secrets = Recorder(httpx.AsyncHTTPTransport(), own), Secrets()
    connector = DeclarativeConnector(spec, open_exchange(spec, settings, recorder, clock, secrets.read), clock)
    try:
        reply = await connector.execute(command)
        told = _told(reply)
    except MesError as exc:
        told = {"raises": RAISED[type(exc)]}
    finally:
        await connector.aclose()
    asked = {"operation": command.operation, "fields": extract.plain(command.fields), "operator": command.operator_id}
    case = {"about": command.spoken_text, "ask": asked, "http": recorder.pairs, "reply": told}
    replayed: dict[str, Any] = json.loads(json.dumps(case).replace(command.command_id, COMMAND_ID))
    named: dict[str, Any] = secrets.named(replayed)
    return named


class Secrets:
    """Those that a connector asked for."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def read(self, name: str) -> str:
        """Raises ConfigError."""
        secret = read_secret(name)
        for form in (secret, quote(secret, safe=""), quote_plus(secret)):
            self._names[form] = f"${{{name}}}"
        return secret

    def named(self, data: Any) -> Any:
        """The same, with their names in their places."""
        if isinstance(data, dict):
            return {self.named(key): self.named(value) for key, value in data.items()}
        if isinstance(data, list):
            return [self.named(item) for item in data]
        if not isinstance(data, str):
            return data
        for secret in sorted(self._names, key=len, reverse=True):
            is_inside = len(secret) >= LEAST_CHARS
            data = data.replace(secret, self._names[secret]) if is_inside or data == secret else data
        return data


def _told(reply: Accepted | Rejected) -> dict[str, Any]:
    if isinstance(reply, Accepted):
        return {"accepted": extract.plain(reply.values)}
    return {"rejected": reply.code, "reason": reply.reason}


class Recorder(httpx.AsyncBaseTransport):
    """Passes everything on, and keeps it."""

    def __init__(self, line: httpx.AsyncBaseTransport, own_headers: frozenset[str]) -> None:
        """`own_headers`: of requests, those that are worth keeping, in small letters."""
        self._line, self._own = line, own_headers
        self.pairs: list[dict[str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        pair: dict[str, Any] = {"request": self._request(request)}
        self.pairs.append(pair)
        try:
            response = await self._line.handle_async_request(request)
            body = await response.aread()
        except httpx.ConnectError:
            pair["response"] = {"unsent": True}
            raise
        except httpx.HTTPError:
            pair["response"] = {"lost": True}
            raise
        pair["response"] = _response(response, body)
        return httpx.Response(response.status_code, headers=response.headers, content=body, request=request)

    async def aclose(self) -> None:
        await self._line.aclose()

    def _request(self, request: httpx.Request) -> dict[str, Any]:
        kept = {name: value for name, value in request.headers.items() if name in self._own}
        return {
            "method": request.method,
            "path": request.url.raw_path.decode().partition("?")[0],
            **({"query": dict(request.url.params)} if request.url.params else {}),
            **({"headers": kept} if kept else {}),
            **({"body": _data(request.content)} if request.content else {}),
        }


def _response(response: httpx.Response, body: bytes) -> dict[str, Any]:
    kept = {name: value for name, value in response.headers.items() if name in SHOWN_HEADERS}
    head = {"status": response.status_code, **({"headers": kept} if kept else {})}
    if not body:
        return head
    data = _data(body)
    return {**head, "text": data} if isinstance(data, str) else {**head, "body": data}


def _data(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace")
