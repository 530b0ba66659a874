"""When the operator has stopped speaking."""

from __future__ import annotations

import numpy as np
import pytest

from voicemes.engines.asr.pause import Pause

RATE_HZ = 16_000


def sound(seconds: float, level: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, level, int(seconds * RATE_HZ))


def after(*pieces: np.ndarray) -> bool:
    pause = Pause()
    for piece in pieces:
        pause.push(piece)
    return pause.is_quiet


@pytest.mark.parametrize("floor", [0.0, 1e-3, 3e-2])
def test_silence_after_speech_is_a_pause_in_a_silent_room_and_in_a_loud_one(floor: float) -> None:
    speech = sound(1, 0.2) + sound(1, floor, 1)
    assert after(sound(0.3, floor), speech, sound(0.4, floor, 2))


def test_speech_is_no_pause() -> None:
    assert not after(sound(0.3, 1e-3), sound(1, 0.2))


def test_the_stop_inside_a_word_is_no_pause() -> None:
    assert not after(sound(0.3, 1e-3), sound(0.5, 0.2), sound(0.1, 1e-3))


@pytest.mark.parametrize("level", [0.0, 1e-3, 0.1])
def test_where_nobody_spoke_there_is_no_pause(level: float) -> None:
    assert not after(sound(1.5, level))


def test_speech_goes_on_after_a_pause() -> None:
    assert not after(sound(0.3, 1e-3), sound(0.5, 0.2), sound(0.4, 1e-3), sound(0.2, 0.2))


def test_the_size_of_the_pieces_does_not_matter() -> None:
    whole = np.concatenate([sound(0.3, 1e-3), sound(0.5, 0.2), sound(0.33, 1e-3)])
    assert after(whole) == after(*np.array_split(whole, 37)) is True


def distance_db(*pieces: np.ndarray) -> float | None:
    pause = Pause()
    for piece in pieces:
        pause.push(piece)
    return pause.range_db


def test_speech_stands_out_of_the_noise_by_as_much_as_it_is_louder() -> None:
    assert distance_db(sound(0.5, 1e-2), sound(1, 1e-1)) == pytest.approx(20, abs=2)


def test_too_little_sound_tells_nothing_of_the_noise() -> None:
    assert distance_db() is None
    assert distance_db(sound(0.2, 0.1)) is None
