"""SQLite with one connection: reads and changes take turns, and a change is one transaction with its events.

Calls block; the server runs them in its thread pool, so that the event loop stays free.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from voicemes.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Row: TypeAlias = dict[str, Any]

SCHEMA_FILE = Path(__file__).with_name("schema.sql")
SCHEMA_VERSION = 1
JSON_COLUMNS = frozenset({"aliases", "data"})
LOCK_TIMEOUT_S = 5.0
"""How long to wait for another program that has the file open."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def stamp(time: datetime) -> str:
    """UTC as text that sorts by time."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def unstamp(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Tables:
    """Reading within one turn on the connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self, sql: str, *values: object) -> list[Row]:
        return [_decode(row) for row in self._connection.execute(sql, values)]

    def one(self, sql: str, *values: object) -> Row | None:
        row = self._connection.execute(sql, values).fetchone()
        return _decode(row) if row is not None else None


class Change(Tables):
    """An open transaction. Whoever changes a row also calls `record`, so that events and state cannot disagree."""

    def __init__(self, connection: sqlite3.Connection, now: datetime, operator: str | None, key: str | None) -> None:
        super().__init__(connection)
        self.now, self.operator, self.key = now, operator, key

    @property
    def time(self) -> str:
        return stamp(self.now)

    def run(self, sql: str, *values: object) -> int:
        """Executes a change; returns the id of an inserted row."""
        return self._connection.execute(sql, values).lastrowid or 0

    def record(self, event_type: str, subject: str, data: Mapping[str, Any]) -> None:
        """Appends one event of mes.md to the stream."""
        self.run(
            "INSERT INTO event (type, time, subject, operator, idempotency_key, data) VALUES (?, ?, ?, ?, ?, ?)",
            *(event_type, self.time, subject, self.operator, self.key, json.dumps(data)),
        )


class Database:
    """The file, or with None a database in memory. Raises ConfigError for a file that is not ours."""

    def __init__(self, file: Path | None) -> None:
        self._turn = threading.Lock()
        target = str(file) if file else ":memory:"
        try:
            self._connection = sqlite3.connect(
                target, timeout=LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            self.is_new = self._prepare()
        except sqlite3.DatabaseError as error:
            raise ConfigError(f"cannot be used as the plant's database: {error}.", file=file) from error

    def _prepare(self) -> bool:
        """Creates the tables in an empty file; true when it did, and they wait to be seeded."""
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version == SCHEMA_VERSION:
            return False
        if version or self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise sqlite3.DatabaseError(f"its schema is version {version}, not {SCHEMA_VERSION}")
        return True

    @contextmanager
    def read(self) -> Iterator[Tables]:
        with self._turn:
            yield Tables(self._connection)

    @contextmanager
    def change(self, now: datetime, operator: str | None = None, key: str | None = None) -> Iterator[Change]:
        """One transaction: all of it is committed when the block ends, none of it when the block raises."""
        with self._turn, self._connection:  # the connection commits when the block ends, and rolls back when it raises
            self._connection.execute("BEGIN IMMEDIATE")
            yield Change(self._connection, now, operator, key)

    def create_tables(self, change: Change) -> None:
        """Runs schema.sql inside `change`, so that a seeding that fails leaves an empty file."""
        for statement in _statements(SCHEMA_FILE.read_text(encoding="utf-8")):
            change.run(statement)
        change.run(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def close(self) -> None:
        with self._turn:
            self._connection.close()


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: `executescript` would commit the open transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _decode(row: sqlite3.Row) -> Row:
    return {key: json.loads(row[key]) if key in JSON_COLUMNS else row[key] for key in row.keys()}  # noqa: SIM118
