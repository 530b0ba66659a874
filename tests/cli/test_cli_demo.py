"""`demo` and `replay`: a whole shift, from recorded speech to what stands in the MES."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import FIXTURES, Ended, Run, run_process

from voicemes.engines.audio.wav import read_speech

TURNS = yaml.safe_load((FIXTURES / "demo.yaml").read_text(encoding="utf-8"))["turns"]
N_TURNS = len(TURNS)
NOTHING_TO_SAY = {number for number, turn in enumerate(TURNS, start=1) if turn["expect"]["intent"] is None}
ESCAPE = "\x1b"

pytestmark = pytest.mark.xdist_group("demo")
"""One process plays the shift once, for all tests that look at it."""


@pytest.fixture(scope="session")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "output"


@pytest.fixture(scope="session")
def shift(output: Path) -> Ended:
    pytest.importorskip("llama_cpp", reason="the extra llm is not installed")
    return run_process("demo", "--plain", "--output", output)


def wrong_turns(shift: Ended) -> set[int]:
    return {int(row.split()[0]) for row in shift.out.splitlines() if row[:1].isdigit() and row.endswith("✗")}


def scenario(folder: Path, *numbers: int) -> Path:
    """A shift of a few turns of the shipped one."""
    data: dict[str, Any] = yaml.safe_load((FIXTURES / "demo.yaml").read_text(encoding="utf-8"))
    turns = [data["turns"][number - 1] for number in numbers]
    data["turns"] = [{**turn, "hear": str(FIXTURES / turn["hear"])} if "hear" in turn else turn for turn in turns]
    file = folder / "shift.yaml"
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    return file


def test_every_turn_of_the_shift_is_right(shift: Ended) -> None:
    assert wrong_turns(shift) == set()
    assert f"{N_TURNS} of {N_TURNS} turns right." in shift.out
    assert (shift.code, shift.err) == (0, "")


def test_it_shows_each_turn_and_a_table_in_plain_lines(shift: Ended) -> None:
    for number in range(1, N_TURNS + 1):
        assert f"[{number}/{N_TURNS}] " in shift.out
    table = shift.out[shift.out.index("turn  said") :].splitlines()
    assert table[0].split("  ")[0] == "turn"
    assert [row.split()[0] for row in table[1 : N_TURNS + 1]] == [str(number) for number in range(1, N_TURNS + 1)]
    assert ESCAPE not in shift.out


def test_the_spoken_answers_are_there_with_sound_in_them(shift: Ended, output: Path) -> None:
    spoken = {int(file.name.split("-")[0]): file for file in (output / "replies").glob("*.wav")}
    assert [file.name for file in spoken.values() if not any(read_speech(file))] == []
    silent = {int(row.split()[0]) for row in shift.out.splitlines() if row[:1].isdigit()} - spoken.keys()
    assert silent <= NOTHING_TO_SAY | wrong_turns(shift)
    assert not list((output / "replies").glob(".*")), "no half-written file stays"


def test_its_trace_replays_as_it_was(shift: Ended, output: Path, run: Run) -> None:
    ended = run("replay", output / "trace.jsonl", "--json")
    (told,) = ended.lines
    assert ended.code == 0
    assert (told["differences"], told["is_same_catalog"]) == ([], True)
    assert told["n_inputs"] >= N_TURNS - 1
    assert f"{told['n_inputs']} inputs, decided as they were." in run("replay", output / "trace.jsonl").out


def test_a_trace_that_was_changed_does_not(shift: Ended, output: Path, run: Run, tmp_path: Path) -> None:
    lines = (output / "trace.jsonl").read_text(encoding="utf-8").splitlines()
    number = next(number for number, line in enumerate(lines, start=1) if '"event": "step_taken"' in line)
    lines[number - 1] = json.dumps({**json.loads(lines[number - 1]), "effects": []})
    changed = tmp_path / "changed.jsonl"
    changed.write_text("\n".join(lines), encoding="utf-8")
    ended = run("replay", changed)
    assert ended.code == 1
    assert f"✗ {changed}:{number}, turn 1" in ended.out


def test_for_programs_it_is_one_object_a_turn_and_one_at_the_end(run: Run, tmp_path: Path) -> None:
    file = scenario(tmp_path, 1, 8, 10)
    ended = run("demo", "--json", "--scenario", file, "--output", tmp_path / "output")
    *turns, total = ended.lines
    assert (ended.code, ended.err) == (0, "")
    assert total == {"turns": 3, "played": 3, "right": 3, "lacks": [], "output": str(tmp_path / "output")}
    assert [turn["turn"] for turn in turns] == [1, 2, 3]
    assert [turn["right"] for turn in turns] == [True] * 3
    assert [Path(turn["spoken"]).is_file() if turn["spoken"] else None for turn in turns] == [True, None, True]
    assert turns[0]["heard"][0]["intent"] == "job.next"


def test_three_turns_and_more_are_the_language_models(shift: Ended) -> None:
    by_model = [row for row in shift.out.splitlines() if row[:1].isdigit() and "  llm  " in row]
    assert len(by_model) >= 3


def test_without_the_language_model_its_turns_are_left_out_and_the_rest_is_right(run: Run, tmp_path: Path) -> None:
    model_turn = next(number for number, turn in enumerate(TURNS, start=1) if turn["expect"].get("route") == "llm")
    file = scenario(tmp_path, 1, model_turn)
    ended = run("demo", "--plain", "--scenario", file, "--output", tmp_path / "output")
    assert ended.code == 0
    assert "1 of 1 turns right." in ended.out
    assert "1 turns were left out. The language model is switched off in the settings." in ended.out


def test_a_turn_that_is_not_as_it_must_be_is_exit_1(run: Run, tmp_path: Path) -> None:
    file = scenario(tmp_path, 1)
    file.write_text(file.read_text(encoding="utf-8").replace("job.next", "job.start"), encoding="utf-8")
    wrong = file.read_text(encoding="utf-8").replace("/job.start/", "/job.next/")
    file.write_text(wrong, encoding="utf-8")
    ended = run("demo", "--plain", "--scenario", file, "--output", tmp_path / "output")
    assert ended.code == 1
    assert "✗ wrong: job.start was said, job.next was understood" in ended.out
    assert "0 of 1 turns right." in ended.out


def test_a_plant_that_is_killed_before_the_yes_is_told_truthfully(run: Run, tmp_path: Path) -> None:
    ended = run("demo", "--plain", "--stop-plant-at", "4", "--output", tmp_path / "output")
    assert ended.code == 5
    assert "Saved. The MES does not answer; I send it when it does, and tell you." in ended.out
    assert ended.sentences == [
        "voicemes: The MES failed in the middle of the shift. What was not confirmed was not written."
    ]
    assert f"[5/{N_TURNS}]" not in ended.out, "the shift ends there"
