"""Level and noise floor in front of the recogniser."""

from __future__ import annotations

import numpy as np
import pytest

from voicemes.engines.asr.conditioning import (
    MAX_GAIN,
    NOISE_FLOOR,
    TARGET_PEAK,
    Conditioner,
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


def test_a_stream_is_held_back_until_its_level_is_known() -> None:
    stream = Conditioner()
    assert len(stream.push(TONE[:1_600] * 0.01)) == 0
    released = stream.push(TONE[:8_000] * 0.1)
    assert len(released) == 9_600
    assert np.abs(released).max() == pytest.approx(TARGET_PEAK, abs=6 * NOISE_FLOOR)


def test_what_is_held_comes_out_at_the_end() -> None:
    stream = Conditioner()
    stream.push(TONE[:100])
    assert len(stream.flush()) == 100


def test_a_stream_is_the_whole_once_the_loudest_is_first() -> None:
    stream = Conditioner()
    parts = [stream.push(part) for part in np.split(TONE, 10)]
    assert np.allclose(np.concatenate(parts), whole(TONE))
