"""Who is who: a badge and its PIN, of which nothing is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from voicemes.errors import ConfigError
from voicemes.plant.badges import LOCKED, LOCKED_S, MAX_WRONG, UNKNOWN, entry, read_badges
from voicemes.plant.problems import Problem

if TYPE_CHECKING:
    import httpx
    from fastapi import FastAPI

FARID = {"badge": "2106", "pin": "9274"}


async def test_a_badge_and_its_pin_say_who_it_is(client: httpx.AsyncClient) -> None:
    found = await client.post("/persons:identify", json=FARID)
    assert found.status_code == 200
    assert found.json() == {"id": "Farid", "role": "supervisor", "qualifications": []}


@pytest.mark.parametrize("wrong", [{"pin": "9275"}, {"badge": "2107"}, {"badge": "999"}])
async def test_anything_else_says_nothing(client: httpx.AsyncClient, wrong: dict[str, str]) -> None:
    refused = await client.post("/persons:identify", json=FARID | wrong)
    assert refused.status_code == 403
    assert (refused.json()["code"], refused.json()["detail"]) == ("identity_refused", UNKNOWN)


@pytest.mark.parametrize("body", [{"badge": "2106"}, {"badge": "21", "pin": "9274"}, {"badge": "2106", "pin": "92a4"}])
async def test_what_is_no_badge_is_refused(client: httpx.AsyncClient, body: dict[str, str]) -> None:
    assert (await client.post("/persons:identify", json=body)).status_code == 422


async def test_nothing_of_it_is_kept(client: httpx.AsyncClient, app: FastAPI) -> None:
    before = (await client.get("/events", params={"limit": 1000})).json()["last"]
    await client.post("/persons:identify", json=FARID)
    assert (await client.get("/events", params={"limit": 1000})).json()["last"] == before
    with app.state.plant.database.read() as tables:
        assert "9274" not in str(tables.all("SELECT * FROM event")) + str(tables.all("SELECT * FROM idempotency"))
    people = (await client.get("/persons")).text
    assert not any(word in people for word in ("2106", "pin", "salt", "digest"))


def test_after_too_many_wrong_pins_the_badge_is_locked_for_a_while(tmp_path: Path) -> None:
    file = tmp_path / "badges.yaml"
    file.write_text(entry("700", "Zoe", "1234") + "\n", encoding="utf-8")
    badges, now_s = read_badges(file), [0.0]
    badges.now_s = lambda: now_s[0]
    for _ in range(MAX_WRONG):
        with pytest.raises(Problem, match=UNKNOWN):
            badges.person("700", "4321")
    with pytest.raises(Problem, match=LOCKED):
        badges.person("700", "1234")
    now_s[0] = LOCKED_S + 1
    assert badges.person("700", "1234") == "Zoe"
    with pytest.raises(Problem, match=UNKNOWN):
        badges.person("700", "4321")
    assert badges.person("700", "1234") == "Zoe", "one wrong PIN locks nothing"


def test_a_file_has_hashes_and_no_pins() -> None:
    line = entry("700", "Zoe", "1234")
    assert "1234" not in line.partition("salt")[0].replace("700", "")
    assert entry("700", "Zoe", "1234") != line, "the same PIN has another hash each time"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{badge: 1}", "is not a list of badges"),
        ("- {badge: '700', person: Zoe}", "entry 1 needs badge, person, salt and digest"),
        ("- {badge: '700', person: Zoe, salt: zz, digest: aa}", "entry 1 needs"),
        ("- [", "cannot be read"),
    ],
)
def test_a_faulty_file_is_named_with_its_entry(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "badges.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=what):
        read_badges(file)


def test_a_badge_stands_in_a_file_once(tmp_path: Path) -> None:
    file = tmp_path / "badges.yaml"
    file.write_text("\n".join(entry("700", name, "1234") for name in ("Zoe", "Yan")), encoding="utf-8")
    with pytest.raises(ConfigError, match="has the badge 700 twice"):
        read_badges(file)


async def test_what_happened_at_a_machine_is_counted(client: httpx.AsyncClient) -> None:
    before = (await client.get("/equipment/SPP-1/history")).json()
    report = {"good": 7, "scrap": 2, "defect": "void"}
    await client.post("/job-orders/4711/material-actuals", json=report)
    await client.post("/work-alerts", json={"team": "maintenance", "equipment": "SPP-1"})
    after = (await client.get("/equipment/SPP-1/history")).json()
    assert (after["good"] - before["good"], after["scrap"] - before["scrap"]) == (7, 2)
    calls = [next((row["n"] for row in found["items"] if row["what"] == "calls"), 0) for found in (before, after)]
    assert calls[1] == calls[0] + 1
    assert (await client.get("/equipment/NO-1/history")).status_code == 404
