"""Answers become sound: one at a time, stopped at once, and a silent engine is noticed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parts import WITHIN_S, Loudspeaker

from voicemes.errors import DeviceFailed, EngineStalled
from voicemes.model import SPEECH, AudioFormat, Change, SpeechChunk
from voicemes.ports import Voice
from voicemes.runtime.speaker import Speaker, adjusted
from voicemes.testing import FakeClock

N_CHUNKS = 5


class Reader:
    """A Synthesizer: five chunks for each text, each of them the text and its number."""

    def __init__(self) -> None:
        self.abandoned: list[str] = []

    @property
    def format(self) -> AudioFormat:
        return SPEECH

    def speak(self, text: str, _voice: Voice) -> Iterator[SpeechChunk]:
        try:
            for number in range(N_CHUNKS):
                yield SpeechChunk(f"{text}{number}".encode(), SPEECH)
        except GeneratorExit:
            self.abandoned.append(text)
            raise


def whole(text: str) -> list[bytes]:
    return [f"{text}{number}".encode() for number in range(N_CHUNKS)]


@pytest.fixture
def sink() -> Loudspeaker:
    return Loudspeaker()


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
async def speaker(reader: Reader, sink: Loudspeaker) -> AsyncIterator[Speaker]:
    speaker = Speaker(reader, sink, Voice())
    yield speaker
    await speaker.close()


async def until_started(sink: Loudspeaker) -> None:
    assert await asyncio.to_thread(sink.started.wait, WITHIN_S)


async def test_stopping_ends_it_within_the_current_chunk(speaker: Speaker, reader: Reader, sink: Loudspeaker) -> None:
    await speaker.say("long")
    await until_started(sink)
    assert speaker.is_speaking
    speaker.stop()
    await speaker.finish()
    assert [chunk.pcm for chunk in sink.chunks] == whole("long")[:1]
    assert not speaker.is_speaking
    assert reader.abandoned == ["long"]


async def test_after_a_stop_the_next_answer_is_spoken_in_full(speaker: Speaker, sink: Loudspeaker) -> None:
    await speaker.say("long")
    await until_started(sink)
    speaker.stop()
    await speaker.say("next")
    await speaker.finish()
    assert [chunk.pcm for chunk in sink.chunks] == [b"long0", *whole("next")]


async def test_a_second_answer_waits_for_the_first(speaker: Speaker, sink: Loudspeaker) -> None:
    await speaker.say("one")
    await until_started(sink)
    second = asyncio.create_task(speaker.say("two"))
    await asyncio.sleep(0)
    assert not second.done()
    sink.stop()  # lets the chunks end; the speaker itself is not told to stop
    await second
    await speaker.finish()
    assert [chunk.pcm for chunk in sink.chunks] == [*whole("one"), *whole("two")]


async def test_it_says_when_the_first_sound_is_ready(speaker: Speaker, sink: Loudspeaker) -> None:
    told: list[int] = []
    await speaker.say("one", lambda: told.append(len(sink.chunks)))
    assert told == [0]


async def test_an_engine_that_is_silent_too_long_is_stalled() -> None:
    gate = threading.Event()

    class Stuck(Reader):
        def speak(self, _text: str, _voice: Voice) -> Iterator[SpeechChunk]:
            gate.wait(WITHIN_S)
            yield SpeechChunk(b"", SPEECH)

    sink = Loudspeaker(waits=False)
    speaker = Speaker(Stuck(), sink, Voice(), deadline_s=0.02)
    with pytest.raises(EngineStalled, match="tts did not answer"):
        await speaker.say("hello")
    gate.set()
    await speaker.close()
    assert sink.chunks == []


async def test_a_loudspeaker_that_failed_is_told_once_and_tried_again(speaker: Speaker, sink: Loudspeaker) -> None:
    sink.stop()
    sink.error = DeviceFailed("The headset is gone.")
    await speaker.say("lost")
    with pytest.raises(DeviceFailed):
        await speaker.finish()
    await speaker.say("next")
    await speaker.finish()
    assert [chunk.pcm for chunk in sink.chunks] == whole("next")


async def test_a_recording_waits_for_the_answer(speaker: Speaker, sink: Loudspeaker) -> None:
    sink.stop()
    await speaker.say("one")
    await speaker.play(b"recording")
    assert [chunk.pcm for chunk in sink.chunks] == [*whole("one"), b"recording"]


@given(st.lists(st.sampled_from(["louder", "softer", "faster", "slower"]), max_size=40))
def test_however_often_it_is_told_it_can_be_understood(steps: list[Change]) -> None:
    voice = Voice()
    for how in steps:
        before, voice = voice, adjusted(voice, how)
        is_more = how in {"louder", "faster"}
        old, new = (before.volume, voice.volume) if how in {"louder", "softer"} else (before.rate_wpm, voice.rate_wpm)
        assert new >= old if is_more else new <= old
        assert 0.3 <= voice.volume <= 2.0
        assert 100 <= voice.rate_wpm <= 300
    assert adjusted(Voice(), "louder").volume > 1.0
    assert adjusted(Voice(), "slower").rate_wpm < Voice().rate_wpm


async def test_it_is_known_when_something_was_spoken(reader: Reader, sink: Loudspeaker) -> None:
    clock = FakeClock()
    speaker = Speaker(reader, sink, Voice(), clock=clock)
    began_s = clock.now_s()
    await speaker.say("long")
    await until_started(sink)
    assert speaker.was_speaking()
    assert speaker.was_speaking(began_s)
    assert not speaker.was_speaking(began_s - 1)
    clock.advance(3)
    sink.stop()
    await speaker.finish()
    clock.advance(5)
    assert not speaker.was_speaking()
    assert [speaker.was_speaking(began_s + after_s) for after_s in (-0.1, 0, 3, 3.1)] == [False, True, True, False]
    assert speaker.was_speaking(began_s + 3.9, within_s=1)
    assert [speaker.is_early(began_s + after_s) for after_s in (-1, 1, 2.9, 3, 5)] == [True, True, True, False, False]
    assert not speaker.is_cut
    await speaker.close()


async def test_an_answer_that_was_stopped_is_cut_until_the_next_one(speaker: Speaker, sink: Loudspeaker) -> None:
    assert not speaker.is_cut, "nothing was said"
    await speaker.say("long")
    assert not speaker.is_cut
    assert speaker.is_early(0.0)
    await until_started(sink)
    speaker.stop()
    assert speaker.is_cut
    await speaker.finish()
    assert speaker.is_cut
    await speaker.say("next")
    assert not speaker.is_cut
    await speaker.finish()
    speaker.stop()
    assert not speaker.is_cut, "there was nothing to stop"


async def test_an_answer_that_the_loudspeaker_did_not_play_is_cut(speaker: Speaker, sink: Loudspeaker) -> None:
    sink.error = DeviceFailed("The headset is gone.")
    await speaker.say("long")
    with pytest.raises(DeviceFailed):
        await speaker.finish()
    assert speaker.is_cut
