"""Proves a connector file without its MES: every exchange that stands in it is played, and every request compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpx

from voicemes.config import MesSettings
from voicemes.connectors import extract
from voicemes.connectors.declarative import DeclarativeConnector
from voicemes.connectors.load import load_spec, open_exchange
from voicemes.errors import (
    ConfigError,
    MesBusy,
    MesDenied,
    MesError,
    MesProtocolError,
    MesUncertain,
    MesUnreachable,
    VoicemesError,
)
from voicemes.model import Accepted, Live, MesCommand, Rejected

if TYPE_CHECKING:
    from voicemes.connectors.exchanges import Asked, Came, Exchange, Outcome, Pair
    from voicemes.connectors.exchanges import Sent as Wanted
    from voicemes.connectors.spec import ConnectorSpec

URL = "http://mes.test"
NOW_S = 1_772_000_000.0
"""The time in proofs: 25 Feb 2026, 06:13:20 UTC."""
COMMAND_ID = "00000000-0000-4000-8000-000000000001"
RAISED: dict[type[MesError], str] = {
    MesUnreachable: "unreachable",
    MesUncertain: "uncertain",
    MesBusy: "busy",
    MesDenied: "denied",
    MesProtocolError: "nonsense",
}


@dataclass(frozen=True, slots=True)
class Proved:
    """One exchange, and what went otherwise."""

    about: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    name: str
    source: str
    cases: tuple[Proved, ...]
    unproved: tuple[str, ...]
    """Operations without an exchange."""

    @property
    def is_good(self) -> bool:
        return bool(self.cases) and not any(case.fault for case in self.cases)


class StillClock:
    """Time passes only where somebody waits."""

    def __init__(self) -> None:
        self._passed_s = 0.0

    def now_s(self) -> float:
        return self._passed_s

    def wall_s(self) -> float:
        return NOW_S + self._passed_s

    async def sleep(self, seconds: float) -> None:
        self._passed_s += seconds


async def prove(file: Path) -> Proof:
    """Raises ConfigError for a file that is no connector, or one without exchanges."""
    spec = load_spec(file)
    if spec.exchanges is None or not spec.exchanges.cases:
        raise ConfigError("has no exchanges, so nothing proves it. See the README on connectors.", file=file)
    cases = [await _play(spec, case) for case in spec.exchanges.cases]
    asked = {case.ask.operation for case in spec.exchanges.cases}
    unknown = sorted(name for name in asked - {""} if name not in spec.operations and name not in spec.cannot)
    if unknown:
        raise ConfigError(f"has an exchange for {unknown[0]!r}, which is no operation.", file=file, key="exchanges")
    return Proof(spec.name, spec.exchanges.source, tuple(cases), tuple(sorted(spec.operations.keys() - asked)))


async def _play(spec: ConnectorSpec, case: Exchange) -> Proved:
    script = _Script(case.http)
    assert spec.exchanges is not None
    secrets = spec.exchanges.secrets
    clock = StillClock()
    settings = MesSettings(url=URL)
    try:
        line = open_exchange(spec, settings, httpx.MockTransport(script.answer), clock, lambda name: secrets[name])
    except KeyError as error:
        raise ConfigError(f"needs the secret {error} to be proved.", key="exchanges.secrets") from error
    connector = DeclarativeConnector(spec, line, clock)
    try:
        came = await _ask(connector, case.ask)
    finally:
        await connector.aclose()
    return Proved(case.about, script.fault or _difference(case.reply, came) or script.rest)


async def _ask(connector: DeclarativeConnector, ask: Asked) -> Accepted | Rejected | Live | MesError:
    said = (ask.operator, ask.said, NOW_S)
    command = MesCommand(COMMAND_ID, ask.operation, ask.fields, True, *said, may_have_been_sent=ask.again)
    try:
        return await connector.live(ask.live) if ask.live else await connector.execute(command)
    except MesError as error:
        return error


class _Script:
    """The other side: it answers what it was written to be asked."""

    def __init__(self, pairs: tuple[Pair, ...]) -> None:
        self._pairs = list(pairs)
        self.fault = ""

    @property
    def rest(self) -> str:
        left = self._pairs[0].request if self._pairs else None
        return f"{left.method} {left.path} was not asked" if left else ""

    def answer(self, request: httpx.Request) -> httpx.Response:
        if not self._pairs:
            self.fault = self.fault or f"{request.method} {request.url.raw_path.decode()} was asked beyond the exchange"
            raise httpx.ConnectError("nobody is there", request=request)
        pair = self._pairs.pop(0)
        self.fault = self.fault or "; ".join(_differences(pair.request, request))
        return _response(pair.response, request)


def _differences(wanted: Wanted, came: httpx.Request) -> Iterator[str]:
    path = came.url.raw_path.decode().partition("?")[0]
    if (wanted.method, wanted.path) != (came.method, path):
        yield f"{wanted.method} {wanted.path} was to be asked, it was {came.method} {path}"
        return
    query = dict(came.url.params)
    if wanted.query is not None and wanted.query != query:
        yield f"{path} was to have the query {wanted.query}, it has {query}"
    for name, value in wanted.headers.items():
        if came.headers.get(name) != value:
            yield f"{path} was to have the header {name}: {value}, it has {came.headers.get(name)}"
    if wanted.body is not None:
        body = _body(came)
        if body != wanted.body:
            yield f"{path} was to have the body {json.dumps(wanted.body)}, it has {json.dumps(body)}"


def _body(request: httpx.Request) -> Any:
    """JSON, or the fields of a form."""
    text = request.content.decode("utf-8", "replace")
    if request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        pairs = (pair.partition("=") for pair in text.split("&") if pair)
        return {unquote(name.replace("+", " ")): unquote(value.replace("+", " ")) for name, _, value in pairs}
    return json.loads(text) if text else None


def _response(came: Came, request: httpx.Request) -> httpx.Response:
    if came.unsent:
        raise httpx.ConnectError("there is no connection", request=request)
    if came.lost:
        raise httpx.ReadError("the connection broke", request=request)
    if came.text is not None:
        return httpx.Response(came.status, headers=came.headers, text=came.text)
    if came.body is None:
        return httpx.Response(came.status, headers=came.headers)
    return httpx.Response(came.status, headers=came.headers, json=came.body)


def _difference(wanted: Outcome, came: Accepted | Rejected | Live | MesError) -> str:
    match came:
        case Accepted(_, values) if wanted.accepted is not None:
            held = {name: extract.plain(value) for name, value in values.items()}
            told = f"it was to be accepted with {wanted.accepted}, it was with {held}"
            return "" if held == wanted.accepted else told
        case Rejected(_, code, reason) if wanted.rejected is not None:
            fits = code == wanted.rejected and (wanted.reason is None or wanted.reason == reason)
            told = f"it was to be refused as {wanted.rejected} ({wanted.reason}), it was as {code} ({reason})"
            return "" if fits else told
        case Live() if wanted.live is not None:
            return _missing(wanted.live, came)
        case MesError() if wanted.raises == RAISED[type(came)]:
            return ""
        case VoicemesError():
            return f"it came out as {RAISED.get(type(came), 'error')}: {came}"
        case _:
            return f"it came out as {came}"


def _missing(wanted: Mapping[str, Any], live: Live) -> str:
    for name, value in wanted.items():
        have: Any = {slot_type: [one.id for one in items] for slot_type, items in live.references.items()}.get(name)
        if name in {"current", "roles", "facts"}:
            have = extract.plain(getattr(live, name))
        if have != value:
            return f"{name} was to be {value}, it is {have}"
    return ""
