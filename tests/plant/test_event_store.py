"""The events are all there is: the chain shows every change to it, and the views can be made again from it."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicemes.plant import event_store, rebuild
from voicemes.plant.change import Actor
from voicemes.plant.database import stamp
from voicemes.plant.http.commands import COMMANDS, Command
from voicemes.plant.problems import Problem
from voicemes.plant.server import open_plant

if TYPE_CHECKING:
    import httpx
    from fastapi import FastAPI

    from voicemes.plant.plant import Plant

PLANT = Path(rebuild.__file__).parent
IDS = {
    "job-orders": "4711 4712 4713 4715 4801 4804 4902 20001",
    "units": "123 124 125 4002 7001 901",
    "material-lots": "88 89 A18 B203 D305",
    "equipment": "SPP-1 SPP-2 AOI-1 AOI-2 ROB-1 LINE-1",
    "persons": "Ana Ben Divya",
    "shifts": "this last",
}
"""Resource -> ids of it; those of the counted ones are small numbers."""
VALUES = {
    "equipment": "SPP-1 SPP-2 AOI-1 ROB-1 PKG-1",
    "line": "LINE-1 LINE-3",
    "reason": "stencil-clog cleaning no-material misaligned-part",
    "defect": "void leak solder-bridge",
    "team": "quality maintenance",
    "material": "solder-paste r0402",
    "product": "flip controller-board",
    "person": "Ana Chen",
    "job": "4711 4801 20001",
    "serial": "123 4002 901 902",
    "lot": "88 89",
    "parameter": "offset squeegee-pressure energy",
    "characteristic": "paste-height gap torque",
    "component": "U7",
    "text": "words",
    "target": "rework scrap test SPP-1 AOI-1",
    "unit": "um",
}
Step = tuple[Command, str, dict[str, Any], float]


def one_of(words: str) -> st.SearchStrategy[str]:
    return st.sampled_from(words.split())


@st.composite
def bodies_of(draw: st.DrawFn, command: Command) -> dict[str, Any]:
    """Fields that fit often enough, made from the schema of the body."""
    if command.path == "/change-requests":
        return {"kind": "parameter", "equipment": "SPP-1", "parameter": "offset", "delta": draw(st.floats(-30, 30))}
    if command.path == "/telemetry":
        measured = {
            "equipment": draw(one_of(VALUES["equipment"])),
            "parameter": "energy",
            "value": draw(st.floats(0, 9)),
        }
        return {"items": [measured] * draw(st.integers(1, 3))}
    schema = command.body.model_json_schema()
    if command.path == "/job-orders/{id}/commands":  # with quantities or a machine most of them are refused
        return {"command": draw(st.sampled_from(schema["properties"]["command"]["enum"]))}
    required = schema.get("required", ())
    names = [name for name in schema.get("properties", {}) if name in required or draw(st.integers(0, 3)) == 0]
    return {name: draw(values_of(name, schema["properties"][name])) for name in names}


def values_of(name: str, field: dict[str, Any]) -> st.SearchStrategy[Any]:
    choice = next(choice for choice in field.get("anyOf", [field]) if choice.get("type") != "null")
    if name == "position":
        return st.one_of(st.sampled_from(["first", "last"]), st.builds(dict, before=one_of(IDS["job-orders"])))
    if "enum" in choice:
        return st.sampled_from(choice["enum"])
    if choice.get("type") == "integer":
        return st.integers(1, 5)
    if choice.get("type") == "number":
        return st.floats(0.125, 50)
    return one_of(VALUES[name])


@st.composite
def steps(draw: st.DrawFn) -> Step:
    command = draw(st.sampled_from(COMMANDS))
    identifier = draw(one_of(IDS.get(command.resource, "1 2 3 7")))
    return command, identifier, draw(bodies_of(command)), draw(st.sampled_from([0.0, 0.5, 45.0, 200.0]))


def attempt(plant: Plant, command: Command, identifier: str, body: dict[str, Any]) -> bool:
    """Does it or is refused, as over HTTP."""
    try:
        with plant.change(Actor("Farid")) as change:
            arguments = [identifier] if "{id}" in command.path else []
            command.do(change, *arguments, command.body(**body))
    except (Problem, ValueError):
        return False
    return True


class Clock:
    """Stands still until it is put forward."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 3, 15, 20, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@settings(max_examples=40, deadline=None)
@given(st.lists(steps(), min_size=20, max_size=40))
def test_views_that_are_made_again_are_the_same(sequence: list[Step]) -> None:
    clock = Clock()
    plant = open_plant(now=clock.now)
    for command, identifier, body, minutes in sequence:
        attempt(plant, command, identifier, body)
        clock.time += timedelta(minutes=minutes)
    with plant.database.read() as tables:
        before = list(rebuild.dump(tables))
    assert rebuild.rebuild_views(plant.database).is_identical
    with plant.database.read() as tables:
        assert list(rebuild.dump(tables)) == before
        assert event_store.verify(tables).broken_at is None
    plant.database.close()


