"""`bench load`: several headsets on one machine, each hearing recordings at the pace at which they were spoken.

Each headset is a process of its own, as each station is: the recogniser lets no other thread of its process run while
it decodes. What a headset cannot take for as long as its ring holds is dropped, as a sound card's would be. Past the
machine's limit first the answers come later, then sound is lost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from voicemes.clock import Clock, SystemClock
from voicemes.config import Settings, shipped
from voicemes.engines.audio.wav import read_speech
from voicemes.model import SPEECH, AudioFrame, Live, Scope, Transcript
from voicemes.nlu.match import Matcher
from voicemes.runtime.clips import read_manifest, spread_out
from voicemes.runtime.hearing import Ears, SpeechOver
from voicemes.runtime.memory import resident_bytes
from voicemes.runtime.nlu_bench import spread
from voicemes.runtime.reader import Reader, acceptance_of
from voicemes.runtime.speech_bench import of_session
from voicemes.runtime.wiring import build_ears, build_matcher
from voicemes.runtime.worker import Worker

PIECE_S = 0.1
"""How much a headset is given at a time."""
GAP_S = 2.0
"""Silence between two recordings: the endpoint closes in it."""
LATE_P50_S, LATE_P95_S = 0.06, 0.2
"""With later decisions than this, beside the endpoint's silence, for half or for five in a hundred, a machine is full.
"""
MOST = 64
N_RECORDINGS = 40
Work = Callable[[], float]


@dataclass(slots=True)
class Heard:
    """What came of what one headset heard."""

    waits_s: list[float] = field(default_factory=list)
    """From the frame that closed an utterance to its decision; the silence before is the endpoint's."""
    silences_s: list[float] = field(default_factory=list)
    dropped_s: float = 0.0
    sound_s: float = 0.0
    busy_s: float = 0.0
    memory_bytes: int = 0


