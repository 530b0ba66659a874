"""What was heard is kept where somebody says so: privately, for so long, and never a secret."""

from __future__ import annotations

import stat
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from parts import Events

from voicemes.config import AudioSettings, Settings
from voicemes.events import EngineTroubled, InputReceived, SessionStarted, SpeechEnded
from voicemes.model import SPEECH, Heard, NotUnderstood, Transcript, Utterance
from voicemes.nlu.match import Matcher
from voicemes.ports import Voice
from voicemes.runtime.bus import Bus
from voicemes.runtime.codec import to_json
from voicemes.runtime.hearing import Ears
from voicemes.runtime.kept_audio import KeptAudio
from voicemes.runtime.session import Session
from voicemes.runtime.speaker import Speaker
from voicemes.testing import FakeClock, FakeDetector, FakeMes, FakeRecognizer, FakeSink, FakeSource, FakeSynthesizer

HOUR_S = 3600.0
SILENCE = bytes(2 * SPEECH.bytes_per_second)
LOUD = b"".join(chunk.pcm for chunk in FakeSynthesizer().speak("four words are said", Voice()))
NEXT = "what's my next job"


def keeping(hours: float) -> Settings:
    return Settings(audio=AudioSettings(keep_h=hours))


@asynccontextmanager
async def hearing(
    matcher: Matcher, settings: Settings, clock: FakeClock, *sentences: str, observer: Events | None = None
) -> AsyncIterator[Session]:
    bus = Bus(*([] if observer is None else [observer]))
    ears = Ears(FakeDetector(), FakeRecognizer(*sentences), KeptAudio(settings, bus, clock).hold)
    speaker = Speaker(FakeSynthesizer(), FakeSink(), Voice())
    session = Session(settings, matcher, speaker, FakeMes(), bus, clock, ears=ears, session_id="session")
    try:
        await session.start("a test")
        yield session
    finally:
        await session.close()


async def hear(session: Session, times: int = 1) -> None:
    for _ in range(times):
        await session.hear(FakeSource(SILENCE + LOUD + SILENCE))
        await session.speaker.finish()


def files(settings: Settings) -> list[str]:
    return sorted(file.name for file in settings.audio_folder.glob("*"))


async def test_what_is_heard_has_the_name_of_its_turn(matcher: Matcher) -> None:
    settings = keeping(1)
    async with hearing(matcher, settings, FakeClock(), NEXT, "the coffee is cold") as session:
        await session.type(NEXT)
        await hear(session, 2)
    assert files(settings) == ["session-0002.wav", "session-0003.wav"], "what is typed has no sound"
    with wave.open(str(settings.audio_folder / "session-0002.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        assert LOUD in sound.readframes(sound.getnframes())


async def test_nobody_else_may_listen_to_it(matcher: Matcher) -> None:
    settings = keeping(1)
    settings.audio_folder.mkdir(parents=True, mode=0o755)
    async with hearing(matcher, settings, FakeClock(), NEXT) as session:
        await hear(session)
    assert stat.S_IMODE(settings.audio_folder.stat().st_mode) == 0o700
    (file,) = settings.audio_folder.glob("*.wav")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_by_default_nothing_is_kept(matcher: Matcher) -> None:
    async with hearing(matcher, Settings(), FakeClock(), NEXT) as session:
        await hear(session)
    assert not Settings().audio_folder.exists()


@pytest.mark.parametrize(("after_h", "later_h", "is_kept"), [(0.9, 1, True), (1.1, 1, False), (0.1, 0, False)])
async def test_at_the_start_what_is_too_old_is_removed(
    matcher: Matcher, after_h: float, later_h: float, is_kept: bool
) -> None:
    clock, settings = FakeClock(), keeping(1)
    async with hearing(matcher, settings, clock, NEXT) as session:
        await hear(session)
    (settings.audio_folder / "notes.txt").touch()
    clock.advance(after_h * HOUR_S)
    async with hearing(matcher, keeping(later_h), clock):
        assert files(settings) == (["notes.txt", "session-0001.wav"] if is_kept else ["notes.txt"])


async def test_whenever_one_is_written_what_is_too_old_is_removed(matcher: Matcher) -> None:
    clock, settings = FakeClock(), keeping(1)
    async with hearing(matcher, settings, clock, NEXT, NEXT) as session:
        await hear(session)
        clock.advance(1.1 * HOUR_S)
        assert files(settings) == ["session-0001.wav"]
        await hear(session)
    assert files(settings) == ["session-0002.wav"]


async def test_a_pin_is_not_kept(matcher: Matcher) -> None:
    settings = keeping(1)
    said = ("badge two one zero six", "nine two seven four", "mumble mumble")
    async with hearing(matcher, settings, FakeClock(), *said) as session:
        await hear(session, 1)
        assert session.state.asking == "pin"
        await hear(session, 1)
    assert files(settings) == ["session-0001.wav"]


async def test_a_folder_that_cannot_be_used_is_told_once(matcher: Matcher) -> None:
    settings, events = keeping(1), Events()
    settings.audio_folder.parent.mkdir(parents=True)
    settings.audio_folder.touch()
    async with hearing(matcher, settings, FakeClock(), NEXT, NEXT, observer=events) as session:
        await hear(session, 2)
        assert session._turns == 2
    (trouble,) = events.of(EngineTroubled)
    assert trouble.engine == "kept audio"
    assert str(settings.audio_folder) in trouble.reason


async def test_it_writes_through_no_link(matcher: Matcher, tmp_path: Path) -> None:
    settings, events = keeping(1), Events()
    settings.audio_folder.mkdir(parents=True)
    (tmp_path / "victim").write_text("mine")
    clock = FakeClock(wall_s=0.0)  # so that the link is not too old
    (settings.audio_folder / "session-0001.wav").symlink_to(tmp_path / "victim")
    async with hearing(matcher, settings, clock, NEXT, observer=events) as session:
        await hear(session)
    assert (tmp_path / "victim").read_text() == "mine"
    assert len(events.of(EngineTroubled)) == 1


def test_each_turn_gets_its_own_sound() -> None:
    """One that became no turn, because the recogniser broke, is nobody's."""
    clock, settings = FakeClock(), keeping(1)
    bus = Bus()
    kept = KeptAudio(settings, bus, clock)
    bus.publish(SessionStarted(0.0, "s", "SPP-1", "Ana", "h", 0.0, "a test"))
    for number in (1, 2):
        kept.hold(Utterance(bytes([number, 0]) * 10, SPEECH, 0.0, float(number), "silence"))
    bus.publish(SpeechEnded(2.5, 2.0, 1.0, "silence"))
    heard = to_json(Heard(NotUnderstood("silence", Transcript("", "fake"))))
    bus.publish(InputReceived(2.5, 7, "idle", heard))
    bus.publish(InputReceived(2.6, 8, "idle", heard))
    assert files(settings) == ["s-0007.wav"]
    with wave.open(str(settings.audio_folder / "s-0007.wav")) as sound:
        assert sound.readframes(10) == bytes([2, 0]) * 10
