"""The front end and the compensation of noise."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from voicemes.engines.asr.conditioning import to_samples, whole
from voicemes.engines.asr.features import N_CEPSTRA, N_FILTERS, Array, cepstra, filter_energies, suppressed
from voicemes.engines.asr.gaussians import Mixture, merge, read_mixture
from voicemes.engines.asr.noise import LEAST_FRAMES, clean_cepstra, compensate
from voicemes.engines.audio.wav import read_speech
from voicemes.errors import EngineFailed

FIXTURES = Path(__file__).parents[3] / "audio_fixtures"


def model_dir() -> Path:
    pocketsphinx = pytest.importorskip("pocketsphinx")
    return Path(pocketsphinx.get_model_path("en-us/en-us"))


@cache
def speech() -> Mixture:
    return read_mixture(model_dir())


@cache
def sentence() -> Array:
    return np.asarray(whole(to_samples(read_speech(FIXTURES / "report.shift" / "morning-rms.flac"))))


def noisy(level: float) -> Array:
    return np.asarray(sentence() + np.random.default_rng(3).normal(0, level, len(sentence())))


def centred(cepstra: Array) -> Array:
    return np.asarray(cepstra - cepstra.mean(axis=0))


def test_a_frame_every_ten_milliseconds() -> None:
    assert filter_energies(np.zeros(16_000)).shape == (98, N_FILTERS)
    assert filter_energies(np.zeros(100)).shape == (0, N_FILTERS)


def test_the_cepstra_are_those_of_the_library() -> None:
    """The mean that the library measures over the utterance is ours, suppression included."""
    decoder = pytest.importorskip("pocketsphinx").Decoder(lm=None, loglevel="FATAL")
    decoder.add_fsg("any", decoder.create_fsg("any", 0, 1, [(0, 1, 1.0, "the")]))
    decoder.activate_search("any")
    start = np.full(N_CEPSTRA, 0.5)
    decoder.set_cmn(",".join(str(part) for part in start))
    decoder.start_utt()
    decoder.process_raw((sentence() * 32_767).astype("<i2").tobytes(), full_utt=False)
    decoder.end_utt()
    mixed = np.array([float(part) for part in decoder.get_cmn(True).split(",")])
    window, n_frames = 500, decoder.n_frames()
    theirs = start + (mixed - start) * (window + n_frames) / n_frames
    ours = cepstra(suppressed(filter_energies(sentence()))).mean(axis=0)
    assert ours == pytest.approx(theirs, abs=0.5)


@pytest.mark.parametrize("level", [0.02, 0.05])
def test_compensated_speech_is_nearer_to_the_clean_one(level: float) -> None:
    """Where somebody speaks: the louder half of the frames."""
    energies = filter_energies(noisy(level))
    clean_energies = filter_energies(sentence())
    loudness = clean_energies.sum(axis=1)
    spoken = loudness > np.median(loudness)
    clean = centred(cepstra(clean_energies)[spoken])
    before = np.abs(centred(cepstra(energies)[spoken]) - clean).mean()
    after = np.abs(centred(compensate(energies, speech())[spoken]) - clean).mean()
    assert after < 0.9 * before


def test_the_channel_does_not_matter() -> None:
    """A louder microphone with another sound: what is decoded stays about the same."""
    energies = filter_energies(noisy(0.01))
    other = energies * np.linspace(0.8, 1.6, N_FILTERS)
    difference = np.abs(compensate(other, speech()) - compensate(energies, speech())).mean()
    assert difference < 0.2 * np.abs(compensate(energies, speech())).mean()


@pytest.mark.parametrize("n_frames", [0, 1, LEAST_FRAMES - 1, LEAST_FRAMES, 200])
def test_any_length_gives_as_many_frames_and_only_numbers(n_frames: int) -> None:
    energies = np.zeros((n_frames, N_FILTERS))
    heard = clean_cepstra(energies, suppressed(energies), speech())
    assert heard.shape == (n_frames, N_CEPSTRA)
    assert np.isfinite(heard).all()


def test_what_comes_out_has_no_mean() -> None:
    energies = filter_energies(noisy(0.03))
    assert clean_cepstra(energies, suppressed(energies), speech()).mean(axis=0) == pytest.approx(0, abs=1e-9)


def test_merged_gaussians_keep_mean_and_spread() -> None:
    rng = np.random.default_rng(0)
    means, variances = rng.normal(0, 5, (400, N_CEPSTRA)), rng.uniform(1, 2, (400, N_CEPSTRA))
    few = merge(means, variances, 20)
    weights = np.exp(few.log_weights)
    middle = weights @ few.means
    assert weights.sum() == pytest.approx(1)
    assert middle == pytest.approx(means.mean(axis=0))
    spread = weights @ (few.variances + few.means**2) - middle**2
    assert spread == pytest.approx((variances + means**2).mean(axis=0) - means.mean(axis=0) ** 2)


@pytest.mark.parametrize("content", [None, b"", b"s3\nendhdr\n", b"s3\nendhdr\n" + b"\0" * 40])
def test_a_broken_model_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "means").write_bytes(content)
    with pytest.raises(EngineFailed, match="means"):
        read_mixture(tmp_path)
