"""What nobody said is refused; what people say is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.engines.asr.refusal import MOST_TIMES, MOST_TIMES_DIGIT, Written, is_repeated, why_refused
from voicemes.intents import Catalog
from voicemes.nlu.normalize import normalize
from voicemes.numbers import DIGITS

WORD = st.sampled_from(["start", "order", "the", "you", "scrap", "and", "bridge"])


def written(text: str, speech_s: float = 3.0, mean: float = -0.3, no_speech: float = 0.1) -> Written:
    return Written(text.split(), speech_s, mean, no_speech)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (written(""), "no words"),
        (written("start order", speech_s=0.0), "no speech"),
        (written("start order", mean=-1.2), "unlikely by its own account"),
        (written("start order", no_speech=0.7), "no speech by its own account"),
        (written("thank you for watching and see you next time then", speech_s=0.5), "more words than can be said"),
        (written("you you you you"), "the same again and again"),
        (written("thank you very much thank you very much " * 3, speech_s=20.0), "the same again and again"),
    ],
)
def test_each_reason_is_named(what: Written, why: str) -> None:
    assert why_refused(what).startswith(why)


def test_the_hint_is_no_answer_but_two_nouns_are() -> None:
    hinted = {"solder", "bridge", "oven", "one"}
    assert why_refused(written("solder bridge oven one"), hinted) == "the words that it was told to expect"
    assert why_refused(written("solder bridge"), hinted) == ""
    assert why_refused(written("scrap two solder bridge"), hinted) == ""


def test_nothing_that_the_catalogue_says_is_refused(catalog: Catalog) -> None:
    for intent in catalog.intents.values():
        for example in intent.examples:
            words = normalize(example.say)
            assert why_refused(Written(words, 0.25 * len(words) + 0.3, -0.3, 0.1)) == "", example.say


@given(st.lists(WORD, min_size=1, max_size=4), st.integers(MOST_TIMES + 1, 9), st.lists(WORD, max_size=4))
def test_whatever_is_said_too_often_is_found(part: list[str], times: int, before: list[str]) -> None:
    assert is_repeated([*before, *(part * times)])


@given(st.sampled_from(DIGITS), st.integers(1, MOST_TIMES_DIGIT))
def test_an_identifier_of_one_digit_is_none(digit: str, times: int) -> None:
    assert not is_repeated(["order", *[digit] * times])


@given(st.lists(WORD, unique=True))
def test_what_is_said_once_is_not_repeated(words: list[str]) -> None:
    assert not is_repeated(words)
