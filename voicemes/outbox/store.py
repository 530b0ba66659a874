"""The outbox file: SQLite with one writer. What it acknowledges is on the disk (WAL, synchronous FULL).

Calls block and belong into one thread. The file belongs to one program at a time; `Looker` reads it, and changes what a
person decides about, from beside.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from voicemes.errors import OutboxError
from voicemes.model import MesCommand
from voicemes.outbox.audit import Record, following
from voicemes.outbox.entry import DEAD, Entry, State, command_from, command_json, digest_of

SCHEMA = Path(__file__).with_name("schema.sql")
SCHEMA_VERSION = 1
MAX_PAGES = 262_144
"""Of 4 kB: 1 GiB, some two million writes."""
LOCK_TIMEOUT_S = 5.0
MAGIC = b"SQLite format 3\0"
"""How every such file begins."""
KEEP_DAYS = 30.0
"""Entries whose fate was told are removed after so long. Their records stay."""
MAX_HEADS = 500
"""Of subjects that are looked at for delivery at once."""
WAITING: frozenset[State] = frozenset({"waiting"})
COLUMNS = "seq, command, digest, state, attempts, reason, saved_s, changed_s, is_told"
LAST_RECORD = "SELECT seq, body, hash FROM record ORDER BY seq DESC LIMIT 1"


class Looker:
    """Reads an outbox, and does to dead or waiting letters what a person wants, also while its station runs."""

    def __init__(self, file: Path, connection: sqlite3.Connection) -> None:
        self.file, self._connection = file, connection

    @classmethod
    def open(cls, file: Path) -> Self:
        """Raises OutboxError where there is none."""
        if not file.is_file():
            raise OutboxError(f"{file}: there is no outbox. This station has not written anything yet.")
        with _translated(file):
            looker = cls(file, _connect(file))
            with looker._closed_on_failure():
                looker._check_version()
        return looker

    def close(self) -> None:
        self._connection.close()

    def entries(self, states: Sequence[State] = ()) -> list[Entry]:
        """In the order in which they were confirmed; without states, all."""
        marks = ", ".join("?" for _ in states)
        where = f"WHERE state IN ({marks})" if states else ""
        return self._read(f"SELECT {COLUMNS} FROM entry {where} ORDER BY seq", *states)  # noqa: S608 - marks only

    def entry(self, command_id: str) -> Entry:
        found = self._read(f"SELECT {COLUMNS} FROM entry WHERE command_id = ?", command_id)  # noqa: S608 - names only
        if not found:
            raise OutboxError(f"{self.file}: there is no entry {command_id}. See: voicemes outbox list.")
        return found[0]

    def records(self) -> Iterator[Record]:
        with _translated(self.file):
            for row in self._connection.execute("SELECT seq, body, hash FROM record ORDER BY seq"):
                yield Record(*row)

    def retry(self, command_id: str, wall_s: float, who: str) -> None:
        """A dead letter is sent again, as one that may have been sent before. Raises OutboxError for any other."""
        self._decide(command_id, DEAD, "sending", wall_s, who)

    def drop(self, command_id: str, wall_s: float, who: str) -> None:
        """What waits or is dead is not sent any more. Raises OutboxError for what may be on its way."""
        self._decide(command_id, DEAD | WAITING, "dropped", wall_s, who, is_told=True)

    def _decide(
        self,
        command_id: str,
        from_states: frozenset[State],
        to: State,
        wall_s: float,
        who: str,
        *,
        is_told: bool = False,
    ) -> None:
        entry = self.entry(command_id)
        with _translated(self.file), self._transaction():
            marks = ", ".join("?" for _ in from_states)
            changed = self._connection.execute(
                "UPDATE entry SET state = ?, is_told = ?, changed_s = ? "  # noqa: S608 - marks only
                f"WHERE command_id = ? AND state IN ({marks})",
                (to, int(is_told), wall_s, command_id, *sorted(from_states)),
            )
            if changed.rowcount != 1:
                wish = "dropped" if to == "dropped" else "sent again"
                raise OutboxError(f"{self.file}: entry {command_id} is {entry.state}, so it cannot be {wish}.")
            self._note({"what": to, "command_id": command_id, "by": who, "wall_s": wall_s})

    def _note(self, content: Mapping[str, Any]) -> None:
        row = self._connection.execute(LAST_RECORD).fetchone()
        record = following(Record(*row) if row else None, content)
        self._connection.execute("INSERT INTO record VALUES (?, ?, ?)", (record.seq, record.body, record.hash))

    def _read(self, sql: str, *values: object) -> list[Entry]:
        with _translated(self.file):
            return [_entry(row) for row in self._connection.execute(sql, values)]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # a full disk has ended it already
                self._connection.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _closed_on_failure(self) -> Iterator[None]:
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(self._connection.close)
            yield
            on_failure.pop_all()

    def _check_version(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version != SCHEMA_VERSION:
            raise OutboxError(f"{self.file}: its format is {version}, this voicemes knows {SCHEMA_VERSION}.")


class Store(Looker):
    """The one writer of a station's outbox."""

    set_aside: Path | None = None
    """Where a damaged file was put; a new one began in its place."""
    _lock: int = -1

    @classmethod
    def open(cls, file: Path, *, max_pages: int = MAX_PAGES) -> Self:
        """Raises OutboxError where another program has it, or nothing can be written here."""
        with _translated(file):
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = _lock(file)
            try:
                damaged = _set_aside(file) if _is_damaged(file) else None
                os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
                store = cls(file, _connect(file))
                with store._closed_on_failure():
                    store._prepare(max_pages)
            except BaseException:
                os.close(lock)
                raise
        store.set_aside, store._lock = damaged, lock
        return store

    def close(self) -> None:
        super().close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def add(self, command: MesCommand, state: State, wall_s: float) -> Entry:
        """On the disk when this returns; otherwise OutboxError, and nothing was recorded."""
        with _translated(self.file), self._transaction():
            text, attempts = command_json(command), int(state == "sending")
            values = (command.command_id, text, digest_of(text), command.subject, state, attempts, wall_s, wall_s)
            columns = "command_id, command, digest, subject, state, attempts, saved_s, changed_s"
            self._connection.execute(f"INSERT INTO entry ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608
            self._note(_confirmed(command, wall_s))
            return self.entry(command.command_id)  # before the commit: what is committed was saved, whatever comes

    def begin(self, entry: Entry, wall_s: float) -> Entry:
        """Before it is sent: after a crash nobody could tell otherwise. Raises OutboxError where it was dropped."""
        with _translated(self.file), self._transaction():
            changed = self._connection.execute(
                "UPDATE entry SET state = 'sending', attempts = attempts + 1, changed_s = ? "
                "WHERE command_id = ? AND state IN ('waiting', 'sending')",
                (wall_s, entry.command.command_id),
            )
            if changed.rowcount != 1:
                raise OutboxError(f"{self.file}: entry {entry.command.command_id} is not there to be sent any more.")
        return self.entry(entry.command.command_id)

    def wait(self, entry: Entry, reason: str, wall_s: float, *, was_sent: bool) -> None:
        """It stays, for another attempt."""
        self._set(entry, "sending" if was_sent else "waiting", reason, wall_s, is_told=False)

    def end(self, entry: Entry, state: State, reason: str, wall_s: float, *, is_told: bool) -> None:
        """Its fate is known."""
        command_id = entry.command.command_id
        with _translated(self.file), self._transaction():
            self._update(command_id, state, reason, wall_s, is_told=is_told)
            self._note({"what": state, "command_id": command_id, "reason": reason, "wall_s": wall_s})

    def take_back(self, command_id: str, wall_s: float, who: str) -> Entry:
        """Dropped as by `drop`, but at the station itself: they have yet to hear that it is."""
        self._decide(command_id, DEAD | WAITING, "dropped", wall_s, who)
        return self.entry(command_id)

    def told(self, entry: Entry) -> None:
        with _translated(self.file):
            sql = "UPDATE entry SET is_told = 1 WHERE command_id = ?"
            self._connection.execute(sql, (entry.command.command_id,))

    def heads(self) -> list[Entry]:
        """Of each subject the oldest entry that is open, in the order of their confirmation; what has no subject waits
        for nothing.
        """
        sql = f"""SELECT {COLUMNS} FROM entry WHERE seq IN (
            SELECT min(seq) FROM entry WHERE state IN ('waiting', 'sending')
            GROUP BY CASE subject WHEN '' THEN command_id ELSE subject END
        ) ORDER BY seq LIMIT {MAX_HEADS}"""  # noqa: S608 - names and a number
        return self._read(sql)

    def has_open(self, subject: str) -> bool:
        sql = "SELECT 1 FROM entry WHERE subject = ? AND state IN ('waiting', 'sending') LIMIT 1"
        with _translated(self.file):
            return bool(subject) and self._connection.execute(sql, (subject,)).fetchone() is not None

    def has_delivered_since(self, entry: Entry) -> bool:
        """Whether anything of its subject arrived after it was confirmed: what moved may have moved because of us."""
        sql = "SELECT 1 FROM entry WHERE subject = ? AND state IN ('done', 'unknown') AND changed_s >= ? LIMIT 1"
        with _translated(self.file):
            values = (entry.command.subject, entry.saved_s)
            return bool(entry.command.subject) and self._connection.execute(sql, values).fetchone() is not None

    def untold(self) -> list[Entry]:
        sql = f"SELECT {COLUMNS} FROM entry WHERE is_told = 0 AND state NOT IN ('waiting', 'sending') ORDER BY seq"  # noqa: S608
        return self._read(sql)

    def prune(self, wall_s: float) -> None:
        """Removes what ended long ago and was told."""
        sql = "DELETE FROM entry WHERE is_told = 1 AND state IN ('done', 'dropped', 'refused') AND changed_s < ?"
        with _translated(self.file):
            self._connection.execute(sql, (wall_s - KEEP_DAYS * 86_400,))

    def _set(self, entry: Entry, state: State, reason: str, wall_s: float, *, is_told: bool) -> None:
        with _translated(self.file), self._transaction():
            self._update(entry.command.command_id, state, reason, wall_s, is_told=is_told)

    def _update(self, command_id: str, state: State, reason: str, wall_s: float, *, is_told: bool) -> None:
        sql = "UPDATE entry SET state = ?, reason = ?, changed_s = ?, is_told = ? WHERE command_id = ?"
        self._connection.execute(sql, (state, reason, wall_s, int(is_told), command_id))

    def _prepare(self, max_pages: int) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(f"PRAGMA max_page_count = {int(max_pages)}")
        if self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            self._check_version()
            self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")  # fails where nothing can be written
            return
        with self._transaction():
            for statement in SCHEMA.read_text(encoding="utf-8").split(";\n"):
                if statement.strip():
                    self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def waiting_for_others(file: Path) -> list[Path]:
    """Outboxes of the same station in which something waits for another MES."""
    station = file.stem.rpartition("-")[0]
    found = []
    for other in sorted(file.parent.glob(f"{station}-????????{file.suffix}")):
        with contextlib.suppress(OutboxError):  # of another voicemes, or damaged: who opens it says so
            if other != file and _waits(other):
                found.append(other)
    return found


def _waits(file: Path) -> bool:
    with contextlib.closing(Looker.open(file)) as looker:
        return bool(looker.entries(("waiting", "sending")))


def _confirmed(command: MesCommand, wall_s: float) -> dict[str, Any]:
    """Who said what."""
    return {
        "what": "confirmed",
        "command_id": command.command_id,
        "operator": command.operator_id,
        "asked_by": command.asked_by,
        "said": command.spoken_text,
        "operation": command.operation,
        "fields": dict(command.fields),
        "wall_s": wall_s,
    }


def _connect(file: Path) -> sqlite3.Connection:
    """Statements commit one by one, but between BEGIN and COMMIT. The caller keeps to one thread."""
    return sqlite3.connect(file, timeout=LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False)


def _lock(file: Path) -> int:
    """A lock that ends with the program, however it ends."""
    held = os.open(file.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        os.close(held)
        raise OutboxError(
            f"{file}: another voicemes works at this station. Stop it, or give this one another station.name."
        ) from exc
    return held


def _is_damaged(file: Path) -> bool:
    """Whether there is a file that cannot be trusted. An empty one is new, unless it has a journal."""
    journal = file.with_name(f"{file.name}-wal")
    if not file.exists() or not file.stat().st_size:
        return journal.exists() and journal.stat().st_size > 0
    with file.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:  # SQLite takes a file of a few bytes for a new one
            return True
    connection = _connect(file)
    connection.text_factory = bytes.decode
    try:
        if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            return True
        _read_all(connection)
    except sqlite3.OperationalError as exc:
        if exc.sqlite_errorcode != sqlite3.SQLITE_ERROR:  # locked, no memory, no right to read: not the file's fault
            raise
        return True
    except (sqlite3.DatabaseError, TypeError, ValueError, RecursionError):
        return True
    else:
        return False
    finally:
        connection.close()


def _read_all(connection: sqlite3.Connection) -> None:
    """Raises where an entry is not what was written: it would stop the delivery of all others."""
    if connection.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
        return  # of another voicemes, which knows how to read it
    connection.execute(LAST_RECORD).fetchone()
    for row in connection.execute(f"SELECT {COLUMNS} FROM entry"):  # noqa: S608 - names only
        _entry(row)


def _set_aside(file: Path) -> Path:
    """Nothing of a damaged file is deleted: somebody may still read it."""
    aside = file.with_name(f"{file.stem}-damaged-{time.time_ns()}{file.suffix}")
    for tail in ("", "-wal", "-shm"):
        part = file.with_name(file.name + tail)
        if part.exists():
            part.rename(aside.with_name(aside.name + tail))
    return aside


def _entry(row: Sequence[Any]) -> Entry:
    """Raises ValueError or TypeError where it is not what was written."""
    seq, text, digest, state, attempts, reason, saved_s, changed_s, is_told = row
    command = command_from(str(text), digest)
    return Entry(seq, command, state, int(attempts), reason, float(saved_s), float(changed_s), bool(is_told))


@contextlib.contextmanager
def _translated(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError, TypeError, ValueError, RecursionError) as exc:
        raise OutboxError(f"{file}: {' '.join(str(exc).split()) or type(exc).__name__}.") from exc

