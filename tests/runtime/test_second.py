"""A second look at what the grammar refused: what it finds is read back, and trouble with it ends nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from voicemes.config import AsrSettings, Settings, TtsSettings
from voicemes.engines.asr.pocketsphinx import open_vocabulary
from voicemes.errors import ConfigError, EngineFailed
from voicemes.events import EngineTroubled, Event, TurnEnded
from voicemes.model import (
    SPEECH,
    Ambiguous,
    Candidate,
    Live,
    NotUnderstood,
    Reference,
    Scope,
    SlotValue,
    Transcript,
    Understood,
)
from voicemes.nlu.match import Matcher
from voicemes.ports import Expected, Voice
from voicemes.runtime.bus import Bus
from voicemes.runtime.check import PARTS, _safely
from voicemes.runtime.hearing import Ears
from voicemes.runtime.reader import Reader
from voicemes.runtime.second import SecondLook, in_its_words, merged, say_with
from voicemes.runtime.session import Session
from voicemes.runtime.speaker import Speaker
from voicemes.runtime.wiring import build_second, context_of, second_engine
from voicemes.testing import (
    FakeClock,
    FakeDetector,
    FakeMes,
    FakeRecognizer,
    FakeSink,
    FakeSource,
    FakeSynthesizer,
    FakeWriter,
)

LIVE = Live({"job": (Reference("4711"),)}, {"job": "4711", "equipment": "SPP-1", "line": "LINE-1"})
SAY = say_with(open_vocabulary(context_of(Settings())).pronunciations)
LOUD = (3_000 * np.sin(np.arange(SPEECH.rate_hz) * 0.3)).astype("<i2").tobytes()
UTTERANCE = bytes(len(LOUD) // 2) + LOUD + bytes(2 * len(LOUD))
REFUSED = Transcript("board oh oh seven", "fake", confidence=0.1)


class Stuck(FakeWriter):
    """Never comes back until the test lets it."""

    def __init__(self) -> None:
        super().__init__("scrap two solder bridge")
        self.free = threading.Event()

    def recognize(self, pcm: bytes, is_late: Callable[[], bool]) -> Transcript:
        self.free.wait()
        return super().recognize(pcm, is_late)


class Broken(FakeWriter):
    def recognize(self, pcm: bytes, is_late: Callable[[], bool]) -> Transcript:  # noqa: ARG002
        raise EngineFailed("The second recogniser broke.")


class Room:
    """A session that hears `heard` with its grammar and `written` at the second look."""

    def __init__(self, matcher: Matcher, writer: FakeWriter, *heard: Transcript, deadline_s: float = 5.0) -> None:
        self.events: list[Event] = []
        self.mes = FakeMes({"job.pause": {}, "job.remaining": {"remaining": 12}}, LIVE)
        bus, self.clock, self.writer = Bus(self.events.append), FakeClock(), writer
        self.second = SecondLook(writer, SAY, self.clock, bus, deadline_s=deadline_s)
        ears = Ears(FakeDetector(), FakeRecognizer(*heard))
        speaker = Speaker(FakeSynthesizer(), FakeSink(), Voice())
        self.session = Session(
            *(Settings(), matcher, speaker, self.mes, bus, self.clock), ears=ears, reader=Reader(), second=self.second
        )

    async def hear(self, times: int = 1) -> list[TurnEnded]:
        await self.session.start("test")
        await self.ready()
        return [ended for _ in range(times) for ended in await self.session.hear(FakeSource(UTTERANCE))]

    async def ready(self) -> None:
        assert self.second._getting_ready is not None
        await self.second._getting_ready

    def troubles(self) -> list[EngineTroubled]:
        return [event for event in self.events if isinstance(event, EngineTroubled)]


async def test_what_the_grammar_refused_is_understood_and_read_back(matcher: Matcher) -> None:
    room = Room(matcher, FakeWriter("Scrap tree, soda bridge."), REFUSED)
    (ended,) = await room.hear()
    assert (ended.outcome, ended.intent, ended.route) == ("understood", "scrap.report", "fuzzy")
    assert ended.slots["quantity"] == 3
    assert room.session.state.phase == "confirming"
    assert not room.mes.commands, "nothing is written before a yes"
    assert len(room.writer.heard) == 1
    assert len(room.writer.heard[0]) > len(LOUD), "the whole utterance"
    await room.session.close()


async def test_even_what_is_done_at_once_is_read_back(matcher: Matcher) -> None:
    sure = Room(matcher, FakeWriter(""), Transcript("pause the order", "fake"))
    assert [ended.mes for ended in await sure.hear()] == ["accepted"], "heard by the grammar it is done at once"
    room = Room(matcher, FakeWriter("pause the order"), REFUSED)
    (ended,) = await room.hear()
    assert (ended.intent, ended.mes) == ("job.pause", None)
    assert room.session.state.phase == "confirming"
    await sure.session.close()
    await room.session.close()


async def test_a_question_is_answered(matcher: Matcher) -> None:
    room = Room(matcher, FakeWriter("how many our left"), REFUSED)
    (ended,) = await room.hear()
    assert (ended.intent, ended.mes) == ("job.remaining", "accepted")
    await room.session.close()


@pytest.mark.parametrize("text", ["", "thank you for watching", "what is the weather like in london", "undo"])
async def test_what_means_nothing_to_us_stays_refused(matcher: Matcher, text: str) -> None:
    room = Room(matcher, FakeWriter(text), REFUSED)
    (ended,) = await room.hear()
    assert ended.outcome == "rejected"
    assert room.session.state.phase == "idle"
    await room.session.close()


async def test_what_is_not_sure_enough_stays_refused(matcher: Matcher) -> None:
    room = Room(matcher, FakeWriter("pause the order", confidence=0.55), REFUSED)
    assert [ended.outcome for ended in await room.hear()] == ["rejected"]
    await room.session.close()


async def test_what_the_grammar_is_sure_of_is_not_looked_at_again(matcher: Matcher) -> None:
    room = Room(matcher, FakeWriter("scrap two solder bridge"), Transcript("pause the order", "fake", confidence=0.9))
    (ended,) = await room.hear()
    assert (ended.intent, ended.route) == ("job.pause", "grammar")
    assert room.writer.heard == []
    await room.session.close()


async def test_a_yes_is_never_guessed(matcher: Matcher) -> None:
    room = Room(matcher, FakeWriter("yes"), Transcript("scrap two solder bridge", "fake"), REFUSED)
    asked, _ = await room.hear(times=2)
    assert asked.intent == "scrap.report"
    assert room.session.state.phase == "confirming"
    assert room.writer.heard == []
    assert not room.mes.commands
    await room.session.close()


@pytest.mark.parametrize("kind", ["stuck", "broken"])
async def test_a_second_look_in_trouble_is_told_of_and_the_session_goes_on(matcher: Matcher, kind: str) -> None:
    writer = Stuck() if kind == "stuck" else Broken("")
    room = Room(matcher, writer, REFUSED, Transcript("how many left", "fake"), REFUSED, deadline_s=0.05)
    first, second, third = await room.hear(times=3)
    assert [first.outcome, second.outcome, third.outcome] == ["rejected", "understood", "rejected"]
    assert {trouble.engine for trouble in room.troubles()} == {"second recogniser"}
    if isinstance(writer, Stuck):
        writer.free.set()
    await room.session.close()


async def test_it_is_told_in_time_to_stop(matcher: Matcher) -> None:
    asked: list[bool] = []

    class Asking(FakeWriter):
        def recognize(self, pcm: bytes, is_late: Callable[[], bool]) -> Transcript:
            asked.append(is_late())
            clock.advance(1.0)
            asked.append(is_late())
            return super().recognize(pcm, is_late)

    clock = FakeClock()
    room = Room(matcher, Asking("pause the order"), REFUSED, deadline_s=1.2)
    room.second._clock = clock
    assert [ended.outcome for ended in await room.hear()] == ["rejected"]
    assert asked == [False, True]
    await room.session.close()


async def test_what_is_expected_is_the_catalogue_and_changes_only_with_its_words(matcher: Matcher) -> None:
    room = Room(matcher, FakeWriter(""))
    await room.session.start("test")
    await room.ready()
    (expected,) = room.writer.expected
    assert any(sentence.startswith("start order") for sentence in expected.sentences)
    assert "stencil clog" in expected.nouns
    assert not {"start", "scrap", "pause", "report"} & set(expected.nouns)
    room.second.expect(matcher.with_live(Live({"job": (Reference("9999"),)})))
    assert len(room.writer.expected) == 1, "another number is no news"
    room.second.expect(matcher.with_live(Live({"equipment": (Reference("X-1", ("the big xylophone",)),)})))
    await room.ready()
    assert "the big xylophone" in room.writer.expected[1].nouns
    await room.session.close()


async def test_while_it_gets_ready_nobody_waits(matcher: Matcher) -> None:
    class Slow(FakeWriter):
        free = threading.Event()

        def expect(self, expected: Expected) -> None:  # noqa: ARG002
            assert self.free.wait(20)

    room = Room(matcher, Slow("pause the order"), REFUSED)
    await room.session.start("test")
    assert [ended.outcome for ended in await room.session.hear(FakeSource(UTTERANCE))] == ["rejected"]
    assert room.troubles() == []
    Slow.free.set()
    await room.session.close()


# --- what both looks make together -----------------------------------------------------------------------------------

UNHEARD = NotUnderstood("noise", REFUSED)


def understood(intent: str, confidence: float = 0.65, route: str = "grammar", **slots: str) -> Understood:
    values = tuple(SlotValue(name, value, value) for name, value in slots.items())
    return Understood(Candidate(intent, values, 1.0, route), Transcript("x", "fake", confidence=confidence))  # type: ignore[arg-type]


def test_a_doubtful_write_is_as_it_is_where_both_agree(matcher: Matcher) -> None:
    first = understood("job.start", job="4711")
    assert merged(first, understood("job.start", job="4711"), matcher) is first


def test_a_doubtful_write_that_the_second_look_does_not_hear_is_a_guess(matcher: Matcher) -> None:
    found = merged(understood("job.pause"), UNHEARD, matcher)
    assert isinstance(found, Understood)
    assert (found.candidate.intent, found.candidate.route) == ("job.pause", "fuzzy")


def test_a_contradiction_is_asked_about(matcher: Matcher) -> None:
    found = merged(understood("job.start", job="4711"), understood("job.start", job="4712"), matcher)
    assert isinstance(found, Ambiguous)
    assert [one.values["job"] for one in found.candidates] == ["4711", "4712"]
    assert {one.route for one in found.candidates} == {"clarify"}


def test_a_cry_for_help_by_the_second_look_alone_is_asked_about(matcher: Matcher) -> None:
    cry = next(
        intent.name for intent in matcher.catalog.intents.values() if intent.role == "anyone" and intent.action.is_write
    )
    found = merged(UNHEARD, understood(cry), matcher)
    assert isinstance(found, Ambiguous)
    assert [one.route for one in found.candidates] == ["clarify"]


def test_the_language_model_stays_named(matcher: Matcher) -> None:
    found = merged(UNHEARD, understood("job.pause", route="llm"), matcher)
    assert isinstance(found, Understood)
    assert found.candidate.route == "llm"


def test_two_guesses_are_no_question_out_of_nothing(matcher: Matcher) -> None:
    both = (understood("job.pause").candidate, understood("job.start").candidate)
    assert merged(UNHEARD, Ambiguous(both, REFUSED), matcher) is UNHEARD


def test_a_sentence_of_the_catalogue_stays_as_it_was_written(matcher: Matcher) -> None:
    heard = Transcript("Start order 4711!", "fake")
    assert in_its_words(heard, Scope(), matcher, SAY) is heard
    assert in_its_words(Transcript("start order for seven won one", "fake"), Scope(), matcher, SAY).text == (
        "start order four seven one one"
    )


# --- wiring ----------------------------------------------------------------------------------------------------------


def test_none_is_wanted_unless_the_settings_say_so() -> None:
    assert build_second(Settings(), Bus(), FakeClock()) is None


def test_missing_weights_are_told_of(tmp_path: Path) -> None:
    events: list[Event] = []
    settings = Settings(asr=AsrSettings(second="faster_whisper", second_model=tmp_path))
    assert build_second(settings, Bus(events.append), FakeClock()) is None
    (trouble,) = events
    assert isinstance(trouble, EngineTroubled)
    assert "voicemes models pull" in trouble.reason


def test_a_name_that_there_is_not_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(ConfigError, match=r"no second engine 'pocketsphinx'\. Known: faster_whisper, ngram"):
        second_engine(Settings(asr=AsrSettings(second="pocketsphinx")))
    with pytest.raises(ConfigError, match="has no use for it"):
        second_engine(Settings(asr=AsrSettings(second="ngram", second_model=Path("x"))))


async def test_the_check_names_what_is_missing_and_how_to_get_it(tmp_path: Path) -> None:
    settings = Settings(
        asr=AsrSettings(second="faster_whisper", second_model=tmp_path),
        tts=TtsSettings(engine="piper", model=tmp_path / "en_GB-alba-medium.onnx"),
    )
    found = {part: list(_safely(part, PARTS[part], settings)) for part in ("second recogniser", "speech")}
    for part, pull in (("second recogniser", "whisper-base.en"), ("speech", "en_GB-alba-medium")):
        (finding,) = found[part]
        assert finding.state == "failed"
        assert f"voicemes models pull {pull}" in finding.detail
    assert [finding.state for finding in _safely("second", PARTS["second recogniser"], Settings())] == ["note"]
