"""Every input in every phase has an answer, and none has an effect that the phase does not allow."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from talk import Talk, understood

from voicemes.dialogue.policy import QUESTION_S
from voicemes.dialogue.step import BLAME_EVERY_S
from voicemes.model import (
    Accepted,
    Ambiguous,
    Answered,
    Candidate,
    Heard,
    Listen,
    NotUnderstood,
    Pressed,
    Rejected,
    Reply,
    Saved,
    Scope,
    SlotValue,
    TimedOut,
    Told,
    Transcript,
    Unknown,
    Unsaved,
    Unsent,
)

PHASES = {
    "idle": [],
    "filling": ["scrap four"],
    "confirming": ["scrap two solder bridge"],
    "waiting for an answer": ["what's my next job"],
    "waiting for a write": ["scrap two solder bridge", "yes"],
    "waiting for an undo": ["start order 4712", "", "undo"],
}
"""What is said to get there; an empty text stands for the answer of the MES."""
WORDS = ("affirm", "deny", "cancel", "repeat", "help", "undo", "answer", "correct")
SOMETHING = Transcript("something", "keyboard")
TWO = SlotValue("quantity", 2, "two")
NEWS = Reply("news_called", {"team": "maintenance"})
INPUTS = {
    "an intent": understood("job.next"),
    "an intent with slots": understood("scrap.report", TWO),
    "an intent of no catalogue": understood("coffee.brew"),
    **{f"the word {word}": understood(word) for word in WORDS},
    "an answer with a value": understood("answer", TWO),
    "a correction with a value": understood("correct", TWO),
    **{
        f"nothing, {reason}": Heard(NotUnderstood(reason, SOMETHING))
        for reason in ("silence", "noise", "too_loud", "clipped", "faint", "echo", "incomplete", "out_of_grammar")
    },
    "two intents": Heard(
        Ambiguous(tuple(Candidate(name, (), 1.0, "grammar") for name in ("job.next", "kpi.get")), SOMETHING)
    ),
    "two corrections": Heard(
        Ambiguous(
            tuple(Candidate("correct", (SlotValue(name, 5, "five"),), 1.0, "grammar") for name in ("quantity", "x")),
            SOMETHING,
        )
    ),
    **{f"the key {key}": Pressed(key) for key in ("yes", "no", "cancel", "repeat", "help")},
    "the answer of another command": Answered(Accepted("another", {"job": "1"})),
    "a refusal of another command": Answered(Rejected("another", "no", "No.")),
    "silence for too long": TimedOut(),
    "news": Told(NEWS),
}
OWN_ANSWERS = {
    "accepted": lambda command_id: Accepted(command_id, {"job": "4712"}),
    "accepted without values": Accepted,
    "rejected": lambda command_id: Rejected(command_id, "refused", "The order is closed."),
    "unsent": lambda command_id: Unsent(command_id, "cut"),
    "unknown": lambda command_id: Unknown(command_id, "lost"),
    "saved": lambda command_id: Saved(command_id, "cut"),
    "unsaved": lambda command_id: Unsaved(command_id, "full"),
}
SAVED_KEYS = {
    "waiting for an answer": "job.next/saved",
    "waiting for a write": "scrap.report/saved",
    "waiting for an undo": "saved",
}
"""An intent may have its own words for having to wait, but no undo has."""


def bring_to(talk: Talk, phase: str) -> None:
    for text in PHASES[phase]:
        if text:
            talk.hear(text)
        else:
            talk.accept()
    assert talk.state.phase == phase.split(maxsplit=1)[0]


@pytest.mark.parametrize("while_speaking", [False, True])
@pytest.mark.parametrize("given", INPUTS)
@pytest.mark.parametrize("phase", PHASES)
def test_every_input_in_every_phase_has_an_answer(
    talk: Talk, phase: str, given: str, *, while_speaking: bool
) -> None:
    bring_to(talk, phase)
    value = INPUTS[given]
    before = talk.state
    taken = talk.take(Heard(value.parse, while_speaking) if isinstance(value, Heard) else value)
    if phase.startswith("waiting"):
        assert (taken.state, taken.effects) == (before, ()), "only its own answer counts"
    if taken.effects and talk.command is None:
        assert isinstance(taken.effects[-1], Listen)
        listen = taken.effects[-1]
        assert listen.scope == taken.state.scope
        assert (listen.timeout_s is None) == (taken.state.phase == "idle"), "every question has a time-out"


@pytest.mark.parametrize("answer", OWN_ANSWERS)
@pytest.mark.parametrize("phase", [phase for phase in PHASES if phase.startswith("waiting")])
def test_its_own_answer_ends_the_wait_and_is_told(talk: Talk, phase: str, answer: str) -> None:
    bring_to(talk, phase)
    command = talk.state.command
    assert command is not None
    talk.take(Answered(OWN_ANSWERS[answer](command.command_id)))
    assert (talk.state.phase, talk.state.pending, talk.state.command) == ("idle", None, None)
    assert len(talk.replies) == 1
    expected = {"rejected": "rejected", "unsent": "mes_unreachable", "unknown": "mes_unknown", "unsaved": "not_saved"}
    expected["saved"] = SAVED_KEYS[phase]
    assert talk.keys[0] == expected.get(answer, talk.keys[0])
    assert talk.keys[0].endswith(("/done", "/undone")) == answer.startswith("accepted")


def test_an_answer_counts_once(talk: Talk) -> None:
    bring_to(talk, "waiting for a write")
    assert talk.state.command is not None
    reply = Answered(Accepted(talk.state.command.command_id))
    talk.take(reply)
    idle = talk.state
    assert talk.take(reply).effects == ()
    assert talk.state == idle


@pytest.mark.parametrize(
    ("phase", "scope"),
    [
        ("idle", Scope()),
        ("filling", Scope("filling", "scrap.report", "defect")),
        ("confirming", Scope("confirming", "scrap.report")),
        ("waiting for a write", Scope()),
    ],
)
def test_a_phase_says_what_may_be_said(talk: Talk, phase: str, scope: Scope) -> None:
    bring_to(talk, phase)
    assert talk.state.scope == scope


def test_side_talk_is_answered_twice_at_most_and_never_when_idle(talk: Talk) -> None:
    talk.hear("nice weather today")
    assert talk.replies == []
    talk.hear("scrap two solder bridge")
    answers = []
    for _ in range(4):
        talk.hear("nice weather today")
        answers.append(talk.keys)
        assert talk.listens[-1].timeout_s == QUESTION_S
    assert answers == [["not_heard"], ["not_heard"], [], []]


@pytest.mark.parametrize("phase", ["idle", "filling", "confirming"])
def test_help_says_what_can_be_said_here_and_changes_nothing(talk: Talk, phase: str) -> None:
    bring_to(talk, phase)
    before = talk.state
    talk.hear("help")
    assert talk.keys == [f"help_{phase}"]
    assert (talk.state.pending, talk.state.phase) == (before.pending, phase)


def test_help_names_what_is_asked_for_and_what_can_be_asked(talk: Talk) -> None:
    talk.hear("help")
    examples = str(talk.replies[0].values["examples"]).split("; ")
    known = {intent.examples[0].say for intent in talk.matcher.catalog.intents.values()}
    assert len(examples) == 3
    assert set(examples) <= known
    talk.say("scrap four", "help")
    assert talk.replies[0].values == {"what": "defect"}


def test_repeat_says_the_last_thing_again_but_not_the_help(talk: Talk) -> None:
    talk.hear("repeat")
    assert talk.keys == ["nothing_to_repeat"]
    talk.hear("scrap two solder bridge")
    read_back = talk.replies
    talk.say("help", "repeat")
    assert talk.replies == read_back


@pytest.mark.parametrize("phase", PHASES)
def test_news_is_told_where_nothing_goes_on_and_nowhere_else(talk: Talk, phase: str) -> None:
    bring_to(talk, phase)
    before = talk.state
    talk.take(Told(NEWS))
    if before.phase == "idle":
        assert talk.replies == [NEWS]
        talk.hear("say again")
        assert talk.replies == [NEWS]
    else:
        assert (talk.state, talk.effects) == (before, ())


def test_a_word_to_the_dialogue_follows_what_was_said(talk: Talk) -> None:
    assert not talk.state.scope.follows
    talk.hear("what's my next job")
    talk.accept()
    assert talk.state.phase == "idle"
    assert talk.state.scope.follows


@pytest.mark.parametrize("phase", ["idle", "filling", "confirming"])
def test_what_is_too_loud_for_a_write_is_said(talk: Talk, phase: str) -> None:
    bring_to(talk, phase)
    prompted_s = talk.state.prompted_s
    talk.now_s += 3
    talk.take(Heard(NotUnderstood("too_loud", SOMETHING)))
    assert [reply.key for reply in talk.replies] == ["too_loud"]
    assert (talk.state.phase, talk.state.prompted_s) == (phase, prompted_s), "the question stays, and gets no younger"


@pytest.mark.parametrize(
    ("phase", "fault", "is_told"),
    [
        ("idle", "clipped", True),
        ("idle", "faint", False),
        ("confirming", "clipped", True),
        ("confirming", "faint", True),
    ],
)
def test_the_microphone_is_told_of_where_somebody_speaks_to_us(
    talk: Talk, phase: str, fault: Literal["clipped", "faint"], is_told: bool
) -> None:
    bring_to(talk, phase)
    prompted_s = talk.state.prompted_s
    talk.now_s += 3
    talk.take(Heard(NotUnderstood(fault, SOMETHING)))
    assert (f"microphone_{fault}" in [reply.key for reply in talk.replies]) is is_told
    assert (talk.state.phase, talk.state.prompted_s) == (phase, prompted_s)


@pytest.mark.parametrize("phase", ["idle", "filling", "confirming", "standby"])
def test_our_own_voice_is_no_answer_and_gets_none(talk: Talk, phase: str) -> None:
    if phase == "standby":
        talk.hear("stand by")
    else:
        bring_to(talk, phase)
    before = talk.state
    talk.take(Heard(NotUnderstood("echo", SOMETHING)))
    assert (talk.state, talk.replies) == (before, [])


def test_who_sleeps_does_not_tell_of_the_microphone(talk: Talk) -> None:
    talk.hear("stand by")
    talk.take(Heard(NotUnderstood("clipped", SOMETHING)))
    assert (talk.state.phase, talk.replies) == ("standby", [])


def test_the_microphone_is_told_of_once_in_a_while(talk: Talk) -> None:
    bring_to(talk, "confirming")
    answers = []
    for _ in range(2):
        talk.take(Heard(NotUnderstood("clipped", SOMETHING)))
        answers += [reply.key for reply in talk.replies]
    talk.state = replace(talk.state, unheard=0)
    talk.now_s += BLAME_EVERY_S
    talk.take(Heard(NotUnderstood("clipped", SOMETHING)))
    assert answers + [reply.key for reply in talk.replies] == ["microphone_clipped", "not_heard", "microphone_clipped"]
