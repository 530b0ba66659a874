"""Begins a new plant: the seed file, as it was read, becomes the first event, from which the views are filled."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from voicemes.errors import ConfigError
from voicemes.plant import event_store, periods, projections, rebuild
from voicemes.plant.database import create_tables, stamp
from voicemes.plant.event_store import SEED_SEQUENCE, Event
from voicemes.plant.projections.seed import SECTIONS, SectionError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from voicemes.plant.database import Database

SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times as fast where PyYAML was built with libyaml, as its wheels are."""


def seed(database: Database, file: Path, now: datetime) -> None:
    """Creates and fills all tables in one transaction. Raises ConfigError that names file and section."""
    text = _read(file)
    data = {
        "file": file.name,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "anchor": stamp(periods.anchor_at(now)),
        "tables": _parse(text, file),
    }
    ids = (str(SEED_SEQUENCE), None, None)
    event = Event(
        SEED_SEQUENCE, "mes.plant.seeded", stamp(now), file.stem, None, None, None, "remotesystem", *ids, data
    )
    with database.write() as writer:
        create_tables(writer)
        try:
            projections.apply(writer, event_store.append(writer, event))
            rebuild.sign(writer)
        except SectionError as error:
            section, why = error.args
            raise ConfigError(f"does not fit the plant's tables: {why}.", file=file, key=section) from error
        except (TypeError, ValueError) as error:
            raise ConfigError(f"has values that JSON has not: {error}.", file=file) from error


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from error


@lru_cache(maxsize=2)
def _parse(text: str, file: Path) -> dict[str, Any]:
    """To be looked at only: who opens a plant again and again gets the same."""
    try:
        data = yaml.load(text, Loader=SafeLoader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from error
    if not isinstance(data, dict):
        raise ConfigError("is not a seed file; it must name tables.", file=file)
    unknown = sorted(str(name) for name in data if name not in SECTIONS)
    if unknown:
        raise ConfigError(f"is not a table. Known: {', '.join(SECTIONS)}.", file=file, key=unknown[0])
    return data
