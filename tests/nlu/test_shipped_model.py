"""The language model that ships: what it must at least understand, and at most take for what was not meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voicemes.config import Settings
from voicemes.engines.llm.llama_cpp import shipped_model
from voicemes.intents import Catalog
from voicemes.nlu.match import Matcher
from voicemes.runtime.nlu_bench import Judged, judge, read_sentences
from voicemes.runtime.reader import Reader, build_reader
from voicemes.runtime.wiring import context_of

pytest.importorskip("llama_cpp", reason="the extra llm is not installed")
DATA = Path(__file__).parent / "data"
MOST_BYTES = 12_000_000

pytestmark = pytest.mark.xdist_group("shipped model")


@pytest.fixture(scope="session")
def reader() -> Reader:
    settings = Settings()
    return build_reader(settings, context_of(settings))


@pytest.fixture(scope="session")
def unseen(reader: Reader, matcher: Matcher) -> list[Judged]:
    """Sentences that no template yields: see tests/training."""
    names = ("unseen.yaml", "unseen_second.yaml", "unseen_third.yaml", "unseen_fourth.yaml")
    return [judge(reader, matcher, said) for name in names for said in read_sentences(DATA / name)]


def test_nine_in_ten_intents_of_sentences_that_no_template_yields(unseen: list[Judged]) -> None:
    inside = [one for one in unseen if one.said.intent is not None]
    assert sum(one.is_intent for one in inside) >= 0.92 * len(inside)
    assert sum(one.is_exact for one in inside) >= 0.85 * len(inside)


def test_few_near_misses_would_be_read_back(unseen: list[Judged]) -> None:
    """They are meant to be mistaken for a command."""
    outside = [one for one in unseen if one.said.intent is None]
    assert sum(one.writes for one in outside) <= 0.01 * len(outside)


def test_one_in_a_hundred_of_other_sentences_that_mean_nothing_at_most(reader: Reader, matcher: Matcher) -> None:
    said = [one for one in read_sentences(DATA / "paraphrases.yaml") if one.intent is None]
    assert sum(judge(reader, matcher, one).writes for one in said) <= 0.01 * len(said)


def test_it_knows_the_whole_catalogue(reader: Reader, catalog: Catalog) -> None:
    assert reader.lacks == ""
    assert reader.unlearned(catalog) == []


def test_it_is_small_and_says_how_it_was_made() -> None:
    assert shipped_model().stat().st_size < MOST_BYTES
    card = json.loads(shipped_model().with_suffix(".json").read_text(encoding="utf-8"))
    assert card.keys() >= {"second_reader", "command", "seed", "seconds", "steps", "development", "catalog", "wordings"}
