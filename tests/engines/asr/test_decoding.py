"""The search against every sentence tried one by one, with phones and scores drawn at random."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
from drawn import (
    LEXICON,
    N_SENONES,
    NAMES,
    NOISY,
    SILENT,
    Sentence,
    aligned,
    best_by_hand,
    graph_of,
    model_of,
    phones_of,
    scores_of,
    transitions_of,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from voicemes.engines.asr.ground import SOUND, grounds
from voicemes.engines.asr.network import network_of
from voicemes.engines.asr.senones import Scores
from voicemes.engines.asr.viterbi import Beams, search
from voicemes.model import WordGraph

EVERYTHING = Beams(1e9, 1e9, 10**9)


words = st.tuples(st.sampled_from(sorted(LEXICON)), st.sampled_from([1.0, 0.5, 1e-3]))
sentences = st.lists(st.lists(words, min_size=1, max_size=2).map(tuple), min_size=1, max_size=4)


@settings(max_examples=40)
@given(sentences, st.integers(0, 10**6), st.integers(14, 24))
def test_what_is_found_is_the_likeliest_of_all_sentences(said: list[Sentence], seed: int, n_frames: int) -> None:
    phones, transitions = phones_of(seed), transitions_of(seed)
    scores = scores_of(seed, n_frames)
    graph = graph_of(said)
    network = network_of(graph, LEXICON.__getitem__, phones)
    by_hand: dict[str, float] = {}
    for sentence in paths(graph):
        text = " ".join(word for word, _ in sentence)
        by_hand[text] = max(best_by_hand(sentence, phones, transitions, scores), by_hand.get(text, -math.inf))
    likeliest = max(by_hand.values())
    assume(likeliest > -math.inf)
    found = search(network, transitions, scores, EVERYTHING)
    heard = " ".join(segment.word for segment in found if segment.word[0] not in "<[")
    assert by_hand[heard] == pytest.approx(likeliest, abs=0.01)
    if all(weight == 1.0 for _, _, _, weight in graph.arcs):
        costs = (network.costs[network.words.index(segment.word)] for segment in found)
        assert sum(segment.score for segment in found) + sum(costs) == pytest.approx(likeliest, abs=0.01)


@given(st.integers(0, 10**6), st.integers(3, 10))
def test_the_ground_is_the_likeliest_of_all_rows_of_sounds(seed: int, n_frames: int) -> None:
    scores = scores_of(seed, n_frames, 9.0)
    assert grounds(model_of(seed), [scores])[1] == pytest.approx(-freest(seed, scores) / n_frames, abs=0.01)


@given(st.integers(0, 10**6), st.lists(st.integers(3, 6), min_size=1, max_size=3))
def test_each_sound_has_a_ground_of_its_own(seed: int, lengths: list[int]) -> None:
    sounds = [scores_of(seed + at, n_frames, 9.0) for at, n_frames in enumerate(lengths)]
    each, all_together = grounds(model_of(seed), sounds)
    assert each == [grounds(model_of(seed), [sound])[1] for sound in sounds]
    assert all_together == grounds(model_of(seed), [np.concatenate(sounds)])[1]


def test_nothing_has_no_ground() -> None:
    assert grounds(model_of(1), []) == ([], 0.0)
    assert grounds(model_of(1), [scores_of(1, 0)]) == ([0.0], 0.0)


def freest(seed: int, scores: Scores) -> float:
    """The likeliest of all rows of sounds, none of them a filler, in nats."""
    sounds = [number for number in range(len(NAMES)) if number not in (NOISY, SILENT)]
    rows = [row for n in range(1, len(scores) // 3 + 1) for row in itertools.product(sounds, repeat=n)]
    chained = [[(sound, -1, SOUND if at else 0.0) for at, sound in enumerate(row)] for row in rows]
    return max(aligned(chain, phones_of(seed), transitions_of(seed), scores) for chain in chained)


def paths(graph: WordGraph, state: int = 0) -> Iterator[Sentence]:
    for start, end, word, weight in graph.arcs:
        if start == state:
            if end in graph.finals:
                yield ((word, weight),)
            yield from (((word, weight), *rest) for rest in paths(graph, end))


@given(sentences, st.integers(0, 10**6))
def test_words_follow_each_other_without_a_gap(said: list[Sentence], seed: int) -> None:
    phones = phones_of(seed)
    scores = scores_of(seed, 30)
    found = search(network_of(graph_of(said), LEXICON.__getitem__, phones), transitions_of(seed), scores, Beams())
    starts = [segment.first_frame for segment in found]
    assert starts == [0, *(segment.last_frame + 1 for segment in found[:-1])]
    assert found[-1].last_frame == len(scores) - 1
    assert all(segment.score <= 0 for segment in found)


def test_with_a_narrow_beam_the_search_still_ends() -> None:
    scores = scores_of(1, 30)
    network = network_of(graph_of([(("one", 1.0), ("three", 1.0))]), LEXICON.__getitem__, phones_of(1))
    assert len(search(network, transitions_of(1), scores, Beams(1.0, 1.0, 1))) <= 4


def test_no_sound_has_no_words() -> None:
    network = network_of(graph_of([(("one", 1.0),)]), LEXICON.__getitem__, phones_of(1))
    assert search(network, transitions_of(1), np.zeros((0, N_SENONES), "f4"), EVERYTHING) == ()
