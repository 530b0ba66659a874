"""A disk that is full, locked or rotten: what was confirmed is never lost in silence."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from letters import NOON_S, bring_to, command, ids

from voicemes.errors import OutboxError
from voicemes.outbox.audit import verify
from voicemes.outbox.entry import Entry, State
from voicemes.outbox.store import Looker, Store

WITHIN_S = 60.0
MANY = 40


# --- a full disk -----------------------------------------------------------------------------------------------------


def fill(store: Store) -> int:
    """Saves until it cannot any more. Returns how many were acknowledged."""
    for number in range(1, 10_000):
        try:
            store.add(command(number), "waiting", NOON_S)
        except OutboxError:
            return number - 1
    raise AssertionError("the disk is never full")


def test_a_full_disk_is_said_and_loses_nothing_that_was_acknowledged(file: Path) -> None:
    with contextlib.closing(Store.open(file, max_pages=30)) as store:
        n_saved = fill(store)
        assert n_saved > 0
        with pytest.raises(OutboxError, match="full"):
            store.add(command(20_000), "waiting", NOON_S)
        assert ids(store.entries()) == list(range(1, n_saved + 1))
        assert verify(store.records()).n_records == n_saved
    with contextlib.closing(Store.open(file, max_pages=60)) as again:
        assert ids(again.entries()) == list(range(1, n_saved + 1))
        assert fill_from(again, n_saved + 1) > 0, "where there is room again, it goes on"
        assert verify(again.records()).broken_at is None


def fill_from(store: Store, first: int) -> int:
    store.add(command(first), "waiting", NOON_S)
    return len(store.entries()) - first + 1


def test_an_end_that_cannot_be_written_down_is_an_error_and_stays_to_be_asked_about(file: Path) -> None:
    with contextlib.closing(Store.open(file, max_pages=30)) as store:
        fill(store)
        begun = store.begin(store.heads()[0], NOON_S)
        with pytest.raises(OutboxError, match="full"):
            end_for_ever(store, begun)
        assert verify(store.records()).broken_at is None


def end_for_ever(store: Store, begun: Entry) -> None:
    """Each end has a record, and so has each retry."""
    while True:
        store.end(begun, "refused", "because", NOON_S, is_told=True)
        store.retry(begun.command.command_id, NOON_S, "nobody")


ROOM_COMES_BACK = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from letters import NOON_S, command, ids
from voicemes.errors import OutboxError
from voicemes.outbox.audit import verify
from voicemes.outbox.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = Store.open(Path(sys.argv[1]))
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, most))
saved, failed = [], []
for number in range(1, 200):
    try:
        store.add(command(number), "waiting", NOON_S)
        saved.append(number)
    except OutboxError:
        failed.append(number)
        if len(failed) == 3:
            break
assert saved and len(failed) == 3, (saved, failed)
assert ids(store.entries()) == saved, "nothing of what failed is there"
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
store.add(command(500), "waiting", NOON_S)
assert ids(store.entries()) == [*saved, 500]
assert verify(store.records()).broken_at is None
store.close()
store = Store.open(Path(sys.argv[1]))
assert store.set_aside is None and ids(store.entries()) == [*saved, 500]
"""


def test_a_disk_that_has_room_again_is_used_again(file: Path) -> None:
    """A real refusal by the system, in a program of its own: no file of it may grow any more."""
    arguments = [sys.executable, "-c", ROOM_COMES_BACK, str(file), str(Path(__file__).parent)]
    ended = subprocess.run(arguments, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


# --- a folder that cannot be written ---------------------------------------------------------------------------------


def test_a_place_that_is_a_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "SPP-1.sqlite").mkdir()
    for door in (Store.open, Looker.open):
        with pytest.raises(OutboxError, match=r"^\S*SPP-1\.sqlite: "):
            door(tmp_path / "SPP-1.sqlite")


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    with pytest.raises(OutboxError, match=r"SPP-1\.sqlite: .*outbox"):
        Store.open(tmp_path / "outbox" / "SPP-1.sqlite")
    assert (tmp_path / "outbox").read_text() == "in the way"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutboxError, match=r"SPP-1\.sqlite: "):
        Store.open(tmp_path / "SPP-1.sqlite")


