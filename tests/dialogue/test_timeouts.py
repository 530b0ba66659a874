"""A question that nobody answers is asked again, once, and then dropped."""

from __future__ import annotations

import pytest
from talk import Talk

from voicemes.dialogue.policy import QUESTION_S
from voicemes.model import Forget

QUESTIONS = {"filling": "scrap four", "confirming": "scrap two solder bridge"}


@pytest.mark.parametrize("phase", QUESTIONS)
def test_the_question_is_asked_once_more_and_then_nothing_was_written(talk: Talk, phase: str) -> None:
    talk.hear(QUESTIONS[phase])
    question = talk.replies
    assert talk.listens[-1].timeout_s == QUESTION_S
    talk.now_s += QUESTION_S
    talk.time_out()
    assert (talk.replies, talk.state.phase) == (question, phase)
    talk.now_s += QUESTION_S
    talk.time_out()
    assert talk.keys == ["timed_out"]
    assert talk.forgotten == [Forget("scrap.report", "timed_out")]
    assert (talk.command, talk.state.phase, talk.state.pending) == (None, "idle", None)


def test_the_repeated_question_has_its_full_time_for_a_yes(talk: Talk) -> None:
    talk.hear(QUESTIONS["confirming"])
    talk.now_s += QUESTION_S
    talk.time_out()
    talk.now_s += QUESTION_S
    talk.hear("yes")
    assert talk.command is not None


def test_an_answer_gives_the_next_question_its_own_second_chance(talk: Talk) -> None:
    talk.hear("report scrap")
    talk.time_out()
    talk.hear("four")
    assert talk.keys == ["scrap.report/ask.defect"]
    talk.time_out()
    assert talk.keys == ["scrap.report/ask.defect"]


def test_nothing_times_out_when_nothing_was_asked(talk: Talk) -> None:
    talk.time_out()
    assert (talk.replies, talk.state.phase) == ([], "idle")
    talk.hear("what's my next job")
    talk.time_out()
    assert (talk.effects, talk.state.phase) == ((), "waiting")
