"""`bench latency` on recordings: what each stage takes, and from the end of speech to the first sound of the answer.

The endpoint's silence, which is waited for before anything can be decided, is told apart; "asr" is what the recogniser
needs beyond it, at the pace of speech. The MES is left out: its own time is added by the network. Every recording is
taken by every route, as if the ones before had not known it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from voicemes.config import Settings
from voicemes.dialogue.state import Rules, beginning
from voicemes.dialogue.step import step
from voicemes.engines.asr.pocketsphinx import open_vocabulary
from voicemes.engines.audio.wav import read_speech
from voicemes.model import SPEECH, AudioFrame, Heard, NotUnderstood, Parse, Say, Scope, Transcript, Utterance
from voicemes.nlu.match import Matcher
from voicemes.ports import Recognizer, Synthesizer, Voice
from voicemes.respond import respond
from voicemes.runtime.clips import Clip
from voicemes.runtime.engines import create_engine
from voicemes.runtime.hearing import Ears, SpeechOver
from voicemes.runtime.nlu_bench import spread
from voicemes.runtime.pace import Pace
from voicemes.runtime.reader import OFF, Reader
from voicemes.runtime.second import expected_of, in_its_words, say_with
from voicemes.runtime.wiring import build_ears, context_of, proposer, second_engine

T = TypeVar("T")
PIECE_BYTES = 640
"""20 ms, as a sound card delivers."""
AFTER_S = 3.0
"""Silence after a recording, so that the endpoint can close."""
UNKNOWN = "Say that again, please."


@dataclass(slots=True)
class Stages:
    """Seconds of each stage, of all recordings."""

    taken: dict[str, list[float]] = field(default_factory=dict)

    def add(self, stage: str, seconds: float) -> None:
        self.taken.setdefault(stage, []).append(seconds)

    def to_json(self) -> dict[str, Any]:
        return {stage: {"n": len(taken_s), **spread(taken_s)} for stage, taken_s in self.taken.items()}


@dataclass(slots=True)
class Bench:
    settings: Settings
    matcher: Matcher
    reader: Reader
    ears: Ears
    second: Recognizer
    synthesizer: Synthesizer
    voice: Voice
    say: Callable[[str], Sequence[Sequence[str]]]
    stages: Stages = field(default_factory=Stages)
    first_sound: Stages = field(default_factory=Stages)
    """Route -> from the end of speech, without the endpoint's silence, to the first sample."""

    def take(self, clip: Clip) -> None:
        self.ears.tune(Scope(), self.matcher.graph(Scope()))
        pcm = read_speech(clip.audio) + bytes(int(AFTER_S * SPEECH.rate_hz) * SPEECH.width_bytes)
        over, asr_s = self._hear(pcm)
        if over is None:
            return
        self.stages.add("endpoint silence", over.endpoint_s)
        self.stages.add("asr", asr_s)
        parse, nlu_s = timed(lambda: self.reader.first(over.transcript, Scope(), self.matcher))
        self.stages.add("nlu", nlu_s)
        self._answer("grammar", parse, asr_s + nlu_s)
        unread = NotUnderstood("out_of_grammar", over.transcript)
        if self.reader.completer is not None and over.transcript.text:
            read, llm_s = timed(lambda: self.reader.second(unread, self.matcher))
            self.stages.add("llm", llm_s)
            self._answer("llm", read, asr_s + nlu_s + llm_s)
        heard, second_s = timed(lambda: self._again(over.utterance))
        again, again_s = timed(lambda: self.reader.first(heard, Scope(), self.matcher))
        self.stages.add("second recogniser", second_s)
        self._answer("second", again, asr_s + nlu_s + second_s + again_s)

    def _hear(self, pcm: bytes) -> tuple[SpeechOver | None, float]:
        """The first sentence, and how late it is decoded behind the endpoint's silence, in which most of it is done."""
        pace, over = Pace(), None
        for start in range(0, len(pcm), PIECE_BYTES):
            frame = AudioFrame(pcm[start : start + PIECE_BYTES], start // SPEECH.width_bytes)
            pace.arrives(len(frame.pcm) / SPEECH.bytes_per_second)
            before_s = pace.work_s
            found = pace.do(lambda: self.ears.take(frame))  # noqa: B023 - called at once
            over = next((sound for sound in found if isinstance(sound, SpeechOver)), None)
            if over is not None:
                break
            self.stages.add("hearing a frame of 20 ms", pace.work_s - before_s)
        ended = [sound for sound in self.ears.end() if isinstance(sound, SpeechOver)]
        return over or next(iter(ended), None), pace.behind_s

    def _again(self, said: Utterance) -> Transcript:
        heard = self.second.recognize(said.pcm, lambda: False)
        return in_its_words(heard, Scope(), self.matcher, self.say)

    def _answer(self, route: str, parse: Parse, so_far_s: float) -> None:
        """Decides, puts it into words, and makes the first of the sound."""
        catalog, live = self.matcher.catalog, self.matcher.live
        state = beginning("bench", self.settings)
        taken, dialogue_s = timed(lambda: step(Rules(catalog, live), state, Heard(parse), 0.0))
        replies = [effect.reply for effect in taken.effects if isinstance(effect, Say)]
        text, respond_s = timed(lambda: respond(replies[0], catalog).said if replies else UNKNOWN)
        _, tts_s = timed(lambda: next(iter(self.synthesizer.speak(text, self.voice)), None))
        self.stages.add("dialogue", dialogue_s + respond_s)
        self.stages.add("tts, first sound", tts_s)
        self.first_sound.add(route, so_far_s + dialogue_s + respond_s + tts_s)


def bench_stages(settings: Settings, matcher: Matcher, reader: Reader, clips: Sequence[Clip]) -> dict[str, Any]:
    """`stages`, and `first_sound` by route. The answers are not from the cache, as fixed sentences would be."""
    if not clips:
        return {}
    asr = settings.asr
    named = asr.model_copy(update={"second": "ngram"}) if asr.second == OFF else asr
    second = second_engine(settings.model_copy(update={"asr": named}))
    second.expect(expected_of(matcher))
    tts, context = settings.tts, context_of(settings)
    synthesizer = create_engine("tts", tts.engine, context, **({"model": tts.model} if tts.model else {}))
    say = say_with(open_vocabulary(context, proposer()).pronunciations)
    voice = Voice(tts.voice, tts.rate_wpm, tts.volume)
    bench = Bench(settings, matcher, reader, build_ears(settings), second, synthesizer, voice, say)
    bench.take(clips[0])  # what is prepared once is nobody's time
    bench.stages, bench.first_sound = Stages(), Stages()
    for clip in clips:
        bench.take(clip)
    return {
        "recordings": len(clips),
        "second": second.traits.name,
        "stages": bench.stages.to_json(),
        "first_sound": bench.first_sound.to_json(),
    }


def timed(work: Callable[[], T]) -> tuple[T, float]:
    started_s = time.perf_counter()
    found = work()
    return found, time.perf_counter() - started_s
