"""Says who we are, with every request: by a fixed text, or by a token that is fetched and, when it is over, renewed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from voicemes.connectors import extract
from voicemes.connectors.auth_spec import Basic, Fixed, Login, NoAuth, OAuth2, Sent, TokenFile
from voicemes.connectors.filters import b64
from voicemes.connectors.messages import NonsenseError, Request, Response
from voicemes.connectors.rendering import query_of, request_of, texts
from voicemes.connectors.template import Template, Values, names_in, render
from voicemes.errors import MesDenied

if TYPE_CHECKING:
    from voicemes.connectors.auth_spec import AuthSpec, Refused
    from voicemes.connectors.spec import Envelope

Send: TypeAlias = Callable[[Request], Awaitable[Response]]
Secrets: TypeAlias = Callable[[str], str]
"""The value of a secret by its name. Raises ConfigError."""


class Auth(Protocol):
    async def dress(self, request: Request, send: Send) -> Request:
        """The request as it is sent. Raises MesDenied where the MES does not let us in, and ExchangeError."""

    def is_over(self, response: Response) -> bool:
        """Whether an answer says that a login is needed again; then it has been forgotten."""


class FixedAuth:
    """The same with every request."""

    def __init__(self, sent: Sent, values: Values) -> None:
        self._sent, self._values = sent, values

    async def dress(self, request: Request, send: Send) -> Request:
        del send
        return dressed(request, self._sent, self._values)

    def is_over(self, response: Response) -> bool:
        del response
        return False


class TokenAuth:
    """What every request sends comes from an answer."""

    def __init__(self, login: Callable[[Send], Awaitable[tuple[Sent, Values]]], refused: Refused) -> None:
        self._login, self._refused = login, refused
        self._held: tuple[Sent, Values] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def dress(self, request: Request, send: Send) -> Request:
        async with self._one_at_a_time:
            if self._held is None:
                self._held = await self._login(send)
            return dressed(request, *self._held)

    def is_over(self, response: Response) -> bool:
        is_named = self._refused.when is not None and bool(extract.search(self._refused.when, response.data))
        if is_named or response.status in self._refused.status:
            self._held = None
            return True
        return False


def build(spec: AuthSpec, secret: Secrets, token: str | None, envelope: Envelope | None) -> Auth:
    """`token` is that of the settings. Raises ConfigError for a secret that is not there."""
    match spec:
        case NoAuth():
            return FixedAuth(Sent(), {})
        case TokenFile():
            return FixedAuth(bearer("{token}") if token else Sent(), {"token": token})
        case Basic(user=user, password=password):
            values = secrets_of([user, password], secret)
            pair = f"{user.value(values)}:{password.value(values)}"
            return FixedAuth(header("Basic {pair}"), {"pair": b64(pair)})
        case Fixed(send=send):
            return FixedAuth(send, secrets_of([dict(send.headers), dict(send.query), dict(send.body)], secret))
        case OAuth2():
            return TokenAuth(OAuthLogin(spec, secret).login, spec.refused)
        case Login():
            return TokenAuth(CustomLogin(spec, secret, envelope).login, spec.refused)


class CustomLogin:
    def __init__(self, spec: Login, secret: Secrets, envelope: Envelope | None) -> None:
        self._spec, self._envelope = spec, envelope
        ask = spec.request
        trees = [ask.path, ask.call, dict(ask.query), dict(ask.headers), ask.body, ask.args]
        sent = [dict(spec.send.headers), dict(spec.send.query), dict(spec.send.body), dict(spec.compose)]
        self._values = {"_n": 0, **secrets_of([*trees, *sent], secret)}

    async def login(self, send: Send) -> tuple[Sent, Values]:
        asked = request_of(self._spec.request, self._values, self._envelope)
        response = await send(replace(asked, shown="the login"))
        failed = self._spec.failed_when
        if not response.is_success or (failed is not None and extract.search(failed, response.data)):
            raise MesDenied(f"The login was answered with status {response.status}. Look at user and password.")
        values = {**self._values, **extract.answers(self._spec.answer, (), response.data)}
        return self._spec.send, {**values, **texts(self._spec.compose, values)}


class OAuthLogin:
    def __init__(self, spec: OAuth2, secret: Secrets) -> None:
        self._spec = spec
        texts_ = [text for text in (spec.path, spec.client, spec.secret, spec.user, spec.password) if text is not None]
        self._values = secrets_of(texts_, secret)
        self._refresh = ""

    async def login(self, send: Send) -> tuple[Sent, Values]:
        """With the refresh token where there is one; a MES that does not take it any more gets user and password."""
        renewal = {"grant_type": "refresh_token", "refresh_token": self._refresh}
        tokens = await self._ask(send, renewal) if self._refresh else None
        tokens = tokens or await self._ask(send, self._grant())
        if tokens is None:
            raise MesDenied("No token was given. Look at client, secret, user and password.")
        self._refresh = str(tokens.get("refresh_token") or "")
        return bearer("{token}"), {"token": str(tokens["access_token"])}

    def _grant(self) -> dict[str, str]:
        spec, values = self._spec, self._values
        user = {"username": spec.user.value(values)} if spec.user is not None else {}
        password = {"password": spec.password.value(values)} if spec.password is not None else {}
        return {"grant_type": spec.grant, **({"scope": spec.scope} if spec.scope else {}), **user, **password}

    async def _ask(self, send: Send, form: Mapping[str, str]) -> Mapping[str, Any] | None:
        """None where it was refused. The client goes into Basic (RFC 6749, 2.3.1)."""
        spec = self._spec
        pair = b64(f"{spec.client.value(self._values)}:{spec.secret.value(self._values)}")
        headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}
        path = spec.path.path(self._values)
        response = await send(Request("POST", path, headers=headers, form=form, shown="the request for a token"))
        if response.status in {400, 401, 403}:
            self._refresh = ""
            return None
        if not response.is_success or not isinstance(response.data, dict) or not response.data.get("access_token"):
            raise NonsenseError(f"the request for a token was answered with status {response.status} and no token")
        return response.data


def dressed(request: Request, sent: Sent, values: Values) -> Request:
    body = request.body
    if sent.body:
        body = {**(body if isinstance(body, dict) else {}), **render(dict(sent.body), values)}
    query = {**request.query, **query_of(sent.query, values)}
    return replace(request, headers={**request.headers, **texts(sent.headers, values)}, query=query, body=body)


def header(text: str) -> Sent:
    return Sent.model_validate({"headers": {"Authorization": text}})


def bearer(text: str) -> Sent:
    return header(f"Bearer {text}")


def secrets_of(trees: list[Any], secret: Secrets) -> dict[str, str]:
    """The secrets that templates name."""
    names = frozenset().union(*(tree.names if isinstance(tree, Template) else names_in(tree) for tree in trees))
    return {name: secret(name[1:]) for name in sorted(names) if name.startswith("$")}
