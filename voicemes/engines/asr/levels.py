"""How far speech stands out of what lies under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voicemes.model import SPEECH

if TYPE_CHECKING:
    from voicemes.engines.asr.features import Array

FRAME_SAMPLES = SPEECH.rate_hz // 50
"""20 ms."""
SMOOTH_FRAMES = 3
LEAST_FRAMES = 13
"""A quarter of a second: with less there is nothing to tell speech from."""
SOFT, LOUD = 0.05, 0.9
"""Shares of the frames, strokes aside, that are the softest and are not the loudest."""


def range_db(samples: Array) -> float | None:
    """From the softest to the loudest part; None where too little was heard to say.

    Low frequencies, which halls are full of, count for little.
    """
    n_frames = len(samples) // FRAME_SAMPLES
    if n_frames < LEAST_FRAMES:
        return None
    frames = samples[: n_frames * FRAME_SAMPLES].reshape(n_frames, FRAME_SAMPLES)
    levels = 10 * np.log10((np.diff(frames) ** 2).mean(axis=1) + 1e-12)
    smooth = np.convolve(levels, np.full(SMOOTH_FRAMES, 1 / SMOOTH_FRAMES), "valid")
    softest, loudest = np.quantile(smooth, (SOFT, LOUD))
    return float(loudest - softest)
