"""The composition root: builds the parts that the settings name, and opens a session with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from voicemes.clock import Clock, SystemClock
from voicemes.config import Settings
from voicemes.connectors import open_connector
from voicemes.dialogue.news import Listener
from voicemes.engines.asr.pocketsphinx import open_vocabulary
from voicemes.engines.tts.cache import CachingSynthesizer
from voicemes.errors import EngineMissing
from voicemes.intents import Catalog
from voicemes.nlu.catalog import load_catalog
from voicemes.nlu.match import Matcher
from voicemes.ports import AudioSink, EngineContext, StreamingRecognizer, Synthesizer, Voice
from voicemes.runtime.bus import Bus
from voicemes.runtime.engines import create_engine
from voicemes.runtime.hearing import Ears
from voicemes.runtime.news import NewsDesk
from voicemes.runtime.reader import build_reader
from voicemes.runtime.reload import CatalogWatch
from voicemes.runtime.session import Session
from voicemes.runtime.speaker import NoSink, Speaker


def build_catalog(settings: Settings) -> Catalog:
    return load_catalog(settings.intents_dir, base=Settings().intents_dir)


def context_of(settings: Settings) -> EngineContext:
    return EngineContext(settings.cache_dir, settings.lexicon_files)


def build_recognizer(settings: Settings) -> StreamingRecognizer:
    engine: StreamingRecognizer = create_engine(
        "asr", settings.asr.engine, context_of(settings), phonemes=proposer()
    )
    return engine


def build_sounds(settings: Settings) -> Callable[[str], Sequence[str]]:
    """The phones of a word as somebody wrote them down; nothing for a word that the recogniser would have to guess."""
    vocabulary = open_vocabulary(context_of(settings))
    return lambda word: next(iter(vocabulary.written(word)), "").split()


def build_ears(settings: Settings) -> Ears:
    return Ears(create_engine("vad", "silero", context_of(settings)), build_recognizer(settings))


def build_desk(settings: Settings, catalog: Catalog, bus: Bus, clock: Clock) -> NewsDesk:
    station = settings.station
    listener = Listener(station.name, station.line, station.role, station.operator)
    return NewsDesk(listener, catalog, bus, clock, is_muted=settings.news.muted)


def build_speech(settings: Settings) -> tuple[Synthesizer, Voice]:
    """How the settings want answers spoken; fixed sentences are synthesised once."""
    tts = settings.tts
    synthesizer = CachingSynthesizer(create_engine("tts", tts.engine, context_of(settings)))
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
) -> AsyncIterator[Session]:
    """A session with the engines that the settings name, closed at the end whatever happens. One that hears is told
    the plant's news, too.
    """
    synthesizer, voice = build_speech(settings)
    bus, clock, catalog = bus or Bus(), SystemClock(), build_catalog(settings)
    session = Session(
        settings=settings,
        matcher=Matcher(catalog),
        speaker=Speaker(synthesizer, sink or NoSink(), voice),
        connector=open_connector(settings.mes) if with_mes else None,
        bus=bus,
        clock=clock,
        ears=build_ears(settings) if with_ears else None,
        desk=build_desk(settings, catalog, bus, clock) if (with_ears or with_news) and settings.news.listen else None,
        reader=build_reader(settings, context_of(settings)),
        watch=CatalogWatch(settings.intents_dir, lambda: Matcher(build_catalog(settings))),
    )
    try:
        yield session
    finally:
        await asyncio.shield(session.close())
