"""What else a word can have been."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from drawn import LEXICON, NAMES, graph_of, model_of, scores_of, sequence_of
from hypothesis import given, settings
from hypothesis import strategies as st

from voicemes.engines.asr.rivals import MOST_WORDS, NEAR, rivals
from voicemes.engines.asr.search import Compiled
from voicemes.engines.asr.senones import BEGIN, END, INSIDE, SINGLE, AcousticModel, Scores

WAYS = {word: [tuple(NAMES.index(sound) for sound in one.split()) for one in ways] for word, ways in LEXICON.items()}
sides = st.tuples(st.sampled_from(range(len(NAMES))), st.sampled_from(range(len(NAMES))))


def best_by_hand(model: AcousticModel, word: str, around: tuple[int, int], scores: Scores) -> float:
    return max(_aligned(model, (around[0], *way, around[1]), scores) for way in WAYS[word])


def _aligned(model: AcousticModel, sounds: Sequence[int], scores: Scores) -> float:
    """The likeliest way from the first state of the first phone out of the last one of the last."""
    places = [BEGIN, *[INSIDE] * (len(sounds) - 4), END] if len(sounds) > 3 else [SINGLE]
    best: dict[tuple[int, int], float] = {(0, -1): 0.0}
    for frame in scores:
        before, best = best, {}
        for at, place in enumerate(places):
            sequence = sequence_of(model.phones, place, sounds[at + 1], sounds[at], sounds[at + 2])
            for state in range(3):
                matrix = model.log_transitions[sounds[at + 1]]
                stay = before.get((at, state), -math.inf) + matrix[state, state]
                come = before.get((at, state - 1), -math.inf)
                if state:
                    come += matrix[state - 1, state]
                elif at:
                    come = before.get((at - 1, 2), -math.inf) + model.log_transitions[sounds[at], 2, 3]
                best[at, state] = max(stay, come) + frame[model.phones.senones[sequence][state]]
    return best[len(places) - 1, 2] + float(model.log_transitions[sounds[-2], 2, 3])


@settings(max_examples=30)
@given(st.sampled_from(sorted(WAYS)), sides, st.integers(0, 10**6), st.integers(12, 20))
def test_each_is_as_far_behind_as_its_likeliest_way_in_the_same_frames(
    word: str, around: tuple[int, int], seed: int, n_frames: int
) -> None:
    model, scores = model_of(seed), scores_of(seed, n_frames)
    others = sorted(set(WAYS) - {word})
    own = best_by_hand(model, word, around, scores)
    behind = {other: own - best_by_hand(model, other, around, scores) for other in others}
    found = rivals(model, WAYS, word, others, around, scores)
    assert [far for _, far in found] == sorted(far for _, far in found)
    assert dict(found) == {other: pytest.approx(far, abs=0.01) for other, far in behind.items() if far < NEAR}


def test_what_is_longer_than_the_sound_is_none() -> None:
    found = rivals(model_of(1), WAYS, "five", ["three"], (0, 0), scores_of(1, 5))
    assert found == ()


def test_among_very_many_words_none_is_looked_for() -> None:
    ways = {str(n): WAYS["one"] for n in range(MOST_WORDS + 2)}
    names = sorted(ways)
    assert len(rivals(model_of(1), ways, names[0], names[1:-1], (0, 0), scores_of(1, 20))) == MOST_WORDS
    assert rivals(model_of(1), ways, names[0], names[1:], (0, 0), scores_of(1, 20)) == ()


def test_others_are_those_with_which_it_is_a_sentence_too() -> None:
    said = ["one two", "one three", "four two", "five two three", "five"]
    compiled = Compiled(graph_of([tuple((word, 1.0) for word in text.split()) for text in said]), None)
    assert compiled.others(["one", "two"]) == [{"four"}, {"three"}]
    assert compiled.others(["five", "two", "three"]) == [frozenset(), frozenset(), frozenset()]
    assert compiled.others([]) == []


def test_nothing_is_near_to_a_perfect_fit() -> None:
    model = model_of(3)
    scores = np.full_like(scores_of(3, 30), -1000.0)
    chain = [int(one) for one in model.phones.senones[sequence_of(model.phones, SINGLE, WAYS["two"][0][0], 4, 4)]]
    scores[:, chain] = 0.0
    assert "five" not in dict(rivals(model, WAYS, "two", ["five"], (4, 4), scores))
