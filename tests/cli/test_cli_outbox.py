"""`outbox` and `audit`: what waits, what a person decides about it, and whether the records are as they were."""

from __future__ import annotations

import contextlib
import getpass
import io
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Run
from rich.console import Console

from voicemes.cli.output import age, local_time
from voicemes.cli.turns import TurnPrinter
from voicemes.clock import SystemClock
from voicemes.config import Settings, StationSettings
from voicemes.events import CommandDelivered
from voicemes.model import MesCommand
from voicemes.outbox.audit import START
from voicemes.outbox.entry import State
from voicemes.outbox.store import Looker, Store

STATES: tuple[State, ...] = ("waiting", "sending", "done", "refused", "unknown", "expired", "moved", "dropped")
AGE_S = 200.0


def command_id(number: int) -> str:
    """Such as 2a5c0002-…: the first four letters are everybody's."""
    return f"2a5c{number:04d}-5f0f-5000-8000-000000000000"


def add(store: Store, number: int, state: State) -> None:
    """What Ana scrapped, three minutes ago, as far as it got."""
    saved_s = SystemClock().wall_s() - AGE_S
    command = MesCommand(
        command_id(number), "scrap.report", {"quantity": number}, True, "Ana", f"scrap {number} void", 1.0
    )
    entry = store.add(command, "waiting", saved_s)
    if state == "dropped":
        store.drop(command.command_id, saved_s, "Ana")
    elif state != "waiting":
        store.begin(entry, saved_s)
    if state not in {"waiting", "sending", "dropped"}:
        store.end(entry, state, f"because {number}", saved_s, is_told=False)


@pytest.fixture
def file(run: Run) -> Path:
    """Where the commands look for the outbox of the default station."""
    del run
    return Settings().outbox_file


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    """Of a station that runs, with one entry in each state."""
    with contextlib.closing(Store.open(file)) as store:
        for number, state in enumerate(STATES, start=1):
            add(store, number, state)
        yield store


def states(file: Path) -> list[State]:
    with contextlib.closing(Looker.open(file)) as looker:
        return [entry.state for entry in looker.entries()]


# --- list ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("store")
def test_what_waits_or_needs_a_person_is_listed_and_what_is_over_only_on_demand(run: Run) -> None:
    listed = run("outbox", "list", "--json")
    assert listed.code == 0
    assert [one["state"] for one in listed.lines] == ["waiting", "sending", "refused", "unknown", "expired", "moved"]
    assert [one["state"] for one in run("outbox", "list", "--all", "--json").lines] == list(STATES)


@pytest.mark.usefixtures("store")
def test_for_programs_it_is_everything_that_is_known(run: Run) -> None:
    refused = run("outbox", "list", "--json").lines[2]
    assert refused.pop("age_s") == pytest.approx(AGE_S, abs=60)
    assert refused.pop("saved_s") == pytest.approx(SystemClock().wall_s() - AGE_S, abs=60)
    assert refused == {
        "command_id": command_id(4), "state": "refused", "operator": "Ana", "asked_by": "", "said": "scrap 4 void",
        "operation": "scrap.report", "fields": {"quantity": 4}, "subject": "", "attempts": 1, "reason": "because 4",
        "told": False,
    }  # fmt: skip


@pytest.mark.usefixtures("store")
def test_for_people_it_is_a_table(run: Run) -> None:
    header, waiting, _, refused, *_ = run("outbox", "list", "--plain").out.splitlines()
    assert header.split() == ["id", "saved", "who", "said", "state", "attempts", "why"]
    columns = [cell.strip() for cell in waiting.split("  ") if cell.strip()]
    assert columns[0] == "2a5c0001"
    assert columns[1].endswith("(3 min)")
    assert columns[2:] == ["Ana", "scrap 1 void", "waiting", "0"]
    assert refused.endswith("refused  1         because 4")


def test_ids_are_shown_as_far_as_they_differ(run: Run, file: Path) -> None:
    with contextlib.closing(Store.open(file)) as store:
        for tail in "ab":
            store.add(MesCommand(f"2a5c0001-5{tail}", "job.start", {}, True, "Ana", tail, 1.0), "waiting", 0.0)
    shown = [row.split()[0] for row in run("outbox", "list", "--plain").out.splitlines()[1:]]
    assert shown == ["2a5c0001-5a", "2a5c0001-5b"]


