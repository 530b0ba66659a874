"""What a screen knows of a session, from its events alone."""

from __future__ import annotations

import pytest

from voicemes.events import (
    CatalogReloaded,
    CommandAnswered,
    CommandDelivered,
    DeviceFound,
    DeviceLost,
    EngineTroubled,
    HypothesisChanged,
    LevelMeasured,
    MicrophoneMuted,
    ReplyGiven,
    SpeechEnded,
    SpeechStarted,
    StepTaken,
    TurnEnded,
)
from voicemes.tui.operator import hearing_line
from voicemes.tui.seen import MAX_TURNS, Seen


def asked(phase: str, **values: object) -> StepTaken:
    say = {"kind": "Say", "reply": {"kind": "Reply", "key": "scrap.report/confirm", "values": values}}
    return StepTaken(0.0, 1, phase, (say,))


def turn(number: int, outcome: str = "understood", heard: str = "what is next") -> TurnEnded:
    return TurnEnded(0.0, number, heard, outcome, None, {}, None, 1.0, "", None)


def fold(*events: object) -> Seen:
    seen = Seen()
    for event in events:
        seen.take(event)  # type: ignore[arg-type]
    return seen


def test_a_read_back_is_shown_until_it_is_answered() -> None:
    seen = fold(asked("confirming", quantity=3), ReplyGiven(0.0, 1, "scrap.report/confirm", "Scrap 3. Correct?", "…"))
    assert seen.question is not None
    assert seen.question.is_read_back
    assert (seen.question.text, seen.question.values) == ("Scrap 3. Correct?", {"quantity": 3})
    seen.take(StepTaken(0.0, 2, "waiting", ()))
    assert seen.question is None


def test_an_answer_that_asks_nothing_is_no_question() -> None:
    seen = fold(StepTaken(0.0, 1, "idle", ()), ReplyGiven(0.0, 1, "done", "Done.", "done"))
    assert seen.question is None
    assert seen.answer == "Done."


def test_what_did_not_reach_the_mes_is_counted() -> None:
    outcomes = ("accepted", "unsent", "unknown", "rejected", "saved", "unsaved")
    answered = [CommandAnswered(0.0, 1, f"c{number}", outcome) for number, outcome in enumerate(outcomes)]
    assert fold(*answered).n_unsent == 3


@pytest.mark.parametrize(
    ("outcome", "n_unsent"), [("done", 1), ("refused", 1), ("unknown", 1), ("expired", 2), ("moved", 2)]
)
def test_what_waited_counts_until_it_arrived(outcome: str, n_unsent: int) -> None:
    saved = [CommandAnswered(0.0, 1, name, "saved") for name in ("one", "two")]
    earlier = CommandDelivered(0.0, "of an earlier session", "scrap.report", "done")
    assert fold(*saved, earlier, CommandDelivered(0.0, "one", "scrap.report", outcome)).n_unsent == n_unsent


def test_an_outbox_that_delivers_is_no_trouble_any_more() -> None:
    seen = fold(EngineTroubled(0.0, "outbox", "The MES does not let this station in."))
    assert seen.troubles.keys() == {"outbox"}
    seen.take(CommandDelivered(0.0, "one", "scrap.report", "done"))
    assert not seen.troubles


def test_a_lost_microphone_is_a_trouble_until_it_is_back() -> None:
    seen = fold(DeviceLost(0.0, "unplugged"))
    assert seen.troubles == {"microphone": "unplugged"}
    seen.take(DeviceFound(0.0, "headset"))
    assert not seen.troubles


def test_hearing_is_shown_as_it_happens() -> None:
    seen = Seen()
    assert "No microphone" in hearing_line(seen)
    for event in (LevelMeasured(0.0, -20.0, -55.0), SpeechStarted(0.0, 1.0), HypothesisChanged(0.0, "scrap three")):
        seen.take(event)
    assert hearing_line(seen) == "◉ hearing  ████████░░░░ -20 dB, noise -55 dB  “scrap three”"
    seen.take(SpeechEnded(0.0, 2.0, 1.0, "silence"))
    assert hearing_line(seen).startswith("○ listening")
    seen.take(MicrophoneMuted(0.0, is_muted=True))
    assert "MUTED" in hearing_line(seen)


def test_refusals_are_kept_and_the_past_is_bounded() -> None:
    seen = fold(*(turn(number, "rejected" if number % 2 else "understood") for number in range(3 * MAX_TURNS)))
    assert len(seen.turns) == MAX_TURNS
    assert seen.turns[0].turn == 3 * MAX_TURNS - 1
    assert all(one.outcome == "rejected" for one in seen.refusals)
    assert fold(turn(1, "rejected", heard="")).refusals.maxlen == MAX_TURNS
    assert not fold(turn(1, "rejected", heard="")).refusals


def test_a_trouble_is_shown_until_the_part_works_again() -> None:
    seen = fold(EngineTroubled(0.0, "language model", "it stalls"), EngineTroubled(0.0, "catalogue", "line 3"))
    assert seen.troubles == {"language model": "it stalls", "catalogue": "line 3"}
    seen.take(turn(1))
    assert "language model" in seen.troubles, "a turn without it says nothing about it"
    seen.take(TurnEnded(0.0, 2, "what is it", "understood", "job.next", {}, "llm", 1.0, "", None))
    seen.take(CatalogReloaded(0.0, "abc"))
    assert seen.troubles == {}


def test_the_stream_is_the_floor_s_to_tell() -> None:
    assert fold(EngineTroubled(0.0, "stream", "cut")).troubles == {}
