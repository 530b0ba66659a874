"""`voicemes say`: text becomes speech, on the headset or in a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from voicemes.cli.options import ConfigFile, Json, Plain, settings_from
from voicemes.cli.output import console, print_json
from voicemes.config import Settings
from voicemes.engines.audio import sounddevice
from voicemes.engines.audio.wav import WavSink
from voicemes.errors import ConfigError
from voicemes.ports import AudioSink
from voicemes.runtime.wiring import build_speech, context_of

MAX_CHARS = 10_000
"""About ten minutes of speech; nobody waits for more."""


def say(
    text: Annotated[str, typer.Argument(help="What to say; - reads standard input.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write a WAV file and stay silent.")] = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Speak a text as answers are spoken."""
    settings = settings_from(config)
    words = sys.stdin.read(MAX_CHARS + 1) if text == "-" else text
    if len(words) > MAX_CHARS or not words.strip():
        raise ConfigError(f"give between 1 and {MAX_CHARS:,} characters to say.", key="TEXT")
    seconds = _speak(settings, words, output)
    if as_json:
        print_json({"text": words, "output": str(output) if output else None, "duration_s": round(seconds, 3)})
    elif output:
        console(plain=plain).print(f"{output}: {seconds:.1f} s")


def _speak(settings: Settings, words: str, output: Path | None) -> float:
    """Seconds of speech."""
    synthesizer, voice = build_speech(settings)
    seconds = 0.0
    if output:
        with WavSink(output) as file:
            for chunk in synthesizer.speak(words, voice):
                file.play(chunk)
                seconds += len(chunk.pcm) / chunk.format.bytes_per_second
        return seconds
    sink: AudioSink = sounddevice.create_sink(
        sounddevice.SinkOptions(settings.audio.output), context_of(settings)
    )
    try:
        for chunk in synthesizer.speak(words, voice):
            sink.play(chunk)
            seconds += len(chunk.pcm) / chunk.format.bytes_per_second
    finally:
        sink.close()
    return seconds
