"""`check`: looks at everything that a session needs, and says how to get what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from voicemes.config import Settings
from voicemes.connectors import open_connector
from voicemes.engines.asr.own_voice import read as read_voice
from voicemes.engines.audio import sounddevice
from voicemes.errors import VoicemesError
from voicemes.model import SPEECH, Scope
from voicemes.runtime.engines import create_engine
from voicemes.runtime.reader import OFF, build_reader
from voicemes.runtime.second import expected_of
from voicemes.runtime.wiring import (
    build_catalog,
    build_matcher,
    build_recognizer,
    build_speech,
    context_of,
    second_engine,
)

State = Literal["ok", "note", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known about one part. A note is no fault: the part is optional, or works with a limit."""

    part: str
    state: State
    detail: str


async def inspect(settings: Settings) -> list[Finding]:
    """Everything, in the order in which a session needs it. Never raises VoicemesError."""
    findings = [Finding("settings", "ok", f"station {settings.station.name}, operator {settings.station.operator}")]
    for part, look in PARTS.items():
        findings += _safely(part, look, settings)
    try:
        findings.append(await _mes(settings))
    except VoicemesError as exc:
        findings.append(Finding("mes", "failed", f"{exc} For a trial: voicemes plant serve."))
    return findings


def _safely(part: str, look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> list[Finding]:
    try:
        return list(look(settings))
    except VoicemesError as exc:
        return [Finding(part, "failed", str(exc))]


def _catalog(settings: Settings) -> Iterator[Finding]:
    catalog = build_catalog(settings)
    n_sentences = sum(len(intent.sentences) for intent in catalog.intents.values())
    graph = build_matcher(settings).graph(Scope())
    detail = f"{len(catalog.intents)} intents, {n_sentences} sentence templates, {len(graph.words)} words"
    yield Finding("catalogue", "ok", f"{detail} ({settings.intents_dir})")


def _recognizer(settings: Settings) -> Iterator[Finding]:
    recognizer = build_recognizer(settings)
    recognizer.begin(build_matcher(settings).graph(Scope()))
    recognizer.finish()
    yield Finding("recogniser", "ok", f"{recognizer.traits.name} takes the grammar")


def _enrolled(settings: Settings) -> Iterator[Finding]:
    files = sorted(settings.voices_dir.glob("*.json"))
    for file in files:
        read_voice(file)
    known = f"{len(files)} ({settings.voices_dir})" if files else "none; who is heard badly can enrol."
    yield Finding("enrolled voices", "ok" if files else "note", known)


def _voice_detector(settings: Settings) -> Iterator[Finding]:
    detector = create_engine("vad", "silero", context_of(settings))
    detector.probability(bytes(detector.window_samples * SPEECH.width_bytes))
    yield Finding("voice detector", "ok", "silero")


def _speech(settings: Settings) -> Iterator[Finding]:
    synthesizer, voice = build_speech(settings)
    n_bytes = sum(len(chunk.pcm) for chunk in synthesizer.speak("ready", voice))
    if not n_bytes:
        yield Finding("speech", "failed", f"{settings.tts.engine} speaks, but nothing comes out.")
        return
    yield Finding("speech", "ok", f"{settings.tts.engine}, voice {voice.name}, {voice.rate_wpm} words a minute")


def _second(settings: Settings) -> Iterator[Finding]:
    if settings.asr.second == OFF:
        yield Finding("second recogniser", "note", "none; what the grammar refuses stays refused ([asr] second).")
        return
    engine = second_engine(settings)
    engine.expect(expected_of(build_matcher(settings)))
    engine.recognize(bytes(SPEECH.bytes_per_second), lambda: False)
    yield Finding("second recogniser", "ok", engine.traits.name)


def _devices(settings: Settings) -> Iterator[Finding]:
    del settings  # which of them is meant is looked up when a session opens it
    devices = sounddevice.list_devices()
    for part, names, narrow in (
        ("microphone", [d.name for d in devices if d.input_channels], [d for d in devices if d.input_channels]),
        ("loudspeaker", [d.name for d in devices if d.output_channels], []),
    ):
        if not names:
            yield Finding(part, "failed", "There is none. Plug in a headset.")
            continue
        slow = [device.name for device in narrow if device.rate_hz < SPEECH.rate_hz]
        warning = f"; with 8 kHz only, too little to hear well: {', '.join(slow)}" if slow else ""
        yield Finding(part, "note" if slow else "ok", ", ".join(names) + warning)


async def _mes(settings: Settings) -> Finding:
    connector = open_connector(settings.mes)
    try:
        live = await connector.live(settings.station.name)
    finally:
        await connector.aclose()
    counts = ", ".join(f"{len(items)} {name}" for name, items in sorted(live.references.items()))
    return Finding("mes", "ok", f"{settings.mes.url} answers; known there: {counts}")


def _language_model(settings: Settings) -> Iterator[Finding]:
    reader = build_reader(settings, context_of(settings))
    if reader.completer is None:
        is_asked_for = settings.llm.model is not None
        yield Finding("language model", "failed" if is_asked_for else "note", f"{reader.lacks} The grammar goes on.")
        return
    traits = reader.completer.traits
    reader.close()
    unknown = reader.unlearned(build_catalog(settings))
    if unknown:
        detail = f"{traits.name} never learned {', '.join(unknown)}. Renew it: voicemes models train"
        yield Finding("language model", "note", detail)
        return
    yield Finding("language model", "ok", traits.name)


PARTS: dict[str, Callable[[Settings], Iterator[Finding]]] = {
    "catalogue": _catalog,
    "recogniser": _recognizer,
    "enrolled voices": _enrolled,
    "second recogniser": _second,
    "voice detector": _voice_detector,
    "speech": _speech,
    "sound devices": _devices,
    "language model": _language_model,
}
