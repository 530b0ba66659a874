"""What every VoiceDetector does."""

from __future__ import annotations

import pytest

from voicemes.model import SPEECH
from voicemes.ports import VoiceDetector
from voicemes.runtime.engines import engine_names
from voicemes.testing import FakeDetector


@pytest.fixture(params=["fake", *engine_names("vad")])
def detector(request: pytest.FixtureRequest, engine) -> VoiceDetector:
    made = FakeDetector() if request.param == "fake" else engine("vad", request.param)
    made.reset()
    return made


def probabilities(detector: VoiceDetector, pcm: bytes) -> list[float]:
    n_bytes = detector.window_samples * SPEECH.width_bytes
    starts = range(0, len(pcm) - n_bytes + 1, n_bytes)
    return [detector.probability(pcm[start : start + n_bytes]) for start in starts]


def test_a_window_is_short_enough_to_follow_speech(detector: VoiceDetector) -> None:
    assert 0.005 <= detector.window_samples / SPEECH.rate_hz <= 0.1


def test_speech_is_likely_speech(detector: VoiceDetector, speech: bytes) -> None:
    heard = probabilities(detector, speech)
    assert all(0 <= probability <= 1 for probability in heard)
    n_speech = sum(probability > 0.5 for probability in heard)
    assert n_speech * detector.window_samples / SPEECH.rate_hz > 0.4, "three words take longer"


def test_a_quiet_room_is_not(detector: VoiceDetector, silence: bytes) -> None:
    assert max(probabilities(detector, silence)) < 0.5


def test_another_stream_is_heard_as_if_it_were_the_first(detector: VoiceDetector, speech: bytes) -> None:
    first = probabilities(detector, speech)
    detector.reset()
    assert probabilities(detector, speech) == first


@pytest.mark.parametrize("n_more", [-1, 1])
def test_what_is_no_whole_window_is_refused(detector: VoiceDetector, n_more: int) -> None:
    with pytest.raises(ValueError, match="window"):
        detector.probability(bytes((detector.window_samples + n_more) * SPEECH.width_bytes))


def test_a_scripted_detector_follows_its_script_and_then_hears_nothing() -> None:
    detector = FakeDetector([0.2, 0.9])
    window = bytes(detector.window_samples * SPEECH.width_bytes)
    assert [detector.probability(window) for _ in range(4)] == [0.2, 0.9, 0.0, 0.0]
    detector.reset()
    assert detector.probability(window) == 0.2
