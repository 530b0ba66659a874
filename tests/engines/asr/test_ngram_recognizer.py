"""The catalogue's words in any order, heard in real recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicemes.config import Settings
from voicemes.engines.asr.ngram import NgramRecognizer, Options, create
from voicemes.engines.audio.wav import read_speech
from voicemes.errors import EngineFailed
from voicemes.nlu.match import Matcher
from voicemes.nlu.ngram import draw_sentences, nouns_of
from voicemes.ports import EngineContext, Expected

FIXTURES = Path(__file__).resolve().parents[3] / "audio_fixtures"


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> EngineContext:
    return EngineContext(tmp_path_factory.mktemp("cache"), Settings().lexicon_files)


@pytest.fixture(scope="module")
def recognizer(context: EngineContext, matcher: Matcher) -> NgramRecognizer:
    made = create(Options(), context)
    made.expect(Expected(draw_sentences(matcher, 3_000), nouns_of(matcher)))
    return made


def heard(recognizer: NgramRecognizer, name: str) -> str:
    return recognizer.recognize(read_speech(FIXTURES / name), never).text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("catalogue/request.reject-slt.flac", "reject request two"),
        ("catalogue/station.unlock-awb.flac", "unlock aoi one"),
        ("catalogue/request.approve-f2.flac", "approve request two"),
    ],
)
def test_most_words_of_a_sentence_are_heard_without_a_grammar(
    recognizer: NgramRecognizer, name: str, text: str
) -> None:
    said = set(text.split())
    assert len(said & set(heard(recognizer, name).split())) >= 2 / 3 * len(said)


def test_words_that_no_sentence_puts_together_are_heard_as_they_are(context: EngineContext) -> None:
    loose = create(Options(), context)
    loose.expect(Expected(("start seven", "order one", "four order start", "one four", "seven one") * 3))
    assert heard(loose, "job.start/start-4711-slt.flac") == "start order four seven one one"


@pytest.mark.parametrize("name", ["silence/silence-1.flac", "silence/silence-2.flac"])
def test_silence_holds_no_words(recognizer: NgramRecognizer, name: str) -> None:
    assert heard(recognizer, name) == ""


def test_before_anything_is_expected_nothing_is_heard(context: EngineContext) -> None:
    bare = create(Options(), context)
    assert heard(bare, "job.start/start-4711-slt.flac") == ""
    bare.expect(Expected())
    assert heard(bare, "job.start/start-4711-slt.flac") == ""


def test_the_model_is_built_once_and_kept(tmp_path: Path) -> None:
    context = EngineContext(tmp_path, Settings().lexicon_files)
    expected = Expected(("start order", "stop order"))
    create(Options(), context).expect(expected)
    (kept,) = tmp_path.glob("ngram-*.arpa")
    kept.write_text("nothing of the kind", encoding="utf-8")
    again = create(Options(), context)
    with pytest.raises(EngineFailed, match="cannot use the language model"):
        again.expect(expected)