async def test_a_rebuilt_plant_goes_on(client: httpx.AsyncClient, app: FastAPI) -> None:
    body = {"good": 5}
    await client.post("/job-orders/4711/material-actuals", json=body, headers={"Idempotency-Key": "a"})
    before = (await client.get("/job-orders/4711")).json()
    rebuild.rebuild_views(app.state.plant.database)
    assert (await client.get("/job-orders/4711")).json() == before
    again = await client.post("/job-orders/4711/material-actuals", json=body, headers={"Idempotency-Key": "a"})
    assert again.headers["Idempotency-Replayed"] == "true"
    await client.post("/job-orders/4711/material-actuals", json=body)
    assert (await client.get("/job-orders/4711")).json()["good"] == before["good"] + 5


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A plant's file with ten events after its seed."""
    database = tmp_path / "plant.sqlite"
    plant = open_plant(database, now=Clock().now)
    alert = next(command for command in COMMANDS if command.path == "/work-alerts")
    for number in range(10):
        assert attempt(plant, alert, "", {"team": "safety", "text": f"call {number}"})
    plant.database.close()
    return database


def tamper(file: Path, sql: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        for name in ("event_is_not_changed", "event_is_not_deleted"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(sql)


def test_an_untouched_chain_is_whole(file: Path) -> None:
    found = rebuild.verify(file)
    assert (found.n_events, found.broken_at) == (11, None)


@pytest.mark.parametrize(
    ("sql", "broken_at"),
    [
        ("""UPDATE event SET data = replace(data, 'call 3', 'call 9') WHERE sequence = 4""", 4),
        ("UPDATE event SET operator = 'Ana' WHERE sequence = 7", 7),
        ("UPDATE event SET time = '2020-01-01T00:00:00.000Z' WHERE sequence = 1", 1),
        ("DELETE FROM event WHERE sequence = 5", 6),
        ("UPDATE event SET hash = (SELECT hash FROM event WHERE sequence = 1) WHERE sequence = 2", 2),
        ("UPDATE event SET data = '{' WHERE sequence = 8", 8),
        ("UPDATE event SET data = replace(data, 'Farid', 'Faris') WHERE sequence = 0", 0),
    ],
)
def test_the_first_event_that_was_changed_is_named(file: Path, sql: str, broken_at: int) -> None:
    tamper(file, sql)
    assert rebuild.verify(file).broken_at == broken_at


@pytest.mark.parametrize("sql", ["UPDATE event SET type = 'mes.other'", "DELETE FROM event"])
def test_the_store_refuses_to_be_changed(file: Path, sql: str) -> None:
    with closing(sqlite3.connect(file)) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(sql)


def test_a_view_that_was_changed_by_hand_is_found_and_put_right(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE work_alert SET status = 'Resolved' WHERE id = 5")
    assert not rebuild.rebuild(file).is_identical
    assert rebuild.rebuild(file).is_identical


async def test_the_audit_lets_anyone_follow_the_chain(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        await client.post("/work-alerts", json={"team": "safety"})
    previous, after, sequences = event_store.GENESIS, -1, []
    while items := (await client.get("/audit", params={"after": after, "limit": 2})).json()["items"]:
        for item in items:
            event = event_store.canonical(item["event"])
            assert item["previous"] == previous
            previous = event_store.hashlib.sha256(f"{previous}\n{event}".encode()).hexdigest()
            assert item["hash"] == previous
            sequences.append(item["sequence"])
        after = sequences[-1]
    assert sequences == [0, 1, 2, 3]


def test_the_first_event_is_the_seed_with_its_hash(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        kind, data = connection.execute("SELECT type, data FROM event WHERE sequence = 0").fetchone()
    assert kind == "mes.plant.seeded"
    assert len(json.loads(data)["sha256"]) == 64


def test_readers_see_what_was_committed_when_they_began(file: Path) -> None:
    plant = open_plant(file)
    with plant.database.read() as before:
        n_before = before.value("SELECT count(*) FROM event")
        with plant.change(Actor("Ana")) as change:
            change.emit("mes.note.added", "1", {"note": "1", "text": "x", "equipment": None, "job": None})
        assert before.value("SELECT count(*) FROM event") == n_before
    with plant.database.read() as after:
        assert after.value("SELECT count(*) FROM event") == n_before + 1
        assert after.value("SELECT time FROM note") <= stamp(plant.now())
    plant.database.close()


def test_views_of_another_version_are_made_again(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE view_version SET fingerprint = 'older'")
        connection.execute("ALTER TABLE work_alert DROP COLUMN priority")
    plant = open_plant(file)
    with plant.database.read() as tables:
        assert tables.value("SELECT priority FROM work_alert WHERE id = 3") == "normal"
        assert rebuild.are_current(tables)
    plant.database.close()


READERS = sorted(file for part in ("commands", "queries", "http") for file in (PLANT / part).glob("*.py"))


@pytest.mark.parametrize("file", READERS, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_only_projections_write_a_view(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    inserted = re.findall(r'\.insert\(\s*"(\w+)"', text)
    assert not re.search(r"INSERT INTO|UPDATE \w+ SET|DELETE FROM|REPLACE INTO", text)
    assert set(inserted) <= {"idempotency"}
