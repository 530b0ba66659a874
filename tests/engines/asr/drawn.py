"""Acoustic models, grammars and sounds that are drawn at random, and their scores worked out one sentence at a time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from voicemes.engines.asr.network import LANGUAGE_WEIGHT, NOISE, SILENCE, WORD
from voicemes.engines.asr.senones import BEGIN, END, INSIDE, PLACES, SINGLE, AcousticModel, Phones, Scores, context_key
from voicemes.model import WordGraph

NAMES = ("+NSN+", "A", "B", "C", "SIL")
NOISY, SILENT = NAMES.index("+NSN+"), NAMES.index("SIL")
N_SENONES = 40
LEXICON = {"one": ("A B", "A C B"), "two": ("B",), "three": ("C A B A",), "four": ("A B A",), "five": ("C",)}

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


def model_of(seed: int) -> AcousticModel:
    """Without Gaussians: scores are drawn."""
    nothing = np.zeros(0, "f4")
    return AcousticModel(phones_of(seed), transitions_of(seed), nothing, nothing, nothing, nothing)


def scores_of(seed: int, n_frames: int, mean: float = 3.0) -> Scores:
    return -np.random.default_rng(seed).exponential(mean, (n_frames, N_SENONES)).astype("f4")


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
