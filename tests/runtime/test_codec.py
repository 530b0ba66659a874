"""Values survive their way through a trace."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.model import (
    Accepted,
    Answered,
    Heard,
    Live,
    MesReply,
    NotUnderstood,
    Pressed,
    Reference,
    Rejected,
    Reply,
    Saved,
    TimedOut,
    Told,
    Transcript,
    Unknown,
    Unsaved,
    Unsent,
    Word,
)
from voicemes.runtime.codec import input_from_json, live_from_json, reply_from_json, to_json, transcript_from_json

WORDS = st.text(max_size=12)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
SLOT_DATA = st.recursive(WORDS | NUMBERS, lambda inner: st.dictionaries(WORDS, inner, max_size=3), max_leaves=6)
REFERENCES = st.builds(Reference, WORDS, st.lists(WORDS, max_size=3).map(tuple))
LIVES = st.builds(
    Live, st.dictionaries(WORDS, st.lists(REFERENCES, max_size=3).map(tuple), max_size=3), st.dictionaries(WORDS, WORDS)
)
REPLIES = st.one_of(
    st.builds(Accepted, WORDS, st.dictionaries(WORDS, SLOT_DATA, max_size=4)),
    st.builds(Rejected, WORDS, WORDS, WORDS),
    st.builds(Unsent, WORDS, WORDS),
    st.builds(Unknown, WORDS, WORDS),
    st.builds(Saved, WORDS, WORDS),
    st.builds(Unsaved, WORDS, WORDS),
)
FITS = st.floats(-10, 10)
HEARD = st.builds(
    Transcript,
    WORDS,
    WORDS,
    st.lists(st.builds(Word, WORDS, FITS, FITS, FITS, FITS, st.lists(st.tuples(WORDS, FITS)).map(tuple))).map(tuple),
    st.floats(0, 1),
    st.booleans(),
    FITS,
    st.none() | FITS,
)
KEYS = st.sampled_from(["yes", "no", "cancel", "repeat", "help"])


def through_a_line(value: Any) -> Any:
    return json.loads(json.dumps(to_json(value)))


@given(LIVES)
def test_what_exists_comes_back(live: Live) -> None:
    assert live_from_json(through_a_line(live)) == live


@given(HEARD)
def test_what_was_heard_comes_back_with_its_words_and_their_rivals(heard: Transcript) -> None:
    assert transcript_from_json(through_a_line(heard)) == heard


@given(REPLIES)
def test_what_the_mes_said_comes_back(reply: MesReply) -> None:
    assert reply_from_json(through_a_line(reply)) == reply


TOLD = st.builds(Told, st.builds(Reply, WORDS, st.dictionaries(WORDS, SLOT_DATA, max_size=4)))


@given(st.builds(Answered, REPLIES) | st.builds(Pressed, KEYS) | st.just(TimedOut()) | TOLD)
def test_inputs_come_back(value: Any) -> None:
    assert input_from_json(through_a_line(value)) == value


def test_what_was_heard_is_left_to_be_interpreted_anew() -> None:
    assert input_from_json(through_a_line(Heard(NotUnderstood("silence", Transcript("", "keyboard"))))) is None


@pytest.mark.parametrize("data", [{}, {"kind": "Maybe"}, {"kind": "Unsent"}, {"kind": "Unsent", "command": "1"}])
def test_what_is_no_reply_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError)):
        reply_from_json(data)
