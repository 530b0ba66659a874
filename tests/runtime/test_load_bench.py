"""Headsets at once: what is late is counted, what is lost is counted, and the largest number is found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from voicemes.model import SPEECH, Transcript
from voicemes.nlu.match import Matcher
from voicemes.runtime.hearing import Ears
from voicemes.runtime.load_bench import (
    GAP_S,
    LATE_P50_S,
    LATE_P95_S,
    Headset,
    Heard,
    find_largest,
    is_full,
    line_of,
    sound_for,
)
from voicemes.runtime.reader import Reader
from voicemes.testing import FakeClock, FakeDetector, FakeRecognizer

SPOKEN = (3_000 * np.sin(np.arange(SPEECH.rate_hz) * 0.3)).astype("<i2").tobytes()


class Slow(FakeDetector):
    """Takes so long for each window of 32 ms, by the test's clock."""

    def __init__(self, clock: FakeClock, window_s: float) -> None:
        super().__init__()
        self._clock, self._window_s = clock, window_s

    def probability(self, pcm: bytes) -> float:
        self._clock.advance(self._window_s)
        return super().probability(pcm)


async def measured(matcher: Matcher, window_s: float = 0.0, seconds: float = 12.0) -> dict[str, Any]:
    """Of one headset: the test's clock stands for one who sleeps at a time."""
    clock = FakeClock()

    ears = Ears(Slow(clock, window_s), FakeRecognizer(*[Transcript("how many left", "fake")] * 20))
    headset = Headset(ears, matcher, Reader(), ring_s=0.5)
    headset.prepare()
    sound = sound_for([SPOKEN], 0, seconds)
    return line_of([await headset.listen(sound, clock, clock.now_s(), clock.now_s)])


async def test_what_keeps_pace_is_decided_at_once_and_loses_nothing(matcher: Matcher) -> None:
    line = await measured(matcher)
    assert (line["headsets"], line["utterances"], line["dropped_s"]) == (1, 4, 0)
    assert line["decision"]["p95_s"] < 0.05
    assert 0.3 < line["endpoint_silence"]["p50_s"] < GAP_S
    assert line["speech_end_to_decision"]["p50_s"] == pytest.approx(
        line["endpoint_silence"]["p50_s"] + line["decision"]["p50_s"], abs=0.05
    )
    assert line["memory_bytes"] > 1_000_000
    assert not is_full(line)


async def test_past_the_limit_answers_come_late_and_then_sound_is_lost(matcher: Matcher) -> None:
    keeps_up, falls_behind = await measured(matcher, window_s=0.010), await measured(matcher, window_s=0.050)
    assert keeps_up["dropped_s"] == 0
    assert falls_behind["dropped_s"] > 1
    assert falls_behind["decision"]["p95_s"] > keeps_up["decision"]["p95_s"]
    assert is_full(falls_behind)


async def test_real_time_factor_is_work_for_a_second_of_one_headset(matcher: Matcher) -> None:
    line = await measured(matcher, window_s=0.016)
    assert line["rtf"] >= 0.5  # by this clock waiting counts, too: half of each window is work


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 11, 64])
def test_the_largest_number_is_found(limit: int) -> None:
    asked: list[int] = []

    def measure(number: int) -> dict[str, Any]:
        asked.append(number)
        late_s = 2 * LATE_P95_S if number > limit else LATE_P95_S / 2
        return {"headsets": number, "decision": {"p50_s": 0.0, "p95_s": late_s}, "dropped_s": 0.0}

    lines = find_largest(measure)
    assert max(line["headsets"] for line in lines if not is_full(line)) == limit
    assert len(asked) == len(set(asked)) <= 12
    assert [line["headsets"] for line in lines] == sorted(asked)


def test_a_machine_that_takes_not_even_one_is_full_at_one() -> None:
    def measure(number: int) -> dict[str, Any]:
        return {"headsets": number, "decision": {"p50_s": 0.0, "p95_s": 0.0}, "dropped_s": 1.0}

    assert [is_full(line) for line in find_largest(measure)] == [True]


def test_half_of_the_answers_late_is_full_too() -> None:
    late = [LATE_P50_S * 1.5] * 60 + [0.0] * 40
    assert is_full(line_of([Heard(waits_s=late, silences_s=[0.5] * 100)]))


def test_a_line_is_of_all_headsets() -> None:
    one = Heard([0.01], [0.5], dropped_s=0.1, sound_s=10, busy_s=1, memory_bytes=7)
    line = line_of([one, one, one])
    assert (line["headsets"], line["utterances"], line["dropped_s"], line["memory_bytes"]) == (3, 3, 0.3, 21)
    assert line["rtf"] == 0.1


def test_each_headset_begins_with_another_recording() -> None:
    sound = [b"\1\1" * 100, b"\2\2" * 100]
    assert [sound_for(sound, number, 1.0)[0] for number in range(3)] == [1, 2, 1]
    assert len(sound_for(sound, 0, 5.0)) >= 5 * SPEECH.bytes_per_second
