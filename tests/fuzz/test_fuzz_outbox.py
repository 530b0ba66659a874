"""An outbox file whose bytes are not what was written: it is read, set aside or refused in a sentence, and never lost.

VOICEMES_FUZZ_EXAMPLES=2000 pytest tests/fuzz -n 0 --hypothesis-show-statistics
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from fuzzing import TEXTS, patient, some, spoiled_bytes, within
from hypothesis import event, given
from hypothesis import strategies as st

from voicemes.errors import OutboxError
from voicemes.model import MesCommand
from voicemes.outbox.audit import Record, verify
from voicemes.outbox.store import Looker, Store

pytestmark = patient
N_ENTRIES = 12
FIELDS = {"quantity": 2, "job": "4711"}
COMMAND = MesCommand("c-1", "scrap.report", FIELDS, True, "Ana", "words", 1.0, subject="job/4711")


def made() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "outbox.sqlite"
        with contextlib.closing(Store.open(file)) as store:
            for number in range(N_ENTRIES):
                entry = store.add(replace(COMMAND, command_id=f"c-{number}"), "waiting", float(number))
                if number % 3 == 0:
                    store.end(entry, "refused", "so it is", 5.0, is_told=False)
        return file.read_bytes()


SOUND = made()


@contextlib.contextmanager
def placed(content: bytes, journal: bytes = b"") -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "outbox.sqlite"
        file.write_bytes(content)
        if journal:
            file.with_name(f"{file.name}-wal").write_bytes(journal)
        yield file


def use(store: Store) -> None:
    """Everything that a station does with it."""
    for look in (store.entries, store.heads, store.untold, lambda: verify(store.records())):
        with contextlib.suppress(OutboxError):
            look()
    steps: list[Callable[[], object]] = [
        lambda: store.add(replace(COMMAND, command_id="new"), "waiting", 9.0),
        lambda: store.begin(store.entry("c-1"), 9.0),
        lambda: store.retry("c-0", 9.0, "Farid"),
        lambda: store.drop("c-2", 9.0, "Farid"),
        lambda: store.prune(9e9),
    ]
    for step in steps:
        with contextlib.suppress(OutboxError):
            step()


def open_and_use(file: Path) -> int | None:
    """How many entries it has; None where it was refused, or set aside and begun anew."""
    with contextlib.suppress(OutboxError), contextlib.closing(Looker.open(file)) as looker:
        looker.entries()
        verify(looker.records())
    try:
        store = Store.open(file)
    except OutboxError:
        event("refused")
        return None
    event("set aside" if store.set_aside else "used")
    with contextlib.closing(store):
        try:
            n_entries = len(store.entries())
        except OutboxError:  # another database, of which nobody said that it is one of ours
            n_entries = -1
        use(store)
        return None if store.set_aside else n_entries


@some
@given(content=spoiled_bytes(SOUND), journal=st.one_of(st.just(b""), st.just(b""), st.binary(max_size=200)))
def test_no_bytes_break_the_outbox(content: bytes, journal: bytes) -> None:
    with within(), placed(content, journal) as file:
        assert open_and_use(file) in {None, N_ENTRIES} or not content, "read completely, set aside, or left alone"


SCHEMAS = st.sampled_from(
    [
        "CREATE TABLE entry (a)",
        "CREATE TABLE record (seq, body, hash)",
        """CREATE VIEW entry AS SELECT 1 AS seq, 'x' AS command, 'x' AS digest, '' AS subject, 'waiting' AS state,
        'many' AS attempts, 0 AS reason, 'x' AS saved_s, NULL AS changed_s, 'x' AS is_told, 'c' AS command_id""",
        """CREATE TABLE entry (seq, command_id, command, digest, subject, state, attempts, reason, saved_s, changed_s,
        is_told); CREATE TABLE record (seq, body, hash)""",
        "CREATE TABLE customers (name); INSERT INTO customers VALUES ('Ana')",
    ]
)


@some
@given(schemas=st.lists(SCHEMAS, min_size=1, max_size=3, unique=True), version=st.sampled_from([0, 1, 2, -1]))
def test_no_other_database_breaks_the_outbox(schemas: list[str], version: int) -> None:
    with within(), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "outbox.sqlite"
        with contextlib.closing(sqlite3.connect(file)) as connection:
            for schema in schemas:
                with contextlib.suppress(sqlite3.Error):
                    connection.executescript(schema)
            connection.execute(f"PRAGMA user_version = {version}")
        open_and_use(file)


ROWS = st.one_of(
    st.sampled_from(["[" * 100_000, "null", "[]", "{}", '{"command_id": "c"}', json.dumps({**FIELDS, "x": 1})]), TEXTS
)


@some
@given(text=ROWS, state=st.sampled_from(["waiting", "sending", "done", "unknown"]), body=ROWS)
def test_no_entry_with_a_true_digest_breaks_the_outbox(text: str, state: str, body: str) -> None:
    """Who writes into the file can make one."""
    with within(), placed(SOUND) as file:
        with contextlib.closing(sqlite3.connect(file)) as connection, connection:
            digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
            command = "UPDATE entry SET command = ?, digest = ?, state = ? WHERE seq = 2"
            with contextlib.suppress(UnicodeEncodeError):
                connection.execute(command, (text, digest, state))
                connection.execute("UPDATE record SET body = ? WHERE seq = 2", (body,))
        open_and_use(file)


@some
@given(body=st.one_of(ROWS, st.integers(), st.binary(max_size=20)))
def test_no_record_breaks_who_reads_it(body: str) -> None:
    with within():
        assert isinstance(Record(1, body, "x").content, dict)
