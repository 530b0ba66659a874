"""The voice detector hears speech, and only that; it agrees with faster-whisper's own use of the model."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from voicemes.engines.audio.resample import resample_pcm
from voicemes.engines.tts import espeak_ng
from voicemes.engines.vad import silero
from voicemes.engines.vad.silero import WINDOW_SAMPLES, Options, SileroDetector, create
from voicemes.errors import EngineFailed, EngineMissing
from voicemes.ports import EngineContext, Voice

CONTEXT = EngineContext(cache_dir=Path("unused"))
WINDOW_BYTES = 2 * WINDOW_SAMPLES


@pytest.fixture(scope="module")
def speech() -> bytes:
    """A spoken order at 16 kHz."""
    synthesizer = espeak_ng.create(espeak_ng.Options(), CONTEXT)
    pcm = b"".join(chunk.pcm for chunk in synthesizer.speak("start order four seven one one", Voice()))
    return resample_pcm(pcm, synthesizer.format.rate_hz, 16_000)


@pytest.fixture(scope="module")
def loaded() -> SileroDetector:
    return create(Options(), CONTEXT)


@pytest.fixture
def detector(loaded: SileroDetector) -> SileroDetector:
    loaded.reset()
    return loaded


def probabilities(detector: SileroDetector, pcm: bytes) -> list[float]:
    whole = len(pcm) - len(pcm) % WINDOW_BYTES
    return [detector.probability(pcm[start : start + WINDOW_BYTES]) for start in range(0, whole, WINDOW_BYTES)]


def test_speech_is_heard_as_speech(detector: SileroDetector, speech: bytes) -> None:
    heard = probabilities(detector, speech)
    assert np.mean(np.array(heard) > 0.5) > 0.6
    assert all(0 <= probability <= 1 for probability in heard)


@pytest.mark.parametrize("level", [0, 30, 3_000])
def test_silence_and_noise_are_not_speech(detector: SileroDetector, level: int) -> None:
    noise = np.random.default_rng(0).normal(0, level, 3 * 16_000) if level else np.zeros(3 * 16_000)
    assert max(probabilities(detector, noise.astype("<i2").tobytes())) < 0.5


def test_it_agrees_with_faster_whisper(detector: SileroDetector, speech: bytes) -> None:
    whisper_vad = pytest.importorskip("faster_whisper.vad")
    whole = speech[: len(speech) - len(speech) % WINDOW_BYTES]
    samples = np.frombuffer(whole, "<i2").astype(np.float32) / 32_768
    expected = whisper_vad.get_vad_model()(samples)
    assert probabilities(detector, whole) == pytest.approx(expected.tolist(), abs=1e-3)


def test_reset_forgets_the_stream_before(detector: SileroDetector, speech: bytes) -> None:
    first = probabilities(detector, speech)
    detector.reset()
    assert probabilities(detector, speech) == first


def test_a_window_takes_under_a_millisecond(detector: SileroDetector, speech: bytes) -> None:
    took_s = []
    for start in range(0, 50 * WINDOW_BYTES, WINDOW_BYTES):
        began_s = time.perf_counter()
        detector.probability(speech[start : start + WINDOW_BYTES])
        took_s.append(time.perf_counter() - began_s)
    assert np.median(took_s) < 0.001


@pytest.mark.parametrize("n_bytes", [0, WINDOW_BYTES - 2, WINDOW_BYTES + 2])
def test_only_whole_windows_are_taken(detector: SileroDetector, n_bytes: int) -> None:
    with pytest.raises(ValueError, match="512 samples"):
        detector.probability(bytes(n_bytes))


def test_faster_whisper_itself_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "faster_whisper", raising=False)
    create(Options(), CONTEXT)
    assert "faster_whisper" not in sys.modules


# --- what can be missing ---------------------------------------------------------------------------------------------


def test_a_missing_runtime_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(EngineMissing, match=r"onnxruntime.*pip install faster-whisper"):
        create(Options(), CONTEXT)


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silero, "find_spec", lambda _: None)
    with pytest.raises(EngineMissing, match="pip install faster-whisper"):
        create(Options(), CONTEXT)


def test_a_missing_file_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match=r"none\.onnx.*pip install faster-whisper"):
        create(Options(tmp_path / "none.onnx"), CONTEXT)


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.onnx").write_bytes(b"not a model")
    with pytest.raises(EngineFailed, match=r"odd\.onnx is not a model"):
        create(Options(tmp_path / "odd.onnx"), CONTEXT)


def test_another_version_of_the_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silero, "INPUTS", ("input", "state", "sr"))
    with pytest.raises(EngineFailed, match="another version"):
        create(Options(), CONTEXT)
