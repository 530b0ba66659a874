"""Drops every view and makes it again from the events; both are the same, or something is wrong."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voicemes.errors import ConfigError
from voicemes.plant import event_store, projections
from voicemes.plant.database import VIEWS_FILE, Database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicemes.plant.database import Tables, Writer
    from voicemes.plant.event_store import Verified

STORE = frozenset({"event", "idempotency", "view_version"})
CODE = (VIEWS_FILE, *sorted(Path(projections.__file__).parent.glob("*.py")))
"""What the views depend on, beside the events."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    n_events: int
    n_tables: int
    before: str
    """SHA-256 over all views as they were found."""
    after: str

    @property
    def is_identical(self) -> bool:
        return self.before == self.after


def rebuild(file: Path) -> Rebuilt:
    """In one transaction: when it is interrupted, the old views stay. Raises ConfigError."""
    with _opened(file) as database:
        return rebuild_views(database)


def verify(file: Path) -> Verified:
    """Checks the hash chain of a plant's file. Raises ConfigError."""
    with _opened(file) as database, database.read() as tables:
        return event_store.verify(tables)


@contextmanager
def _opened(file: Path) -> Iterator[Database]:
    """A plant that is there already; a new one is not begun."""
    if not file.is_file():
        raise ConfigError("is not there.", file=file)
    database = Database(file)
    try:
        if database.is_new:
            raise ConfigError("has no plant in it.", file=file)
        yield database
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"cannot be used as the plant's database: {error}.", file=file) from error
    finally:
        database.close()


def rebuild_views(database: Database) -> Rebuilt:
    with database.write_unchecked() as writer:
        before, views = digest(writer), names(writer)
        _drop(writer, views)
        writer.script(VIEWS_FILE)
        n_events = 0
        for event in event_store.everything(writer):
            projections.apply(writer, event)
            n_events += 1
        sign(writer)
        return Rebuilt(n_events, len(names(writer)), before, digest(writer))


def sign(writer: Writer) -> None:
    """Keeps which code made the views."""
    writer.run("DELETE FROM view_version")
    writer.insert("view_version", {"fingerprint": fingerprint()})


def are_current(tables: Tables) -> bool:
    """Whether the views were made by this code; a newer plant makes them again from the same events."""
    return bool(tables.value("SELECT fingerprint FROM view_version") == fingerprint())


def fingerprint() -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in CODE)).hexdigest()


def names(tables: Tables) -> list[str]:
    """Every table that is a view of the events."""
    rows = tables.all("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [row["name"] for row in rows if row["name"] not in STORE and not row["name"].startswith("sqlite_")]


def dump(tables: Tables) -> Iterator[str]:
    """Every row of every view as one line of JSON, in the order in which the table keeps it."""
    for table in names(tables):
        yield table
        for row in tables.all(f'SELECT * FROM "{table}"'):  # noqa: S608 - the database's own names
            yield json.dumps(row)


def digest(tables: Tables) -> str:
    total = hashlib.sha256()
    for line in dump(tables):
        total.update(line.encode() + b"\n")
    return total.hexdigest()


def _drop(writer: Writer, views: list[str]) -> None:
    for view in views:
        writer.run(f'DROP TABLE "{view}"')
