"""The options that several commands share, and the settings that come out of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicemes.config import Settings, load_settings
from voicemes.errors import ConfigError
from voicemes.intents import Catalog
from voicemes.model import Scope

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML) instead of the one in the user's folder.")
]
IntentsDir = Annotated[
    Path | None, typer.Option("--intents", help="Folder of intent files instead of those that ship with voicemes.")
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


def scope_from(text: str, catalog: Catalog) -> Scope:
    """The state of the dialogue that `text` names. Raises ConfigError."""
    try:
        scope = Scope.parse(text)
    except ValueError as exc:
        raise ConfigError(str(exc), key="--state") from exc
    catalog.check_scope(scope)
    return scope
