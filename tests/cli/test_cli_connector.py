"""`voicemes connector`: proofs, dry runs and recordings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from commands import Run

from voicemes.connectors.load import find, shipped


def test_all_that_ship_are_proved(run: Run) -> None:
    ended = run("connector", "check", "--json")
    assert ended.code == 0
    proofs = [json.loads(line) for line in ended.out.splitlines()]
    assert [proof["name"] for proof in proofs] == shipped()
    assert all(proof["is_good"] for proof in proofs)


def test_a_file_that_differs_is_exit_1_and_says_where(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "changed.yaml"
    text = find("reference").read_text(encoding="utf-8")
    file.write_text(text.replace("body: {command: Hold, reason", "body: {command: Stop, reason"), encoding="utf-8")
    ended = run("connector", "check", str(file), "--plain")
    assert ended.code == 1
    assert 'was to have the body {"command": "Hold"}, it has {"command": "Stop"}' in ended.out


def test_a_broken_file_names_file_and_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("name: mine\nerrors: {code: c, reason: r, rules: []}\noperations: {}\ncolour: red\n", "utf-8")
    ended = run("connector", "check", str(file))
    assert ended.code == 2
    assert f"{file}:4, key 'colour'" in " ".join(ended.err.split())


def test_a_dry_run_shows_every_request_and_sends_none(run: Run) -> None:
    ended = run("connector", "dry-run", "complete order 4711, 48 good, 2 scrap", "--connector", "tryton", "--json")
    assert ended.code == 0, ended.err
    planned = json.loads(ended.out)
    assert planned["operation"] == "job.complete"
    assert [one["what"].partition(",")[0] for one in planned["requests"]] == [
        *("resolve", "resolve", "change", "change", "change", "change", "act", "verify"),
    ]
    acting = planned["requests"][-2]["body"]
    assert acting["method"] == "model.production.do"
    assert acting["params"][0] == ["<order>"], "what only an answer tells is in angle brackets"


def test_a_dry_run_for_people_ends_with_what_matters(run: Run) -> None:
    ended = run("connector", "dry-run", "start order 4711", "--plain")
    assert "POST /api/v1/job-orders/4711/commands" in ended.out
    assert ended.out.rstrip().endswith("Nothing was sent.")


@pytest.mark.parametrize(
    ("sentence", "words"),
    [("mumble", "is not understood"), ("pause order 4711", "Tryton knows no pause"), ("scrap three", "is missing")],
)
def test_what_cannot_be_planned_is_one_sentence(run: Run, sentence: str, words: str) -> None:
    ended = run("connector", "dry-run", sentence, "--connector", "tryton")
    assert ended.code == 2
    assert words in " ".join(ended.err.split())


def test_a_recording_is_not_made_by_accident(run: Run) -> None:
    ended = run("connector", "record", "hold order 4712")
    assert ended.code == 2
    assert "--send" in ended.err


def test_what_was_recorded_proves_the_file(
    run: Run, plant_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICEMES_MES__URL", plant_url)
    ended = run("connector", "record", "how far is order 4713", "--send")
    assert ended.code == 0, ended.err
    (case,) = yaml.safe_load(ended.out)
    assert case["reply"]["accepted"]["job"] == "4713"
    assert "authorization" not in json.dumps(case).lower()
    own = yaml.safe_load(find("reference").read_text(encoding="utf-8"))
    own["exchanges"] = {"source": "recorded", "cases": [case]}
    file = tmp_path / "own.yaml"
    file.write_text(yaml.safe_dump(own), encoding="utf-8")
    assert run("connector", "check", str(file)).code == 0
