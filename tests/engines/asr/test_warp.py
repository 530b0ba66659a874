"""An utterance as speakers of several sizes may have said it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicemes.engines.asr.conditioning import spoken_part, to_samples, whole
from voicemes.engines.asr.gaussians import read_mixture
from voicemes.engines.asr.pocketsphinx import MODEL, model_file
from voicemes.engines.asr.warp import WARPS, fitting_cepstra
from voicemes.engines.audio.wav import read_speech

FIXTURES = Path(__file__).parents[3] / "audio_fixtures"


@pytest.mark.parametrize("name", ["job.next/my-next-slt.flac", "conversations/yes.flac"])
def test_in_quiet_each_size_is_what_it_is_in_noise(name: str) -> None:
    speech = read_mixture(model_file(MODEL))
    samples = whole(spoken_part(to_samples(read_speech(FIXTURES / name)))[1])
    in_noise, in_quiet = (dict(fitting_cepstra(samples, speech, is_quiet=quiet)) for quiet in (False, True))
    assert sorted(in_noise) == sorted(in_quiet) == list(WARPS)
    for size in WARPS:
        np.testing.assert_array_equal(in_noise[size], in_quiet[size])


def test_a_woman_is_taken_for_smaller_than_a_man() -> None:
    speech = read_mixture(model_file(MODEL))
    likeliest = []
    for voice in ("slt", "kal"):
        samples = whole(spoken_part(to_samples(read_speech(FIXTURES / f"job.next/my-next-{voice}.flac")))[1])
        likeliest.append(next(fitting_cepstra(samples, speech, is_quiet=True))[0])
    woman, man = likeliest
    assert woman > man


def test_no_sound_has_no_frames() -> None:
    speech = read_mixture(model_file(MODEL))
    for quiet in (False, True):
        assert [len(cepstra) for _, cepstra in fitting_cepstra(np.zeros(0), speech, is_quiet=quiet)] == [0] * len(WARPS)
