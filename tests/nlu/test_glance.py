"""The second reader: what it looks at, and what it changes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.model import Ambiguous, NotUnderstood, Parse, Scope, Transcript, Understood
from voicemes.nlu.consult import Advisor, Bars, consult, doubt_cry
from voicemes.nlu.glance import Glance, features, joined
from voicemes.nlu.interpret import interpret
from voicemes.nlu.match import Matcher
from voicemes.ports import Asked, Completion

SAID = "we had better bin that board"
BUCKETS = 512


def glance_of(**likely: float) -> Glance:
    """Thinks the same of every sentence."""
    names, shares = tuple(likely), np.array(list(likely.values()), dtype=np.float32)
    return Glance(names, np.zeros((BUCKETS, 2), np.int8), 1.0, np.zeros((2, len(names)), np.float32), np.log(shares))


def model_of(answer: str, probability: float) -> Advisor:
    def complete(_asked: Asked) -> Completion:
        return Completion(answer, ((answer, probability),), is_complete=True)

    return Advisor(complete)


def read(matcher: Matcher, answer: str, probability: float, glance: Glance | None) -> Parse:
    parse = interpret(Transcript(SAID, "keyboard"), Scope(), matcher)
    assert isinstance(parse, NotUnderstood)
    advisor = Advisor(model_of(answer, probability).complete, glance=glance)
    return consult(parse, matcher, advisor, Bars(read=0.45, write=0.55, asked=0.3))


def test_what_both_find_is_taken(matcher: Matcher) -> None:
    both = read(matcher, "scrap.report", 0.7, glance_of(**{"scrap.report": 0.7, "none": 0.3}))
    assert isinstance(both, Understood)
    assert both.candidate.score == pytest.approx(0.7, abs=1e-3)


def test_what_only_the_model_finds_is_not_written(matcher: Matcher) -> None:
    alone = read(matcher, "scrap.report", 0.95, None)
    assert isinstance(alone, Understood)
    doubted = read(matcher, "scrap.report", 0.95, glance_of(**{"scrap.report": 0.02, "none": 0.98}))
    assert isinstance(doubted, Ambiguous)


def test_of_an_intent_that_it_never_saw_it_says_nothing(matcher: Matcher) -> None:
    foreign = read(matcher, "scrap.report", 0.95, glance_of(none=1.0))
    assert isinstance(foreign, Understood)


def test_what_neither_is_sure_of_is_nothing(matcher: Matcher) -> None:
    unsure = glance_of(**{"scrap.report": 0.1, "none": 0.9})
    assert isinstance(read(matcher, "scrap.report", 0.4, unsure), NotUnderstood)


def random_glance(seed: int, names: tuple[str, ...], scale: float) -> Glance:
    rng = np.random.default_rng(seed)
    table = rng.integers(-127, 128, (BUCKETS, 8)).astype(np.int8)
    weights, bias = rng.normal(size=(8, len(names))), rng.normal(size=len(names))
    return Glance(names, table, scale, weights.astype(np.float32), bias.astype(np.float32))


def test_joined_readers_have_the_mean_of_their_logits() -> None:
    first, second = random_glance(1, ("none", "a", "b"), 0.02), random_glance(2, ("b", "none", "a"), 0.05)
    both = joined(first, second)
    for text in ("scrap two A<defect> dents", "what a day", "x"):
        one, other = first.likely(text), second.likely(text)
        mean = {name: math.sqrt(one[name] * other[name]) for name in first.names}
        expected = {name: value / sum(mean.values()) for name, value in mean.items()}
        assert both.likely(text) == pytest.approx(expected, rel=1e-3)


def test_readers_of_other_intents_are_not_joined() -> None:
    with pytest.raises(ValueError, match="same intents"):
        joined(random_glance(1, ("none", "a"), 0.02), random_glance(2, ("none", "c"), 0.02))


STORY = "in the film someone is trapped in a factory"


def test_a_story_about_an_emergency_is_asked_about(matcher: Matcher) -> None:
    parse = interpret(Transcript(STORY, "keyboard"), Scope(), matcher)
    assert isinstance(parse, Understood)
    assert parse.candidate.intent == "emergency.report"
    doubted = doubt_cry(parse, matcher, glance_of(**{"none": 0.95, "emergency.report": 0.05}))
    assert isinstance(doubted, Ambiguous)
    assert [one.intent for one in doubted.candidates] == ["emergency.report"]


def test_a_cry_for_help_is_never_kept_waiting(matcher: Matcher) -> None:
    guessed = interpret(Transcript(STORY, "keyboard"), Scope(), matcher)
    unsure = glance_of(**{"none": 0.8, "emergency.report": 0.2})
    assert doubt_cry(guessed, matcher, unsure) is guessed
    in_its_words = interpret(Transcript("someone is hurt", "keyboard"), Scope(), matcher)
    assert doubt_cry(in_its_words, matcher, glance_of(none=1.0)) is in_its_words


words = st.lists(st.text(alphabet="abcdefgh'", min_size=1, max_size=8), min_size=1, max_size=12)


@given(words)
def test_it_is_the_same_every_time_and_together_one(pieces: list[str]) -> None:
    glance = glance_of(none=0.2, other=0.8)
    likely = glance.likely(" ".join(pieces))
    assert sum(likely.values()) == pytest.approx(1.0, abs=1e-5)
    found = features(pieces, BUCKETS)
    assert found == features(pieces, BUCKETS)
    assert all(0 <= bucket < BUCKETS for bucket in found)


def test_the_letter_of_a_mark_says_nothing_and_its_type_does() -> None:
    first, second = (features(["scrap", f"{letter}<defect>", "dent"], 1 << 20) for letter in "AB")
    assert first == second
    assert first != features(["scrap", "A<reason>", "dent"], 1 << 20)
