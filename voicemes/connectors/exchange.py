"""One request and its answer over httpx: bounded in time and size, and every failure sorted by what it means.

The only file that knows httpx's exceptions. What counts is whether the MES may have done what was asked:
`NotSentError` says that it has not, `LostError` and `NonsenseError` that nobody can tell.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx

from voicemes.connectors.harmless import harmless
from voicemes.connectors.manners import Manners
from voicemes.connectors.messages import LostError, NonsenseError, NotSentError, Request, Response

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from voicemes.connectors.auth import Auth

MAX_DEPTH = 50
"""Of lists and mappings within each other."""
CONNECT_SHARE = 0.5
"""Part of the time that connecting may take, so that a timeout then still says "not sent"."""

NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.ProxyError,
    httpx.InvalidURL,
    UnicodeEncodeError,
)


class Exchange:
    """Sends requests to one MES."""

    def __init__(self, client: httpx.AsyncClient, timeout_s: float, manners: Manners | None = None) -> None:
        self._client = client
        self._manners = manners or Manners()
        self.timeout_s = timeout_s

    async def send(self, request: Request, timeout_s: float) -> Response:
        """Raises ExchangeError; a status of 5xx is a lost answer, a redirect is nonsense. Raises MesDenied where no
        login is to be had.
        """
        await self._manners.wait_turn(request, timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                response = await self._authorised(request, timeout_s)
        except TimeoutError as error:
            self._manners.failed()
            raise LostError(f"{request} got no answer within {timeout_s:.1f} s") from error
        except (NotSentError, LostError):
            self._manners.failed()
            raise
        except BaseException:
            self._manners.gave_up()
            raise
        self._manners.worked()
        return response

    async def _authorised(self, request: Request, timeout_s: float) -> Response:
        """A login that is over is renewed once: the request was refused, so it is sent a second time."""
        auth = self._manners.auth
        if auth is None:
            return await self._once(request, timeout_s)
        response = await self._once(await self._dressed(auth, request, timeout_s), timeout_s)
        if auth.is_over(response):
            response = await self._once(await self._dressed(auth, request, timeout_s), timeout_s)
        return response

    async def _dressed(self, auth: Auth, request: Request, timeout_s: float) -> Request:
        """A login that got no answer is none: the request itself was not sent."""
        try:
            return await auth.dress(request, lambda login: self._once(login, timeout_s))
        except LostError as error:
            raise NotSentError(f"{request} was not sent: {error}") from error

    async def _once(self, request: Request, timeout_s: float) -> Response:
        self._check_place(request)
        _check_body(request)
        try:
            answer = await self._send(request, timeout_s)
        except NOT_SENT as error:
            raise NotSentError(f"{request} was not sent: {_words(error)}") from error
        except httpx.TimeoutException as error:
            raise LostError(f"{request} got no answer within {timeout_s:.1f} s") from error
        except httpx.DecodingError as error:
            raise NonsenseError(f"{request} was answered with what cannot be decoded: {_words(error)}") from error
        except httpx.HTTPError as error:
            raise LostError(f"{request} lost its connection: {_words(error)}") from error
        status, body, headers = answer
        if status >= 500:
            raise LostError(f"{request} was answered with status {status}")
        if not 200 <= status < 300 and status < 400:
            raise NonsenseError(f"{request} was answered with status {status}; redirects are not followed")
        data = _parse(request, status, body)
        return Response(status, data, headers.get("Retry-After"), headers.get("Content-Range"))

    async def stream(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str], silence_s: float
    ) -> AsyncGenerator[bytes]:
        """The bytes of an answer without an end. Raises ExchangeError when it ends all the same, or is silent."""
        what = f"the stream of {path}"
        limits = httpx.Timeout(silence_s, connect=self.timeout_s)
        try:
            asked = Request("GET", path.removeprefix("/"), query, headers=headers)
            self._check_place(asked)
            auth = self._manners.auth
            asked = await self._dressed(auth, asked, self.timeout_s) if auth is not None else asked
            async with self._client.stream(
                "GET", asked.path, params=dict(asked.query), headers=dict(asked.headers), timeout=limits
            ) as response:
                if auth is not None:
                    auth.is_over(Response(response.status_code, None))
                if response.status_code != httpx.codes.OK:
                    raise NonsenseError(f"{what} was answered with status {response.status_code}")
                async for chunk in response.aiter_bytes():
                    yield chunk
        except NOT_SENT as error:
            raise NotSentError(f"{what} cannot be opened: {_words(error)}") from error
        except httpx.HTTPError as error:
            raise LostError(f"{what} broke: {_words(error)}") from error
        raise LostError(f"{what} was closed")

    async def _send(self, request: Request, timeout_s: float) -> tuple[int, bytes, httpx.Headers]:
        limits = httpx.Timeout(timeout_s, connect=timeout_s * CONNECT_SHARE)
        headers = {name.encode(): value.encode() for name, value in request.headers.items()}
        stream = self._client.stream(
            request.method,
            request.path,
            params={name: str(value) for name, value in request.query.items()} or None,  # none keeps that of a link
            json=request.body,
            data=request.form,
            headers=headers,
            timeout=limits,
        )
        async with stream as response:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self._manners.max_answer_bytes:
                    raise NonsenseError(f"{request} was answered with more than {self._manners.max_answer_bytes} bytes")
            return response.status_code, bytes(body), response.headers

    def own(self, link: str) -> str:
        """A link of an answer, as a path of this MES. Raises NonsenseError for one that leads elsewhere."""
        try:
            url = self._client.base_url.join(link)
        except (httpx.InvalidURL, ValueError) as error:
            raise NonsenseError(f"the answer has the link {link[:100]!r}, which is none") from error
        here = self._client.base_url
        if (url.scheme, url.host, url.port) != (here.scheme, here.host, here.port):
            raise NonsenseError(f"the answer leads to another host: {url.host}")
        return str(url)

    def _check_place(self, request: Request) -> None:
        """What a connector file calls a path may be a whole address. Raises NotSentError where it is another host's:
        who we are is nobody else's business.
        """
        try:
            url, here = httpx.URL(request.path), self._client.base_url
        except httpx.InvalidURL as error:
            raise NotSentError(f"{request.method} was not sent: its path is no address") from error
        if url.is_absolute_url and (url.scheme, url.host, url.port) != (here.scheme, here.host, here.port):
            raise NotSentError(f"{request.method} was not sent: its path leads to another host: {url.host}")

    async def aclose(self) -> None:
        await self._client.aclose()


def _parse(request: Request, status: int, body: bytes) -> Any:
    """JSON, or None for an empty body. A refusal may be in any language: its status speaks for it."""
    if not body:
        return None
    try:
        data = json.loads(body, parse_constant=_refuse_constant)
        _check_depth(data)
        data = harmless(data, body)
    except (ValueError, RecursionError) as error:
        if status >= 400:
            return None
        raise NonsenseError(f"{request} was answered with what is not JSON") from error
    return data


def _check_body(request: Request) -> None:
    """Raises NotSentError for what JSON cannot hold: a MES that says 1e999 means infinity, and so would we."""
    try:
        json.dumps(request.body, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotSentError(f"{request} was not sent: its body cannot be written as JSON") from error


def _check_depth(data: Any) -> None:
    """Raises ValueError for what is nested so deeply that nobody meant it."""
    level = [data]
    for _ in range(MAX_DEPTH):
        nested = [part for part in level if isinstance(part, (dict, list))]
        if not nested:
            return
        level = [item for part in nested for item in (part.values() if isinstance(part, dict) else part)]
    raise ValueError("it is nested too deeply")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _words(error: Exception) -> str:
    """What the library says, unless it quotes a header: that may be who we are."""
    is_safe = not isinstance(error, httpx.LocalProtocolError | UnicodeEncodeError)
    return (is_safe and str(error)) or type(error).__name__
