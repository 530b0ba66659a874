"""Typed text becomes the words that a person would have said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.nlu.normalize import MAX_CHARS, normalize

VOCABULARY = frozenset({"aoi", "spp", "oee", "ok"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Scrap 3 on U7, order 4711!", "scrap three on u seven order four seven one one"),
        ("SPP-1", "spp one"),
        ("AOI2", "aoi two"),
        ("A O I", "aoi"),
        ("A O I 2", "aoi two"),
        ("A.O.I.", "aoi"),
        ("o e e at a o i", "oee at aoi"),
        ("forty-seven eleven", "forty seven eleven"),
        ("1.5 Nm", "one point five newton meters"),
        ("1,5 Nm", "one point five newton meters"),
        (".5", "zero point five"),
        ("-.5", "minus zero point five"),
        ("-18", "minus one eight"),
        ("−18", "minus one eight"),
        ("order 4711.", "order four seven one one"),
        ("4711-2", "four seven one one two"),
        ("5 %", "five percent"),
        ("±20", "plus minus two zero"),
        ("what’s next", "what's next"),
        ("  ", ""),
        ("?!…", ""),
        ("٣", "three"),
    ],
)
def test_text_is_written_out_as_it_is_said(text: str, said: str) -> None:
    assert normalize(text, VOCABULARY) == said.split()


def test_single_letters_that_make_no_known_word_stay_letters() -> None:
    assert normalize("A O X", VOCABULARY) == ["a", "o", "x"]
    assert normalize("A O I") == ["a", "o", "i"]


def test_the_longest_known_word_wins() -> None:
    assert normalize("a b c", frozenset({"ab", "abc"})) == ["abc"]


def test_long_text_is_cut_before_it_costs_anything() -> None:
    assert len(normalize("7" * 1_000)) == MAX_CHARS
    assert len(normalize("x " * 1_000, VOCABULARY)) == MAX_CHARS // 2


@given(st.text(max_size=200))
def test_any_text_becomes_plain_words(text: str) -> None:
    for word in normalize(text, VOCABULARY):
        assert word
        assert word.strip("abcdefghijklmnopqrstuvwxyz'") == ""


@given(st.text(alphabet="abio 0123456789.,-'%±’", max_size=60))
def test_normal_words_stay_as_they_are(text: str) -> None:
    once = normalize(text, VOCABULARY)
    assert normalize(" ".join(once), VOCABULARY) == once
