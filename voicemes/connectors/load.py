"""From the settings to a connector: finds the file, checks it, and opens the client."""

from __future__ import annotations

import logging
import ssl
from functools import cache, lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from pydantic import ValidationError

from voicemes.config import read_secret, read_secret_file
from voicemes.connectors.auth import build as build_auth
from voicemes.connectors.board import DeclarativeBoard
from voicemes.connectors.declarative import DeclarativeConnector
from voicemes.connectors.exchange import Exchange
from voicemes.connectors.manners import Manners
from voicemes.connectors.spec import ConnectorSpec
from voicemes.errors import CatalogError, ConfigError
from voicemes.nlu.yamlfile import Document

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from voicemes.clock import Clock
    from voicemes.config import MesSettings
    from voicemes.connectors.auth import Secrets

FOLDER = Path(__file__).resolve().parent


def open_connector(
    settings: MesSettings, *, transport: httpx.AsyncBaseTransport | None = None, clock: Clock | None = None
) -> DeclarativeConnector:
    """The connector that the settings name: a shipped file by its name, or one's own by its path. Raises ConfigError.

    Nothing is sent before the first `execute` or `live`. `transport` stands in for the network in tests.
    """
    spec = load_spec(find(settings.connector))
    return DeclarativeConnector(spec, open_exchange(spec, settings, transport, clock), clock)


def open_board(settings: MesSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> DeclarativeBoard:
    """What a screen shows of the MES that the settings name, over connections of its own. Raises ConfigError."""
    spec = load_spec(find(settings.connector))
    return DeclarativeBoard(spec, open_exchange(spec, settings, transport))


def open_exchange(
    spec: ConnectorSpec,
    settings: MesSettings,
    transport: httpx.AsyncBaseTransport | None,
    clock: Clock | None = None,
    secret: Secrets = read_secret,
) -> Exchange:
    url = _check_url(settings.url)
    token = read_secret_file(settings.token_file, "mes.token_file") if settings.token_file is not None else None
    # trust_env: a proxy from the environment must not get between a station and its MES.
    _check_proxy(settings.proxy)
    for library in ("httpx", "httpcore"):  # they log addresses and headers, and so who we are
        logging.getLogger(library).setLevel(logging.WARNING)
    client = httpx.AsyncClient(
        base_url=url.join(url.path.rstrip("/") + spec.base_path + "/"),
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        follow_redirects=False,
        trust_env=False,
        transport=transport,
        verify=_trust(settings),
        proxy=settings.proxy or None,
        limits=httpx.Limits(max_connections=spec.limits.connections, max_keepalive_connections=spec.limits.connections),
        event_hooks={"request": [_signer(spec.signer)]} if spec.signer else {},
    )
    auth = build_auth(spec.auth, secret, token, spec.envelope)
    limits = spec.limits
    manners = Manners(auth, clock, per_second=limits.per_second, max_answer_bytes=limits.max_answer_kb * 1000)
    return Exchange(client, settings.timeout_s, manners)


def load_spec(file: Path) -> ConnectorSpec:
    """A file that has not changed is read once. Raises ConfigError that names file, line and key."""
    try:
        found = file.stat()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error}", file=file, key="connector") from error
    return _read_spec(file, (found.st_mtime_ns, found.st_size, found.st_ino))


@lru_cache(maxsize=8)
def _read_spec(file: Path, _version: tuple[int, int, int]) -> ConnectorSpec:
    try:
        document = Document(file)
    except CatalogError as error:
        raise ConfigError(str(error), key="connector") from error
    try:
        return ConnectorSpec.model_validate(document.data)
    except ValidationError as error:
        faults = error.errors()
        first = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{first['msg']}.", file=file, line=document.line(first["loc"]), key=key or None) from error


def shipped() -> list[str]:
    """The names of the connectors that come with voicemes."""
    return sorted(file.stem for file in FOLDER.glob("*.yaml"))


def find(name: str) -> Path:
    if name in shipped():
        return FOLDER / f"{name}.yaml"
    file = Path(name)
    if file.is_file():
        return file
    known = ", ".join(shipped())
    raise ConfigError(
        f"There is no connector {name!r}. Give the path of a file, or one of: {known}.", key="mes.connector"
    )


def _check_url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ConfigError(f"{text!r} is not a URL: {error}.", key="mes.url") from error
    is_port = url.port is None or 0 < url.port < 65_536
    if url.scheme not in {"http", "https"} or not url.host or url.query or url.userinfo or not is_port:
        raise ConfigError(f"{text!r} must look like http://host:port, without user or query.", key="mes.url")
    return url


def _check_proxy(text: str) -> None:
    """What is wrong with it is not quoted: it may hold a password."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ConfigError("is no address such as http://proxy:3128.", key="mes.proxy") from error
    is_port = url.port is None or 0 < url.port < 65_536
    if text and (url.scheme not in {"http", "https"} or not url.host or not is_port):
        raise ConfigError("is no address such as http://proxy:3128.", key="mes.proxy")


@cache
def _usual_trust() -> ssl.SSLContext:
    """All certificates that httpx trusts, which takes 30 ms to read; a context may be shared."""
    return httpx.create_ssl_context(trust_env=False)


def _trust(settings: MesSettings) -> ssl.SSLContext:
    if settings.ca_file is None:
        return _usual_trust()
    try:
        return ssl.create_default_context(cafile=str(settings.ca_file))
    except (OSError, ValueError) as error:
        raise ConfigError(f"has no certificates: {error}.", file=settings.ca_file, key="mes.ca_file") from error


def _signer(name: str) -> Callable[[httpx.Request], Awaitable[None]]:
    """A plant's own code that signs requests, from an installed package."""
    for entry in entry_points(group="voicemes.signers", name=name):
        signer: Callable[[httpx.Request], Awaitable[None]] = entry.load()
        return signer
    raise ConfigError(f"There is no signer {name!r} among the entry points voicemes.signers.", key="signer")
