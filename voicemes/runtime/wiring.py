"""The composition root: builds the parts that the settings name, and opens a session with them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from voicemes.clock import Clock, SystemClock
from voicemes.config import AsrSettings, Settings
from voicemes.connectors import open_connector
from voicemes.dialogue.news import Listener
from voicemes.engines.asr.pocketsphinx import open_vocabulary
from voicemes.engines.tts.cache import CachingSynthesizer
from voicemes.errors import EngineError, EngineMissing
from voicemes.events import EngineTroubled
from voicemes.intents import Catalog
from voicemes.nlu.catalog import load_catalog
from voicemes.nlu.match import Matcher
from voicemes.ports import (
    AudioSink,
    EngineContext,
    MesConnector,
    Recognizer,
    StreamingRecognizer,
    Synthesizer,
    Voice,
    VoiceDetector,
)
from voicemes.runtime.bus import Bus
from voicemes.runtime.courier import Courier, Route
from voicemes.runtime.engines import create_engine
from voicemes.runtime.hearing import Ears
from voicemes.runtime.kept_audio import KeptAudio
from voicemes.runtime.news import NewsDesk
from voicemes.runtime.reader import OFF, build_reader
from voicemes.runtime.reload import CatalogWatch, Fingerprint, fingerprint
from voicemes.runtime.second import NAME as SECOND
from voicemes.runtime.second import SecondLook, say_with
from voicemes.runtime.session import Session
from voicemes.runtime.speaker import NoSink, Speaker


def build_catalog(settings: Settings) -> Catalog:
    return load_catalog(settings.intents_dir, base=Settings().intents_dir)


def build_matcher(settings: Settings) -> Matcher:
    """The catalogue with every template read. A program that opens several sessions reads unchanged files once."""
    base = Settings().intents_dir
    key = (str(settings.intents_dir), fingerprint(settings.intents_dir) | fingerprint(base))
    if key not in _matchers:
        _matchers.clear()
        _matchers[key] = Matcher(load_catalog(settings.intents_dir, base=base))
    return _matchers[key]


_matchers: dict[tuple[str, Fingerprint], Matcher] = {}
"""The last one."""


def context_of(settings: Settings) -> EngineContext:
    return EngineContext(settings.cache_dir, settings.lexicon_files, settings.voices_dir)


def build_recognizer(settings: Settings) -> StreamingRecognizer:
    engine: StreamingRecognizer = create_engine(
        "asr", settings.asr.engine, context_of(settings), phonemes=proposer()
    )
    return engine


def build_detector(settings: Settings) -> VoiceDetector:
    detector: VoiceDetector = create_engine("vad", "silero", context_of(settings))
    return detector


def build_second(settings: Settings, bus: Bus, clock: Clock) -> SecondLook | None:
    """The other recogniser, where one is wanted. One that cannot be had is told of, and the grammar goes on."""
    if settings.asr.second == OFF:
        return None
    try:
        engine = second_engine(settings)
        say = say_with(open_vocabulary(context_of(settings), proposer()).pronunciations)
    except EngineError as exc:
        bus.publish(EngineTroubled(clock.now_s(), SECOND, str(exc)))
        return None
    return SecondLook(engine, say, clock, bus, deadline_s=settings.asr.second_s)


def second_engine(settings: Settings) -> Recognizer:
    """Raises EngineMissing, and ConfigError for a name that there is not."""
    asr = settings.asr
    options: dict[str, Any] = {"phonemes": proposer()} if asr.second == "ngram" else {}
    if asr.second_model is not None:
        options |= {"model": asr.second_model}
    if asr.context_s != AsrSettings().context_s:
        options |= {"context_s": asr.context_s}
    engine: Recognizer = create_engine("second", asr.second, context_of(settings), **options)
    return engine


def build_sounds(settings: Settings) -> Callable[[str], Sequence[str]]:
    """The phones of a word as somebody wrote them down; nothing for a word that the recogniser would have to guess."""
    vocabulary = open_vocabulary(context_of(settings))
    return lambda word: next(iter(vocabulary.written(word)), "").split()


def build_ears(settings: Settings, kept: KeptAudio | None = None) -> Ears:
    detector, recognizer = build_detector(settings), build_recognizer(settings)
    return Ears(detector, recognizer, kept.hold) if kept else Ears(detector, recognizer)


def build_desk(settings: Settings, catalog: Catalog, bus: Bus, clock: Clock) -> NewsDesk:
    station = settings.station
    listener = Listener(station.name, station.line, station.role, station.operator)
    return NewsDesk(listener, catalog, bus, clock, is_muted=settings.news.muted)


def build_courier(settings: Settings, connector: MesConnector, bus: Bus, clock: Clock) -> Courier:
    route = Route(settings.outbox_file, settings.station.name, settings.outbox.keep_h * 3600)
    return Courier(route, connector, bus, clock, random.Random())  # noqa: S311 - spreads retries


def build_speech(settings: Settings) -> tuple[Synthesizer, Voice]:
    """How the settings want answers spoken; fixed sentences are synthesised once."""
    tts = settings.tts
    options = {"model": tts.model} if tts.model else {}
    synthesizer = CachingSynthesizer(create_engine("tts", tts.engine, context_of(settings), **options))
    return synthesizer, Voice(tts.voice, tts.rate_wpm, tts.volume)


def proposer() -> Callable[[str], str] | None:
    """espeak-ng's phonemes for words that no dictionary has; None where it is not installed."""
    from voicemes.engines.tts import espeak_library

    try:
        espeak_library.load()
    except EngineMissing:
        return None
    return espeak_library.phonemes


@asynccontextmanager
async def open_session(
    settings: Settings,
    *,
    bus: Bus | None = None,
    sink: AudioSink | None = None,
    with_ears: bool = True,
    with_mes: bool = True,
    with_news: bool = False,
    with_outbox: bool = True,
    kept: KeptAudio | None = None,
) -> AsyncIterator[Session]:
    """A session with the engines that the settings name, closed at the end whatever happens. One that hears is told
    the plant's news, too. Without its outbox, it leaves alone what the station has saved.
    """
    synthesizer, voice = build_speech(settings)
    bus, clock, matcher = bus or Bus(), SystemClock(), build_matcher(settings)
    connector, is_told = open_connector(settings.mes) if with_mes else None, with_ears or with_news
    session = Session(
        settings=settings,
        matcher=matcher,
        speaker=Speaker(synthesizer, sink or NoSink(), voice, clock=clock),
        connector=connector,
        bus=bus,
        clock=clock,
        ears=build_ears(settings, kept) if with_ears else None,
        desk=build_desk(settings, matcher.catalog, bus, clock) if is_told and settings.news.listen else None,
        reader=build_reader(settings, context_of(settings)),
        second=build_second(settings, bus, clock) if with_ears else None,
        courier=build_courier(settings, connector, bus, clock) if connector and with_outbox else None,
        watch=CatalogWatch(settings.intents_dir, lambda: build_matcher(settings)),
    )
    try:
        yield session
    finally:
        await asyncio.shield(session.close())
