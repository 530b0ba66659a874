"""Audio in, transcripts out: voice detector, endpointer and recogniser, fed while the operator speaks.

Synchronous; the session runs it in one engine thread.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, assert_never

import numpy as np

from voicemes.endpoint import Closed, Discarded, EndpointState, Opened, finish, settings_for, step
from voicemes.model import SPEECH, AudioFrame, Scope, Transcript, Utterance, WordGraph
from voicemes.ports import Hypothesis, StreamingRecognizer, VoiceDetector

LOOKBACK_S = 2.0
"""Audio kept before an utterance opens; more than any pre-roll."""
METER_EVERY_S, METER_PAST_S = 0.25, 10.0
FULL_SCALE_DB, QUIETEST_DB = 90.3, -90.0
"""Of 16 bits: 20 log10(32768)."""
NO_GUESS = Hypothesis("", is_complete=False)


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    source_s: float


@dataclass(frozen=True, slots=True)
class Guessed:
    """The recogniser's belief changed."""

    text: str


@dataclass(frozen=True, slots=True)
class SpeechOver:
    utterance: Utterance
    transcript: Transcript
    endpoint_s: float
    """Silence that was waited for, in source time."""
    asr_s: float
    """Work left for the recogniser after the utterance was closed."""
    is_outdated: bool = False
    """Meanwhile something else was asked, by a key or a badge: it was heard among what may be said now."""


@dataclass(frozen=True, slots=True)
class Loud:
    """How loud it is, in decibels below full scale."""

    level_db: float
    noise_db: float
    """What is there between words: the level that a tenth of the last seconds stay below."""


Sound: TypeAlias = SpeechBegan | Guessed | SpeechOver | Loud


