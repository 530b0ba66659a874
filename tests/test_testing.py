"""The public fakes work together, and a conversation that goes otherwise than written fails with what differed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from voicemes.config import Settings
from voicemes.errors import CatalogError
from voicemes.model import SPEECH
from voicemes.nlu.match import Matcher
from voicemes.ports import Voice
from voicemes.runtime.bus import Bus
from voicemes.runtime.hearing import Ears
from voicemes.runtime.session import Session
from voicemes.runtime.speaker import Speaker
from voicemes.testing import (
    ConversationFailed,
    FakeClock,
    FakeDetector,
    FakeMes,
    FakeRecognizer,
    FakeSink,
    FakeSource,
    FakeSynthesizer,
    run_conversation,
)

ASK = {"operator": "what's my next job", "submits": {"operation": "job.next", "fields": {}}}
SCRAP = {"operator": "scrap two solder bridge on order 4711"}


def script(*turns: dict, **more) -> dict:
    return {"answers": {"job.next": {"job": "4712", "quantity": 5, "product": "phone"}}, "turns": list(turns), **more}


@pytest.mark.parametrize(
    "turn",
    [
        ASK,
        {**ASK, "system": "next is ORDER 4712"},
        {**ASK, "system": r"/^Next is order \d{4}, 5 phone\.$/"},
        {**ASK, "phase": "idle"},
        {**SCRAP, "phase": "confirming"},
        {"operator": "nice weather", "system": ""},
    ],
)
def test_a_conversation_that_goes_as_written_returns_its_turns(matcher: Matcher, turn: dict) -> None:
    (ended,) = run_conversation(script(turn), matcher)
    assert ended.heard == turn["operator"]


@pytest.mark.parametrize(
    ("turn", "difference"),
    [
        ({**ASK, "system": "order 4713"}, "the answer was to be 'order 4713', it was 'Next is order 4712"),
        ({**ASK, "system": "/^order/"}, "the answer was to be"),
        ({**ASK, "system": ""}, "the answer was to be ''"),
        ({**ASK, "phase": "waiting"}, "the dialogue was to be waiting, it was idle"),
        ({**ASK, "submits": None}, r"the MES was to be sent nothing, it was sent \[\('job.next'"),
        ({**SCRAP, "submits": ASK["submits"]}, r"sent \[\('job.next', \{\}\)\], it was sent nothing"),
        (
            {**ASK, "submits": {"operation": "job.next", "fields": {"equipment": "SPP-1"}}},
            r"sent \[\('job.next', \{'equipment': 'SPP-1'\}\)\], it was sent \[\('job.next', \{\}\)\]",
        ),
    ],
)
def test_one_that_goes_otherwise_says_what_differed(matcher: Matcher, turn: dict, difference: str) -> None:
    with pytest.raises(ConversationFailed, match=f"^turn 1: .*{difference}"):
        run_conversation(script(ASK, turn), matcher)


def test_a_failure_names_the_file_and_the_line(matcher: Matcher, tmp_path: Path) -> None:
    file = tmp_path / "talk.yaml"
    file.write_text('turns:\n  - operator: help\n\n  - operator: "undo"\n    system: Undone.\n')
    with pytest.raises(ConversationFailed, match=r"talk\.yaml:4: .*There is nothing to undo"):
        run_conversation(file, matcher)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("turns:\n  - operator: help\n    sytem: You can say\n", r"talk\.yaml:3: unknown key 'sytem'"),
        ("trns: []\n", "unknown key 'trns'"),
        ("turns: []\n", "at least 1"),
        ("turns:\n  - system: nothing happens\n", "one of operator, heard, press, comes and after_s"),
        ("turns:\n  - {operator: help, press: yes}\n", "one of operator, heard, press, comes and after_s"),
        ("turns:\n  - {operator: help, mes: gone}\n", "unreachable"),
        ("live: {jobs: []}\nturns:\n  - operator: help\n", "unknown key 'jobs'"),
    ],
)
def test_a_file_that_is_no_conversation_is_refused(matcher: Matcher, tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "talk.yaml").write_text(text)
    with pytest.raises(CatalogError, match=problem):
        run_conversation(tmp_path / "talk.yaml", matcher)


def test_data_that_are_no_conversation_are_refused(matcher: Matcher) -> None:
    with pytest.raises(ValidationError, match="sytem"):
        run_conversation(script({**ASK, "sytem": "x"}), matcher)


def test_a_catalogue_will_do_for_a_matcher(drinks: Matcher) -> None:
    turn = {
        "operator": "get me a large mocha",
        "system": "One mocha.",
        "submits": {"operation": "order", "fields": {"size": "large", "coffeeDrink": "mocha"}},
    }
    assert run_conversation({"answers": {"order": {}}, "turns": [turn]}, drinks.catalog)


def test_what_exists_may_have_names(matcher: Matcher) -> None:
    live = {"references": {"equipment": {"PRS-9": ["press nine"]}}, "current": {}}
    asked = {"operation": "job.next", "fields": {"equipment": "PRS-9"}}
    run_conversation(script({"operator": "what is next on press nine", "submits": asked}, live=live), matcher)


async def test_the_clock_stands_still_until_it_is_told() -> None:
    clock = FakeClock(now_s=5.0, wall_s=100.0)
    assert (clock.now_s(), clock.wall_s()) == (5.0, 100.0)
    await clock.sleep(3_600)
    clock.advance(1)
    assert (clock.now_s(), clock.wall_s()) == (3_606.0, 3_701.0)


async def test_a_session_can_be_all_fakes(matcher: Matcher) -> None:
    sink, synthesizer, recognizer = FakeSink(), FakeSynthesizer(), FakeRecognizer("what's my next job")
    mes = FakeMes({"job.next": {"job": "4712", "quantity": 5, "product": "phone"}})
    session = Session(
        Settings(), matcher, Speaker(synthesizer, sink, Voice()), mes, Bus(), FakeClock(),
        ears=Ears(FakeDetector(), recognizer),
    )  # fmt: skip
    loud = b"".join(chunk.pcm for chunk in FakeSynthesizer().speak("four words are said", Voice()))
    silence = bytes(2 * SPEECH.bytes_per_second)
    try:
        await session.start("a test")
        (ended,) = await session.hear(FakeSource(silence + loud + silence))
        await session.speaker.finish()
    finally:
        await session.close()
    assert (ended.intent, ended.mes, ended.answer) == ("job.next", "accepted", "Next is order 4712, 5 phone.")
    assert synthesizer.asked == ["Next is order four seven one two, five phone."]
    assert sink.pcm
    assert (sink.is_closed, mes.is_closed) == (True, True)
    assert recognizer.graphs[-1] == matcher.graph(session.state.scope)
