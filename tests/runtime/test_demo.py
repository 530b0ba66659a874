"""A shift is played on a stage of its own; when its plant dies in the middle, nothing is written and that is said."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from parts import FIXTURES, Events

from voicemes.config import Settings
from voicemes.engines.audio.wav import read_speech
from voicemes.errors import AudioError, MesUnreachable
from voicemes.events import CommandAnswered, SessionStarted, TurnEnded
from voicemes.plant.process import PlantProcess
from voicemes.runtime.demo import Played, ReplyFolder, Stage, _check_nothing_was_written, play
from voicemes.runtime.scenario import Scenario, read_scenario
from voicemes.runtime.trace import read_trace

READ_BACK_AND_YES = slice(2, 4)
"""Of the shipped shift: "scrap two solder bridge", and "affirm"."""


@pytest.fixture(scope="module")
def shift() -> Scenario:
    scenario = read_scenario(FIXTURES / "demo.yaml")
    return scenario.model_copy(update={"turns": scenario.turns[READ_BACK_AND_YES]})


async def played(shift: Scenario, output: Path, events: Events, *, stop_plant_at: int | None = None) -> list[Played]:
    stage = Stage(FIXTURES, output, events, lambda _number, _turn: None, stop_plant_at=stop_plant_at)
    return [one async for one in play(shift, stage)]


async def test_every_answer_is_left_as_a_file_and_every_fact_in_the_trace(shift: Scenario, tmp_path: Path) -> None:
    events = Events()
    asked, done = await played(shift, tmp_path, events)
    assert (asked.fault, done.fault) == ("", "")
    assert not done.mes_failed
    assert [one.spoken for one in (asked, done)] == sorted((tmp_path / "replies").glob("*.wav"))
    for one in (asked, done):
        assert one.spoken
        assert any(read_speech(one.spoken)), "there is sound in it"
    assert events.of(TurnEnded) == [*asked.ended, *done.ended]
    names = [event["event"] for _, event in read_trace(tmp_path / "trace.jsonl")]
    assert names[0] == SessionStarted.name
    assert names.count("turn_ended") == 2


async def test_a_plant_that_dies_between_question_and_yes_is_told_of(shift: Scenario, tmp_path: Path) -> None:
    """It is dead already while the question is asked, which needs no MES; what was written is counted at the end."""
    events = Events()
    asked, failed = await played(shift, tmp_path, events, stop_plant_at=1)
    assert (asked.fault, asked.mes_failed) == ("", False)
    assert failed.mes_failed
    assert failed.fault == "the MES was to say accepted, it said saved"
    assert failed.ended[0].answer == "Saved. The MES does not answer; I send it when it does, and tell you."
    assert [event.outcome for event in events.of(CommandAnswered)] == ["saved"]


async def test_what_a_shift_leaves_unsent_never_comes_into_the_outbox_of_the_station(
    shift: Scenario, tmp_path: Path
) -> None:
    _, failed = await played(shift, tmp_path, Events(), stop_plant_at=1)
    assert failed.ended[0].mes == "saved"
    assert not Settings(station=shift.station).outbox_file.exists(), "it would be sent to the MES of the settings"


def test_a_place_that_cannot_hold_the_answers_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AudioError, match=r"file/replies: cannot hold the answers: .* Choose another place\."):
        ReplyFolder(tmp_path / "file" / "replies")


def test_what_a_dead_plant_wrote_without_telling_is_found_out(tmp_path: Path) -> None:
    database = tmp_path / "plant.sqlite"
    with PlantProcess(database) as plant:
        url = f"{plant.url}/api/v1/job-orders/4711/material-actuals"
        httpx.post(url, json={"scrap": 1, "defect": "dent"}, trust_env=False).raise_for_status()
        plant.kill()
    asyncio.run(_check_nothing_was_written(database, 1))
    with pytest.raises(MesUnreachable, match="wrote 1 events that nobody was told of"):
        asyncio.run(_check_nothing_was_written(database, 0))
