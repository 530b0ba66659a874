"""What a command carries for the case that it has to wait: its subject, how long it is of use, what it relied on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from talk import LIVE, Talk

from voicemes.dialogue.policy import MAX_WRONG
from voicemes.model import Heard, MesCommand, Transcript
from voicemes.nlu.interpret import interpret
from voicemes.nlu.match import Matcher

FACTS = {
    "job": {"4711": {"status": "Running", "remaining": 80}, "4712": {"status": "Waiting", "remaining": 240}},
    "equipment": {"SPP-1": {"state": "up"}},
    "lot": {"88": {"disposition": "Quarantine"}},
}
STEADY = {"job": ("status", "ordered"), "lot": ("disposition",)}
"""Of a job also what this MES does not tell."""


@pytest.fixture
def told(matcher: Matcher) -> Talk:
    """Ana at a MES that says what must not change meanwhile."""
    return Talk(matcher, replace(LIVE, facts=FACTS, steady=STEADY))


def sent(talk: Talk, *said: str) -> MesCommand:
    talk.say(*said)
    assert talk.command is not None
    return talk.command


@pytest.mark.parametrize(
    ("said", "subject"),
    [
        (("start order 4712",), "job/4712"),
        (("scrap two solder bridge", "yes"), "job/4711"),
        (("call maintenance to press three",), "equipment/PRS-3"),
        (("someone is hurt",), "equipment/SPP-1"),
    ],
)
def test_commands_about_one_thing_have_one_subject(told: Talk, said: tuple[str, ...], subject: str) -> None:
    """An order before the machine at which it runs."""
    assert sent(told, *said).subject == subject


@pytest.mark.parametrize(
    ("said", "keep_s"),
    [
        (("someone is hurt",), 3600.0),
        (("call maintenance to press three",), 1800.0),
        (("scrap two solder bridge", "yes"), None),
    ],
)
def test_an_intent_says_how_long_it_is_of_use(told: Talk, said: tuple[str, ...], keep_s: float | None) -> None:
    assert sent(told, *said).keep_s == keep_s


def test_what_it_names_must_stay_as_it_was_in_what_is_steady(told: Talk) -> None:
    assert sent(told, "start order 4712").seen == {"job/4712": {"status": "Waiting"}}


def test_what_was_carried_over_counts_like_what_was_said(told: Talk) -> None:
    assert sent(told, "scrap two solder bridge", "yes").seen == {"job/4711": {"status": "Running"}}


def test_a_question_carries_nothing(told: Talk) -> None:
    command = sent(told, "what is the status of order 4712")
    assert (command.is_write, command.subject, command.keep_s, command.seen) == (False, "", None, {})


def test_a_call_for_help_that_nobody_said_is_kept_no_longer_than_one_that_somebody_said(told: Talk) -> None:
    told.state = replace(told.state, role="supervisor")
    for text in ("hold order 4712", "yes", *["one one"] * MAX_WRONG):
        told.take(Heard(interpret(Transcript(text, "ear"), told.state.scope, told.matcher)))
    assert told.command is not None
    assert (told.command.operation, told.command.keep_s) == ("andon.call", 1800.0)
