"""Finds engines by name: the files under voicemes/engines, and what other packages offer under `voicemes.engines`.

Nothing else can be named in a configuration. An engine is a module with `Options` and `create(options, context)`.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import fields
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal, TypeAlias

from voicemes.errors import ConfigError
from voicemes.ports import EngineContext

Kind: TypeAlias = Literal["asr", "second", "vad", "tts", "llm"]
"""`asr` streams; `second` decodes whole utterances, and lives beside it."""
FOLDERS = {"second": "asr"}
GROUP = "voicemes.engines"


def engine_names(kind: Kind) -> list[str]:
    """Everything of this kind that can be configured."""
    package = importlib.import_module(f"voicemes.engines.{FOLDERS.get(kind, kind)}")
    shipped = [name for _, name, _ in pkgutil.iter_modules(package.__path__) if _is_engine(kind, name)]
    foreign = [name.partition(".")[2] for name in _foreign() if name.startswith(f"{kind}.")]
    return sorted({*shipped, *foreign})


def create_engine(kind: Kind, name: str, context: EngineContext, **options: Any) -> Any:
    """The engine of that name. Raises ConfigError for an unknown name, EngineMissing for a missing library."""
    if name not in engine_names(kind):
        known, key = ", ".join(engine_names(kind)), "asr.second" if kind == "second" else f"{kind}.engine"
        raise ConfigError(f"there is no {kind} engine '{name}'. Known: {known}.", key=key)
    module = _module(kind, name)
    unknown = options.keys() - {each.name for each in fields(module.Options)}
    if unknown:
        raise ConfigError(f"'{name}' has no use for it; leave it out.", key=f"{kind}.{min(unknown)}")
    return module.create(module.Options(**options), context)


def _is_engine(kind: Kind, name: str) -> bool:
    """A recogniser says where it does not stream: `STREAMS = False`."""
    module = _module(kind, name)
    streams = getattr(module, "STREAMS", True)
    return hasattr(module, "create") and (kind not in {"asr", "second"} or streams is (kind == "asr"))


def _module(kind: Kind, name: str) -> Any:
    entry = _foreign().get(f"{kind}.{name}")
    return entry.load() if entry else importlib.import_module(f"voicemes.engines.{FOLDERS.get(kind, kind)}.{name}")


@cache
def _foreign() -> dict[str, EntryPoint]:
    """Looking through everything that is installed takes 10 ms."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}
