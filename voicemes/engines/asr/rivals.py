"""What else each word can have been: every word that the grammar allows in its place, held against the same sound.

The search knows the best sentence, not how near the next one was. With thousands of orders that is what counts: "five"
and "nine" both fit well, and both numbers exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voicemes.engines.asr.alignment import chains
from voicemes.engines.asr.senones import N_STATES
from voicemes.engines.asr.viterbi import NEVER

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from voicemes.engines.asr.senones import AcousticModel, Scores

    Way = tuple[int, ...]
    """A way to say a word: its phones."""

NEAR = 120.0
"""Nats: who is further behind is none."""
MOST_WORDS = 64
"""In one place, at most: where more may stand, it is a name in a list, not a digit."""


def rivals(
    model: AcousticModel, ways: dict[str, list[Way]], word: str, others: Collection[str], sides: Way, scores: Scores
) -> tuple[tuple[str, float], ...]:
    """Those of `others` that are near to `word`, the nearest first, with the nats that they are behind it.

    `sides`: the phones before and after; `scores`: (frames, senones), of the word alone.
    """
    if not others or len(others) > MOST_WORDS:
        return ()
    names = [word, *sorted(others)]
    said = [(n, way) for n, name in enumerate(names) for way in ways[name]]
    heights = _heights(model, [way for _, way in said], sides, scores)
    best = np.full(len(names), NEVER)
    np.maximum.at(best, [n for n, _ in said], heights)
    behind = best[0] - best[1:]
    near = sorted((float(far), name) for name, far in zip(names[1:], behind, strict=True) if far < NEAR)
    return tuple((name, far) for far, name in near)


def _heights(model: AcousticModel, ways: Sequence[Way], sides: Way, scores: Scores) -> Scores:
    """The score of each way, from the first frame to the last, in nats; NEVER where there are too few frames."""
    senones = chains(model.phones, ways, *sides)
    lengths = np.array([len(one) for one in senones])
    states, sounds = np.zeros((2, len(ways), lengths.max()), "i8")
    for row, (way, one) in enumerate(zip(ways, senones, strict=True)):
        states[row, : len(one)], sounds[row, : len(one)] = one, np.repeat(way, N_STATES)
    number = np.arange(lengths.max()) % N_STATES
    loops, steps = model.log_transitions[sounds, number, number], model.log_transitions[sounds, number, number + 1]
    values = np.full(states.shape, NEVER)
    values[:, 0] = scores[0].take(states[:, 0])
    for frame in scores[1:]:
        moving = (values + steps)[:, :-1]
        values += loops
        np.maximum(values[:, 1:], moving, out=values[:, 1:])
        values += frame.take(states)
    last = np.arange(len(lengths)), lengths - 1
    return np.asarray(values[last] + steps[last])
