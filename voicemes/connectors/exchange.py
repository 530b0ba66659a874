"""One request and its answer over httpx: bounded in time and size, and every failure sorted by what it means.

The only file that knows httpx's exceptions. What counts is whether the MES may have done what was asked:
`NotSentError` says that it has not, `LostError` and `NonsenseError` that nobody can tell.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

MAX_ANSWER_BYTES = 1_000_000
"""The largest answer of ours is a list of a few hundred orders, some 100 kB."""
CONNECT_SHARE = 0.5
"""Part of the time that connecting may take, so that a timeout then still says "not sent"."""

NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.ProxyError,
    UnicodeEncodeError,
)


class ExchangeError(Exception):
    """Root of what can happen instead of an answer; the message says it to an engineer."""


class NotSentError(ExchangeError):
    """The MES never got the request."""


class LostError(ExchangeError):
    """It may have got the request, and no answer came."""


class NonsenseError(ExchangeError):
    """An answer came that is not to be trusted."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """Relative to the base path, without a slash in front, percent-encoded."""
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} /{self.path}".replace(" //", " /")


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    data: Any
    """The JSON, or None where the body was empty or, with a status that refuses, was something else."""
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Exchange:
    """Sends requests to one MES."""

    def __init__(self, client: httpx.AsyncClient, timeout_s: float) -> None:
        self._client = client
        self.timeout_s = timeout_s

    async def send(self, request: Request, timeout_s: float) -> Response:
        """Raises ExchangeError; a status of 5xx is a lost answer, a redirect is nonsense."""
        try:
            async with asyncio.timeout(timeout_s):
                status, body, retry_after = await self._send(request, timeout_s)
        except NOT_SENT as error:
            raise NotSentError(f"{request} was not sent: {_words(error)}") from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise LostError(f"{request} got no answer within {timeout_s:.1f} s") from error
        except httpx.DecodingError as error:
            raise NonsenseError(f"{request} was answered with what cannot be decoded: {_words(error)}") from error
        except httpx.HTTPError as error:
            raise LostError(f"{request} lost its connection: {_words(error)}") from error
        if status >= 500:
            raise LostError(f"{request} was answered with status {status}")
        if not 200 <= status < 300 and status < 400:
            raise NonsenseError(f"{request} was answered with status {status}; redirects are not followed")
        return Response(status, _parse(request, status, body), retry_after)

    async def stream(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str], silence_s: float
    ) -> AsyncGenerator[bytes]:
        """The bytes of an answer without an end. Raises ExchangeError when it ends all the same, or is silent."""
        what = f"the stream of {path}"
        limits = httpx.Timeout(silence_s, connect=self.timeout_s)
        try:
            async with self._client.stream(
                "GET", path.removeprefix("/"), params=dict(query), headers=dict(headers), timeout=limits
            ) as response:
                if response.status_code != httpx.codes.OK:
                    raise NonsenseError(f"{what} was answered with status {response.status_code}")
                async for chunk in response.aiter_bytes():
                    yield chunk
        except NOT_SENT as error:
            raise NotSentError(f"{what} cannot be opened: {_words(error)}") from error
        except httpx.HTTPError as error:
            raise LostError(f"{what} broke: {_words(error)}") from error
        raise LostError(f"{what} was closed")

    async def _send(self, request: Request, timeout_s: float) -> tuple[int, bytes, str | None]:
        limits = httpx.Timeout(timeout_s, connect=timeout_s * CONNECT_SHARE)
        headers = {name.encode(): value.encode() for name, value in request.headers.items()}
        stream = self._client.stream(
            request.method,
            request.path,
            params={name: str(value) for name, value in request.query.items()},
            json=request.body,
            headers=headers,
            timeout=limits,
        )
        async with stream as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise NonsenseError(f"{request} was answered with more than {MAX_ANSWER_BYTES} bytes")
            return response.status_code, bytes(body), response.headers.get("Retry-After")

    async def aclose(self) -> None:
        await self._client.aclose()


def _parse(request: Request, status: int, body: bytes) -> Any:
    """JSON, or None for an empty body. A refusal may be in any language: its status speaks for it."""
    if not body:
        return None
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        if status >= 400:
            return None
        raise NonsenseError(f"{request} was answered with what is not JSON") from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
