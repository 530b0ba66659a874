"""An order that was heard badly, or that may be another, is asked about."""

from __future__ import annotations

import pytest

from voicemes.model import Ambiguous, Live, Parse, Reference, Scope, Transcript, Understood, Word
from voicemes.nlu.doubt import LEAST_FIT, LEAST_LEAD, PER_FIT
from voicemes.nlu.interpret import Acceptance, candidates_of, interpret
from voicemes.nlu.match import Matcher

NUMBERS = ("4711", "5091", "1591", "4080")
LIVE = Live({"job": tuple(map(Reference, NUMBERS)), "equipment": (Reference("OVN-1", ("oven one",)),)})
POOR = LEAST_FIT + 0.01
LEAD = LEAST_LEAD + PER_FIT * LEAST_FIT
"""What a word needs that fits as badly as it may."""


Rivals = dict[str, tuple[tuple[str, float], ...]]


def heard(
    matcher: Matcher,
    text: str,
    *,
    poorly: str = "",
    fit: float = LEAST_FIT,
    rivals: Rivals | None = None,
    live: Live = LIVE,
) -> Parse:
    """`poorly`: the words that any sounds explain better; `rivals`: of words, what else they can have been."""
    words = [
        Word(word, n, n + 1.0, 4.0, POOR if word in poorly.split() else fit, (rivals or {}).get(word, ()))
        for n, word in enumerate(text.split())
    ]
    said = Transcript(text, "test", tuple(words), confidence=0.99)
    return interpret(said, Scope(), matcher.with_live(live), Acceptance())


def orders(parse: Parse) -> list[object]:
    return [one.values["job"] for one in candidates_of(parse)]


def test_an_order_that_was_heard_well_is_taken(matcher: Matcher) -> None:
    parse = heard(matcher, "start order four seven one one")
    assert isinstance(parse, Understood)
    assert orders(parse) == ["4711"]


@pytest.mark.parametrize("text", ["start order four seven one one", "how far is order four seven one one"])
def test_an_order_of_which_a_word_was_heard_badly_is_asked_about(matcher: Matcher, text: str) -> None:
    parse = heard(matcher, text, poorly="seven")
    assert isinstance(parse, Ambiguous)
    assert orders(parse) == ["4711"]


def test_an_order_of_which_a_word_can_have_been_another_is_asked_about(matcher: Matcher) -> None:
    near = {"fifty": (("fifteen", LEAD - 1),)}
    assert orders(heard(matcher, "start order fifty ninety one", rivals=near)) == ["5091", "1591"]


def test_the_better_its_words_fit_the_less_lead_they_need(matcher: Matcher) -> None:
    near = {"fifty": (("fifteen", LEAD - PER_FIT),)}
    assert isinstance(heard(matcher, "start order fifty ninety one", rivals=near), Ambiguous)
    assert isinstance(heard(matcher, "start order fifty ninety one", rivals=near, fit=LEAST_FIT - 1), Understood)


def test_of_several_the_nearest_that_exists_is_named(matcher: Matcher) -> None:
    live = Live({"job": tuple(map(Reference, ("4711", "4911", "4811")))})
    near = {"seven": (("six", 1.0), ("nine", 20.0), ("eight", 30.0))}
    assert orders(heard(matcher, "start order four seven one one", rivals=near, live=live)) == ["4711", "4911"]


@pytest.mark.parametrize("rival", [("fifteen", LEAD), ("sixty", 1.0)], ids=["far behind", "no such order"])
def test_what_can_hardly_have_been_said_is_not_asked_about(matcher: Matcher, rival: tuple[str, float]) -> None:
    assert isinstance(heard(matcher, "start order fifty ninety one", rivals={"fifty": (rival,)}), Understood)


def test_a_twin_is_none_where_the_recogniser_names_others(matcher: Matcher) -> None:
    near = {"ninety": (("sixty", 90.0),)}
    assert isinstance(heard(matcher, "start order fifty ninety one", rivals=near), Understood)


def test_another_word_of_the_sentence_is_no_other_order(matcher: Matcher) -> None:
    near = {"start": (("finish", 1.0),)}
    assert isinstance(heard(matcher, "start order four seven one one", rivals=near), Understood)


def test_a_word_of_the_sentence_may_be_heard_badly(matcher: Matcher) -> None:
    assert isinstance(heard(matcher, "start order four seven one one", poorly="start order"), Understood)


def test_so_does_a_machine_beside_an_order(matcher: Matcher) -> None:
    text = "start order four seven one one on oven one"
    assert isinstance(heard(matcher, text), Understood)
    live = Live({**LIVE.references, "job": (Reference("4722"),)})
    text = "start order four seven two two on oven one"
    assert isinstance(heard(matcher, text, live=live), Understood)
    assert isinstance(heard(matcher, text, poorly="one", live=live), Ambiguous)


@pytest.mark.parametrize(("said", "asked"), [("fifty", ["5091", "1591"]), ("fifteen", ["1591", "5091"])])
def test_without_rivals_an_order_with_a_twin_is_asked_about_first_as_it_was_heard(
    matcher: Matcher, said: str, asked: list[str]
) -> None:
    assert orders(heard(matcher, f"start order {said} ninety one")) == asked


def test_a_twin_that_does_not_exist_is_none(matcher: Matcher) -> None:
    assert isinstance(heard(matcher, "start order forty eighty"), Understood)


@pytest.mark.parametrize(
    "text",
    ["oven one is up", "someone is hurt at oven one", "finished fifty good", "abort order five zero nine one"],
    ids=["a machine of one digit", "a cry", "a count", "what is read back anyhow"],
)
def test_nothing_else_is_doubted_here(matcher: Matcher, text: str) -> None:
    assert isinstance(heard(matcher, text, poorly=text), Understood)


def test_what_does_not_exist_is_offered_its_nearest_elsewhere(matcher: Matcher) -> None:
    assert isinstance(heard(matcher, "start order nine nine nine nine", poorly="nine"), Understood)


def test_what_was_typed_was_not_misheard(matcher: Matcher) -> None:
    typed = Transcript("start order fifty ninety one", "keyboard")
    assert isinstance(interpret(typed, Scope(), matcher.with_live(LIVE)), Understood)
