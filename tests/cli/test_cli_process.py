"""The program as a process: how it ends, what it leaves behind, and what it writes into a pipe."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from commands import WITHIN_S, environment, run_process, start

ESCAPE = "\x1b"
COLOURS = "\x1b[1;33m", "\x1b[36m"
COFFEE = ("text", "the coffee is cold")


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], WITHIN_S)
    assert ready, "it says nothing"
    return process.stdout.readline()


def children_of(process: subprocess.Popen[str]) -> list[int]:
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text(encoding="ascii").split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def on_terminal(*arguments: str, **variables: str) -> str:
    """What a person would see: standard output is a terminal."""
    ours, theirs = pty.openpty()
    env = environment(TERM="xterm-256color", **variables)
    process = subprocess.Popen([sys.executable, "-m", "voicemes", *arguments], stdout=theirs, env=env)
    os.close(theirs)
    seen = b""
    try:
        while select.select([ours], [], [], WITHIN_S)[0] and (piece := os.read(ours, 4_096)):
            seen += piece
    except OSError:  # Linux says so when the other end is closed
        pass
    os.close(ours)
    assert process.wait(WITHIN_S) == 0
    return seen.decode()


def test_a_pipe_gets_no_escape_codes() -> None:
    ended = run_process(*COFFEE, env=environment(TERM="xterm-256color"))
    assert (ended.code, ended.err) == (0, "")
    assert "rejected: " in ended.out
    assert ESCAPE not in ended.out


def test_a_terminal_gets_colour_unless_it_is_not_wanted() -> None:
    assert any(colour in on_terminal(*COFFEE) for colour in COLOURS)
    for shown in (on_terminal(*COFFEE, NO_COLOR="1"), on_terminal(*COFFEE, "--plain")):
        assert "rejected: " in shown
        assert ESCAPE not in shown


def test_words_that_the_output_cannot_show_do_not_end_it() -> None:
    ended = run_process("text", "start \udcff order", "--json", env=environment(PYTHONIOENCODING="utf-8:strict"))
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["transcript"] == "start \udcff order"
    narrow = run_process("text", "start order 4711", env=environment(PYTHONIOENCODING="ascii"))
    assert (narrow.code, narrow.err) == (0, "")
    assert "job.start" in narrow.out


@pytest.mark.parametrize("how", ["--json", "--plain"])
def test_nobody_who_reads_on_is_no_error(how: str) -> None:
    with start("text", "-", how, stdin=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write("start order 4711\n")
        process.stdin.flush()
        first_line(process)
        process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write("start order 4712\n" * 100)
            process.stdin.flush()
        assert process.wait(WITHIN_S) == 0
        assert process.stderr.read() == ""


def test_the_console_entry_is_the_same_program(tmp_path: Path) -> None:
    entry = Path(sys.executable).with_name("voicemes")
    if not entry.exists():
        pytest.skip("voicemes is not installed as a command beside this Python")
    ended = subprocess.run([entry, "hear", "absent.wav"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (ended.returncode, ended.stderr) == (3, "voicemes: absent.wav does not exist. Check the name.\n")


def test_a_command_does_not_wait_for_what_the_others_need() -> None:
    called = "from voicemes.cli.main import app; app(['outbox', '--help'], standalone_mode=False)"
    code = f"import sys; {called}; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.splitlines()[-1].split())
    assert "voicemes.outbox.store" in loaded
    assert loaded.isdisjoint({"voicemes.runtime.session", "voicemes.nlu.match", "numpy", "fastapi"})


def test_ctrl_c_in_the_middle_of_a_shift_leaves_nothing(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = start(
        "demo", "--json", "--output", tmp_path / "output", env=environment(TMPDIR=str(scratch)), start_new_session=True
    )
    assert json.loads(first_line(process))["turn"] == 1
    children = children_of(process)
    assert children, "the plant runs"
    assert list(scratch.iterdir())
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=WITHIN_S)
    assert (process.returncode, err) == (130, "")
    assert [pid for pid in children if is_alive(pid)] == []
    assert list(scratch.iterdir()) == []
    assert [file.name for file in (tmp_path / "output").rglob(".*")] == []


def test_ctrl_c_while_it_waits_for_a_sentence() -> None:
    process = start("text", "-", "--json", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write("start order 4711\n")
    process.stdin.flush()
    assert json.loads(first_line(process))["intent"] == "job.start"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=WITHIN_S)
    assert (process.returncode, err) == (130, "")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)], ids=["ctrl-c", "terminate"])
def test_the_plant_says_where_it_is_and_stops_when_told(tmp_path: Path, number: signal.Signals, code: int) -> None:
    process = start("plant", "serve", "--port", "0", "--json", env=environment(TMPDIR=str(tmp_path)))
    url = json.loads(first_line(process))["url"]
    assert httpx.get(f"{url}/api/v1/health", trust_env=False).json() == {"status": "ok"}
    process.send_signal(number)
    _, err = process.communicate(timeout=WITHIN_S)
    assert (process.returncode, err) == (code, "")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/api/v1/health", trust_env=False)


def test_a_plant_that_is_told_so_keeps_what_was_written(tmp_path: Path) -> None:
    database = tmp_path / "plant.sqlite"
    process = start("plant", "serve", "--port", "0", "--database", database, "--plain")
    assert "The plant answers at http://127.0.0.1:" in first_line(process)
    process.terminate()
    process.communicate(timeout=WITHIN_S)
    assert database.stat().st_size > 0
