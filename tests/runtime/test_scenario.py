"""A shift as a file: its faults name file and key, and what comes of a turn is held against it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from parts import FIXTURES

from voicemes.errors import ConfigError
from voicemes.events import TurnEnded
from voicemes.runtime.scenario import Expected, Happening, PlayedTurn, fault, read_scenario

GOOD = """\
title: One question
turns:
  - hear: question.flac
    why: Because.
    expect: {intent: job.next, mes: accepted}
"""


def write(folder: Path, text: str) -> Path:
    (folder / "question.flac").touch()
    file = folder / "shift.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_scenario_is_read_with_its_station(tmp_path: Path) -> None:
    scenario = read_scenario(write(tmp_path, GOOD + "station: {name: SPP-2, operator: Ben}\n"))
    assert (scenario.title, scenario.station.name, scenario.station.operator) == ("One question", "SPP-2", "Ben")
    assert scenario.turns[0].expect == Expected(intent="job.next", mes="accepted")


def test_the_shipped_scenario_is_read() -> None:
    assert len(read_scenario(FIXTURES / "demo.yaml").turns) >= 20


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("title: One question\n", "", "key 'title'"),
        ("why: Because.", "because: why", "key 'turns.0.why'"),
        ("mes: accepted", "mes: perhaps", "key 'turns.0.expect.mes'"),
        ("intent: job.next, ", "", "key 'turns.0.expect.intent'"),
        ("hear: question.flac", "happens: {path: /notes}\n    hear: question.flac", "either 'hear', 'type'"),
        ("hear: question.flac\n    why", "why", "either 'hear', 'type' or 'happens'"),
        ("hear: question.flac", "hear: missing.flac", "key 'turns.0.hear': there is no recording missing.flac"),
        ("title: One question", "title: One question\nsteps: 3", "key 'steps'"),
        ("mes: accepted}", "mes: accepted", "shift.yaml:6: is not YAML"),
        (GOOD, "just words", "shift.yaml: "),
        (GOOD, "title: x\nturns: []\n", "key 'turns'"),
        (GOOD, "title: \x00", "cannot be read as a scenario"),
        (GOOD, "[" * 20_000, "cannot be read as a scenario"),
    ],
    ids=["title", "why", "mes", "intent", "both", "none", "hear", "unknown", "yaml", "words", "empty", "nul", "deep"],
)
def test_a_fault_names_file_and_key(tmp_path: Path, before: str, after: str, place: str) -> None:
    file = write(tmp_path, GOOD.replace(before, after))
    with pytest.raises(ConfigError) as caught:
        read_scenario(file)
    assert str(caught.value).startswith(str(file))
    assert place in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml: cannot be read as a scenario"):
        read_scenario(tmp_path / "absent.yaml")


def turn(intent: str | None = "job.next", **changed: Any) -> TurnEnded:
    known: dict[str, Any] = {
        "at_s": 1.0,
        "turn": 1,
        "heard": "words",
        "outcome": "understood" if intent else "rejected",
        "intent": intent,
        "slots": {"job": "4711"},
        "route": "grammar",
        "confidence": 1.0,
        "answer": "Order 4711." if intent else "",
        "mes": "accepted" if intent else None,
    }
    return TurnEnded(**{**known, **changed})


WANTED = Expected(intent="job.next", slots={"job": "4711"}, mes="accepted", says="order")


@pytest.mark.parametrize(
    ("expected", "ended", "sentence"),
    [
        (WANTED, [turn()], ""),
        (WANTED, [turn(None), turn()], ""),
        (WANTED, [], "one sentence was said, 0 were understood"),
        (WANTED, [turn(), turn()], "one sentence was said, 2 were understood"),
        (WANTED, [turn("kpi.get")], "job.next was said, kpi.get was understood"),
        (WANTED, [turn(slots={"job": "4712"})], "{'job': '4711'} was said, {'job': '4712'} was understood"),
        (WANTED, [turn(slots={})], "{'job': '4711'} was said, {'job': None} was understood"),
        (WANTED, [turn(mes="unsent")], "the MES was to say accepted, it said unsent"),
        (WANTED, [turn(answer="Done.")], "the answer was to contain “order”"),
        (Expected(intent="job.next"), [turn()], "the MES was to say nothing, it said accepted"),
        (Expected(intent=None), [turn(None)], ""),
        (Expected(intent=None), [], ""),
        (Expected(intent=None), [turn()], "nothing was to be heard, but: words"),
        (Expected(intent=None), [turn(None, answer="Say again?")], "nothing was to be heard, but: words"),
    ],
)
def test_what_came_of_a_turn_is_held_against_what_must_come(
    expected: Expected, ended: list[TurnEnded], sentence: str
) -> None:
    played = PlayedTurn(hear="x.flac", why="x", expect=expected)
    assert fault(played, ended) == sentence
    told = turn(None, outcome="told", answer="The plan has changed.")
    assert fault(played, [*ended, told]) == sentence, "what the plant says meanwhile is no answer"


@pytest.mark.parametrize(
    ("ended", "sentence"),
    [
        ([turn(None, outcome="told", answer="The plan has changed.")], ""),
        ([turn(None, outcome="told", answer="Lot 1204 is on hold.")], "what was told was to contain “plan”"),
        ([], "the station was not told"),
        ([turn(answer="The plan.")], "the station was not told"),
    ],
)
def test_what_happens_must_be_told(ended: list[TurnEnded], sentence: str) -> None:
    happens = Happening(path="/work-requests")
    assert fault(PlayedTurn(happens=happens, why="x", expect=Expected(intent=None, says="plan")), ended) == sentence