class Meter:
    """Measures how loud it is, a few times a second."""

    def __init__(self) -> None:
        self._levels: deque[float] = deque(maxlen=int(METER_PAST_S / METER_EVERY_S))
        self._square = 0.0
        self._n_samples = 0

    def take(self, pcm: bytes) -> Loud | None:
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
        self._square += float(samples @ samples)
        self._n_samples += len(samples)
        if self._n_samples < METER_EVERY_S * SPEECH.rate_hz:
            return None
        level_db = max(QUIETEST_DB, 10 * math.log10(max(1e-9, self._square / self._n_samples)) - FULL_SCALE_DB)
        self._square, self._n_samples = 0.0, 0
        self._levels.append(level_db)
        return Loud(level_db, sorted(self._levels)[len(self._levels) // 10])


class Ears:
    def __init__(
        self,
        detector: VoiceDetector,
        recognizer: StreamingRecognizer,
        hold: Callable[[Utterance], None] = lambda _: None,
    ) -> None:
        """`hold` is given every utterance that was heard."""
        self._detector = detector
        self._recognizer = recognizer
        self._hold = hold
        self._graph: WordGraph | None = None
        self._speaker = ""
        self._settings = settings_for("idle")
        self._window_bytes = detector.window_samples * SPEECH.width_bytes
        self._window_s = detector.window_samples / SPEECH.rate_hz
        self._lookback: deque[bytes] = deque(maxlen=int(LOOKBACK_S / self._window_s))
        self._state = EndpointState()
        self._rest = b""
        self._position = 0
        """Samples of this source that were looked at."""
        self._speech: bytearray | None = None
        self._is_outdated = False
        """What is being said was begun before the last `tune`."""
        self._began_s = 0.0
        self._guess = NO_GUESS
        self._meter = Meter()

    def tune(self, scope: Scope, graph: WordGraph, speaker: str = "") -> None:
        """What may be said from now on, and by whom. Done while nobody speaks, so that the first word finds everything
        ready. Where somebody speaks, what they say was begun as an answer to something else: it is `is_outdated`.
        """
        self._is_outdated = self.is_hearing
        if not self.is_hearing and (graph is not self._graph or speaker != self._speaker):
            self._recognizer.begin(graph, speaker)
            self._recognizer.finish()
        self._graph, self._speaker = graph, speaker
        self._settings = settings_for(scope.phase)

    @property
    def is_hearing(self) -> bool:
        """True in the middle of an utterance."""
        return self._speech is not None

    def take(self, frame: AudioFrame) -> list[Sound]:
        """Hears one frame."""
        self._rest += frame.pcm
        loud = self._meter.take(frame.pcm)
        sounds: list[Sound] = [loud] if loud else []
        while len(self._rest) >= self._window_bytes:
            window, self._rest = self._rest[: self._window_bytes], self._rest[self._window_bytes :]
            sounds += self._hear(window)
        return sounds

    def again(self, utterance: Utterance, graph: WordGraph) -> Transcript:
        """The same utterance among other sentences. Only between two utterances."""
        self._recognizer.begin(graph, self._speaker)
        self._recognizer.feed(utterance.pcm)
        return self._recognizer.finish()

    def learn(self, heard: Transcript, speaker: str) -> None:
        """What it tells of the voice, where it was understood. Only between two utterances."""
        self._recognizer.learn(heard, speaker)

    def end(self) -> list[Sound]:
        """The source has ended: what is open is closed, and the next source starts from nothing."""
        self._state, boundary = finish(self._settings, self._state)
        sounds = self._close(boundary) if isinstance(boundary, Closed) else []
        if isinstance(boundary, Discarded):
            self._recognizer.finish()
        self._detector.reset()
        self._lookback.clear()
        self._state, self._rest, self._position, self._speech = EndpointState(), b"", 0, None
        return sounds

    def _hear(self, window: bytes) -> list[Sound]:
        self._position += len(window) // SPEECH.width_bytes
        self._lookback.append(window)
        sounds: list[Sound] = []
        if self._speech is not None:
            sounds += self._follow(window)
        probability = self._detector.probability(window)
        guess = self._guess if self._speech is not None else None
        self._state, boundary = step(self._settings, self._state, probability, self._window_s, guess)
        match boundary:
            case None:
                pass
            case Opened(began_ago_s):
                sounds += self._open(began_ago_s)
            case Closed():
                sounds += self._close(boundary)
            case Discarded():
                self._recognizer.finish()
                self._speech = None
            case _ as never:
                assert_never(never)
        return sounds

    def _open(self, began_ago_s: float) -> list[Sound]:
        assert self._graph is not None, "tune() comes first"
        n_windows = min(len(self._lookback), max(1, round(began_ago_s / self._window_s)))
        self._began_s = self._now_s - n_windows * self._window_s
        self._speech, self._is_outdated = bytearray(), False
        self._guess = NO_GUESS
        self._recognizer.begin(self._graph, self._speaker)
        recent = b"".join(list(self._lookback)[-n_windows:])
        return [SpeechBegan(self._began_s), *self._follow(recent)]

    def _follow(self, pcm: bytes) -> list[Sound]:
        assert self._speech is not None
        self._speech += pcm
        before, self._guess = self._guess, self._recognizer.feed(pcm, is_speech=self._state.quiet_s == 0)
        return [Guessed(self._guess.text)] if self._guess.text != before.text else []

    def _close(self, closed: Closed) -> list[Sound]:
        started = time.perf_counter()
        transcript = self._recognizer.finish()
        asr_s = time.perf_counter() - started
        ended_s = self._now_s - closed.speech_ended_ago_s
        pcm, self._speech = bytes(self._speech or b""), None
        utterance = Utterance(pcm, SPEECH, self._began_s, ended_s, closed.ended_by)
        self._hold(utterance)
        if self._is_outdated and self._graph is not None:
            transcript = self.again(utterance, self._graph)
        return [SpeechOver(utterance, transcript, closed.speech_ended_ago_s, asr_s, self._is_outdated)]

    @property
    def _now_s(self) -> float:
        return self._position / SPEECH.rate_hz