def test_a_file_that_cannot_be_written_is_found_out_at_the_beginning(file: Path) -> None:
    """And not when the first command is confirmed. Byte 18 of a database forbids to write it: root obeys, too."""
    with contextlib.closing(Store.open(file)) as store:
        store.add(command(1), "waiting", NOON_S)
    written_over(file, 18, b"\x03")
    with pytest.raises(OutboxError, match="readonly"):
        Store.open(file)
    assert list(file.parent.glob("*damaged*")) == []


def test_nobody_else_may_read_what_was_said(file: Path, store: Store) -> None:
    store.add(command(1), "waiting", NOON_S)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    modes = {part.name: stat.S_IMODE(part.stat().st_mode) for part in file.parent.iterdir()}
    assert set(modes) >= {"SPP-1.sqlite", "SPP-1.sqlite-wal", "SPP-1.lock"}
    assert set(modes.values()) == {0o600}


# --- two programs ----------------------------------------------------------------------------------------------------

CHILD = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from letters import NOON_S, command
from voicemes.outbox.store import Store
store = Store.open(Path(sys.argv[1]))
store.add(command(1), "sending", NOON_S)
print("saved", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def another_program(file: Path) -> Iterator[subprocess.Popen[str]]:
    """It has saved one command, and holds the outbox until it is killed."""
    arguments = [sys.executable, "-c", CHILD, str(file), str(Path(__file__).parent)]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        assert process.stdout.readline() == "saved\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=WITHIN_S)


def test_an_outbox_has_one_writer_in_one_program(file: Path, store: Store) -> None:
    with pytest.raises(OutboxError, match=r"another voicemes works at this station"):
        Store.open(file)
    store.add(command(1), "waiting", NOON_S)
    store.close()
    with contextlib.closing(Store.open(file)) as again:
        assert ids(again.entries()) == [1]


def test_another_program_has_it_until_it_ends_however_it_ends(file: Path) -> None:
    with another_program(file) as process:
        with pytest.raises(OutboxError, match=r"another voicemes works at this station"):
            Store.open(file)
        with contextlib.closing(Looker.open(file)) as looker:
            assert ids(looker.entries()) == [1]
        process.send_signal(signal.SIGKILL)
        process.wait(WITHIN_S)
        assert Path(f"{file}-wal").stat().st_size > 0, "it did not tidy up"
        with contextlib.closing(Store.open(file)) as store:
            (kept,) = store.entries()
            assert (kept.command, kept.state) == (command(1), "sending")
            assert store.set_aside is None


def test_a_door_that_did_not_open_is_not_locked(tmp_path: Path) -> None:
    file = tmp_path / "SPP-1.sqlite"
    file.mkdir()
    with pytest.raises(OutboxError):
        Store.open(file)
    file.rmdir()
    Store.open(file).close()


# --- rotten bytes ----------------------------------------------------------------------------------------------------

ENDS: tuple[State, ...] = ("waiting", "sending", "waiting", "done", "unknown", "moved")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An outbox with something of everything."""
    file = tmp_path_factory.mktemp("sound") / "SPP-1.sqlite"
    with contextlib.closing(Store.open(file)) as store:
        for number in range(1, MANY + 1):
            bring_to(store, number, ENDS[number % len(ENDS)], f"job/{number % 7}" if number % 3 else "")
    return file


def written_over(file: Path, place: int, new: bytes) -> None:
    with file.open("r+b") as stream:
        stream.seek(place)
        stream.write(new)


def known_of(looker: Looker) -> list[tuple]:
    """What delivery goes by."""
    return [(one.seq, one.command, one.state) for one in looker.entries()]


HEADER = st.integers(0, 99)
ANYWHERE = st.integers(0, 10**6)
PLACES = HEADER | ANYWHERE
NOISE = st.binary(min_size=1, max_size=64) | st.binary(min_size=300, max_size=900)


@settings(max_examples=150)
@given(st.lists(st.tuples(PLACES, NOISE), min_size=1, max_size=3))
@example([(0, b"\x00" * 100)])
@example([(18, b"\x01\x01")])
@example([(56, b"\x00\x00\x00\x02")])
def test_a_rotten_file_is_read_completely_or_set_aside_and_never_emptied(
    sound: Path, rot: list[tuple[int, bytes]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(shutil.copy(sound, folder))
        size = file.stat().st_size
        for place, new in rot:
            written_over(file, place % size, new[: size - place % size])
        look_at(file)
        check_that_nothing_is_lost(file, sound)


def check_that_nothing_is_lost(file: Path, sound: Path) -> None:
    rotten = file.read_bytes()
    try:
        store = Store.open(file)
    except OutboxError:
        assert file.stat().st_size == len(rotten), "it waits for somebody to look into it"
        return
    with contextlib.closing(store):
        if store.set_aside is None:
            with contextlib.closing(Looker.open(sound)) as whole:
                assert known_of(store) == known_of(whole)
        else:
            assert store.set_aside.read_bytes() == rotten
            assert known_of(store) == []
            store.add(command(1), "waiting", NOON_S)
            assert ids(store.heads()) == [1]


def look_at(file: Path) -> None:
    """Who looks from beside sees it, or hears one sentence."""
    with contextlib.suppress(OutboxError), contextlib.closing(Looker.open(file)) as looker:
        looker.entries()
        verify(looker.records())


@settings(max_examples=50)
@given(left=st.integers(2, 10**6))
def test_a_file_that_was_cut_off_is_read_completely_or_set_aside(sound: Path, left: int) -> None:
    """Of one byte SQLite takes a file for an empty one."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(shutil.copy(sound, folder))
        os.truncate(file, 2 + left % (file.stat().st_size - 2))
        check_that_nothing_is_lost(file, sound)


def test_an_emptied_file_whose_journal_is_there_is_set_aside_with_it(file: Path) -> None:
    with another_program(file) as process:
        process.kill()
        process.wait(WITHIN_S)
    os.truncate(file, 0)
    journal = Path(f"{file}-wal").read_bytes()
    with contextlib.closing(Store.open(file)) as store:
        assert store.set_aside is not None
        assert Path(f"{store.set_aside}-wal").read_bytes() == journal
        assert store.entries() == []


def test_a_command_that_reads_well_but_is_another_is_not_delivered(file: Path) -> None:
    """A single digit: everything else about the file is in order."""
    with contextlib.closing(Store.open(file)) as store:
        store.add(command(7), "waiting", NOON_S)
    place = file.read_bytes().index(b'"quantity": 7')
    written_over(file, place, b'"quantity": 9')
    with contextlib.closing(Store.open(file)) as store:
        assert store.set_aside is not None
        assert store.heads() == []


@pytest.mark.parametrize("nth", [0, 1, 2])
def test_a_subject_that_rots_in_one_of_its_places_puts_nothing_out_of_order(file: Path, nth: int) -> None:
    """It stands in the command, beside it, and in the index by which the next one is found."""
    with contextlib.closing(Store.open(file)) as store:
        store.add(command(1, "job/47114711"), "waiting", NOON_S)
    places = [found.start() for found in re.finditer(b"job/47114711", file.read_bytes())]
    assert len(places) == 3
    written_over(file, places[nth], b"job/47114712")
    with contextlib.closing(Store.open(file)) as store:
        assert store.set_aside is not None


def test_what_was_set_aside_once_is_not_lost_the_second_time(file: Path) -> None:
    for _ in range(3):
        with contextlib.closing(Store.open(file)) as store:
            store.add(command(1), "waiting", NOON_S)
        file.write_bytes(b"nothing that SQLite knows")
    Store.open(file).close()
    assert len([part for part in file.parent.glob("*damaged*") if part.suffix == ".sqlite"]) == 3


def test_an_empty_file_is_new(file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    with contextlib.closing(Store.open(file)) as store:
        assert store.set_aside is None
        store.add(command(1), "waiting", NOON_S)


def test_somebody_who_reads_for_long_holds_nobody_up(file: Path, store: Store) -> None:
    store.add(command(1), "waiting", NOON_S)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM entry").fetchone() == (1,)
        store.add(command(2), "waiting", NOON_S)
        assert reader.execute("SELECT count(*) FROM entry").fetchone() == (1,)
