"""How far speech stands out of the noise."""

from __future__ import annotations

import numpy as np
import pytest

from voicemes.engines.asr.levels import range_db

RATE_HZ = 16_000


def sound(seconds: float, level: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, level, int(seconds * RATE_HZ))


@pytest.mark.parametrize("distance_db", [3, 20, 60])
def test_speech_stands_out_of_the_noise_by_as_much_as_it_is_louder(distance_db: float) -> None:
    noise, speech = sound(0.5, 1e-4), sound(1, 1e-4 * 10 ** (distance_db / 20))
    assert range_db(np.concatenate([noise, speech, noise])) == pytest.approx(distance_db, abs=2)


def test_a_hum_is_hardly_noise() -> None:
    hum = 0.1 * np.sin(2 * np.pi * 50 * np.arange(2 * RATE_HZ) / RATE_HZ)
    speech = np.concatenate([sound(1, 1e-4), sound(1, 0.1)])
    distance_db = range_db(hum + speech)
    assert distance_db is not None
    assert distance_db > 25


def test_too_little_sound_tells_nothing_of_the_noise() -> None:
    assert range_db(sound(0, 0.1)) is None
    assert range_db(sound(0.2, 0.1)) is None
    assert range_db(sound(0.3, 0.1)) is not None


def test_in_digital_silence_everything_stands_out_of_nothing_alike() -> None:
    assert range_db(np.zeros(RATE_HZ)) == 0
