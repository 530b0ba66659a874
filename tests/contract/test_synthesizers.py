"""What every Synthesizer does."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from voicemes.engines.tts.cache import CachingSynthesizer
from voicemes.ports import Synthesizer, Voice
from voicemes.runtime.engines import engine_names
from voicemes.testing import FakeSynthesizer

TWO_SENTENCES = "Order four seven one one started. One hundred twenty phones."


@pytest.fixture(params=["fake", "caching", *engine_names("tts")])
def synthesizer(request: pytest.FixtureRequest, engine) -> Synthesizer:
    match request.param:
        case "fake":
            return FakeSynthesizer()
        case "caching":
            return CachingSynthesizer(FakeSynthesizer())
        case name:
            return engine("tts", name)


def duration_s(synthesizer: Synthesizer, text: str) -> float:
    n_bytes = sum(len(chunk.pcm) for chunk in synthesizer.speak(text, Voice()))
    return n_bytes / synthesizer.format.bytes_per_second


def test_words_are_audible_and_last_as_long_as_speech(synthesizer: Synthesizer) -> None:
    pcm = b"".join(chunk.pcm for chunk in synthesizer.speak("scrap two solder bridge", Voice()))
    assert np.sqrt(np.mean(np.frombuffer(pcm, "<i2").astype(float) ** 2)) > 100
    assert 0.3 < len(pcm) / synthesizer.format.bytes_per_second < 5


def test_every_piece_is_whole_samples_in_the_one_format(synthesizer: Synthesizer) -> None:
    chunks = list(synthesizer.speak(TWO_SENTENCES, Voice()))
    assert {chunk.format for chunk in chunks} == {synthesizer.format}
    assert all(len(chunk.pcm) % synthesizer.format.width_bytes == 0 for chunk in chunks)
    assert len(chunks) > 1, "the first sound is early"


def test_more_words_take_longer(synthesizer: Synthesizer) -> None:
    assert duration_s(synthesizer, TWO_SENTENCES) > 1.5 * duration_s(synthesizer, "Order started.")


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_to_say_makes_no_sound(synthesizer: Synthesizer, text: str) -> None:
    assert duration_s(synthesizer, text) == 0


def test_what_was_cut_off_does_not_disturb_what_is_said_next(synthesizer: Synthesizer) -> None:
    whole_s = duration_s(synthesizer, TWO_SENTENCES)
    for _ in range(2):
        with closing(synthesizer.speak(TWO_SENTENCES, Voice())) as chunks:
            next(chunks)
    assert duration_s(synthesizer, TWO_SENTENCES) == pytest.approx(whole_s, rel=0.05)
