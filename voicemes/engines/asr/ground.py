"""The ground on which words are judged: how well any sounds at all, one after the other, fit the same frames.

Whatever was said, a grammar finds some words in it; so would any row of phones, and those are free to follow the sound.
What was not meant for the grammar fits the free row far better than the words, in quiet and in noise: the difference is
the log likelihood ratio of keyword spotting with a filler model. R. Rose and D. Paul, "A hidden Markov model based
keyword recognition system", 1990.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voicemes.engines.asr.senones import N_STATES
from voicemes.engines.asr.viterbi import NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicemes.engines.asr.senones import AcousticModel, Scores

SOUND = -12.0
"""Of each phone, in nats: without it a row of many short ones fits everything. Area under the curve of trust.py with
-3, -6, -12 and -20: 0.9985, 0.9988, 0.9990, 0.9989; with pairs of phones as likely as in the dictionary 0.9993."""


def grounds(model: AcousticModel, sounds: Sequence[Scores]) -> tuple[list[float], float]:
    """The deficit of the likeliest row of phones for each of `sounds`, (frames, senones), and for all of them one after
    the other: nats per frame, which no context makes better or worse. 0 where there are no frames.
    """
    phones = model.phones
    spoken = np.setdiff1d(np.arange(len(phones.names)), phones.fillers)
    states = phones.senones[phones.alone[spoken]].T
    loops = np.stack([model.log_transitions[spoken, n, n] for n in range(N_STATES)])
    steps = np.stack([model.log_transitions[spoken, n, n + 1] for n in range(N_STATES)])
    # Side by side: this sound alone, and all since the first one. (states, 2, phones)
    loops, steps = loops[:, None], steps[:, None]
    values, entering, each = np.full((N_STATES, 2, len(spoken)), NEVER, "f4"), np.zeros((2, 1), "f4"), []
    for sound in sounds:
        values[:, 0], entering[0] = NEVER, 0.0
        for row in sound.take(states, axis=1):
            np.maximum(values[0], entering, out=values[0])
            values += row[:, None]
            moving = values + steps
            values += loops
            np.maximum(values[1:], moving[:-1], out=values[1:])
            entering = moving[-1].max(axis=1, keepdims=True) + np.float32(SOUND)
        each.append(_deficit(entering[0], len(sound)))
    return each, _deficit(entering[1], sum(map(len, sounds)))


def _deficit(entering: Scores, n_frames: int) -> float:
    return float(SOUND - entering[0]) / n_frames if n_frames else 0.0
