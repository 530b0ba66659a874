"""Recordings instead of a microphone: a short one is one sentence, a long one is cut at its pauses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from voicemes.config import Settings
from voicemes.endpoint import settings_for
from voicemes.engines.audio import wav
from voicemes.model import SPEECH, AudioFrame, Parse, Scope, Transcript
from voicemes.nlu.interpret import candidates_of, interpret
from voicemes.nlu.kit.proof import Proof
from voicemes.nlu.match import Matcher
from voicemes.runtime.clips import Clip, is_right, read_manifest
from voicemes.runtime.engines import create_engine
from voicemes.runtime.hearing import Ears, SpeechOver
from voicemes.runtime.reader import acceptance_of
from voicemes.runtime.wiring import build_recognizer, context_of

PIECE_S = 0.1
"""How much the recogniser gets at a time, as from a microphone."""
MAX_S = 600.0


@dataclass(frozen=True, slots=True)
class Recognised:
    """One sentence of a recording, decided; times in seconds of the recording."""

    parse: Parse
    started_s: float
    ended_s: float
    timings_s: dict[str, float]


class Listener:
    """One catalogue, one recogniser, one state of the dialogue."""

    def __init__(self, settings: Settings, matcher: Matcher, scope: Scope) -> None:
        self._settings, self._scope, self._matcher = settings, scope, matcher
        self._recognizer = build_recognizer(settings)
        self._graph = self._matcher.graph(scope)
        self._recognizer.begin(self._graph)
        self._recognizer.finish()

    def hear(self, file: Path) -> list[Recognised]:
        """Everything that was said. At least one result: a recording without speech is rejected. Raises AudioError."""
        pcm = wav.read_speech(file, max_s=MAX_S)
        seconds = len(pcm) / SPEECH.bytes_per_second
        if seconds <= settings_for(self._scope.phase).cap_s:
            return [self._whole(pcm, seconds)]
        return self._pieces(pcm) or [self._decided(Transcript("", "voice detector"), 0.0, seconds, 0.0)]

    def _whole(self, pcm: bytes, seconds: float) -> Recognised:
        self._recognizer.begin(self._graph)
        size = int(PIECE_S * SPEECH.bytes_per_second)
        for start in range(0, len(pcm), size):
            self._recognizer.feed(pcm[start : start + size])
        started_s = time.perf_counter()
        transcript = self._recognizer.finish()
        return self._decided(transcript, 0.0, seconds, time.perf_counter() - started_s)

    def _pieces(self, pcm: bytes) -> list[Recognised]:
        ears = Ears(create_engine("vad", "silero", context_of(self._settings)), self._recognizer)
        ears.tune(self._scope, self._graph)
        sounds = [*ears.take(AudioFrame(pcm, 0)), *ears.end()]
        return [
            self._decided(sound.transcript, sound.utterance.started_s, sound.utterance.ended_s, sound.asr_s)
            for sound in sounds
            if isinstance(sound, SpeechOver)
        ]

    def _decided(self, transcript: Transcript, started_s: float, ended_s: float, asr_s: float) -> Recognised:
        asr = self._settings.asr
        before_s = time.perf_counter()
        parse = interpret(transcript, self._scope, self._matcher, acceptance_of(asr))
        nlu_s = time.perf_counter() - before_s
        return Recognised(parse, started_s, ended_s, {"asr": asr_s, "nlu": nlu_s, "decision": asr_s + nlu_s})


def prove_recordings(manifest: Path, settings: Settings, matcher: Matcher, only: str = "") -> Iterator[Proof]:
    """Every recording of a manifest (or those of one intent), against what its line says. Raises ConfigError."""
    listeners: dict[tuple[Scope, bool, tuple[str, ...]], Listener] = {}
    for number, clip in enumerate(read_manifest(manifest, "idle"), start=1):
        if only not in ("", clip.intent):
            continue
        state = clip.scope, clip.scope.follows, clip.scope.recalled
        if state not in listeners:
            listeners[state] = Listener(settings, matcher, clip.scope)
        parse = listeners[state].hear(clip.audio)[0].parse
        fault = _fault(clip, parse)
        if clip.fails and not fault:
            fault = f"understood now; take out 'fails: {clip.fails}'"
        elif clip.fails:
            fault = ""
        yield Proof(clip.intent or "nothing", "recording", clip.audio.name, str(manifest), number, fault, clip.fails)


def _fault(clip: Clip, parse: Parse) -> str:
    found = candidates_of(parse)
    if clip.intent is None:
        return f"taken for {found[0].intent}" if found else ""
    if is_right(clip, parse):
        return ""
    heard = f"heard “{parse.transcript.text}”" if parse.transcript.text else "nothing was heard"
    meant = " or ".join(f"{one.intent} {one.values}" for one in found)
    return f"{heard}, taken for {meant}" if meant else f"{heard}, refused"
