"""Every word of the shipped catalogue can be heard: the base dictionary or grammars/lexicon.dict has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicemes.engines.asr.lexicon import read_lexicon
from voicemes.model import Scope
from voicemes.nlu.catalog import load_catalog
from voicemes.nlu.match import Matcher

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(load_catalog(ROOT / "intents"))


@pytest.mark.parametrize("state", ["idle", "confirming:scrap.report", "confirming:measurement.record"])
def test_every_word_has_a_pronunciation(matcher: Matcher, state: str) -> None:
    decoder = pytest.importorskip("pocketsphinx").Decoder(lm=None, loglevel="FATAL")
    known = read_lexicon([ROOT / "grammars" / "lexicon.dict"])
    words = matcher.graph(Scope.parse(state)).words
    assert sorted(word for word in words if word not in known and decoder.lookup_word(word) is None) == []


def test_number_words_are_rarer_than_others_for_the_recogniser(matcher: Matcher) -> None:
    graph = matcher.graph(Scope())
    from_start = {word: weight for start, _, word, weight in graph.arcs if start == 0}
    assert from_start["two"] < 0.01
    assert from_start["scrap"] == 1.0
