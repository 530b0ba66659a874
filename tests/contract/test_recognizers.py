"""What every StreamingRecognizer does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from voicemes.errors import EngineError
from voicemes.model import Transcript, WordGraph
from voicemes.ports import StreamingRecognizer
from voicemes.runtime.engines import engine_names
from voicemes.testing import FakeRecognizer

SAID = "repeat that step"
Hear = Callable[[bytes, int], Transcript]


@pytest.fixture(params=["fake", *engine_names("asr")])
def recognizer(request: pytest.FixtureRequest, engine) -> StreamingRecognizer:
    return FakeRecognizer(SAID, SAID, SAID) if request.param == "fake" else engine("asr", request.param)


@pytest.fixture
def hear(recognizer: StreamingRecognizer, graph: WordGraph) -> Hear:
    def hear(pcm: bytes, piece_bytes: int = 6_400) -> Transcript:
        recognizer.begin(graph)
        for start in range(0, len(pcm), piece_bytes):
            recognizer.feed(pcm[start : start + piece_bytes])
        return recognizer.finish()

    return hear


def test_a_sentence_that_may_be_said_is_heard(hear: Hear, recognizer: StreamingRecognizer, speech: bytes) -> None:
    heard = hear(speech)
    assert heard.text == SAID
    assert heard.is_complete
    assert 0.5 < heard.confidence <= 1
    assert heard.engine == recognizer.traits.name


def test_the_size_of_the_pieces_changes_nothing(hear: Hear, speech: bytes) -> None:
    assert hear(speech, 1_000).text == hear(speech, len(speech)).text == SAID


def test_an_utterance_without_sound_holds_nothing(hear: Hear, speech: bytes) -> None:
    nothing = hear(b"")
    assert nothing.text == ""
    assert nothing.is_complete is False
    assert hear(speech).text == SAID, "and the next one is heard"


def test_what_it_believes_so_far_is_a_sentence_in_the_end(
    recognizer: StreamingRecognizer, graph: WordGraph, speech: bytes
) -> None:
    recognizer.begin(graph)
    recognizer.feed(speech)
    believed = recognizer.feed(bytes(32_000), is_speech=False)
    assert (believed.text, believed.is_complete) == (SAID, True)
    assert recognizer.finish().text == SAID


def test_an_utterance_that_was_given_up_leaves_nothing_behind(
    recognizer: StreamingRecognizer, graph: WordGraph, speech: bytes
) -> None:
    recognizer.begin(graph)
    recognizer.feed(speech[: len(speech) // 3])
    recognizer.begin(graph)
    recognizer.feed(speech)
    assert recognizer.finish().text == SAID


def test_sound_belongs_to_an_utterance(recognizer: StreamingRecognizer, graph: WordGraph, speech: bytes) -> None:
    recognizer.begin(graph)
    recognizer.finish()
    with pytest.raises(EngineError):
        recognizer.feed(speech)
    with pytest.raises(EngineError):
        recognizer.finish()


def test_the_fake_hears_its_sentences_in_order_and_then_nothing(graph: WordGraph) -> None:
    recognizer = FakeRecognizer("yes", Transcript("no", "other", confidence=0.3))
    heard = []
    for _ in range(3):
        recognizer.begin(graph)
        recognizer.feed(b"\0\0")
        heard.append(recognizer.finish())
    assert [(transcript.text, transcript.confidence) for transcript in heard[:2]] == [("yes", 1.0), ("no", 0.3)]
    assert (heard[2].text, heard[2].is_complete) == ("", False)
    assert recognizer.graphs == [graph] * 3