def test_where_nothing_waits_that_is_said(run: Run, file: Path) -> None:
    Store.open(file).close()
    assert run("outbox", "list").out == "Nothing waits.\n"
    assert run("outbox", "list", "--all").out == "Nothing is in the outbox.\n"
    assert run("outbox", "list", "--json").out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        *(("outbox", "list"), ("outbox", "retry", "--dead"), ("outbox", "drop", "2a")),
        *(("audit", "list"), ("audit", "verify")),
    ],
    ids="-".join,
)
def test_a_station_that_has_written_nothing_has_no_outbox(run: Run, file: Path, arguments: tuple[str, ...]) -> None:
    ended = run(*arguments, "--json")
    assert ended.code == 6
    assert ended.sentences == [f"voicemes: {file}: there is no outbox. This station has not written anything yet."]
    assert ended.lines[0]["error"]["kind"] == "OutboxError"
    assert not file.exists()


def test_another_station_is_named(run: Run) -> None:
    other = Settings(station=StationSettings(name="SPP-2")).outbox_file
    with contextlib.closing(Store.open(other)) as store:
        add(store, 1, "waiting")
    assert len(run("outbox", "list", "--station", "SPP-2", "--json").lines) == 1
    assert run("outbox", "drop", "2a5c0001", "--station", "SPP-2").code == 0
    assert run("audit", "verify", "--station", "SPP-2", "--json").lines[0]["records"] == 2
    assert run("outbox", "list").code == 6


# --- decide ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(("number", "state"), [(4, "refused"), (5, "unknown"), (6, "expired"), (7, "moved")])
def test_a_dead_letter_is_sent_again_while_the_station_runs(run: Run, file: Path, number: int, state: State) -> None:
    ended = run("outbox", "retry", command_id(number)[:8], "--plain")
    assert (ended.code, ended.out) == (0, f"{command_id(number)} is sent again: scrap {number} void\n")
    assert states(file)[number - 1] == "sending"
    last = run("audit", "list", "--last", "1", "--json").lines[0]
    assert (last["what"], last["command_id"], last["by"]) == (
        "sending", command_id(number), f"{getpass.getuser()}, at the command line",
    )  # fmt: skip


@pytest.mark.usefixtures("store")
def test_all_dead_letters_are_sent_again_at_once(run: Run, file: Path) -> None:
    ended = run("outbox", "retry", "--dead", "--json")
    assert [one["was"] for one in ended.lines] == ["refused", "unknown", "expired", "moved"]
    assert {one["state"] for one in ended.lines} == {"sending"}
    assert states(file) == ["waiting", "sending", "done", "sending", "sending", "sending", "sending", "dropped"]
    again = run("outbox", "retry", "--dead")
    assert (again.code, again.out) == (0, "")


