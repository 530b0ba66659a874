"""Our own voice, when it comes back through the microphone, is nobody who speaks to us."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from parts import recording

from voicemes.config import Settings
from voicemes.engines.audio.resample import resample_pcm
from voicemes.model import SPEECH, AudioFormat, Candidate, NotUnderstood, SpeechChunk, Transcript, Understood
from voicemes.nlu.match import Matcher
from voicemes.ports import Voice
from voicemes.runtime.echo import LASTING_S, LEAST_ALIKE, Echo, without_echo
from voicemes.runtime.wiring import build_speech

SAID = (
    "Next is order four seven one two, one hundred fifty controller boards.",
    "Scrap two, solder bridge, on order four seven one one. Correct?",
    "Printer one is down, stencil clog.",
)
HEARD = Transcript("printer one is down", "asr")
PEOPLE = (
    "job.next/my-next-slt.flac", "conversations/hold-order-4711.flac", "conversations/yes.flac",
    "conversations/no.flac", "conversations/affirm.flac",
)  # fmt: skip


@cache
def spoken(text: str) -> tuple[bytes, AudioFormat]:
    synthesizer, voice = build_speech(Settings())
    return b"".join(chunk.pcm for chunk in synthesizer.speak(text, voice)), synthesizer.format


def in_a_room(pcm: bytes, rate_hz: int, noise_db: float, seed: int = 1) -> bytes:
    """As a microphone hears a loudspeaker: later, softer, with the room behind it and noise so far below it."""
    rng = np.random.default_rng(seed)
    dry = np.frombuffer(resample_pcm(pcm, rate_hz, SPEECH.rate_hz), "<i2").astype(float)
    tail = rng.standard_normal(6_400) * np.exp(-np.arange(6_400) / 1_000)
    wet = np.convolve(dry, np.concatenate([[1.0], 0.3 * tail / np.linalg.norm(tail)]))
    sound = np.concatenate([np.zeros(4_800), wet, np.zeros(8_000)]) * 0.2
    noise = rng.standard_normal(len(sound))
    return _pcm(sound + noise * np.linalg.norm(sound) / np.linalg.norm(noise) * 10 ** (-noise_db / 20))


def _pcm(samples: NDArray[np.float64]) -> bytes:
    return np.clip(samples, -32_768, 32_767).astype("<i2").tobytes()


@pytest.fixture
def echo() -> Echo:
    """Of a few answers, one after the other, in pieces."""
    heard = Echo()
    for text in SAID:
        heard.paused()
        pcm, form = spoken(text)
        for start in range(0, len(pcm), 8_192):
            heard.played(SpeechChunk(pcm[start : start + 8_192], form))
    return heard


def understood(intent: str) -> Understood:
    return Understood(Candidate(intent, (), 1.0, "grammar"), HEARD)


@pytest.mark.parametrize("noise_db", [20.0, 10.0])
@pytest.mark.parametrize("text", SAID)
def test_what_we_said_is_known_again_in_a_room(echo: Echo, matcher: Matcher, text: str, noise_db: float) -> None:
    pcm, form = spoken(text)
    parse = without_echo(understood("downtime.start"), in_a_room(pcm, form.rate_hz, noise_db), echo, matcher)
    assert isinstance(parse, NotUnderstood)
    assert (parse.reason, parse.transcript) == ("echo", HEARD)


@pytest.mark.parametrize("file", PEOPLE)
def test_what_people_say_meanwhile_is_not_ours(echo: Echo, matcher: Matcher, file: str) -> None:
    parse = understood("job.next")
    assert without_echo(parse, recording(file), echo, matcher) is parse


def test_the_same_words_by_another_voice_are_not_ours(echo: Echo) -> None:
    synthesizer, _ = build_speech(Settings())
    pcm = b"".join(chunk.pcm for chunk in synthesizer.speak(SAID[2], Voice("en-gb+f3", 190)))
    assert echo.likeness(in_a_room(pcm, synthesizer.format.rate_hz, 20.0)) < LEAST_ALIKE


def test_a_cry_for_help_is_one_whoever_speaks(echo: Echo, matcher: Matcher) -> None:
    pcm, form = spoken(SAID[2])
    parse = understood("emergency.report")
    assert without_echo(parse, in_a_room(pcm, form.rate_hz, 20.0), echo, matcher) is parse


def test_what_was_said_long_ago_is_forgotten(echo: Echo) -> None:
    pcm, form = spoken(SAID[0])
    assert echo.likeness(in_a_room(pcm, form.rate_hz, 20.0)) > LEAST_ALIKE
    echo.played(SpeechChunk(bytes(LASTING_S * form.bytes_per_second), form))
    assert echo.likeness(in_a_room(pcm, form.rate_hz, 20.0)) == 0.0


@pytest.mark.parametrize("pcm", [b"", b"\x01", bytes(100), bytes(64_000), _pcm(np.full(16_000, 3_000.0))])
def test_hardly_any_sound_is_like_nothing(echo: Echo, pcm: bytes) -> None:
    assert abs(echo.likeness(pcm)) < LEAST_ALIKE
    assert Echo().likeness(pcm) == 0.0


def test_a_sound_of_another_rate_begins_anew(echo: Echo) -> None:
    echo.played(SpeechChunk(bytes(640), SPEECH))
    assert echo.likeness(recording("job.next/my-next-slt.flac")) == 0.0
    echo.played(SpeechChunk(recording("job.next/my-next-slt.flac"), SPEECH))
    assert echo.likeness(recording("job.next/my-next-slt.flac")) > 0.99
