"""A session against a real plant: what is said becomes what is written, or the operator hears that it did not."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from parts import WITHIN_S, Books, Events, Loudspeaker, Microphone, ask, recording, records, silence, typing_at

from voicemes.config import AudioSettings, MesSettings, Settings
from voicemes.engines.audio.resample import resample_pcm
from voicemes.errors import DeviceFailed, VoicemesError
from voicemes.events import (
    CommandDelivered,
    CommandSubmitted,
    EngineTroubled,
    LiveRefreshed,
    MicrophoneMuted,
    SpeechCancelled,
    SpeechEnded,
    SpeechStarted,
    TurnEnded,
)
from voicemes.model import SPEECH, Scope
from voicemes.outbox.entry import Entry
from voicemes.outbox.store import Looker
from voicemes.plant.process import PlantProcess
from voicemes.runtime.bus import Bus
from voicemes.runtime.demo import wait_for_news
from voicemes.runtime.wiring import build_speech, open_session

NEXT = "what's my next job"
SCRAP = "scrap two solder bridge"
YES = "affirm"
NOT_DONE = "Not done. The MES does not answer, nothing was written."
SAVED = "Saved. The MES does not answer; I send it when it does, and tell you."
SHORT_S = 0.2


@contextlib.asynccontextmanager
async def server(answer: bytes) -> AsyncIterator[str]:
    """Takes every request and answers always the same; nothing at all where `answer` is empty."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            if answer:
                writer.write(answer)
                await writer.drain()
            else:
                await reader.read()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


def kept(settings: Settings) -> list[Entry]:
    """What the station's outbox holds, when its session is over."""
    with contextlib.closing(Looker.open(settings.outbox_file)) as looker:
        return looker.entries()


# --- typed sentences -------------------------------------------------------------------------------------------------


async def test_a_question_is_answered_at_once(plant: Books) -> None:
    async with typing_at(plant.url) as session:
        turn = await session.type(NEXT)
    assert (turn.outcome, turn.intent, turn.route, turn.mes) == ("understood", "job.next", "grammar", "accepted")
    assert ask(plant.url, "job-lists/SPP-1")["items"][0]["id"] in turn.answer
    assert turn.timings_s.keys() >= {"nlu", "dialogue", "mes", "tts", "decision", "first_audio"}


async def test_a_count_is_read_back_and_written_once_after_a_yes(plant: Books) -> None:
    before = ask(plant.url, "job-orders/4711")["scrap"]
    async with typing_at(plant.url) as session:
        asked = await session.type(SCRAP)
        assert (asked.mes, asked.answer) == (None, "Scrap 2, solder bridge, on order 4711. Correct?")
        assert plant.new() == []
        done = await session.type(YES)
        assert (done.mes, done.answer) == ("accepted", "2 scrap recorded on order 4711, 80 left.")
        again = await session.type(YES)
        assert again.mes is None
    assert ask(plant.url, "job-orders/4711")["scrap"] == before + 2
    (record,) = plant.new()
    assert record["type"] == "mes.quantity.reported"


@pytest.mark.parametrize("word", ["negative", "cancel that"])
async def test_without_a_yes_nothing_is_written(plant: Books, word: str) -> None:
    async with typing_at(plant.url) as session:
        await session.type(SCRAP)
        turn = await session.type(word)
        await session.type(YES)
    assert "Nothing was written." in turn.answer
    assert plant.new() == []


async def test_a_key_confirms_as_a_word_does(plant: Books) -> None:
    async with typing_at(plant.url) as session:
        await session.type(SCRAP)
        turn = await session.press("yes")
    assert (turn.outcome, turn.heard, turn.mes) == ("pressed", "[yes]", "accepted")
    assert len(plant.new()) == 1


async def test_a_mes_that_dies_before_the_yes_has_written_nothing(tmp_path: Path) -> None:
    database, events = tmp_path / "plant.sqlite", Events()
    with PlantProcess(database) as plant:
        async with typing_at(plant.url, events) as session:
            await session.type(SCRAP)
            plant.kill()
            turn = await session.type(YES)
            assert (turn.mes, turn.answer) == ("saved", SAVED)
            assert session.state.phase == "idle"
    (entry,) = kept(session.settings)
    assert (entry.command.operation, entry.state) == ("scrap.report", "waiting"), "it was surely not sent"
    with PlantProcess(database) as plant:
        assert records(plant.url) == []
        assert ask(plant.url, "job-orders/4711")["scrap"] == 3
    assert [event.engine for event in events.of(EngineTroubled)] == ["mes"], "the snapshot could not be read either"


