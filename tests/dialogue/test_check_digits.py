"""What touches others is never written by ear without the digits of the very thing that is written."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from talk import LIVE, Talk

from voicemes.dialogue.policy import MAX_WRONG, YES_MAX_AGE_S
from voicemes.dialogue.state import DialogueState
from voicemes.model import Ambiguous, Candidate, Heard, SlotValue, Transcript
from voicemes.nlu.interpret import interpret
from voicemes.nlu.match import Matcher

WORDS = (
    *("hold order 4711", "hold order 4712", "no order 4712", "yes", "no", "cancel that", "say again", "help"),
    *("one one", "one two", "two two", "4711", "go back", "wake up", "stand by", "undo that", "why is that"),
)


def hear(talk: Talk, text: str, *, while_speaking: bool = False) -> None:
    parse = interpret(Transcript(text, "ear"), talk.state.scope, talk.matcher)
    talk.take(Heard(parse, while_speaking))


def supervisor(matcher: Matcher) -> Talk:
    return Talk(matcher, LIVE, DialogueState("test", "Farid", "supervisor"))


@given(said=st.lists(st.tuples(st.sampled_from(WORDS), st.booleans(), st.sampled_from((0.5, 4.0, 12.0))), max_size=25))
def test_no_order_of_words_writes_without_the_digits(matcher: Matcher, said: list[tuple[str, bool, float]]) -> None:
    talk = supervisor(matcher)
    for text, while_speaking, waited_s in said:
        before, talk.now_s = talk.state, talk.now_s + waited_s
        hear(talk, text, while_speaking=while_speaking)
        command = talk.command
        if command is None:
            continue
        if command.operation == "andon.call":
            assert talk.state.is_suspended
        elif command.is_write:
            job = str(command.fields["job"])
            digits = {"one one": "11", "one two": "12", "two two": "22"}[text]
            assert (before.phase, before.pending.values["job"]) == ("checking", job)
            assert digits == job[-2:]
            assert not while_speaking
            assert talk.now_s - before.prompted_s <= YES_MAX_AGE_S
        talk.accept()


def test_wrong_digits_count_until_they_are_right(matcher: Matcher) -> None:
    talk = supervisor(matcher)
    for _ in range(2):
        hear(talk, "hold order 4711")
        hear(talk, "yes")
        for _ in range(MAX_WRONG - 1):
            hear(talk, "two two")
            assert talk.state.phase == "checking"
        hear(talk, "one one")
        assert talk.command is not None
        talk.accept()
        assert talk.state.wrong == 0


def test_a_suspended_station_forgets_who_asked_and_keeps_suspended(matcher: Matcher) -> None:
    talk = supervisor(matcher)
    talk.state = replace(talk.state, is_suspended=True, phase="standby")
    hear(talk, "wake up")
    assert talk.state.phase == "standby"
    talk.press("no")
    assert (talk.state.phase, talk.state.is_suspended) == ("idle", False)


def test_a_correction_that_may_mean_two_things_changes_nothing_while_digits_are_asked_for(matcher: Matcher) -> None:
    """Asked "which one?", a yes would write what it was not said to."""
    talk = supervisor(matcher)
    for text in ("hold order 4712", "yes"):
        hear(talk, text)
    before = talk.state
    five = tuple(Candidate("correct", (SlotValue(name, 5, "five"),), 1.0, "grammar") for name in ("quantity", "scrap"))
    talk.take(Heard(Ambiguous(five, Transcript("five", "ear"))))
    assert talk.replies == []
    assert replace(talk.state, by_ear=before.by_ear) == before
    assert (before.phase, before.last_said.key) == ("checking", "check_digits")
