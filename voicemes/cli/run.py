"""`voicemes run`: headset in, speech out, against the configured MES."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from voicemes.cli.options import ConfigFile, IntentsDir, Json, Plain, settings_from
from voicemes.cli.output import QUIET, console, print_json
from voicemes.cli.tui import ViewName, show
from voicemes.cli.turns import JsonPrinter, TurnPrinter
from voicemes.clock import SystemClock
from voicemes.config import Settings
from voicemes.engines.audio import wav
from voicemes.ports import AudioSink, AudioSource
from voicemes.runtime.bus import Bus
from voicemes.runtime.button import button
from voicemes.runtime.devices import open_loudspeaker, open_microphone
from voicemes.runtime.kept_audio import KeptAudio
from voicemes.runtime.speaker import NoSink
from voicemes.runtime.trace import TraceWriter, new_trace
from voicemes.runtime.wiring import context_of, open_session

TRAILING_SILENCE_S = 2.0
"""After a recording, so that its last sentence ends as it would at a microphone."""


def run(
    recording: Annotated[
        Path | None, typer.Option("--input", help="A recording instead of the microphone; nothing is played aloud.")
    ] = None,
    spoken: Annotated[Path | None, typer.Option("--output", help="Write what is spoken into this WAV file.")] = None,
    trace: Annotated[Path | None, typer.Option("--trace", help="Where the trace goes.")] = None,
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Listen and answer until Ctrl-C, or until the recording ends. A terminal shows the operator's screen."""
    settings = settings_from(config, intents)
    if sys.stdout.isatty() and not (recording or spoken or trace or as_json or plain):
        asyncio.run(show(settings, ViewName.OPERATOR, with_sound=True))
        return
    file = trace or new_trace(settings)
    writer = TraceWriter(file, personal=settings.trace.personal)
    bus = Bus(writer, JsonPrinter(print_json) if as_json else TurnPrinter(console(plain=plain)))
    if not as_json:
        console(plain=plain, stderr=True).print(Text(f"Trace: {file}. Ctrl-C ends.", QUIET))
    with contextlib.closing(writer):
        asyncio.run(_run(settings, bus, recording, spoken))


async def _run(settings: Settings, bus: Bus, recording: Path | None, spoken: Path | None) -> None:
    clock = SystemClock()
    source = _source(settings, bus, clock, recording)
    try:
        sink = _sink(settings, recording, spoken)
        kept = KeptAudio(settings, bus, clock)
        async with open_session(settings, bus=bus, sink=sink, kept=kept) as session:
            await session.start(source.traits.name)
            with button(session.push):
                await session.hear(source)
            await session.speaker.finish()
    finally:
        source.close()


def _source(settings: Settings, bus: Bus, clock: SystemClock, recording: Path | None) -> AudioSource:
    if recording is None:
        return open_microphone(settings, bus, clock)
    return wav.create(wav.Options(recording, trailing_silence_s=TRAILING_SILENCE_S), context_of(settings))


def _sink(settings: Settings, recording: Path | None, spoken: Path | None) -> AudioSink:
    if spoken is not None:
        return wav.WavSink(spoken)
    return open_loudspeaker(settings) if recording is None else NoSink()
