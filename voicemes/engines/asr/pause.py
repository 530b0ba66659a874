"""Notices that the operator has stopped speaking, well before the endpointer decides that the sentence is over.

What costs time is done in such a pause. When it was only a breath, it is done again: that costs work and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from voicemes.model import SPEECH

if TYPE_CHECKING:
    from voicemes.engines.asr.features import Array

FRAME_SAMPLES = SPEECH.rate_hz // 50
"""20 ms."""
PAUSE_FRAMES = 10
"""200 ms: longer than the stop inside a word, shorter than any silence that an endpoint waits for."""
SMOOTH_FRAMES = 3
LEAST_RANGE_DB = 6.0
"""Between the softest and the loudest so far, strokes aside: with less there is nothing to tell speech from."""
QUIET_SHARE = 0.25
"""Of that range, from below: what lies there is no speech."""


NOISY_DB = 25.0
"""With less range than this, half of the sentences are misheard where noise is not compensated: 24 dB of SNR."""
NOISY_FRAMES = 50
"""1 s: enough to have heard some of both."""


@dataclass(slots=True)
class Pause:
    """The levels of one utterance so far, in dB; its low frequencies, which halls are full of, count for little."""

    _rest: Array = field(default_factory=lambda: np.zeros(0))
    _levels: list[float] = field(default_factory=list)

    def push(self, samples: Array) -> None:
        """Takes the next samples."""
        self._rest = np.concatenate([self._rest, samples])
        n_frames = len(self._rest) // FRAME_SAMPLES
        if n_frames:
            frames = self._rest[: n_frames * FRAME_SAMPLES].reshape(n_frames, FRAME_SAMPLES)
            self._rest = self._rest[n_frames * FRAME_SAMPLES :]
            power = (np.diff(frames) ** 2).mean(axis=1)
            self._levels += (10 * np.log10(power + 1e-12)).tolist()

    @property
    def is_quiet(self) -> bool:
        """True when something was said, and nothing for the last 200 ms."""
        levels, softest, range_db = self._range()
        if range_db < LEAST_RANGE_DB:
            return False
        return bool((levels[-PAUSE_FRAMES:] < softest + QUIET_SHARE * range_db).all())

    @property
    def is_noisy(self) -> bool:
        """True when there is speech, and noise that is not far below it."""
        return len(self._levels) >= NOISY_FRAMES and LEAST_RANGE_DB <= self._range()[2] < NOISY_DB

    @property
    def range_db(self) -> float | None:
        """How far the loud parts stand out of the soft ones; None where too little was heard to say."""
        levels, _, range_db = self._range()
        return range_db if len(levels) else None

    def _range(self) -> tuple[Array, float, float]:
        """The levels, the softest of them, and how far above it the loudest is."""
        if len(self._levels) < PAUSE_FRAMES + SMOOTH_FRAMES:
            return np.zeros(0), 0.0, 0.0
        levels = np.convolve(self._levels, np.full(SMOOTH_FRAMES, 1 / SMOOTH_FRAMES), "valid")
        softest, loudest = np.quantile(levels, (0.05, 0.9))
        return levels, float(softest), float(loudest - softest)
