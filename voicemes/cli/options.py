"""The options that several commands share, and the settings that come out of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from voicemes.config import Settings, load_settings
from voicemes.errors import ConfigError
from voicemes.intents import Catalog
from voicemes.model import Scope
from voicemes.outbox.store import Looker

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML) instead of the one in the user's folder.")
]
IntentsDir = Annotated[
    Path | None, typer.Option("--intents", help="Folder of intent files instead of those that ship with voicemes.")
]
StationName = Annotated[
    str | None, typer.Option("--station", help="Another station than that of the settings; it may run meanwhile.")
]
State = Annotated[
    str,
    typer.Option("--state", help="What is being asked: idle, confirming:INTENT or filling:INTENT.SLOT."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")]
Plain = Annotated[bool, typer.Option("--plain", help="Plain lines: no colours, no boxes, nothing that moves.")]


def settings_from(config: Path | None, intents: Path | None = None) -> Settings:
    """The settings of file and environment, with the catalogue of the command line. Raises ConfigError."""
    settings = load_settings(config)
    if intents is None:
        return settings
    return settings.model_copy(update={"catalog": settings.catalog.model_copy(update={"intents": intents})})


@contextlib.contextmanager
def outbox_of(config: Path | None, station: str | None) -> Iterator[Looker]:
    """The outbox of the settings' station, or of another one, from beside. Raises ConfigError and OutboxError."""
    settings = load_settings(config)
    if station is not None:
        settings = settings.model_copy(update={"station": settings.station.model_copy(update={"name": station})})
    with contextlib.closing(Looker.open(settings.outbox_file)) as looker:
        yield looker


def scope_from(text: str, catalog: Catalog) -> Scope:
    """The state of the dialogue that `text` names. Raises ConfigError."""
    try:
        scope = Scope.parse(text)
    except ValueError as exc:
        raise ConfigError(str(exc), key="--state") from exc
    catalog.check_scope(scope)
    return scope
