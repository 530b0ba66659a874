"""The plant as a process: it starts, stops, dies, and what it acknowledged is still there."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest

from voicemes.errors import MesUnreachable
from voicemes.plant.process import PlantProcess, run_plant

if TYPE_CHECKING:
    from pathlib import Path

ACTUALS = "/api/v1/job-orders/4711/material-actuals"
ENDS_WITHIN_S = 10.0


@pytest.fixture(autouse=True)
def started_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not forked, as the other tests' plants are."""
    monkeypatch.setattr("voicemes.plant.process.run_plant", run_plant)


def has_ended(pidfd: int) -> bool:
    """Waits for a process that is no child of ours."""
    ready, _, _ = select.select([pidfd], [], [], ENDS_WITHIN_S)
    return bool(ready)


def is_answering(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/v1/health", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def test_it_answers_until_it_is_stopped_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with PlantProcess() as plant:
        assert is_answering(plant.url)
        assert list(tmp_path.iterdir())
    assert not is_answering(plant.url)
    assert list(tmp_path.iterdir()) == []
    plant.stop()


def test_what_keeps_it_from_starting_is_said(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("this is no database, " * 100, encoding="utf-8")
    with pytest.raises(MesUnreachable, match="cannot be used as the plant's database"), PlantProcess(file):
        pytest.fail("it must not start")


def test_it_stops_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    code = (
        "from voicemes.plant.process import PlantProcess; import sys\n"
        "plant = PlantProcess().start(); print(plant._child.pid, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        pidfd = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        assert has_ended(pidfd)
        os.close(pidfd)
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_prints_its_url_and_ends_on_sigterm(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "voicemes.plant", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith(b'{"url": "http://127.0.0.1:')
        server.send_signal(signal.SIGTERM)
        assert server.wait(ENDS_WITHIN_S) == 0
    assert list(tmp_path.iterdir()) == []


async def report(client: httpx.AsyncClient, keys: asyncio.Queue[str], acknowledged: set[str]) -> None:
    """Reports one good piece under each key until the plant is gone."""
    while not keys.empty():
        key = keys.get_nowait()
        try:
            answer = await client.post(ACTUALS, json={"good": 1}, headers={"Idempotency-Key": key})
        except httpx.HTTPError:
            return
        assert answer.status_code == 201
        acknowledged.add(key)


async def send(url: str, key: str) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        answer = await client.post(ACTUALS, json={"good": 1}, headers={"Idempotency-Key": key})
        assert answer.status_code == 201


async def kill_after(
    plant: PlantProcess, acknowledged: set[str], count: int, reporters: list[asyncio.Task[None]]
) -> None:
    """Kills the plant in the middle of the work."""
    while len(acknowledged) < count:
        await asyncio.wait(reporters, timeout=0.001)
    plant.kill()
    await asyncio.gather(*reporters)


async def test_a_kill_in_the_middle_of_writing_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    database = tmp_path / "plant.sqlite"
    names = [f"key-{number}" for number in range(1000)]
    keys: asyncio.Queue[str] = asyncio.Queue()
    for name in names:
        keys.put_nowait(name)
    acknowledged: set[str] = set()
    plant = PlantProcess(database).start()
    async with httpx.AsyncClient(base_url=plant.url, trust_env=False) as client:
        reporters = [asyncio.create_task(report(client, keys, acknowledged)) for _ in range(8)]
        await kill_after(plant, acknowledged, 30, reporters)
    assert not keys.empty(), "the plant was killed while there was work"
    with PlantProcess(database) as again:
        stored = check_consistent(database, acknowledged)
        for key in names[:40]:  # what was in doubt is sent again under the same key
            await send(again.url, key)
        assert len(check_consistent(database, set(names[:40]))) == len(stored | set(names[:40]))


def check_consistent(database: Path, acknowledged: set[str]) -> set[str]:
    """State, events and stored answers agree, and hold at least what was acknowledged; returns the stored keys."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        keys = {row[0] for row in connection.execute("SELECT key FROM idempotency")}
        counts = [
            connection.execute("SELECT count(*) FROM material_actual").fetchone()[0],
            connection.execute("SELECT count(*) FROM event WHERE type = 'mes.quantity.reported'").fetchone()[0],
            connection.execute("SELECT good - 120 FROM job_order WHERE id = '4711'").fetchone()[0],
        ]
    assert acknowledged <= keys
    assert counts == [len(keys)] * 3
    return keys
