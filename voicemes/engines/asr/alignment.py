"""Which senone each frame belongs to, where it is known which words were said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from voicemes.engines.asr.network import network_of
from voicemes.engines.asr.senones import BEGIN, END, INSIDE, N_STATES, PLACES, SINGLE
from voicemes.engines.asr.viterbi import NEVER, Beams, search
from voicemes.model import WordGraph

if TYPE_CHECKING:
    from voicemes.engines.asr.features import Array
    from voicemes.engines.asr.senones import AcousticModel, Keys, Phones, Scores
    from voicemes.engines.asr.viterbi import Segment

WIDE = Beams(phone=400.0, word=400.0, n_active=100_000)
"""There is one sentence: nothing needs to be left out."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """The frames that are words."""

    frames: Keys
    senones: Keys
    score: float
    """Nats per frame against the best senone of each; never above 0."""


def chain_of(words: Sequence[str]) -> WordGraph:
    """The graph in which nothing else can be said."""
    arcs = tuple((at, at + 1, word, 1.0) for at, word in enumerate(words))
    return WordGraph("said", len(words) + 1, frozenset({len(words)}), arcs)


def align(
    model: AcousticModel, pronunciations: Callable[[str], Iterable[str]], words: Sequence[str], cepstra: Array
) -> Aligned | None:
    """None where the sound is too short for the words. Raises what `pronunciations` raises."""
    if not len(cepstra):
        return None
    scores = model.scores(cepstra)
    network = network_of(chain_of(words), pronunciations, model.phones)
    segments = search(network, model.log_transitions, scores, WIDE)
    said = [segment for segment in segments if segment.word in words]
    if [segment.word for segment in said] != list(words):
        return None
    ways = _Ways(model, [ways_of(word, pronunciations, model.phones) for word in words])
    found = [ways.states(said, place, scores) for place in range(len(said))]
    frames = np.concatenate([np.arange(one.first_frame, one.last_frame + 1) for one in said])
    senones = np.concatenate([states for _, states in found])
    return Aligned(frames, senones, sum(score for score, _ in found) / len(frames))


def ways_of(
    word: str, pronunciations: Callable[[str], Iterable[str]], phones: Phones
) -> list[tuple[int, ...]]:
    """Every way to say a word, in phones. Raises what `pronunciations` raises."""
    return [tuple(phones.names.index(sound) for sound in one.split()) for one in pronunciations(word)]


@dataclass(slots=True)
class _Ways:
    """Each word may be said in several ways; the likeliest in its frames counts."""

    model: AcousticModel
    ways: list[list[tuple[int, ...]]]
    before: int = -1
    """The last phone of the word before."""

    def states(self, said: Sequence[Segment], place: int, scores: Scores) -> tuple[float, Keys]:
        one, silence = said[place], self.model.phones.silence
        is_first = not place or said[place - 1].last_frame + 1 < one.first_frame
        is_last = place + 1 == len(said) or one.last_frame + 1 < said[place + 1].first_frame
        left = silence if is_first else self.before
        right = silence if is_last else self.ways[place + 1][0][0]
        sound = scores[one.first_frame : one.last_frame + 1]
        tried = []
        for way in self.ways[place]:
            states = chains(self.model.phones, [way], left, right)[0]
            if len(states) <= len(sound):
                phones = np.repeat(np.array(way), N_STATES)
                score, path = _through(self.model.log_transitions, phones, sound[:, states])
                tried.append((score, states[path], way))
        score, path, way = max(tried, key=lambda each: each[0])
        self.before = way[-1]
        return score, path


def chains(phones: Phones, ways: Sequence[tuple[int, ...]], left: int, right: int) -> list[Keys]:
    """The senones of words, given in phones, each between the same two others."""
    rows = [row for way in ways for row in _in_context((left, *way, right))]
    place, phone, before, after = np.array(rows, "i8").reshape(-1, 4).T
    senones = np.empty((len(rows), N_STATES), "i8")
    for one in PLACES:
        there = np.flatnonzero(place == one)
        senones[there] = phones.senones[phones.sequences(one, phone[there], before[there], after[there])]
    ends = np.cumsum([len(way) for way in ways])
    return [part.reshape(-1) for part in np.split(senones, ends[:-1])]


def _in_context(context: tuple[int, ...]) -> Iterator[tuple[int, int, int, int]]:
    """Of each phone but the outer two: where in the word it stands, itself, and its neighbours."""
    n = len(context) - 2
    for at in range(n):
        place = SINGLE if n == 1 else BEGIN if at == 0 else END if at == n - 1 else INSIDE
        yield place, context[at + 1], context[at], context[at + 2]


def _through(log_transitions: Scores, phones: Keys, scores: Scores) -> tuple[float, Keys]:
    """The likeliest way from the first of a row of states to the last: its score, and the state of each frame."""
    number = np.arange(len(phones)) % N_STATES
    loops, steps = log_transitions[phones, number, number], log_transitions[phones, number, number + 1]
    values = np.full(len(phones), NEVER)
    values[0] = scores[0, 0]
    moved = np.zeros(scores.shape, bool)
    for frame in range(1, len(scores)):
        arriving = np.append(NEVER, (values + steps)[:-1])
        staying = values + loops
        moved[frame] = arriving > staying
        values = np.maximum(arriving, staying) + scores[frame]
    states = np.empty(len(scores), "i8")
    state = len(phones) - 1
    for frame in range(len(scores) - 1, -1, -1):
        states[frame] = state
        state -= int(moved[frame, state])
    return float(values[-1]), states
