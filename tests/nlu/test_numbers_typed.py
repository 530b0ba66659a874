"""Numbers as people type them: what punctuation parts is never one number, and no sign is lost."""

from __future__ import annotations

import pytest

from voicemes.model import SlotData
from voicemes.nlu.interpret import candidates_of
from voicemes.nlu.kit.proof import read
from voicemes.nlu.match import Matcher


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("make 4711 200", "job.change_quantity", {"job": "4711", "quantity": 200}),
        ("close out 4801, 120 good", "job.complete", {"job": "4801", "quantity": 120}),
        ("oven one temperature - 5 degrees", "parameter.adjust_request", {"delta": -5}),
        ("oven one temperature \u20135 degrees", "parameter.adjust_request", {"delta": -5}),
        ("paste height 1.25 microns", "measurement.record", {"value": 1.25}),
        ("note: 1,250 boards", "note.add", {"text": "1,250 boards"}),
    ],
)
def test_a_typed_number_is_that_number(matcher: Matcher, text: str, intent: str, slots: dict[str, SlotData]) -> None:
    (candidate,) = candidates_of(read(matcher, text))
    assert candidate.intent == intent
    assert slots.items() <= candidate.values.items()


@pytest.mark.parametrize(
    "text",
    [
        "close call 3, 4",
        "bring 5-10 labels to line one",
        "paste height 5-10",
        "paste height 1,250 microns",
        "increase the temperature of oven one by minus 5",
        "increase order 4711 by 50",
        "step is done wrong",
        "call 3 is done but not by me",
        "we are making order 4711",
        "board 123 has not failed",
        "should I pause order 4711",
    ],
)
def test_what_could_mean_something_else_means_nothing(matcher: Matcher, text: str) -> None:
    assert candidates_of(read(matcher, text)) == ()
