"""From a file to an utterance: source, detector and endpointer together, in silence and in noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicemes.endpoint import COMMANDS, SHORT_WORDS, Boundary, Closed, EndpointSettings, EndpointState, Opened, step
from voicemes.engines.audio import wav
from voicemes.engines.tts import espeak_ng
from voicemes.engines.vad import silero
from voicemes.model import SpeechChunk
from voicemes.ports import EngineContext, Voice

CONTEXT = EngineContext(cache_dir=Path("unused"))
LEAD_S = 1.0
"""Silence before the speech, seconds."""


def record(path: Path, text: str, noise: float) -> None:
    """Writes silence, the spoken text and silence, with white noise of this amplitude over all of it."""
    synthesizer = espeak_ng.create(espeak_ng.Options(), CONTEXT)
    spoken = np.frombuffer(b"".join(chunk.pcm for chunk in synthesizer.speak(text, Voice())), "<i2") / 2
    silence = np.zeros(round(LEAD_S * synthesizer.format.rate_hz))
    samples = np.concatenate([silence, spoken, silence])
    samples += np.random.default_rng(0).normal(0, noise, len(samples))
    with wav.WavSink(path) as sink:
        sink.play(SpeechChunk(samples.astype("<i2").tobytes(), synthesizer.format))


def boundaries(path: Path, settings: EndpointSettings) -> list[tuple[float, Boundary]]:
    """Every boundary, with the seconds heard by then."""
    detector = silero.create(silero.Options(), CONTEXT)
    state, found, waiting, heard_samples = EndpointState(), [], b"", 0
    for frame in wav.create(wav.Options(path), CONTEXT).frames():
        waiting += frame.pcm
        while len(waiting) >= 2 * detector.window_samples:
            window, waiting = waiting[: 2 * detector.window_samples], waiting[2 * detector.window_samples :]
            heard_samples += detector.window_samples
            probability = detector.probability(window)
            state, boundary = step(settings, state, probability, detector.window_samples / 16_000, None)
            if boundary is not None:
                found.append((heard_samples / 16_000, boundary))
    return found


@pytest.mark.parametrize("noise", [3, 100, 500])
@pytest.mark.parametrize(
    ("text", "settings", "least_s"),
    [
        ("start order four seven one one", COMMANDS, 1.6),
        ("help", COMMANDS, 0.3),
        ("yes", SHORT_WORDS, 0.3),
        ("no", SHORT_WORDS, 0.2),
    ],
)
def test_each_thing_that_is_said_is_one_utterance(
    tmp_path: Path, text: str, settings: EndpointSettings, least_s: float, noise: float
) -> None:
    record(tmp_path / "said.wav", text, noise)
    (opened_s, opened), (closed_s, closed) = boundaries(tmp_path / "said.wav", settings)
    assert isinstance(opened, Opened)
    assert isinstance(closed, Closed)
    assert LEAD_S - 0.5 < opened_s - opened.began_ago_s <= LEAD_S
    assert closed_s - closed.speech_ended_ago_s - LEAD_S > least_s
