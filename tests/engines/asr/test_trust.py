"""How sure it is that what was heard was meant."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.engines.asr.trust import (
    confidence,
    is_other_speech,
    logistic,
    logit,
    mean_deficit,
    with_others,
)
from voicemes.model import Word

CLEAN_DB, NOISY_DB = 40.0, 12.0
GROUND = 5.0
"""The deficit of any sounds."""


def said(deficit: float, length_s: float = 2.0) -> list[Word]:
    return [Word("start", 0.0, length_s, deficit)]


def test_long_words_count_more_than_short_ones() -> None:
    words = (Word("a", 0.0, 0.1, 6.0), Word("measurement", 0.1, 1.0, 1.0))
    assert mean_deficit(words) == pytest.approx(1.5)


def test_nothing_heard_has_no_confidence() -> None:
    assert confidence([], GROUND) == 0.0
    assert confidence([Word("start", 1.0, 1.0, 0.0)], GROUND) == 0.0


def test_confidence_falls_with_the_deficit() -> None:
    heard = [confidence(said(deficit), GROUND) for deficit in (2, 3.5, 5, 6.5, 8, 1e9)]
    assert heard == sorted(heard, reverse=True)
    assert heard[1] > 0.8
    assert heard[3] < 0.2
    assert heard[-1] < 1e-9


def test_where_no_sound_fits_well_words_need_not_either() -> None:
    assert confidence(said(5.5), 7.0) == pytest.approx(confidence(said(3.5), 5.0))
    assert confidence(said(5.5), 7.0) > 0.8
    assert confidence(said(5.5), 5.0) < 0.2


def test_words_that_any_sounds_beat_were_not_said() -> None:
    assert confidence(said(GROUND + 0.5), GROUND) < 0.2


@pytest.mark.parametrize(
    ("filler", "range_db", "is_other"),
    [
        (Word("<sil>", 0.0, 0.7, 4.0), CLEAN_DB, True),
        (Word("<sil>", 0.0, 0.7, 4.0), None, True),
        (Word("<sil>", 0.0, 0.7, 4.0), NOISY_DB, False),
        (Word("<sil>", 0.0, 0.4, 4.0), CLEAN_DB, False),
        (Word("<sil>", 0.0, 5.0, 3.0), CLEAN_DB, False),
    ],
    ids=["words", "words in who knows what", "noise", "a breath", "silence"],
)
def test_sound_that_is_neither_silence_nor_its_words_is_other_speech(
    filler: Word, range_db: float | None, *, is_other: bool
) -> None:
    assert is_other_speech([filler], range_db) is is_other


def test_a_short_word_is_matched_by_chance_sooner_than_a_sentence() -> None:
    assert confidence(said(4.0, 0.6), GROUND) < 0.5
    assert confidence(said(4.0, 3.0), GROUND) > 0.6


def test_what_is_heard_otherwise_each_time_was_not_meant() -> None:
    alike = with_others(0.7, "start order four", ["start order four", "start order four"])
    nearly = with_others(0.7, "start order four", ["start order five", "start order four"])
    otherwise = with_others(0.7, "start order four", ["width on oven", "badge oh"])
    assert alike == pytest.approx(0.7)
    assert otherwise < 0.3 < nearly < alike


def test_with_nothing_to_compare_it_stays() -> None:
    assert with_others(0.7, "start order four", []) == 0.7
    assert with_others(0.0, "start order four", ["badge oh"]) == 0.0


WORDS = st.lists(st.sampled_from(["start", "order", "four", "badge"]), max_size=5).map(" ".join)


@given(sure=st.floats(0, 1), text=WORDS, others=st.lists(WORDS, max_size=3))
def test_others_never_make_it_surer(sure: float, text: str, others: list[str]) -> None:
    assert 0 <= with_others(sure, text, others) <= sure + 1e-6


@given(st.floats(0, 20), st.floats(0.05, 15), st.floats(0, 20))
def test_it_is_a_probability_whatever_was_heard(deficit: float, length_s: float, ground: float) -> None:
    assert 0 <= confidence(said(deficit, length_s), ground) <= 1


@given(st.floats(0, 1))
def test_log_odds_and_back(probability: float) -> None:
    assert math.isclose(logistic(logit(probability)), probability, abs_tol=2e-9)
