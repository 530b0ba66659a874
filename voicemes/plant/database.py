"""SQLite in WAL mode: one writer, and readers that see a consistent picture without waiting for it.

Every commit is on the disk before it is acknowledged (synchronous FULL). A database in memory has one connection, on
which readers and the writer take turns. Calls block; the server runs them in its thread pool.
"""

from __future__ import annotations

import json
import queue
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

STORE_FILE = Path(__file__).with_name("store.sql")
VIEWS_FILE = Path(__file__).with_name("views.sql")
SCHEMA_VERSION = 2
JSON_COLUMNS = frozenset({"aliases", "qualifications", "data", "details", "inputs"})
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
    """Reading within one picture of the database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self, sql: str, *values: object) -> list[Row]:
        return [_decode(row) for row in self._connection.execute(sql, values)]

    def one(self, sql: str, *values: object) -> Row | None:
        row = self._connection.execute(sql, values).fetchone()
        return _decode(row) if row is not None else None

    def value(self, sql: str, *values: object) -> Any:
        """The first column of the first row, or None."""
        row = self._connection.execute(sql, values).fetchone()
        return row[0] if row is not None else None


class Writer(Tables):
    """Writing within the one open transaction: for the event store and the projections, never for a command."""

    def run(self, sql: str, *values: object) -> None:
        self._connection.execute(sql, values)

    def insert(self, table: str, row: Mapping[str, Any]) -> None:
        """Table and columns may come from a seed file, so they are quoted as names. Lists and maps become JSON."""
        columns = ", ".join('"' + column.replace('"', "") + '"' for column in row)
        marks = ", ".join("?" for _ in row)
        values = [json.dumps(value) if isinstance(value, (list, dict)) else value for value in row.values()]
        self.run(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', *values)  # noqa: S608

    def script(self, file: Path) -> None:
        """Runs the statements one by one: `executescript` would commit the open transaction."""
        for statement in _statements(file.read_text(encoding="utf-8")):
            self.run(statement)


class Database:
    """The file, or with None a database in memory. Raises ConfigError for a file that is not ours."""

    def __init__(self, file: Path | None) -> None:
        self._file, self._turn = file, threading.Lock()
        self._idle: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        try:
            self._connection = _connect(file)
            self.is_new = self._prepare()
        except sqlite3.DatabaseError as error:
            raise ConfigError(f"cannot be used as the plant's database: {error}.", file=file) from error

    def _prepare(self) -> bool:
        """True for an empty file, whose tables wait to be created and seeded."""
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
        """What was committed when the block began, whatever is written meanwhile."""
        if self._file is None:
            with self._turn:
                yield Tables(self._connection)
            return
        connection = self._reader()
        try:
            connection.execute("BEGIN")
            yield Tables(connection)
        finally:
            connection.rollback()
            self._idle.put(connection)

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """One transaction: all of it is committed when the block ends, none of it when the block raises."""
        with self._turn, self._connection:  # the connection commits when the block ends, and rolls back when it raises
            self._connection.execute("BEGIN IMMEDIATE")
            yield Writer(self._connection)

    @contextmanager
    def write_unchecked(self) -> Iterator[Writer]:
        """As `write`, without foreign keys: tables may be dropped and filled in any order."""
        with self._turn:
            self._connection.execute("PRAGMA foreign_keys = OFF")
        try:
            with self.write() as writer:
                yield writer
        finally:
            with self._turn:
                self._connection.execute("PRAGMA foreign_keys = ON")

    def close(self) -> None:
        with self._turn:
            self._connection.close()
        while not self._idle.empty():
            self._idle.get_nowait().close()

    def _reader(self) -> sqlite3.Connection:
        """A connection that nobody uses; there are never more than threads of the server's pool."""
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            connection = _connect(self._file)
            connection.execute("PRAGMA query_only = ON")
            return connection


def create_tables(writer: Writer) -> None:
    """Inside the transaction that seeds them, so that a seeding that fails leaves an empty file."""
    writer.script(STORE_FILE)
    writer.script(VIEWS_FILE)
    writer.run(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _connect(file: Path | None) -> sqlite3.Connection:
    target = str(file) if file else ":memory:"
    connection = sqlite3.connect(target, timeout=LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _decode(row: sqlite3.Row) -> Row:
    return {key: json.loads(row[key]) if key in JSON_COLUMNS and row[key] else row[key] for key in row.keys()}  # noqa: SIM118
