"""A trace is a test: it runs again without differences, and says where something is decided otherwise."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from parts import typing_at

from voicemes.errors import TraceError
from voicemes.intents import Catalog
from voicemes.nlu.interpret import Acceptance
from voicemes.runtime.replay import replay
from voicemes.runtime.trace import TraceWriter

SENTENCES = (
    "what's my next job",
    "scrap two solder bridge",
    "no, three",
    "affirm",
    "printer one is down",
    "it's stencil clog",
    "undo that",
    "the coffee is cold",
    "start order 9999",
)
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def recorded(running: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of a few turns, typed."""
    url, _database = running
    writer = TraceWriter(tmp_path_factory.mktemp("recorded") / "trace.jsonl")

    async def type_all() -> None:
        async with typing_at(url, writer) as session:
            for sentence in SENTENCES:
                await session.type(sentence)
            await session.press("help")

    asyncio.run(type_all())
    writer.close()
    return writer.file


@pytest.fixture
def trace(recorded: Path, tmp_path: Path) -> Path:
    """A copy, to be changed."""
    return Path(shutil.copy(recorded, tmp_path))


def altered(trace: Path, name: str, change: Change, skip: int = 0) -> int:
    """Changes one event of that name; returns its line."""
    events = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    number = [number for number, event in enumerate(events) if event["event"] == name][skip]
    change(events[number])
    trace.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return number + 1


def test_a_session_is_decided_as_it_was(trace: Path, catalog: Catalog) -> None:
    result = replay(trace, catalog)
    assert result.differences == ()
    assert result.is_same_catalog
    n_answers = trace.read_text(encoding="utf-8").count('"kind": "Answered"')
    assert result.n_inputs == len(SENTENCES) + 1 + n_answers
    assert n_answers == 4, "the question, the scrap, the stop and its undo"


def test_another_decision_is_reported_where_it_stands(trace: Path, catalog: Catalog) -> None:
    line = altered(trace, "step_taken", lambda event: event.update(effects=[]))
    (difference,) = replay(trace, catalog).differences
    assert (difference.line, difference.turn, difference.heard) == (line, 1, SENTENCES[0])
    assert difference.before == []
    assert [effect["kind"] for effect in difference.now] == ["Submit"]


def test_other_words_are_another_decision(trace: Path, catalog: Catalog) -> None:
    def say_four(event: dict[str, Any]) -> None:
        event["input"]["parse"]["transcript"]["text"] = "scrap four solder bridge"

    altered(trace, "input_received", say_four, skip=2)
    differences = replay(trace, catalog).differences
    assert differences[0].heard == "scrap four solder bridge"
    assert differences[0].before[0]["reply"]["values"]["quantity"] == 2
    assert differences[0].now[0]["reply"]["values"]["quantity"] == 4


def test_what_was_heard_badly_is_refused_by_a_higher_bar(trace: Path, catalog: Catalog) -> None:
    def mumble(event: dict[str, Any]) -> None:
        event["input"]["parse"]["transcript"]["confidence"] = 0.55

    altered(trace, "input_received", mumble)
    assert replay(trace, catalog, Acceptance(read=0.5)).differences == ()
    assert replay(trace, catalog, Acceptance(read=0.7)).differences != ()


def test_a_write_that_was_heard_in_noise_is_refused_where_more_quiet_is_asked(trace: Path, catalog: Catalog) -> None:
    def in_noise(event: dict[str, Any]) -> None:
        event["input"]["parse"]["transcript"]["range_db"] = 8.0

    altered(trace, "input_received", in_noise, skip=2)
    assert replay(trace, catalog, Acceptance(write_above_db=6.0)).differences == ()
    (reply, *_) = replay(trace, catalog, Acceptance(write_above_db=12.0)).differences[0].now
    assert reply["reply"]["key"] == "too_loud"


def test_another_catalogue_is_mentioned(trace: Path, catalog: Catalog) -> None:
    altered(trace, "session_started", lambda event: event.update(catalog_hash="another"))
    assert not replay(trace, catalog).is_same_catalog


STARTED = {"event": "session_started", "session_id": "1", "operator_id": "Ana", "catalog_hash": "x"}
HEARD = {"kind": "Heard", "while_speaking": False}
FAULTY: dict[str, tuple[list[Any], str]] = {
    "no session": ([{"event": "speech_cancelled", "at_s": 1}], "holds no session"),
    "nothing": ([], "holds no session"),
    "start without id": ([{"event": "session_started"}], r":1: .*lacks what a replay needs: 'session_id'"),
    "input first": ([{"event": "input_received", "at_s": 1, "input": {}}], "before the session's start"),
    "input without kind": ([STARTED, {"event": "input_received", "at_s": 1, "input": {}}], ":2: .*'kind'"),
    "input of words": ([STARTED, {"event": "input_received", "at_s": 1, "input": "yes"}], ":2: "),
    "no words": ([STARTED, {"event": "input_received", "at_s": 1, "input": HEARD}], ":2: .*'parse'"),
    "strange key": (
        [STARTED, {"event": "input_received", "at_s": 1, "input": {"kind": "Pressed", "key": "blue"}}],
        ":2: .*'blue'",
    ),
    "strange reply": (
        [STARTED, {"event": "input_received", "at_s": 1, "input": {"kind": "Answered", "reply": {"kind": "?"}}}],
        ":2: ",
    ),
    "references are a list": (
        [STARTED, {"event": "live_refreshed", "live": {"references": [], "current": {}}}],
        ":2: ",
    ),
    "a reference is a word": (
        [STARTED, {"event": "live_refreshed", "live": {"references": {"job": ["4711"]}, "current": {}}}],
        ":2: ",
    ),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_trace_is_one_sentence(tmp_path: Path, catalog: Catalog, name: str) -> None:
    events, sentence = FAULTY[name]
    file = tmp_path / "trace.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    with pytest.raises(TraceError, match=sentence) as caught:
        replay(file, catalog)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)