async def test_what_was_saved_is_done_once_when_the_mes_is_back_and_told(tmp_path: Path) -> None:
    database, events = tmp_path / "plant.sqlite", Events()
    with PlantProcess(database) as plant:
        async with typing_at(plant.url, events, mes="plant") as session:
            await session.type(SCRAP)
            plant.kill()
            assert (await session.type(YES)).mes == "saved"
    with PlantProcess(database) as plant:  # at another address: its name says that it is the same
        async with typing_at(plant.url, events, mes="plant") as session:
            await until(events, CommandDelivered, 1)
            told = await wait_for_news(session)
        (record,) = records(plant.url)
    assert [turn.answer for turn in told] == ["Now it is done: scrap two solder bridge."]
    assert record["type"] == "mes.quantity.reported"
    assert [(entry.state, entry.is_told) for entry in kept(session.settings)] == [("done", True)]


# --- a MES that cannot be relied on ----------------------------------------------------------------------------------

GARBLED = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>"
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
FAILED = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("answer", [b"", GARBLED, EMPTY, FAILED], ids=["silent", "garbled", "empty", "failed"])
async def test_a_question_without_a_trustworthy_answer_is_not_done(answer: bytes) -> None:
    async with server(answer) as url, typing_at(url, timeout_s=SHORT_S) as session:
        turn = await session.type(NEXT)
    assert (turn.mes, turn.answer) == ("unsent", NOT_DONE)


@pytest.mark.parametrize("answer", [b"", GARBLED, EMPTY, FAILED], ids=["silent", "garbled", "empty", "failed"])
async def test_a_write_without_a_trustworthy_answer_is_saved_to_be_asked_about_again(answer: bytes) -> None:
    async with server(answer) as url, typing_at(url, timeout_s=SHORT_S) as session:
        asked = await session.type("scrap two solder bridge on order 4711")
        assert asked.answer.endswith("Correct?")
        turn = await session.type(YES)
    assert (turn.mes, turn.answer) == ("saved", SAVED)
    (entry,) = kept(session.settings)
    assert (entry.state, entry.command.operation) == ("sending", "scrap.report"), "perhaps it was done"


async def test_the_answer_comes_within_the_time_that_is_set() -> None:
    async with server(b"") as url, typing_at(url, timeout_s=SHORT_S) as session:
        turn = await session.type(NEXT)
    assert SHORT_S * 0.9 < turn.timings_s["mes"] < SHORT_S + 1


# --- what exists -----------------------------------------------------------------------------------------------------


async def test_an_order_that_comes_up_during_the_session_can_be_named(plant: Books) -> None:
    events = Events()
    async with typing_at(plant.url, events, refresh_s=0.001) as session:
        unknown = await session.type("start order 7123")
        assert unknown.answer == "There is no order 7123 here."
        with contextlib.closing(sqlite3.connect(plant.database)) as database, database:
            database.execute(
                "INSERT INTO job_order (id, work_master, equipment, status, position, quantity)"
                " VALUES ('7123', 'WM-CONTROLLER', 'SPP-2', 'Waiting', 500, 10)"
            )
        await session.type(NEXT)
        assert "7123" in {job["id"] for job in events.of(LiveRefreshed)[-1].live["references"]["job"]}
        assert session.matcher.live.knows("job", "7123")
        known = await session.type("start order 7123 on printer two")
    assert (known.mes, known.slots["job"]) == ("accepted", "7123")
    assert ask(plant.url, "job-orders/7123")["status"] == "Running"


async def test_what_was_known_stays_known_when_the_mes_is_gone(mortal: PlantProcess) -> None:
    async with typing_at(mortal.url) as session:
        mortal.kill()
        await session.refresh()
        turn = await session.type("start order 9999")
    assert turn.answer == "There is no order 9999 here."


# --- time ------------------------------------------------------------------------------------------------------------


