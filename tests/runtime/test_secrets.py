"""A PIN is in no trace, and a trace without it still runs again."""

from __future__ import annotations

import re
from pathlib import Path

from parts import Books, typing_at

from voicemes.intents import Catalog
from voicemes.model import Ambiguous, Candidate, Heard, Scope, SlotValue, Transcript
from voicemes.nlu.interpret import Acceptance
from voicemes.runtime.codec import to_json
from voicemes.runtime.replay import replay
from voicemes.runtime.secrets import hidden
from voicemes.runtime.trace import TraceWriter

PIN = "9274"


async def test_a_pin_is_in_no_trace_which_runs_again(plant: Books, catalog: Catalog, tmp_path: Path) -> None:
    writer = TraceWriter(tmp_path / "trace.jsonl")
    async with typing_at(plant.url, writer) as session:
        asked = await session.type("hold order 4712")
        assert asked.answer.endswith("Badge number?")
        assert (await session.type("badge 2106")).answer == "PIN?"
        assert (await session.type("mumble mumble")).heard == "••••", "what was not understood may be a PIN"
        read_back = await session.type(PIN)
        assert (read_back.heard, read_back.slots) == ("••••", {"pin": "••••"})
        assert read_back.answer == "Farid, Ana asks for this. Hold order 4712. Correct?"
        assert (await session.press("yes")).mes == "accepted"
        assert session.state.operator_id == "Ana", "a badge counts for one action"
        await session.type(f"log me in with badge 2106 PIN {PIN}")
        assert session.state.operator_id == "Farid"
    writer.close()
    (event,) = plant.new()
    assert (event["type"], event["operator"]) == ("mes.job-order.held", "Farid")
    text = writer.file.read_text(encoding="utf-8")
    assert not re.search(rf"(?<![\d.]){PIN}(?!\d)", text), "among the digits of a time it may stand"
    assert "nine two seven four" not in text
    assert replay(writer.file, catalog, Acceptance()).differences == ()


def test_of_two_readings_neither_shows_it(catalog: Catalog) -> None:
    transcript = Transcript("badge 2106 pin 9274", "keyboard")
    slots = (SlotValue("badge", "2106", "2106", type="badge"), SlotValue("pin", PIN, PIN, type="pin"))
    both = tuple(Candidate("person.identify", slots, 1.0, "fuzzy") for _ in range(2))
    shown = to_json(hidden(Heard(Ambiguous(both, transcript)), Scope(), catalog))
    assert PIN not in str(shown)
    assert "2106" in str(shown), "a badge is no secret"
