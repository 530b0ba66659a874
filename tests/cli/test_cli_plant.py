"""`voicemes plant rebuild` and `verify`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from commands import Run

from voicemes.plant.server import open_plant


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "plant.sqlite"
    open_plant(file).database.close()
    return file


def test_a_plant_is_verified_and_rebuilt(run: Run, database: Path) -> None:
    verified = run("plant", "verify", str(database), "--json")
    assert (verified.code, json.loads(verified.out)) == (0, {"ok": True, "events": 1, "broken_at": None})
    rebuilt = run("plant", "rebuild", str(database), "--json")
    assert rebuilt.code == 0
    assert json.loads(rebuilt.out)["identical"] is True


def test_a_changed_event_is_named(run: Run, database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DROP TRIGGER event_is_not_changed")
        connection.execute("UPDATE event SET time = '2020-01-01T00:00:00.000Z'")
    ended = run("plant", "verify", str(database), "--plain")
    assert (ended.code, "breaks at event 0" in ended.out) == (1, True)


def test_a_changed_table_is_put_right_and_told(run: Run, database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE job_order SET good = 9999 WHERE id = '4711'")
    assert run("plant", "rebuild", str(database), "--plain").code == 1
    assert run("plant", "rebuild", str(database), "--plain").code == 0


@pytest.mark.parametrize("command", ["verify", "rebuild"])
@pytest.mark.parametrize("content", [None, b"", b"this is no database " * 50])
def test_what_is_no_plant_is_one_sentence(run: Run, tmp_path: Path, command: str, content: bytes | None) -> None:
    file = tmp_path / "other.sqlite"
    if content is not None:
        file.write_bytes(content)
    ended = run("plant", command, str(file), "--plain")
    assert ended.code == 2
    assert len(ended.sentences) == 1
    assert file.exists() is (content is not None)


def test_every_scenario_is_played_to_its_end(run: Run) -> None:
    ended = run("plant", "play", "all", "--json")
    assert ended.code == 0
    assert [event["id"] for event in ended.lines] == [str(number) for number in range(1, len(ended.lines) + 1)]
    assert ended.lines[-1]["data"]["text"].startswith("Night report")


def test_a_scenario_is_read_by_people(run: Run) -> None:
    ended = run("plant", "play", "paste-drift", "--plain", "--speed", "10000")
    assert ended.code == 0
    assert "because of 9" in ended.out
    assert "an offset of up to 20 microns is corrected at once" in ended.out


@pytest.mark.parametrize("command", [["play", "flood"], ["serve", "--scenario", "flood"]])
def test_an_unknown_scenario_is_one_sentence(run: Run, command: list[str]) -> None:
    ended = run("plant", *command)
    assert ended.code == 2
    assert "Known: aoi-failure, paste-drift" in ended.sentences[0]


def test_a_load_of_no_headsets_is_refused(run: Run) -> None:
    assert run("bench", "load", "--headsets", "0", "--plain").code == 2


def test_a_plant_is_loaded_and_measured(run: Run) -> None:
    ended = run("bench", "load", "--plant", "--units", "10", "--seconds", "1", "--json")
    assert ended.code == 0
    assert set(ended.lines[0]) == {"store", "calls"}
