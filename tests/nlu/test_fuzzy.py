"""Other words than the templates': understood where the sense is there, and never with another number."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicemes.model import Ambiguous, NotUnderstood, Scope, Understood
from voicemes.nlu.ask import askable
from voicemes.nlu.fuzzy import NUMBERS, SENSE
from voicemes.nlu.interpret import candidates_of
from voicemes.nlu.kit.proof import read
from voicemes.nlu.kit.sampling import samples
from voicemes.nlu.match import Matcher
from voicemes.runtime.nlu_bench import Said, judge, read_sentences
from voicemes.runtime.reader import Reader

DATA = Path(__file__).parent / "data"
PARAPHRASES = read_sentences(DATA / "paraphrases.yaml")
"""Written by somebody who never saw the templates, which were never changed for one of them."""
DEVELOPMENT = read_sentences(DATA / "paraphrases_dev.yaml")
"""Others like them, which the templates were widened for."""


def test_the_paraphrases_are_of_every_intent_and_a_hundred_mean_nothing(matcher: Matcher) -> None:
    assert {said.intent for said in PARAPHRASES if said.intent} == {intent.name for intent in askable(matcher.catalog)}
    assert len(PARAPHRASES) >= 300
    assert sum(said.intent is None for said in PARAPHRASES) >= 100


def test_three_in_four_paraphrases_are_understood(matcher: Matcher) -> None:
    judged = [judge(Reader(), matcher, said) for said in PARAPHRASES if said.intent is not None]
    assert sum(one.is_exact for one in judged) >= 0.75 * len(judged)


@pytest.mark.parametrize("sentences", [PARAPHRASES, DEVELOPMENT], ids=["paraphrases", "development"])
def test_one_in_a_hundred_sentences_that_mean_nothing_would_write_at_most(
    matcher: Matcher, sentences: list[Said]
) -> None:
    judged = [judge(Reader(), matcher, said) for said in sentences if said.intent is None]
    assert sum(one.writes for one in judged) <= 0.01 * len(judged)


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("could you please start order 4711 for me", "job.start", {"job": "4711"}),
        ("order 4711 please start it", "job.start", {"job": "4711"}),
        ("scrap two soldier bridge", "scrap.report", {"quantity": 2, "defect": "solder-bridge"}),
        ("do not start order 4711", None, {}),
        ("start order 4711 or 4712", None, {}),
        ("if order 4711 is done call quality", None, {}),
        ("scrap three frobnicators", None, {}),
    ],
)
def test_what_is_nearly_a_sentence(matcher: Matcher, text: str, intent: str | None, slots: dict[str, object]) -> None:
    found = read(matcher, text)
    if intent is None:
        assert isinstance(found, NotUnderstood)
        return
    assert isinstance(found, Understood)
    assert (found.candidate.intent, found.candidate.values, found.candidate.route) == (intent, slots, "fuzzy")
    assert found.candidate.score < 1


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.sampled_from(sorted(SENSE)), st.floats(0, 1))
def test_a_word_that_changes_the_sense_is_never_passed_over(
    matcher: Matcher, seed: int, word: str, place: float
) -> None:
    """With it the sentence is another one of the catalogue, or none; never the same as without."""
    (drawn,) = samples(matcher, 1, seed)
    words = drawn.say.split()
    position = round(place * len(words))
    changed = " ".join([*words[:position], word, *words[position:]])
    found = read(matcher, changed)
    candidates = (found.candidate,) if isinstance(found, Understood) else getattr(found, "candidates", ())
    for candidate in candidates:
        sentences = [one for one in matcher.sentences(Scope()) if one.name == candidate.intent]
        is_in_template = any(word in matcher.parts_of(one)[0] for one in sentences)
        assert is_in_template or candidate.values not in [one.values for one in candidates_of(read(matcher, drawn.say))]


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_no_number_is_changed_or_lost(matcher: Matcher, seed: int, rng: random.Random) -> None:
    """Fillers and lost words may make it another sentence; the digits that are bound are those that were said."""
    (drawn,) = samples(matcher, 1, seed)
    words = drawn.say.split()
    words.insert(rng.randrange(len(words) + 1), rng.choice(["please", "um", "just", "really"]))
    found = read(matcher, " ".join(words))
    candidates = found.candidates if isinstance(found, Ambiguous) else ()
    for candidate in (found.candidate,) if isinstance(found, Understood) else candidates:
        bound = Counter(word for slot in candidate.slots for word in slot.spoken.split() if word in NUMBERS)
        said = Counter(word for word in words if word in NUMBERS)
        assert bound <= said
        own = [one for one in matcher.sentences(Scope()) if one.name == candidate.intent]
        templates = {part for one in own for part in matcher.parts_of(one)[0]}
        assert all(word in templates for word in said - bound), "a number that is no value is a word of a template"
