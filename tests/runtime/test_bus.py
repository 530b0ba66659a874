"""Observers fail alone."""

from __future__ import annotations

import pytest

from voicemes.events import DeviceLost, Event, SpeechCancelled
from voicemes.runtime.bus import Bus


def test_a_failing_observer_is_dropped_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    seen: dict[str, list[Event]] = {"before": [], "broken": [], "after": []}

    def broken(event: Event) -> None:
        seen["broken"].append(event)
        raise RuntimeError("the display is gone")

    bus = Bus(seen["before"].append, broken)
    bus.add(seen["after"].append)
    first, second = SpeechCancelled(1.0), DeviceLost(2.0, "unplugged")
    bus.publish(first)
    bus.publish(second)
    assert seen == {"before": [first, second], "broken": [first], "after": [first, second]}
    (record,) = caplog.records
    assert "failed at speech_cancelled" in record.getMessage()
    assert "the display is gone" in str(record.exc_info)


def test_who_comes_later_hears_what_comes_later() -> None:
    seen: list[Event] = []
    bus = Bus()
    bus.publish(SpeechCancelled(1.0))
    bus.add(seen.append)
    bus.publish(SpeechCancelled(2.0))
    assert seen == [SpeechCancelled(2.0)]