class Hand:
    """A Clock that the test moves."""

    def __init__(self) -> None:
        self.time_s = 100.0

    def now_s(self) -> float:
        return self.time_s

    def wall_s(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.time_s += seconds


async def test_a_question_that_nobody_answers_is_asked_again_and_then_dropped(plant: Books) -> None:
    async with typing_at(plant.url) as session:
        session.clock = clock = Hand()
        asked = await session.type(SCRAP)
        assert await session.look_at_clock() == []
        await session.speaker.finish()  # while we speak, the operator's time does not run
        clock.time_s += 10.5
        (again,) = await session.look_at_clock()
        assert (again.outcome, again.answer) == ("timed_out", asked.answer)
        await session.speaker.finish()  # while we speak, the operator's time does not run
        clock.time_s += 10.5
        (dropped,) = await session.look_at_clock()
        assert dropped.answer == "Cancelled, nobody answered. Nothing was written."
        clock.time_s += 100
        assert await session.look_at_clock() == []
        await session.type(YES)
    assert plant.new() == []


async def test_a_yes_that_comes_too_late_is_asked_for_again(plant: Books) -> None:
    async with typing_at(plant.url) as session:
        session.clock = clock = Hand()
        await session.type(SCRAP)
        clock.time_s += 11
        late = await session.type(YES)
        assert late.mes is None
        assert late.answer.endswith("Correct?")
        assert plant.new() == []
        assert (await session.type(YES)).mes == "accepted"


# --- with ears -------------------------------------------------------------------------------------------------------

SAID_SCRAP = recording("scrap.report/scrap-two-bridge-kal.flac") + silence(1.5)
REPORT = "Printer one is down, stencil clog."
SAID_YES = recording("dialogue/affirm-kal.flac") + silence(1.5)


async def until(events: Events, kind: type, count: int) -> None:
    """Waits until so many events of this kind came; the bus calls us, nobody polls."""
    reached = asyncio.get_running_loop().create_future()

    def look() -> None:
        if len(events.of(kind)) >= count and not reached.done():
            reached.set_result(None)

    events.watchers.append(look)
    look()
    await asyncio.wait_for(reached, WITHIN_S)


async def test_speaking_over_an_answer_stops_it_and_a_yes_over_it_confirms_nothing(plant: Books) -> None:
    events, sink, microphone = Events(), Loudspeaker(), Microphone()
    settings = Settings(mes=MesSettings(url=plant.url))
    async with open_session(settings, bus=Bus(events), sink=sink) as session:
        await session.start("microphone")
        hearing = asyncio.create_task(session.hear(microphone))
        microphone.speak(SAID_SCRAP)
        await until(events, TurnEnded, 1)
        assert events.of(TurnEnded)[0].answer.endswith("Correct?")
        assert session.speaker.is_speaking, "the loudspeaker holds the first chunk"
        microphone.speak(SAID_YES)
        await until(events, SpeechCancelled, 1)
        await until(events, TurnEnded, 2)
        assert not session.speaker.is_speaking
        assert events.of(CommandSubmitted) == []
        assert plant.new() == []
        microphone.speak(SAID_YES)
        await until(events, TurnEnded, 3)
        assert events.of(TurnEnded)[2].answer.endswith("Correct?"), "nobody heard the first one to its end"
        assert plant.new() == []
        await session.speaker.finish()
        microphone.speak(SAID_YES)
        await until(events, TurnEnded, 4)
        microphone.close()
        ended = await asyncio.wait_for(hearing, WITHIN_S)
    assert [turn.intent for turn in ended] == ["scrap.report", "affirm", "affirm", "affirm"]
    assert [turn.mes for turn in ended] == [None, None, None, "accepted"]
    assert len(events.of(CommandSubmitted)) == 1
    assert len(sink.chunks) >= 2


@pytest.mark.parametrize("before_s", [pytest.param(0.0, id="over it"), pytest.param(60.0, id="before it began")])
async def test_a_yes_that_waited_in_the_buffer_is_judged_by_when_it_was_said(plant: Books, before_s: float) -> None:
    """The read-back was over when the yes was heard, and not when it was said."""
    events, sink, microphone = Events(), Loudspeaker(), Microphone()
    async with open_session(Settings(mes=MesSettings(url=plant.url)), bus=Bus(events), sink=sink) as session:
        await session.start("microphone")
        hearing = asyncio.create_task(session.hear(microphone))
        microphone.speak(SAID_SCRAP)
        await until(events, TurnEnded, 1)
        said_s = session.clock.now_s() - before_s
        assert session.speaker.was_speaking(said_s) is (before_s == 0)
        sink.stop()
        await session.speaker.finish()
        microphone.speak(SAID_YES, said_s)
        await until(events, TurnEnded, 2)
        assert events.of(CommandSubmitted) == []
        microphone.speak(SAID_YES)
        await until(events, TurnEnded, 3)
        microphone.close()
        ended = await asyncio.wait_for(hearing, WITHIN_S)
    assert [turn.mes for turn in ended] == [None, None, "accepted"]


async def test_a_key_while_somebody_speaks_neither_ends_hearing_nor_is_answered_by_it(plant: Books) -> None:
    events, microphone = Events(), Microphone()
    async with open_session(Settings(mes=MesSettings(url=plant.url)), bus=Bus(events)) as session:
        await session.start("microphone")
        hearing = asyncio.create_task(session.hear(microphone))
        microphone.speak(SAID_SCRAP)
        await until(events, TurnEnded, 1)
        await session.speaker.finish()
        microphone.speak(SAID_SCRAP[: len(SAID_SCRAP) // 3 // 640 * 640])
        await until(events, SpeechStarted, 2)
        assert (await session.press("no")).answer
        microphone.speak(SAID_SCRAP[len(SAID_SCRAP) // 3 // 640 * 640 :])
        await until(events, TurnEnded, 3)
        assert session.state.phase == "idle", "it was begun as an answer to a question that is gone"
        microphone.speak(SAID_SCRAP)
        await until(events, TurnEnded, 4)
        assert session.state.phase == "confirming"
        microphone.close()
        await asyncio.wait_for(hearing, WITHIN_S)
    assert events.of(CommandSubmitted) == []


async def test_a_muted_microphone_hears_nothing_until_it_is_on_again(plant: Books) -> None:
    events, microphone = Events(), Microphone()
    async with open_session(Settings(mes=MesSettings(url=plant.url)), bus=Bus(events)) as session:
        await session.start("microphone")
        session.mute(is_muted=True)
        microphone.speak(SAID_SCRAP)
        microphone.close()
        assert await session.hear(microphone) == []
        assert [event.is_muted for event in events.of(MicrophoneMuted)] == [True]
        session.mute(is_muted=False)
        again = Microphone()
        again.speak(SAID_SCRAP)
        again.close()
        (turn,) = await session.hear(again)
    assert turn.intent == "scrap.report"


async def test_side_talk_is_no_cry_for_help_in_a_small_grammar(plant: Books) -> None:
    """Asleep, hardly anything else can be heard: "hurry, electric shock", it was taken for."""
    events, microphone = Events(), Microphone()
    settings = Settings(mes=MesSettings(url=plant.url), audio=AudioSettings(listen="wake"))
    async with open_session(settings, bus=Bus(events)) as session:
        await session.start("microphone")
        microphone.speak(recording("downtime.start/aoi-sensor-rms.flac") + silence(1.5))
        microphone.close()
        await session.hear(microphone)
    assert len(events.of(SpeechEnded)) >= 1
    assert events.of(CommandSubmitted) == []
    assert plant.new() == []


async def test_a_push_lets_one_utterance_in(plant: Books) -> None:
    settings = Settings(mes=MesSettings(url=plant.url), audio=AudioSettings(listen="push"))
    async with open_session(settings) as session:
        await session.start("microphone")
        unheard = Microphone()
        unheard.speak(SAID_SCRAP)
        unheard.close()
        assert await session.hear(unheard) == []
        session.push()
        microphone = Microphone()
        microphone.speak(SAID_SCRAP)
        microphone.speak(SAID_YES)
        microphone.close()
        turns = await session.hear(microphone)
    assert [turn.intent for turn in turns] == ["scrap.report"]
    assert plant.new() == []


async def test_what_is_pointed_at_is_read_back_like_what_is_said(plant: Books) -> None:
    async with typing_at(plant.url) as session:
        asked = await session.choose("scrap.report", {"quantity": 2, "defect": "void", "job": "4711"})
        assert (asked.route, asked.mes) == ("screen", None)
        assert asked.answer == "Scrap 2, void, on order 4711. Correct?"
        assert plant.new() == []
        assert (await session.press("yes")).mes == "accepted"
        with pytest.raises(VoicemesError):
            await session.choose("coffee.brew", {})
    assert len(plant.new()) == 1


async def test_where_barge_in_is_off_the_answer_is_spoken_to_its_end(plant: Books) -> None:
    events, sink, microphone = Events(), Loudspeaker(), Microphone()
    settings = Settings(mes=MesSettings(url=plant.url), audio=AudioSettings(barge_in=False))
    async with open_session(settings, bus=Bus(events), sink=sink) as session:
        await session.start("microphone")
        hearing = asyncio.create_task(session.hear(microphone))
        microphone.speak(SAID_SCRAP)
        await until(events, TurnEnded, 1)
        microphone.speak(SAID_YES)
        await until(events, TurnEnded, 2)
        assert session.speaker.is_speaking
        sink.stop()
        microphone.close()
        ended = await asyncio.wait_for(hearing, WITHIN_S)
    assert [turn.mes for turn in ended] == [None, None], "it was said over our own voice"
    assert events.of(SpeechCancelled) == []
    assert plant.new() == []


@pytest.mark.parametrize("is_ours", [True, False])
async def test_our_own_voice_that_comes_back_through_the_microphone_is_nobody(plant: Books, is_ours: bool) -> None:
    """What we say are sentences of the catalogue. The same words of somebody else are read back."""
    events, sink, microphone = Events(), Loudspeaker(), Microphone()
    settings = Settings(mes=MesSettings(url=plant.url), audio=AudioSettings(barge_in=False))
    async with open_session(settings, bus=Bus(events), sink=sink) as session:
        await session.start("microphone")
        hearing = asyncio.create_task(session.hear(microphone))
        await session.say(REPORT if is_ours else "Maintenance is called to press three.")
        assert await asyncio.to_thread(sink.started.wait, WITHIN_S)
        synthesizer, voice = build_speech(settings)
        sound = next(synthesizer.speak(REPORT, voice))
        microphone.speak(resample_pcm(sound.pcm, sound.format.rate_hz, SPEECH.rate_hz) + silence(1.5))
        await until(events, SpeechStarted, 1)
        sink.stop()
        microphone.close()
        (turn,) = await asyncio.wait_for(hearing, WITHIN_S)
    assert "printer one is down" in turn.heard
    assert (turn.intent, bool(turn.answer)) == ((None, False) if is_ours else ("downtime.start", True))
    assert plant.new() == []


async def test_the_next_words_are_heard_in_the_state_that_the_question_left(plant: Books) -> None:
    microphone = Microphone()
    settings = Settings(mes=MesSettings(url=plant.url))
    async with open_session(settings) as session:
        await session.start("microphone")
        microphone.speak(SAID_SCRAP)
        microphone.close()
        await session.hear(microphone)
        assert session.state.scope == Scope("confirming", "scrap.report")


async def test_a_headset_that_is_lost_is_told_and_ends_the_session() -> None:
    events, sink, microphone = Events(), Loudspeaker(waits=False), Microphone()
    async with open_session(Settings(), bus=Bus(events), sink=sink, with_mes=False) as session:
        await session.start("microphone")
        microphone.fail(DeviceFailed("The headset is gone."))
        with pytest.raises(DeviceFailed, match=r"^The headset is gone\.$"):
            await session.hear(microphone)
    assert [event.reason for event in events.of(EngineTroubled)] == ["The headset is gone."]
    assert sink.chunks, "the operator hears it, where speaking still works"


async def test_a_narrow_microphone_is_mentioned() -> None:
    events, microphone = Events(), Microphone(rate_hz=8_000)
    async with open_session(Settings(), bus=Bus(events), with_mes=False) as session:
        await session.start("microphone")
        microphone.close()
        assert await session.hear(microphone) == []
    (trouble,) = events.of(EngineTroubled)
    assert "8000 Hz" in trouble.reason
    assert "Use a headset with 16 kHz" in trouble.reason


async def test_without_a_mes_nothing_is_promised() -> None:
    async with open_session(Settings(), with_ears=False, with_mes=False) as session:
        await session.start("keyboard")
        turn = await session.type(NEXT)
    assert (turn.mes, turn.answer) == ("unsent", NOT_DONE)
