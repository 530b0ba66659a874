"""Level and noise floor in front of the recogniser."""

from __future__ import annotations

import numpy as np
import pytest

from voicemes.engines.asr.conditioning import (
    MAX_GAIN,
    NOISE_FLOOR,
    TARGET_PEAK,
    gain_for,
    whole,
)

TONE = np.sin(np.arange(16_000) / 10)


@pytest.mark.parametrize("level", [0.02, 0.1, 0.9])
def test_every_level_comes_out_the_same(level: float) -> None:
    assert np.abs(whole(TONE * level)).max() == pytest.approx(TARGET_PEAK, abs=6 * NOISE_FLOOR)


def test_silence_gets_a_floor_and_is_not_blown_up() -> None:
    assert np.std(whole(np.zeros(16_000))) == pytest.approx(NOISE_FLOOR, rel=0.1)
    assert gain_for(1e-6) == MAX_GAIN
