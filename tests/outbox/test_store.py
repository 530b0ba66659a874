"""What the outbox acknowledges is there, in its order, until somebody knows what became of it."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from letters import NOON_S, bring_to, command, ids

from voicemes.errors import OutboxError
from voicemes.model import MesCommand
from voicemes.outbox.audit import verify
from voicemes.outbox.entry import DEAD, OPEN, State
from voicemes.outbox.store import KEEP_DAYS, SCHEMA, Looker, Store, waiting_for_others

STATES: tuple[State, ...] = get_args(State)
DAY_S = 86_400.0


def content_of(looker: Looker) -> list[dict]:
    return [record.content for record in looker.records()]


# --- keeping ---------------------------------------------------------------------------------------------------------

WORDS = st.text(max_size=20)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
DATA = st.recursive(
    WORDS | NUMBERS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3), max_leaves=6
)
COMMANDS = st.builds(
    MesCommand,
    command_id=st.uuids().map(str),
    operation=WORDS,
    fields=st.dictionaries(WORDS, DATA, max_size=4),
    is_write=st.just(value=True),
    operator_id=WORDS,
    spoken_text=WORDS,
    confirmed_s=st.floats(0, 1e9),
    asked_by=WORDS,
    subject=WORDS,
    keep_s=st.none() | st.floats(0, 1e6),
    seen=st.dictionaries(WORDS, st.dictionaries(WORDS, DATA, max_size=2), max_size=2),
)


@settings(max_examples=30)
@given(st.lists(COMMANDS, max_size=4, unique_by=lambda one: one.command_id))
def test_whatever_is_confirmed_comes_back_as_it_was_and_in_its_order(commands: list[MesCommand]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "outbox.sqlite"
        with contextlib.closing(Store.open(file)) as store:
            for one in commands:
                store.add(one, "waiting", NOON_S)
        with contextlib.closing(Store.open(file)) as again:
            assert [kept.command for kept in again.entries()] == commands
            assert verify(again.records()).n_records == len(commands)
            assert again.set_aside is None


def test_what_is_acknowledged_survives_a_power_cut_as_far_as_the_disk_does(store: Store) -> None:
    """Every commit is synced: nothing but the setting can be looked at here."""
    kept = {name: store._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
    assert kept == {"journal_mode": "wal", "synchronous": 2}


def test_it_says_when_it_was_saved_and_how_often_it_was_tried(store: Store) -> None:
    waiting, sending = store.add(command(1), "waiting", NOON_S), store.add(command(2), "sending", NOON_S)
    assert (waiting.state, waiting.attempts, waiting.was_sent) == ("waiting", 0, False)
    assert (sending.state, sending.attempts, sending.was_sent) == ("sending", 1, True)
    assert (waiting.saved_s, waiting.changed_s, waiting.is_told) == (NOON_S, NOON_S, False)
    assert store.begin(waiting, NOON_S + 5).attempts == 1
    again = store.begin(waiting, NOON_S + 9)
    assert (again.state, again.attempts, again.changed_s, again.saved_s) == ("sending", 2, NOON_S + 9, NOON_S)


def test_an_attempt_that_was_surely_not_made_leaves_it_waiting(store: Store) -> None:
    begun = store.add(command(1), "sending", NOON_S)
    store.wait(begun, "no way there", NOON_S + 1, was_sent=False)
    assert store.entry(begun.command.command_id).state == "waiting"
    store.wait(begun, "the answer was lost", NOON_S + 2, was_sent=True)
    kept = store.entry(begun.command.command_id)
    assert (kept.state, kept.reason) == ("sending", "the answer was lost")


@pytest.mark.parametrize("again", [command(1), replace(command(2), fields={"quantity": math.nan})])
def test_what_cannot_be_kept_is_an_error_and_leaves_nothing(store: Store, again: MesCommand) -> None:
    """A second time the same id; a number that no JSON can hold."""
    store.add(command(1), "waiting", NOON_S)
    with pytest.raises(OutboxError):
        store.add(again, "waiting", NOON_S)
    assert (ids(store.entries()), len(content_of(store))) == ([1], 1)


@pytest.mark.parametrize("change", ["add", "end", "retry", "drop"])
def test_nothing_happens_without_its_record(store: Store, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    before = [bring_to(store, 1, "waiting"), bring_to(store, 2, "unknown")]
    changes: dict[str, Callable[[], object]] = {
        "add": lambda: store.add(command(3), "waiting", NOON_S),
        "end": lambda: store.end(before[0], "done", "", NOON_S, is_told=True),
        "retry": lambda: store.retry(before[1].command.command_id, NOON_S, "grace"),
        "drop": lambda: store.drop(before[0].command.command_id, NOON_S, "grace"),
    }
    monkeypatch.setattr(Store, "_note", full)
    with pytest.raises(OutboxError, match="full"):
        changes[change]()
    assert store.entries() == before


def full(_store: Store, _content: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_the_schema_knows_the_states_that_there_are(store: Store) -> None:
    text = SCHEMA.read_text(encoding="utf-8")
    assert [state for state in STATES if f"'{state}'" not in text] == []
    with pytest.raises(OutboxError, match="CHECK"):
        store.add(command(1), "lost", NOON_S)  # type: ignore[arg-type]


# --- what is next ----------------------------------------------------------------------------------------------------


def test_of_each_subject_the_oldest_is_next_and_what_has_none_waits_for_nothing(store: Store) -> None:
    for number, subject in enumerate(["job/1", "", "job/2", "job/1", "", "job/2"], start=1):
        store.add(command(number, subject), "waiting", NOON_S)
    assert ids(store.heads()) == [1, 2, 3, 5]
    store.end(store.heads()[0], "done", "", NOON_S, is_told=True)
    assert ids(store.heads()) == [2, 3, 4, 5]


@given(st.lists(st.tuples(st.sampled_from(["", "job/1", "job/2"]), st.sampled_from(STATES)), max_size=8))
@settings(max_examples=30)
def test_what_is_next_is_open_and_nothing_of_its_subject_is_before_it(kept: list[tuple[str, State]]) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Store.open(Path(folder) / "o.sqlite")) as store:
        for number, (subject, state) in enumerate(kept, start=1):
            bring_to(store, number, state, subject)
        numbered = [(number, *one) for number, one in enumerate(kept, start=1)]
        waiting = [(number, subject) for number, subject, state in numbered if state in OPEN]
        subjects = [subject for _, subject in waiting]
        expected = [n for place, (n, subject) in enumerate(waiting) if not subject or subject not in subjects[:place]]
        assert ids(store.heads()) == expected
        for subject in ("job/1", "job/2"):
            assert store.has_open(subject) is (subject in subjects)
        assert not store.has_open("")


def test_what_was_dropped_meanwhile_is_not_sent(store: Store) -> None:
    added = store.add(command(1), "waiting", NOON_S)
    store.drop(added.command.command_id, NOON_S, "Ana")
    with pytest.raises(OutboxError, match="not there to be sent any more"):
        store.begin(added, NOON_S)
    assert store.heads() == []


@pytest.mark.parametrize(
    ("state", "ended_s", "subject", "is_ours"),
    [
        ("done", NOON_S + 1, "job/1", True),
        ("unknown", NOON_S + 1, "job/1", True),
        ("refused", NOON_S + 1, "job/1", False),
        ("done", NOON_S - 1, "job/1", False),
        ("done", NOON_S + 1, "job/2", False),
    ],
)
def test_a_thing_may_have_moved_because_of_what_was_delivered_since(
    store: Store, state: State, ended_s: float, subject: str, is_ours: bool
) -> None:
    store.end(store.add(command(1, subject), "sending", NOON_S - 2), state, "", ended_s, is_told=True)
    assert store.has_delivered_since(store.add(command(2, "job/1"), "waiting", NOON_S)) is is_ours


def test_what_has_no_subject_was_moved_by_nobody_of_us(store: Store) -> None:
    store.end(store.add(command(1), "sending", NOON_S), "done", "", NOON_S + 1, is_told=True)
    assert not store.has_delivered_since(store.add(command(2), "waiting", NOON_S))


# --- what became of it -----------------------------------------------------------------------------------------------


def test_every_end_is_told_once(store: Store) -> None:
    for number, state in enumerate(STATES, start=1):
        bring_to(store, number, state)
    untold = store.untold()
    assert [one.state for one in untold] == ["done", "refused", "unknown", "expired", "moved"]
    for one in untold:
        store.told(one)
    assert store.untold() == []


def test_the_audit_chain_has_who_said_what_and_what_was_done(store: Store) -> None:
    said = store.add(replace(command(1), asked_by="Ben"), "sending", NOON_S)
    store.end(said, "refused", "conflict: The order is closed.", NOON_S + 2, is_told=True)
    store.retry(said.command.command_id, NOON_S + 3, "grace")
    assert content_of(store) == [
        {
            "what": "confirmed", "command_id": said.command.command_id, "operator": "Ana", "asked_by": "Ben",
            "said": "scrap 1 void", "operation": "scrap.report", "fields": {"quantity": 1, "defect": "void"},
            "wall_s": NOON_S,
        },
        {
            "what": "refused", "command_id": said.command.command_id, "reason": "conflict: The order is closed.",
            "wall_s": NOON_S + 2,
        },
        {"what": "sending", "command_id": said.command.command_id, "by": "grace", "wall_s": NOON_S + 3},
    ]  # fmt: skip
    assert verify(store.records()).broken_at is None


def test_only_what_was_told_and_is_old_is_removed_and_its_records_stay(store: Store) -> None:
    for number, state in enumerate(STATES, start=1):
        bring_to(store, number, state)
    before = len(content_of(store))
    for one in store.untold():
        if one.state != "done":
            store.told(one)
    store.prune(NOON_S + (KEEP_DAYS - 1) * DAY_S)
    assert len(store.entries()) == len(STATES)
    store.prune(NOON_S + (KEEP_DAYS + 1) * DAY_S)
    assert [one.state for one in store.entries()] == ["waiting", "sending", "done", "unknown", "expired", "moved"]
    assert len(content_of(store)) == before


# --- from beside -----------------------------------------------------------------------------------------------------


def looked_at(store: Store) -> contextlib.closing[Looker]:
    return contextlib.closing(Looker.open(store.file))


DECISIONS: dict[str, tuple[frozenset[State], State]] = {
    "retry": (DEAD, "sending"),
    "drop": (DEAD | {"waiting"}, "dropped"),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("wish", DECISIONS)
def test_a_person_decides_about_what_is_not_under_way_while_the_station_runs(
    store: Store, wish: str, state: State
) -> None:
    allowed, then = DECISIONS[wish]
    command_id = bring_to(store, 1, state).command.command_id
    before = len(content_of(store))
    with looked_at(store) as looker:
        decide: Callable[[str, float, str], None] = getattr(looker, wish)
        if state in allowed:
            decide(command_id, NOON_S + 9, "grace")
        else:
            with pytest.raises(OutboxError, match=f"is {state}, so it cannot be "):
                decide(command_id, NOON_S + 9, "grace")
    assert store.entry(command_id).state == (then if state in allowed else state)
    assert len(content_of(store)) == before + (state in allowed)


def test_what_is_put_back_is_asked_about_before_it_is_done_and_told_again(store: Store) -> None:
    dead = bring_to(store, 1, "unknown")
    store.told(dead)
    with looked_at(store) as looker:
        looker.retry(dead.command.command_id, NOON_S, "grace")
    (head,) = store.heads()
    assert (head.was_sent, head.is_told) == (True, False)


def test_a_person_sees_what_there_is(store: Store) -> None:
    for number, state in enumerate(STATES, start=1):
        bring_to(store, number, state)
    with looked_at(store) as looker:
        assert [one.state for one in looker.entries()] == list(STATES)
        assert {one.state for one in looker.entries(sorted(DEAD))} == DEAD
        with pytest.raises(OutboxError, match="there is no entry nobody"):
            looker.entry("nobody")


def test_where_nothing_was_written_there_is_nothing_to_look_at(file: Path) -> None:
    with pytest.raises(OutboxError, match="there is no outbox"):
        Looker.open(file)
    assert not file.parent.exists(), "looking makes nothing"


@pytest.mark.parametrize("door", [Store, Looker])
def test_a_file_of_a_newer_voicemes_is_left_alone(file: Path, door: type[Looker]) -> None:
    with contextlib.closing(Store.open(file)) as store:
        store.add(command(1), "waiting", NOON_S)
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA user_version = 99")
        other.execute("ALTER TABLE entry RENAME COLUMN command TO written")
    before = file.read_bytes()
    with pytest.raises(OutboxError, match="its format is 99, this voicemes knows 1"):
        door.open(file)
    assert file.read_bytes() == before


def test_what_waits_for_another_mes_is_named_and_left_alone(tmp_path: Path) -> None:
    here, there, empty = (tmp_path / f"SPP-1-{name * 8}.sqlite" for name in "abc")
    for file in (here, there, empty, tmp_path / "SPP-2-dddddddd.sqlite"):
        with contextlib.closing(Store.open(file)) as store:
            if file != empty:
                store.add(command(), "waiting", NOON_S)
    assert waiting_for_others(here) == [there]
    assert waiting_for_others(tmp_path / "SPP-3-eeeeeeee.sqlite") == []