@dataclass(slots=True)
class Headset:
    """One operator's ears, and what decides on what they heard."""

    ears: Ears
    matcher: Matcher
    reader: Reader
    ring_s: float

    def prepare(self) -> None:
        """What is made once is nobody's time."""
        self.ears.tune(Scope(), self.matcher.graph(Scope()))
        for text in ("how many left", "what is it that nobody has a sentence for"):
            self.reader.first(Transcript(text, "bench"), Scope(), self.matcher)

    async def listen(self, sound: bytes, clock: Clock, begin_s: float, work: Work = time.process_time) -> Heard:
        size, busy_s = int(PIECE_S * SPEECH.bytes_per_second), work()
        heard = Heard(sound_s=len(sound) / SPEECH.bytes_per_second)
        for start in range(0, len(sound), size):
            piece = sound[start : start + size]
            due_s = begin_s + (start + len(piece)) / SPEECH.bytes_per_second
            late_s = clock.now_s() - due_s
            if late_s < 0:
                await clock.sleep(-late_s)
            elif late_s > self.ring_s:
                heard.dropped_s += len(piece) / SPEECH.bytes_per_second
                continue
            for over in self._take(AudioFrame(piece, start // SPEECH.width_bytes)):
                heard.waits_s.append(clock.now_s() - due_s)
                heard.silences_s.append(over.endpoint_s)
        heard.busy_s, heard.memory_bytes = work() - busy_s, resident_bytes()
        return heard

    def _take(self, frame: AudioFrame) -> list[SpeechOver]:
        overs = [sound for sound in self.ears.take(frame) if isinstance(sound, SpeechOver)]
        for over in overs:
            self.reader.first(over.transcript, Scope(), self.matcher)
        return overs


class HeadsetProcess:
    """In the worker: made once, then heard as often as a number of headsets is tried."""

    def __init__(self, settings: Settings, live: Live | None) -> None:
        clips = spread_out(read_manifest(shipped("audio_fixtures") / "manifest.jsonl", "idle"), N_RECORDINGS)
        self._recordings = [read_speech(clip.audio) for clip in clips]
        reader = Reader(acceptance_of(settings.asr))
        matcher = of_session(build_matcher(settings), live, settings.station.operator)
        self._headset = Headset(build_ears(settings), matcher, reader, settings.audio.ring_s)
        self._headset.prepare()

    def __call__(self, number: int, wait_s: float, seconds: float) -> Heard:
        """`number`: of the headset; each begins with another recording, after `wait_s`."""
        clock, sound = SystemClock(), sound_for(self._recordings, number, seconds)
        return asyncio.run(self._headset.listen(sound, clock, clock.now_s() + wait_s))


def bench_headsets(
    settings: Settings,
    headsets: int | None,
    seconds: float,
    live: Live | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """A line for so many headsets, or those from one up to where the machine is full. With `live` each hears what its
    operator may say, as in a session.
    """
    with ExitStack() as stack:
        workers: list[Worker] = []

        def measure(number: int) -> dict[str, Any]:
            """Headsets are made once: what the next measurement needs, too, is not made anew."""
            tell(number)
            more = [Worker(HeadsetProcess, settings, live) for _ in range(number - len(workers))]
            workers.extend(stack.enter_context(worker) for worker in more)
            for at, worker in enumerate(workers[:number]):
                # Nobody speaks at the very same moment as somebody else.
                worker.ask(at, at * PIECE_S / number, seconds)
            return line_of([worker.answer() for worker in workers[:number]])

        return [measure(headsets)] if headsets is not None else find_largest(measure)


def line_of(headsets: Sequence[Heard]) -> dict[str, Any]:
    """One line of what `bench load --json` prints. Memory that processes share is counted in each."""
    waits_s = [wait_s for one in headsets for wait_s in one.waits_s] or [0.0]
    silences_s = [silence_s for one in headsets for silence_s in one.silences_s] or [0.0]
    sound_s = sum(one.sound_s for one in headsets)
    return {
        "headsets": len(headsets),
        "utterances": sum(len(one.waits_s) for one in headsets),
        "decision": spread(waits_s),
        "endpoint_silence": spread(silences_s),
        "speech_end_to_decision": spread([a + b for a, b in zip(waits_s, silences_s, strict=True)]),
        "rtf": round(sum(one.busy_s for one in headsets) / max(sound_s, 1e-9), 4),
        "memory_bytes": sum(one.memory_bytes for one in headsets),
        "dropped_s": round(sum(one.dropped_s for one in headsets), 3),
    }


def is_full(line: dict[str, Any]) -> bool:
    """Whether this many headsets are too many."""
    late = line["decision"]
    return bool(late["p50_s"] > LATE_P50_S or late["p95_s"] > LATE_P95_S or line["dropped_s"] > 0)


def find_largest(measure: Callable[[int], dict[str, Any]], most: int = MOST) -> list[dict[str, Any]]:
    """Doubles the headsets until the machine is full, then halves the distance: the lines in the order of their
    number. The largest that is not full is what the machine takes.
    """
    lines: dict[int, dict[str, Any]] = {}
    good, bad, number = 0, 0, 1
    while number <= most and number not in lines:
        lines[number] = measure(number)
        good, bad = (good, number) if is_full(lines[number]) else (number, bad)
        number = (good + bad) // 2 if bad else 2 * number
        if bad - good == 1:
            break
    return [lines[key] for key in sorted(lines)]


def sound_for(recordings: Sequence[bytes], number: int, seconds: float) -> bytes:
    """Recordings one after another with pauses, from another one on for each headset."""
    gap, wanted = bytes(int(GAP_S * SPEECH.rate_hz) * SPEECH.width_bytes), int(seconds * SPEECH.bytes_per_second)
    sound, at = bytearray(), number
    while len(sound) < wanted:
        sound += recordings[at % len(recordings)] + gap
        at += 1
    return bytes(sound)
