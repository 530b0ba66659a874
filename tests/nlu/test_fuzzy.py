"""Other words than the templates': understood where the sense is there, and never with another number."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicemes.model import Ambiguous, NotUnderstood, Understood
from voicemes.nlu.fuzzy import NUMBERS, SENSE
from voicemes.nlu.kit.proof import read
from voicemes.nlu.kit.sampling import samples
from voicemes.nlu.match import Matcher
from voicemes.runtime.nlu_bench import Said, judge, read_sentences

PARAPHRASES = read_sentences(Path(__file__).parent / "data" / "paraphrases.yaml")


@pytest.mark.parametrize("said", PARAPHRASES, ids=lambda said: said.say)
def test_a_paraphrase_is_understood_exactly_or_not_at_all(matcher: Matcher, said: Said) -> None:
    judged = judge(matcher, said)
    assert judged.is_exact or judged.route == "none", judged.found
    assert not judged.writes


def test_three_in_four_paraphrases_are_understood(matcher: Matcher) -> None:
    judged = [judge(matcher, said) for said in PARAPHRASES if said.intent is not None]
    assert sum(one.is_exact for one in judged) >= 0.75 * len(judged)


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
    assert all(candidate.route == "grammar" for candidate in candidates) or word in drawn.template


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
        assert all(word in drawn.template for word in said - bound), "a number that is no value stands in the template"
