"""What a risk class asks of the operator."""

from __future__ import annotations

from dataclasses import replace

import pytest
from talk import Talk, with_intents

from voicemes.dialogue.policy import policy_for
from voicemes.dialogue.state import DialogueState
from voicemes.nlu.match import Matcher

NOBODY = DialogueState("test", operator_id="")


@pytest.mark.parametrize(
    ("risk", "way", "needs_operator"),
    [
        ("R0", "at_once", False),
        ("R1", "at_once", True),
        ("R2", "read_back", True),
        ("R3", "read_back", True),
        ("R4", "never", True),
    ],
)
def test_the_risk_class_decides_the_way(matcher: Matcher, risk, way: str, *, needs_operator: bool) -> None:
    policy = policy_for(replace(matcher.catalog.intent("job.start"), risk=risk))
    assert (policy.way, policy.needs_operator) == (way, needs_operator)


def test_only_an_r1_action_that_names_its_undo_can_be_undone(matcher: Matcher) -> None:
    start = matcher.catalog.intent("job.start")
    assert policy_for(start).can_undo
    assert not policy_for(replace(start, action=replace(start.action, undo=""))).can_undo
    assert not policy_for(replace(start, risk="R2")).can_undo


@pytest.mark.parametrize(
    ("risk", "keys", "is_sent", "phase"),
    [
        ("R0", [], True, "waiting"),
        ("R1", [], True, "waiting"),
        ("R2", ["job.start/confirm"], False, "confirming"),
        ("R3", ["job.start/confirm"], False, "confirming"),
        ("R4", ["by_hand"], False, "idle"),
    ],
)
def test_the_same_sentence_goes_the_way_of_its_risk(
    matcher: Matcher, risk, keys: list[str], phase: str, *, is_sent: bool
) -> None:
    talk = Talk(with_intents(matcher, replace(matcher.catalog.intent("job.start"), risk=risk)))
    talk.hear("start order 4712")
    assert talk.keys == keys
    assert (talk.command is not None) is is_sent
    assert talk.state.phase == phase


@pytest.mark.parametrize("text", ["start order 4712", "scrap two solder bridge"])
def test_nobody_may_not_write(matcher: Matcher, text: str) -> None:
    talk = Talk(matcher, state=NOBODY)
    talk.hear(text)
    assert talk.keys == ["needs_operator"]
    assert (talk.command, talk.state.phase) == (None, "idle")


def test_nobody_may_ask(matcher: Matcher) -> None:
    talk = Talk(matcher, state=NOBODY)
    talk.hear("what's my next job")
    assert talk.command is not None
    assert not talk.command.is_write


def test_a_command_says_who_meant_what_and_when(talk: Talk) -> None:
    talk.hear("scrap two solder bridge")
    talk.now_s += 3
    talk.hear("yes")
    command = talk.command
    assert command is not None
    assert (command.operation, command.operator_id, command.is_write) == ("scrap.report", "Ana", True)
    assert (command.spoken_text, command.confirmed_s) == ("scrap two solder bridge", talk.now_s)


def test_two_sessions_never_share_a_command_id(matcher: Matcher) -> None:
    ids = set()
    for session in ("morning", "evening"):
        talk = Talk(matcher, state=DialogueState(session, "Ana"))
        for _ in range(3):
            talk.hear("what's my next job")
            assert talk.command is not None
            ids.add(talk.command.command_id)
            talk.accept()
    assert len(ids) == 6
