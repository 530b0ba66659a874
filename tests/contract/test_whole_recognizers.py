"""What every Recognizer of whole utterances does."""

from __future__ import annotations

import pytest

from voicemes.model import Transcript
from voicemes.ports import Expected, Recognizer
from voicemes.runtime.engines import engine_names
from voicemes.testing import FakeWriter

SAID = "repeat that step"
EXPECTED = Expected((SAID, "next step", "previous step", "read the step"), ("solder bridge", "oven one"))


def never() -> bool:
    return False


@pytest.fixture(params=["fake", *engine_names("second")])
def recognizer(request: pytest.FixtureRequest, engine) -> Recognizer:
    made: Recognizer = FakeWriter(SAID) if request.param == "fake" else engine("second", request.param)
    made.expect(EXPECTED)
    return made


def test_what_was_said_is_written_down(recognizer: Recognizer, speech: bytes) -> None:
    heard = recognizer.recognize(speech, never)
    assert heard.text.lower().strip(".") == SAID
    assert heard.is_complete
    assert 0 < heard.confidence <= 1
    assert heard.engine == recognizer.traits.name
    assert (recognizer.traits.streams, recognizer.traits.follows_grammar) == (False, False)


@pytest.mark.parametrize("n_bytes", [0, 1, 2, 3_201])
def test_hardly_any_sound_holds_nothing(recognizer: Recognizer, n_bytes: int) -> None:
    assert recognizer.recognize(bytes(n_bytes), never).text == ""


def test_a_quiet_room_says_nothing(recognizer: Recognizer, silence: bytes) -> None:
    assert recognizer.recognize(silence * 3, never).text == ""


def test_too_late_is_nothing_and_the_next_one_is_heard(recognizer: Recognizer, speech: bytes) -> None:
    assert recognizer.recognize(speech, lambda: True) == Transcript(
        "", recognizer.traits.name, confidence=0.0, is_complete=False
    )
    assert recognizer.recognize(speech, never).text


def test_something_else_may_be_expected(recognizer: Recognizer, speech: bytes) -> None:
    recognizer.expect(Expected())
    recognizer.expect(EXPECTED)
    assert recognizer.recognize(speech, never).text.lower().strip(".") == SAID
