"""The search against every sentence tried one by one, with phones and scores drawn at random."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from voicemes.engines.asr.ground import SOUND, ground
from voicemes.engines.asr.network import LANGUAGE_WEIGHT, NOISE, SILENCE, WORD, network_of
from voicemes.engines.asr.senones import (
    BEGIN,
    END,
    INSIDE,
    PLACES,
    SINGLE,
    AcousticModel,
    Phones,
    Scores,
    context_key,
)
from voicemes.engines.asr.viterbi import Beams, search
from voicemes.model import WordGraph

NAMES = ("+NSN+", "A", "B", "C", "SIL")
NOISY, SILENT = NAMES.index("+NSN+"), NAMES.index("SIL")
N_SENONES = 40
LEXICON = {"one": ("A B", "A C B"), "two": ("B",), "three": ("C A B A",), "four": ("A B A",), "five": ("C",)}
EVERYTHING = Beams(1e9, 1e9, 10**9)

Sentence = tuple[tuple[str, float], ...]
"""Words with their weights."""


def phones_of(seed: int) -> Phones:
    """Every phone in every context has a sequence of its own, but for some contexts that the model does not know."""
    rng = np.random.default_rng(seed)
    contexts = np.array([one for one in itertools.product(PLACES, *[range(len(NAMES))] * 3) if rng.random() < 0.8])
    keys = context_key(*contexts.T.astype("i8"))
    sequences = np.arange(len(NAMES) + len(contexts), dtype="i4")
    senones = rng.integers(0, N_SENONES, (len(sequences), 3)).astype("i4")
    fillers = np.array([NOISY, SILENT], dtype="i4")
    return Phones(NAMES, fillers, keys, sequences[len(NAMES) :], sequences[: len(NAMES)], senones)


def graph_of(sentences: Sequence[Sentence]) -> WordGraph:
    """Sentences that begin alike share their states; all end in one."""
    numbers: dict[tuple[str, ...], int] = {(): 0}
    arcs: dict[tuple[int, int, str], float] = {}
    last = sum(len(sentence) for sentence in sentences) + 1
    for sentence in sentences:
        words = tuple(word for word, _ in sentence)
        for at, (word, weight) in enumerate(sentence):
            start = numbers[words[:at]]
            end = last if at == len(words) - 1 else numbers.setdefault(words[: at + 1], len(numbers))
            arcs.setdefault((start, end, word), weight)
    return WordGraph("drawn", last + 1, frozenset({last}), tuple((*arc, weight) for arc, weight in arcs.items()))


def transitions_of(seed: int) -> Scores:
    rng = np.random.default_rng(seed)
    matrix = np.full((len(NAMES), 3, 4), -np.inf, "f4")
    for state in range(3):
        stay = rng.uniform(0.2, 0.8, len(NAMES))
        matrix[:, state, state], matrix[:, state, state + 1] = np.log(stay), np.log(1 - stay)
    return matrix


def chains(words: Sequence[str]) -> Iterator[list[tuple[int, int, float]]]:
    """Every way to say the words, with or without a silence or a noise in each gap: (phone, place, cost of it)."""
    for sounds in itertools.product(*(LEXICON[word] for word in words)):
        for gaps in itertools.product((None, SILENT, NOISY), repeat=len(words) + 1):
            chain: list[tuple[int, int, float]] = []
            for at, gap in enumerate(gaps):
                if gap is not None:
                    chain.append((gap, -1, SILENCE if gap == SILENT else NOISE))
                if at < len(words):
                    numbers = [NAMES.index(sound) for sound in sounds[at].split()]
                    places = [BEGIN, *[INSIDE] * (len(numbers) - 2), END] if len(numbers) > 1 else [SINGLE]
                    costs = [WORD] + [0.0] * (len(numbers) - 1)
                    chain += zip(numbers, places, costs, strict=True)
            yield chain


def best_by_hand(sentence: Sentence, phones: Phones, transitions: Scores, scores: Scores) -> float:
    """The likeliest way to say one sentence, phone after phone."""
    weight = sum(math.log(one) * LANGUAGE_WEIGHT for _, one in sentence)
    return weight + max(aligned(chain, phones, transitions, scores) for chain in chains([word for word, _ in sentence]))


def aligned(chain: list[tuple[int, int, float]], phones: Phones, transitions: Scores, scores: Scores) -> float:
    states = []
    for at, (phone, place, cost) in enumerate(chain):
        left = chain[at - 1][0] if at else SILENT
        right = chain[at + 1][0] if at + 1 < len(chain) and place != SINGLE else SILENT
        sequence = phones.alone[phone] if place < 0 else sequence_of(phones, place, phone, left, right)
        states += [(phones.senones[sequence][n], phone, n, cost if not n else 0.0) for n in range(3)]
    if len(states) > len(scores):
        return -math.inf
    best = np.full(len(states), -np.inf)
    for frame, row in enumerate(scores):
        old = best
        best = np.full(len(states), -np.inf)
        for n, (senone, phone, state, cost) in enumerate(states):
            before = 0.0 if frame == 0 and n == 0 else -math.inf
            if n:
                _, last_phone, last_state, _ = states[n - 1]
                before = old[n - 1] + transitions[last_phone, last_state, last_state + 1]
            best[n] = max(old[n] + transitions[phone, state, state], before + cost) + row[senone]
    return float(best[-1] + transitions[states[-1][1], 2, 3])


def sequence_of(phones: Phones, place: int, phone: int, left: int, right: int) -> int:
    return int(phones.sequences(place, *(np.array([one], dtype="i8") for one in (phone, left, right)))[0])


words = st.tuples(st.sampled_from(sorted(LEXICON)), st.sampled_from([1.0, 0.5, 1e-3]))
sentences = st.lists(st.lists(words, min_size=1, max_size=2).map(tuple), min_size=1, max_size=4)


@settings(max_examples=40)
@given(sentences, st.integers(0, 10**6), st.integers(14, 24))
def test_what_is_found_is_the_likeliest_of_all_sentences(said: list[Sentence], seed: int, n_frames: int) -> None:
    phones, transitions = phones_of(seed), transitions_of(seed)
    scores = -np.random.default_rng(seed).exponential(3.0, (n_frames, N_SENONES)).astype("f4")
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
    phones, transitions = phones_of(seed), transitions_of(seed)
    scores = -np.random.default_rng(seed).exponential(9.0, (n_frames, N_SENONES)).astype("f4")
    sounds = [number for number in range(len(NAMES)) if number not in (NOISY, SILENT)]
    rows = [row for n in range(1, n_frames // 3 + 1) for row in itertools.product(sounds, repeat=n)]
    chained = [[(sound, -1, SOUND if at else 0.0) for at, sound in enumerate(row)] for row in rows]
    likeliest = max(aligned(chain, phones, transitions, scores) for chain in chained)
    nothing = np.zeros(0, "f4")
    model = AcousticModel(phones, transitions, nothing, nothing, nothing, nothing)
    assert ground(model, scores) == pytest.approx(-likeliest / n_frames, abs=0.01)


def test_nothing_has_no_ground() -> None:
    nothing = np.zeros((0, N_SENONES), "f4")
    model = AcousticModel(phones_of(1), transitions_of(1), nothing, nothing, nothing, nothing)
    assert ground(model, nothing) == 0.0


def paths(graph: WordGraph, state: int = 0) -> Iterator[Sentence]:
    for start, end, word, weight in graph.arcs:
        if start == state:
            if end in graph.finals:
                yield ((word, weight),)
            yield from (((word, weight), *rest) for rest in paths(graph, end))


@given(sentences, st.integers(0, 10**6))
def test_words_follow_each_other_without_a_gap(said: list[Sentence], seed: int) -> None:
    phones = phones_of(seed)
    scores = -np.random.default_rng(seed).exponential(3.0, (30, N_SENONES)).astype("f4")
    found = search(network_of(graph_of(said), LEXICON.__getitem__, phones), transitions_of(seed), scores, Beams())
    starts = [segment.first_frame for segment in found]
    assert starts == [0, *(segment.last_frame + 1 for segment in found[:-1])]
    assert found[-1].last_frame == len(scores) - 1
    assert all(segment.score <= 0 for segment in found)


def test_with_a_narrow_beam_the_search_still_ends() -> None:
    scores = -np.random.default_rng(1).exponential(3.0, (30, N_SENONES)).astype("f4")
    network = network_of(graph_of([(("one", 1.0), ("three", 1.0))]), LEXICON.__getitem__, phones_of(1))
    assert len(search(network, transitions_of(1), scores, Beams(1.0, 1.0, 1))) <= 4


def test_no_sound_has_no_words() -> None:
    network = network_of(graph_of([(("one", 1.0),)]), LEXICON.__getitem__, phones_of(1))
    assert search(network, transitions_of(1), np.zeros((0, N_SENONES), "f4"), EVERYTHING) == ()
