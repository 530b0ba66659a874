"""Finds engines by name: the files under voicemes/engines, and what other packages offer under `voicemes.engines`.

Nothing else can be named in a configuration. An engine is a module with `Options` and `create(options, context)`.
"""

from __future__ import annotations

import importlib
import pkgutil
from importlib.metadata import entry_points
from typing import Any, Literal, TypeAlias

from voicemes.errors import ConfigError
from voicemes.ports import EngineContext

Kind: TypeAlias = Literal["asr", "vad", "tts", "llm"]
GROUP = "voicemes.engines"


def engine_names(kind: Kind) -> list[str]:
    """Everything of this kind that can be configured."""
    package = importlib.import_module(f"voicemes.engines.{kind}")
    shipped = [name for _, name, _ in pkgutil.iter_modules(package.__path__) if _is_engine(kind, name)]
    foreign = [entry.name.partition(".")[2] for entry in entry_points(group=GROUP) if entry.name.startswith(f"{kind}.")]
    return sorted({*shipped, *foreign})


def create_engine(kind: Kind, name: str, context: EngineContext, **options: Any) -> Any:
    """The engine of that name. Raises ConfigError for an unknown name, EngineMissing for a missing library."""
    if name not in engine_names(kind):
        known = ", ".join(engine_names(kind))
        raise ConfigError(f"there is no {kind} engine '{name}'. Known: {known}.", key=f"{kind}.engine")
    module = _module(kind, name)
    return module.create(module.Options(**options), context)


def _is_engine(kind: Kind, name: str) -> bool:
    return hasattr(_module(kind, name), "create")


def _module(kind: Kind, name: str) -> Any:
    for entry in entry_points(group=GROUP):
        if entry.name == f"{kind}.{name}":
            return entry.load()
    return importlib.import_module(f"voicemes.engines.{kind}.{name}")