@pytest.mark.usefixtures("store")
def test_what_waits_or_is_dead_is_dropped_and_each_once(run: Run, file: Path) -> None:
    ended = run("outbox", "drop", "2a5c0001", command_id(1), "2a5c0007", "--json")
    assert ended.lines == [
        {"command_id": command_id(1), "was": "waiting", "state": "dropped"},
        {"command_id": command_id(7), "was": "moved", "state": "dropped"},
    ]
    assert states(file)[0] == states(file)[6] == "dropped"


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("retry", "2a5c0001"), 6, "is waiting, so it cannot be sent again."),
        (("retry", "2a5c0003"), 6, "is done, so it cannot be sent again."),
        (("drop", "2a5c0002"), 6, "is sending, so it cannot be dropped."),
        (("drop", "2a5c0001", "2a5c"), 6, "8 entries begin with '2a5c'. Write more of the id."),
        (("drop", "2a5c0001", "ffff"), 6, "there is no entry 'ffff'. See: voicemes outbox list --all."),
        (("drop", ""), 6, "there is no entry ''."),
        (("retry",), 2, "name what to send again: one or more ids, or --dead"),
        (("retry", "2a5c0004", "--dead"), 2, "name what to send again: one or more ids, or --dead"),
        (("drop",), 2, "name what to drop: one or more ids."),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_one_sentence_and_nothing_is_done(
    run: Run, file: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    before = states(file)
    ended = run("outbox", *arguments)
    assert ended.code == code
    assert sentence in ended.sentences[0]
    assert ended.out == ""
    assert states(file) == before


# --- audit -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def head(store: Store) -> str:
    return [record.hash for record in store.records()][-1]


@pytest.mark.usefixtures("store")
def test_the_records_say_who_said_what_and_what_became_of_it(run: Run) -> None:
    records = run("audit", "list", "--json").lines
    assert [one["seq"] for one in records] == list(range(1, 15))
    assert [(one["what"], one.get("said"), one.get("operator")) for one in records[:2]] == [
        ("confirmed", "scrap 1 void", "Ana"), ("confirmed", "scrap 2 void", "Ana"),
    ]  # fmt: skip
    last = run("audit", "list", "--last", "3", "--plain").out.splitlines()
    assert len(last) == 4
    assert last[0].split() == ["no", "when", "what", "id", "who", "said,", "or", "why"]
    assert "  moved      " in last[1]
    assert last[1].endswith("because 7")
    assert last[3].split()[-3:] == ["dropped", command_id(8), "Ana"]


def test_a_whole_chain_is_told_with_its_head(run: Run, head: str) -> None:
    ended = run("audit", "verify", "--plain")
    assert (ended.code, ended.out) == (0, f"✓ The chain of 14 records is whole.\nhead {head}\n")
    told = run("audit", "verify", "--json").lines[0]
    assert told == {"ok": True, "records": 14, "head": head, "broken_at": None, "has_head": None}


def test_a_head_that_was_written_down_is_found_however_much_came_after_it(run: Run, store: Store, head: str) -> None:
    add(store, 9, "done")
    for written in (head, head.upper(), head[:12]):
        ended = run("audit", "verify", "--head", written, "--json")
        assert (ended.code, ended.lines[0]["has_head"], ended.lines[0]["records"]) == (0, True, 16)


def change(file: Path, sql: str) -> None:
    """As somebody would who has the file, and other tools."""
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        assert database.execute(sql).rowcount > 0


def test_a_cut_off_end_is_found_by_who_knows_the_head(run: Run, file: Path, head: str) -> None:
    change(file, "DELETE FROM record WHERE seq > 12")
    assert run("audit", "verify").code == 0, "nothing in the chain itself tells"
    ended = run("audit", "verify", "--head", head, "--plain")
    assert ended.code == 1
    assert f"✗ {head} is not in it: its end was cut off, or it is another chain." in ended.out
    told = run("audit", "verify", "--head", head, "--json").lines[0]
    assert (told["ok"], told["has_head"], told["records"], told["broken_at"]) == (False, False, 12, None)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    ("sql", "number"),
    [
        ("UPDATE record SET body = replace(body, 'scrap 5', 'scrap 6') WHERE body LIKE '%scrap 5%'", 7),
        ("UPDATE record SET body = '' WHERE seq = 3", 3),
        ("DELETE FROM record WHERE seq = 4", 5),
    ],
    ids=["changed", "emptied", "removed"],
)
def test_a_record_that_was_changed_is_named(run: Run, file: Path, sql: str, number: int) -> None:
    change(file, sql)
    ended = run("audit", "verify", "--plain")
    assert ended.code == 1
    assert ended.out == f"✗ The chain breaks at record {number}: it, or one before it, was changed.\n"
    told = run("audit", "verify", "--json")
    assert (told.code, told.lines[0]["ok"], told.lines[0]["broken_at"]) == (1, False, number)
    assert run("audit", "list", "--plain").code == 0, "it can still be looked at"


def test_an_empty_chain_is_whole(run: Run, file: Path) -> None:
    Store.open(file).close()
    assert run("audit", "verify", "--json").lines[0]["head"] == START
    assert run("audit", "list").out == "Nothing was written yet.\n"
    assert run("audit", "verify", "--head", "a" * 64).code == 1


def test_too_little_of_a_hash_proves_nothing(run: Run) -> None:
    ended = run("audit", "verify", "--head", "ab")
    assert ended.code == 2
    assert "key '--head': give 8 characters of the hash or more." in ended.sentences[0]


def test_a_file_that_is_no_outbox_is_one_sentence(run: Run, file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(b"nothing that SQLite knows, and long enough to be something")
    for arguments in (("outbox", "list"), ("audit", "verify")):
        ended = run(*arguments)
        assert ended.code == 6
        assert ended.sentences == [f"voicemes: {file}: file is not a database."]


# --- how it looks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (7200, "2 h"), (172_800, "2 d"),
    ],
)  # fmt: skip
def test_an_age_is_short(seconds: float, words: str) -> None:
    assert age(seconds) == words


@pytest.mark.parametrize("wall_s", [float("nan"), float("inf"), 1e30, "noon"])
def test_what_is_no_time_is_left_out(wall_s: float) -> None:
    assert local_time(wall_s) == ""
    assert local_time(86_400.0).startswith("1970-01-0")


@pytest.mark.parametrize(
    ("outcome", "detail", "words"),
    [("done", "", "is done now."), ("refused", "closed: No.", "is refused now: closed: No.")],
)
def test_what_arrives_late_is_shown_when_it_does(outcome: str, detail: str, words: str) -> None:
    screen = io.StringIO()
    printer = TurnPrinter(Console(file=screen, color_system=None, width=200))
    printer(CommandDelivered(0.0, "c1", "scrap.report", outcome, detail))
    assert screen.getvalue() == f"  ! scrap.report waited, and {words}\n"
