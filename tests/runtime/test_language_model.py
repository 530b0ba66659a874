"""A session with a language model: one that hangs or breaks is told of, and everything else goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from voicemes.config import LlmSettings, Settings
from voicemes.events import EngineTroubled, Event
from voicemes.intents import Catalog
from voicemes.model import Live, Reference
from voicemes.nlu.match import Matcher
from voicemes.ports import Asked, Completion, Voice
from voicemes.runtime.bus import Bus
from voicemes.runtime.check import inspect
from voicemes.runtime.reader import OFF, Reader, build_reader
from voicemes.runtime.replay import replay
from voicemes.runtime.session import Session
from voicemes.runtime.speaker import Speaker
from voicemes.runtime.trace import TraceWriter
from voicemes.runtime.wiring import context_of
from voicemes.testing import FakeCompleter, FakeMes, FakeSink, FakeSynthesizer

WITHIN_S = 20.0
UNSEEN = "I am off for a smoke now"
NEXT = "what's my next job"
LIVE = Live({"job": (Reference("4711"),)}, {"job": "4711", "equipment": "SPP-1", "line": "LINE-1"})


class Hanging(FakeCompleter):
    """A model that never comes back, until the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def complete(self, asked: Asked, is_late: Callable[[], bool]) -> Completion:
        self.free.wait()
        return super().complete(asked, is_late)


def session_with(matcher: Matcher, completer: FakeCompleter, *observers: Callable[[Event], None]) -> Session:
    settings = Settings(llm=LlmSettings(deadline_s=0.05))
    mes = FakeMes({"job.next": {"job": "4712", "quantity": 80, "product": "x"}, "job.pause": {}}, LIVE)
    speaker = Speaker(FakeSynthesizer(), FakeSink(), Voice())
    return Session(settings, matcher, speaker, mes, Bus(*observers), reader=Reader(completer=completer))


@pytest.mark.parametrize("kind", ["hangs", "breaks"])
async def test_a_model_in_trouble_is_told_of_and_the_templates_go_on(matcher: Matcher, kind: str) -> None:
    completer = Hanging() if kind == "hangs" else FakeCompleter()
    completer.is_broken = kind == "breaks"
    events: list[Event] = []
    session = session_with(matcher, completer, events.append)
    await session.start("test")
    for _ in range(2):
        assert (await session.type(UNSEEN)).outcome == "rejected"
    assert (await session.type(NEXT)).mes == "accepted"
    troubles = [event for event in events if isinstance(event, EngineTroubled)]
    assert len(troubles) == 2
    assert troubles[0].engine == "language model"
    await session.close()
    if isinstance(completer, Hanging):
        assert not completer.is_closed, "what still runs in a model must not lose it"
        completer.free.set()
    assert completer.closed.wait(WITHIN_S)


async def test_a_trace_with_a_models_answer_runs_again_without_the_model(
    matcher: Matcher, catalog: Catalog, tmp_path: Path
) -> None:
    writer = TraceWriter(tmp_path / "trace.jsonl")
    sure = {"i am off for a smoke now": ("job.pause", 0.9)}
    session = session_with(matcher, FakeCompleter(sure), writer)
    await session.start("test")
    turn = await session.type(UNSEEN)
    await session.type("yes")
    session.reader.completer.answers = {"i am off for a smoke now": ("job.pause", 0.4)}
    await session.type(UNSEEN)
    await session.close()
    writer.close()
    assert (turn.route, turn.intent) == ("llm", "job.pause")
    played = replay(writer.file, catalog)
    assert played.differences == ()
    assert played.n_inputs >= 4


def test_without_a_model_it_says_what_it_lacks(tmp_path: Path) -> None:
    settings = Settings(llm=LlmSettings(model=tmp_path / "nowhere.gguf"))
    reader = build_reader(settings, context_of(settings))
    assert reader.completer is None
    assert "voicemes models pull" in reader.lacks or "uv sync --extra llm" in reader.lacks


def test_a_model_can_be_switched_off() -> None:
    settings = Settings(llm=LlmSettings(engine=OFF))
    assert "switched off" in build_reader(settings, context_of(settings)).lacks


async def test_check_names_a_model_that_was_asked_for_and_is_not_there(tmp_path: Path) -> None:
    findings = await inspect(Settings(llm=LlmSettings(model=tmp_path / "nowhere.gguf")))
    (found,) = [one for one in findings if one.part == "language model"]
    assert found.state == "failed"


async def test_check_says_when_the_model_is_stale(tmp_path: Path, drinks_catalog: Catalog) -> None:
    pytest.importorskip("llama_cpp", reason="the extra llm is not installed")
    from tiny_model import write_tiny_model

    model = write_tiny_model(tmp_path / "drinks.gguf", drinks_catalog)
    findings = await inspect(Settings(llm=LlmSettings(model=model)))
    (found,) = [one for one in findings if one.part == "language model"]
    assert found.state == "note"
    assert "never learned" in found.detail
    assert "voicemes models train" in found.detail
