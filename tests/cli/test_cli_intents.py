"""`voicemes intents`: exit codes, what is printed, and that nothing is overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Run

NEW = ("intents", "new", "tea.brew", "--say", "brew {quantity} cups of tea", "--slot", "quantity")
FIXTURES = Path(__file__).resolve().parents[2] / "audio_fixtures"
ASKED = ("--summary", "Brew tea", "--risk", "R1")


def test_the_catalogue_that_ships_is_proved(run: Run) -> None:
    ended = run("intents", "test", "--plain")
    assert ended.code == 0
    assert "sentences are taken as their files say." in ended.out


def test_conversations_of_a_plant_are_held(run: Run, tmp_path: Path) -> None:
    talk = "turns:\n  - operator: scrap two solder bridge on order 4711\n    system: {}\n"
    (tmp_path / "good.yaml").write_text(talk.format("Scrap 2, solder bridge, on order 4711. Correct?"))
    ended = run("intents", "test", "--plain", "--conversations", str(tmp_path), "scrap.report")
    assert (ended.code, "1 of 1 conversations go as written." in ended.out) == (0, True)
    (tmp_path / "wrong.yaml").write_text(talk.format("Scrap 3"))
    ended = run("intents", "test", "--plain", "--conversations", str(tmp_path), "scrap.report")
    assert ended.code == 1
    assert f"{tmp_path / 'wrong.yaml'}:2" in ended.out.replace("\n", "")
    assert "1 of 2 conversations" in ended.out
    (tmp_path / "empty").mkdir()
    assert run("intents", "test", "--conversations", str(tmp_path / "empty"), "scrap.report").code == 2


def test_what_is_not_taken_as_written_is_exit_1_with_file_and_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "tea.yaml"
    file.write_text(
        'intent: tea.brew\nsummary: Tea\nrisk: R1\nsentences: ["brew tea"]\nexamples:\n  - {say: "make tea"}\n',
        encoding="utf-8",
    )
    ended = run("intents", "test", "--plain", "--intents", str(tmp_path))
    assert ended.code == 1
    assert "“make tea”  not understood" in ended.out
    assert f"{file}:6" in ended.out
    covered = run("intents", "coverage", "--json", "--intents", str(tmp_path))
    assert covered.code == 1
    assert json.loads(covered.out)["unsaid"] == [{"template": "brew tea", "line": 4}]


def test_coverage_of_the_catalogue_that_ships_is_full(run: Run) -> None:
    ended = run("intents", "coverage", "--plain")
    assert (ended.code, "(100%)" in ended.out) == (0, True)


def test_the_catalogue_that_ships_has_no_finding_without_a_reason(run: Run) -> None:
    ended = run("intents", "lint", "--json")
    assert ended.code == 0
    assert all(one["reason"] for one in ended.lines)


def test_a_finding_is_exit_1_with_file_and_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "tea.yaml"
    file.write_text('intent: tea.brew\nsummary: Tea\nrisk: R1\nsentences: ["tea"]\n', encoding="utf-8")
    ended = run("intents", "lint", "--plain", "--intents", tmp_path)
    assert ended.code == 1
    assert "✗ too-short  “tea” has 2 phones" in ended.out
    assert f"{file}:4" in ended.out


def test_samples_are_lines(run: Run) -> None:
    ended = run("intents", "sample", "job.start", "-n", "3", "--json")
    assert [one["intent"] for one in ended.lines] == ["job.start"] * 3


def test_a_new_intent_is_written_once_and_understood(run: Run, tmp_path: Path) -> None:
    place = ("--intents", str(tmp_path))
    first = run(*NEW, *ASKED, *place)
    assert first.code == 0, first.err
    file = tmp_path / "own" / "tea.brew.yaml"
    before = file.read_bytes()
    found = json.loads(run("text", "brew three cups of tea", "--json", *place).out)
    assert (found["intent"], found["slots"]) == ("tea.brew", {"quantity": 3})
    again = run(*NEW, *ASKED, *place)
    assert again.code == 2
    assert "is there already" in again.err
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (("--say", "brew {cups"), "never closed"),
        (("--slot", "size"), "'size', which is neither built in nor a file in _lists"),
        (("--risk", "R9"), "risk"),
        (("--area", "../.."), "'../..' is no name"),
        (("--area", "_mine"), "'_mine' is no name"),
        (("--slot", "cups: quantity, fill: station"), "slots"),
    ],
)
def test_a_new_intent_with_a_fault_leaves_no_file(
    run: Run, tmp_path: Path, changed: tuple[str, ...], sentence: str
) -> None:
    ended = run(*NEW, *ASKED, *changed, "--intents", str(tmp_path))
    assert ended.code == 2
    assert sentence in ended.err
    assert list(tmp_path.rglob("*.yaml")) == []


def test_what_is_not_given_is_asked_for(run: Run, tmp_path: Path) -> None:
    ended = run("intents", "new", "tea.brew", "--intents", str(tmp_path), stdin="Brew tea\nR0\nbrew [some] tea\n")
    assert ended.code == 0, ended.err
    assert "risk: R0" in (tmp_path / "own" / "tea.brew.yaml").read_text(encoding="utf-8")


def test_schemas_are_written_for_editors(run: Run, tmp_path: Path) -> None:
    assert json.loads(run("intents", "schema").out)["title"].startswith("voicemes intent")
    run("intents", "schema", "--write", str(tmp_path))
    assert len(list(tmp_path.glob("*.schema.json"))) == 6
    assert run("intents", "schema", "song").code == 2


def test_recordings_are_proved_and_expected_failures_are_strict(run: Run, tmp_path: Path) -> None:
    sound = FIXTURES / "job.next" / "my-next-slt.flac"
    line = {"audio": str(sound), "intent": "job.next", "slots": {}}
    manifest = tmp_path / "manifest.jsonl"
    rows = [line, {**line, "fails": "too quiet"}, {**line, "intent": "job.start"}, {**line, "intent": None}]
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    result = run("intents", "test", "job.next", "--recordings", manifest, "--json")
    assert result.code == 1
    faults = [one["fault"] for one in result.lines if one["kind"] == "recording"]
    assert faults == ["", "understood now; take out 'fails: too quiet'"], "those of another intent are not heard"
    every = run("intents", "test", "--recordings", manifest, "--json")
    faults = [one["fault"] for one in every.lines if one["kind"] == "recording"][2:]
    assert faults == ["heard “what's my next job”, taken for job.next {}", "taken for job.next"]


def test_the_grammars_are_written(run: Run, tmp_path: Path) -> None:
    run("intents", "grammar", "--write", tmp_path)
    assert (tmp_path / "commands.jsgf").read_text(encoding="utf-8").startswith("#JSGF V1.0;")
    assert "root ::=" in (tmp_path / "intent.gbnf").read_text(encoding="utf-8")
