"""The microphone is blamed where it is to blame, and only for what was not understood."""

from __future__ import annotations

import numpy as np
import pytest

from voicemes.model import SPEECH, Candidate, NotUnderstood, Transcript, Understood, Utterance
from voicemes.nlu.match import Matcher
from voicemes.runtime.microphone import blamed, fault_of

TONE = np.sin(np.arange(16_000) / 5)
HEARD = Transcript("start order one", "asr", confidence=0.1)


def said(samples: np.ndarray) -> Utterance:
    pcm = (np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes()
    return Utterance(pcm, SPEECH, 0.0, 1.0, "silence")


@pytest.mark.parametrize(
    ("gain", "fault"), [(3.0, "clipped"), (0.9, None), (0.5, None), (0.02, None), (0.01, "faint"), (0.0, "faint")]
)
def test_a_level_has_its_fault(gain: float, fault: str | None) -> None:
    assert fault_of(said(TONE * gain).pcm) == fault


def test_a_few_samples_at_the_very_top_are_no_fault() -> None:
    samples = TONE * 0.5
    samples[[100, 5_000, 9_000]] = 1.0
    assert fault_of(said(samples).pcm) is None


@pytest.mark.parametrize("pcm", [b"", b"\x01"])
def test_no_sound_has_none(pcm: bytes) -> None:
    assert fault_of(pcm) is None


def test_what_was_not_heard_well_is_blamed_on_the_microphone(matcher: Matcher) -> None:
    parse = blamed(NotUnderstood("noise", HEARD, "confidence 0.1"), said(TONE * 3), None, matcher)
    assert parse == NotUnderstood("clipped", HEARD, "confidence 0.1")


@pytest.mark.parametrize(
    "parse",
    [Understood(Candidate("job.next", (), 1.0, "grammar"), HEARD), NotUnderstood("out_of_grammar", HEARD)],
)
def test_nothing_else_is(matcher: Matcher, parse: Understood | NotUnderstood) -> None:
    assert blamed(parse, said(TONE * 3), None, matcher) is parse
