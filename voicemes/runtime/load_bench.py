"""`bench load`: several headsets on one machine, each hearing recordings at the pace at which they were spoken.

Each headset has ears and a thread of its own, as in a session; matcher and language model are shared. What a headset
cannot take for as long as its ring holds is dropped, as a sound card's would be. Past the machine's limit first the
answers come later, then sound is lost.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from voicemes.clock import Clock, SystemClock
from voicemes.config import Settings, shipped
from voicemes.engines.audio.wav import read_speech
from voicemes.model import SPEECH, AudioFrame, Scope, Transcript
from voicemes.nlu.match import Matcher
from voicemes.runtime.clips import read_manifest, spread_out
from voicemes.runtime.hearing import Ears, SpeechOver
from voicemes.runtime.memory import resident_bytes
from voicemes.runtime.nlu_bench import spread
from voicemes.runtime.reader import Reader, acceptance_of
from voicemes.runtime.threads import EngineThread
from voicemes.runtime.wiring import build_ears, build_matcher

PIECE_S = 0.1
"""How much a headset is given at a time."""
GAP_S = 2.0
"""Silence between two recordings: the endpoint closes in it."""
LATE_S = 1.0
"""With a slower decision than this, beside the endpoint's silence, for five in a hundred, a machine is full: operators
find an answer after 1.5 s fine.
"""
MOST = 64
N_RECORDINGS = 40
Work = Callable[[], float]


@dataclass(slots=True)
class Headset:
    """One operator's ears, and what came of what they heard."""

    ears: Ears
    sound: bytes
    ring_s: float
    waits_s: list[float] = field(default_factory=list)
    """From the frame that closed an utterance to its decision; the silence before is the endpoint's."""
    silences_s: list[float] = field(default_factory=list)
    dropped_s: float = 0.0

    async def listen(self, clock: Clock, decide: Callable[[SpeechOver], None], begin_s: float) -> None:
        thread, size = EngineThread("headset", None), int(PIECE_S * SPEECH.bytes_per_second)
        for start in range(0, len(self.sound), size):
            piece = self.sound[start : start + size]
            due_s = begin_s + (start + len(piece)) / SPEECH.bytes_per_second
            late_s = clock.now_s() - due_s
            if late_s < 0:
                await clock.sleep(-late_s)
            elif late_s > self.ring_s:
                self.dropped_s += len(piece) / SPEECH.bytes_per_second
                continue
            found = await thread.call(self._take, AudioFrame(piece, start // SPEECH.width_bytes), decide)
            for over in found:
                self.waits_s.append(clock.now_s() - due_s)
                self.silences_s.append(over.endpoint_s)
        thread.close()

    def _take(self, frame: AudioFrame, decide: Callable[[SpeechOver], None]) -> list[SpeechOver]:
        """In the headset's thread."""
        overs = [sound for sound in self.ears.take(frame) if isinstance(sound, SpeechOver)]
        for over in overs:
            decide(over)
        return overs


def bench_headsets(
    settings: Settings, headsets: int | None, seconds: float, tell: Callable[[int], None] = lambda _: None
) -> list[dict[str, Any]]:
    """A line for so many headsets, or those from one up to where the machine is full."""
    clips = spread_out(read_manifest(shipped("audio_fixtures") / "manifest.jsonl", "idle"), N_RECORDINGS)
    recordings, matcher = [read_speech(clip.audio) for clip in clips], build_matcher(settings)
    reader = Reader(acceptance_of(settings.asr))
    for text in ("how many left", "what is it that nobody has a sentence for"):  # prepared once: nobody's time
        reader.first(Transcript(text, "bench"), Scope(), matcher)
    ears: list[Ears] = []

    def measure(number: int) -> Coroutine[Any, Any, dict[str, Any]]:
        """Ears are made once: what the next measurement needs, too, is not made anew."""
        tell(number)
        ears.extend(build_ears(settings) for _ in range(number - len(ears)))
        given = iter(ears)
        return measure_load(
            settings, matcher, reader, lambda: next(given), recordings, number, seconds, SystemClock()
        )

    async def run() -> list[dict[str, Any]]:
        return [await measure(headsets)] if headsets is not None else await find_largest(measure)

    return asyncio.run(run())


async def measure_load(
    settings: Settings,
    matcher: Matcher,
    reader: Reader,
    make_ears: Callable[[], Ears],
    recordings: Sequence[bytes],
    n_headsets: int,
    seconds: float,
    clock: Clock,
    work: Work = time.process_time,
) -> dict[str, Any]:
    """One line of what `bench load --json` prints. Each headset begins at another recording."""
    headsets = []
    for number in range(n_headsets):
        ears = make_ears()
        ears.tune(Scope(), matcher.graph(Scope()))
        headsets.append(Headset(ears, sound_for(recordings, number, seconds), settings.audio.ring_s))

    def decide(over: SpeechOver) -> None:
        reader.first(over.transcript, Scope(), matcher)

    begin_s, busy_s = clock.now_s(), work()
    async with asyncio.TaskGroup() as group:
        for number, headset in enumerate(headsets):
            # Nobody speaks at the very same moment as somebody else.
            group.create_task(headset.listen(clock, decide, begin_s + number * PIECE_S / n_headsets))
    busy_s, heard_s = work() - busy_s, sum(len(one.sound) for one in headsets) / SPEECH.bytes_per_second
    waits_s = [wait_s for one in headsets for wait_s in one.waits_s] or [0.0]
    silences_s = [silence_s for one in headsets for silence_s in one.silences_s] or [0.0]
    return {
        "headsets": n_headsets,
        "utterances": sum(len(one.waits_s) for one in headsets),
        "decision": spread(waits_s),
        "endpoint_silence": spread(silences_s),
        "speech_end_to_decision": spread([a + b for a, b in zip(waits_s, silences_s, strict=True)]),
        "rtf": round(busy_s / max(heard_s, 1e-9), 4),
        "memory_bytes": resident_bytes(),
        "dropped_s": round(sum(one.dropped_s for one in headsets), 3),
    }


def is_full(line: dict[str, Any]) -> bool:
    """Whether this many headsets are too many."""
    return bool(line["decision"]["p95_s"] > LATE_S or line["dropped_s"] > 0)


async def find_largest(measure: Callable[[int], Any], most: int = MOST) -> list[dict[str, Any]]:
    """Doubles the headsets until the machine is full, then halves the distance: the lines in the order of their
    number. The largest that is not full is what the machine takes.
    """
    lines: dict[int, dict[str, Any]] = {}
    good, bad, number = 0, 0, 1
    while number <= most and number not in lines:
        lines[number] = await measure(number)
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
