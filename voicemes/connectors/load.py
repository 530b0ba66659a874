"""From the settings to a connector: finds the file, checks it, and opens the client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import yaml
from pydantic import ValidationError

from voicemes.connectors.board import DeclarativeBoard
from voicemes.connectors.declarative import DeclarativeConnector
from voicemes.connectors.exchange import Exchange
from voicemes.connectors.spec import ConnectorSpec
from voicemes.errors import ConfigError

if TYPE_CHECKING:
    from voicemes.config import MesSettings

FOLDER = Path(__file__).resolve().parent
MAX_FILE_BYTES = 1_000_000


def open_connector(settings: MesSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> DeclarativeConnector:
    """The connector that the settings name: a shipped file by its name, or one's own by its path. Raises ConfigError.

    Nothing is sent before the first `execute` or `live`. `transport` stands in for the network in tests.
    """
    spec = load_spec(_find(settings.connector))
    return DeclarativeConnector(spec, _open_exchange(spec, settings, transport))


def open_board(settings: MesSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> DeclarativeBoard:
    """What a screen shows of the MES that the settings name, over connections of its own. Raises ConfigError."""
    spec = load_spec(_find(settings.connector))
    return DeclarativeBoard(spec, _open_exchange(spec, settings, transport))


def _open_exchange(
    spec: ConnectorSpec, settings: MesSettings, transport: httpx.AsyncBaseTransport | None
) -> Exchange:
    url = _check_url(settings.url)
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if spec.auth == "bearer" and settings.token_file is not None:
        headers["Authorization"] = f"Bearer {_read_token(settings.token_file)}"
    # trust_env: a proxy from the environment must not get between a station and its MES.
    client = httpx.AsyncClient(
        base_url=url.join(url.path.rstrip("/") + spec.base_path + "/"),
        headers=headers,
        follow_redirects=False,
        trust_env=False,
        transport=transport,
    )
    return Exchange(client, settings.timeout_s)


def load_spec(file: Path) -> ConnectorSpec:
    """Raises ConfigError that names file and key."""
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError("is larger than 1 MB; this is not a connector file.", file=file)
        data: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from error
    try:
        return ConnectorSpec.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{first['msg']}.", file=file, key=key or None) from error


def shipped() -> list[str]:
    """The names of the connectors that come with voicemes."""
    return sorted(file.stem for file in FOLDER.glob("*.yaml"))


def _find(name: str) -> Path:
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
    if url.scheme not in {"http", "https"} or not url.host or url.query or url.userinfo:
        raise ConfigError(f"{text!r} must look like http://host:port, without user or query.", key="mes.url")
    return url


def _read_token(file: Path) -> str:
    """The first line that is not empty and no comment."""
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=file, key="mes.token_file") from error
    for line in lines:
        if line and not line.startswith("#"):
            return line
    raise ConfigError("has no token in it.", file=file, key="mes.token_file")
