"""`bench speech`: how well recordings are understood, and how well what was not meant is refused.

Noise is mixed in by the rule of the order benchmark (shared/speech-dev/README.md): by the frame of the highest energy,
then the peak to 0.5. Every figure goes through the same path as a live utterance: windows of the voice detector, with
what it says about them, into the recogniser, then `interpret` with the acceptance of the settings. After a recording
its noise goes on for as long as an endpoint waits; how late the decision is counts from there, at the pace of speech.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from voicemes.endpoint import COMMANDS
from voicemes.errors import AudioError, ConfigError
from voicemes.model import SPEECH, NotUnderstood, Parse, Scope, Understood
from voicemes.nlu.interpret import Acceptance, candidates_of, interpret
from voicemes.nlu.match import Matcher, writes
from voicemes.runtime.clips import FULL_SCALE, Clip, is_right, read_audio, read_manifest
from voicemes.runtime.pace import Pace

if TYPE_CHECKING:
    from voicemes.model import Live
    from voicemes.ports import StreamingRecognizer, VoiceDetector

Samples = NDArray[np.float64]

ENDPOINT_S = COMMANDS.extendable_silence_s
"""Waited after a recording, as after a sentence that could go on."""
WINDOW_SAMPLES = 512
"""Given to the recogniser at a time, where no detector has a size of its own: 32 ms."""
ENERGY_FRAME_SAMPLES = 2_048
"""Length of the frames whose energy sets the level of the noise (the benchmark's rule)."""
MIXED_PEAK = 0.5
N_CUTS = 20
"""Of the curve from accepting everything to accepting nothing."""
NO_SOUND: Samples = np.zeros(0)
ANYTHING = Acceptance(read=0.0, write=0.0)

Progress = Callable[[int, int], None]
"""Clips done, clips in all."""


@dataclass(slots=True)
class Scores:
    """How sure the recogniser was of what it heard, whether that would be accepted or not."""

    right: list[float] = field(default_factory=list)
    n_out: int = 0
    out: list[float] = field(default_factory=list)
    """Of what nobody meant, and was a sentence all the same."""

    def curve(self) -> list[dict[str, float]]:
        """For every twentieth of confidence: the share of right answers that reach it, and of what nobody meant."""
        cuts = [number / N_CUTS for number in range(N_CUTS + 1)]
        return [
            {
                "confidence": cut,
                "kept": round(sum(one >= cut for one in self.right) / max(len(self.right), 1), 4),
                "false_accepts": round(sum(one >= cut for one in self.out) / max(self.n_out, 1), 4),
            }
            for cut in cuts
        ]


@dataclass(slots=True)
class Tally:
    """What came out of one set."""

    n_in: int = 0
    n_out: int = 0
    n_right: int = 0
    n_strict: int = 0
    n_rejected: int = 0
    false_reads: int = 0
    false_writes: int = 0
    refused: dict[str, int] = field(default_factory=lambda: {"read": 0, "write": 0})
    """Of what was meant, by what it would have done."""
    voices: dict[str, list[int]] = field(default_factory=dict)
    """Voice -> how many clips it has, and how many were right."""
    scores: Scores = field(default_factory=Scores)
    audio_s: float = 0.0
    work_s: float = 0.0
    decisions_s: list[float] = field(default_factory=list)

    def to_json(self, snr_db: float | None) -> dict[str, Any]:
        cuts = sorted(self.decisions_s) or [0.0]
        return {
            "snr_db": snr_db,
            "n_in": self.n_in,
            "n_out": self.n_out,
            "accuracy": round(self.n_right / max(self.n_in, 1), 4),
            "accuracy_strict": round(self.n_strict / max(self.n_in, 1), 4),
            "false_accepts": {"read": self.false_reads, "write": self.false_writes},
            "false_rejects": self.n_rejected,
            "false_rejects_by_risk": self.refused,
            "voices": {
                voice: {"n": n, "accuracy": round(right / n, 4)} for voice, (n, right) in sorted(self.voices.items())
            },
            "roc": self.scores.curve(),
            "rtf": round(self.work_s / max(self.audio_s, 1e-9), 4),
            "decision_p50_s": round(statistics.median(cuts), 4),
            "decision_p95_s": round(cuts[min(len(cuts) - 1, math.ceil(0.95 * len(cuts)) - 1)], 4),
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """One clip, decided."""

    parse: Parse
    ungated: Parse
    """What it would have been if any confidence were enough."""
    audio_s: float
    work_s: float
    decision_s: float
    """From the end of the endpoint's silence to the parse, where sound arrives as it was spoken."""

    @property
    def confidence(self) -> float:
        return self.ungated.transcript.confidence


def bench_speech(
    manifest: Path,
    matcher: Matcher,
    recognizer: StreamingRecognizer,
    detector: VoiceDetector | None = None,
    *,
    noise: Path | None = None,
    snrs: Sequence[float] = (),
    state: str = "idle",
    seed: int = 1,
    acceptance: Acceptance | None = None,
    live: Live | None = None,
    operator: str = "",
    speaker: str = "",
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """The object that `bench speech --json` prints: the clean set, then one for each SNR in decibels.

    `detector` says where nobody speaks; without it nothing is decided before a recording is over.
    `live` is what exists in a MES, for the grammar; without it any identifier of the right form may be said. With the
    `operator`, whose roles it has, the grammar is that of their session. With a `speaker`, the voice that enrolled as
    this is expected; otherwise each `voice` of the manifest is one operator's, who speaks on from set to set.

    Raises ConfigError for a faulty manifest, with file and line, and AudioError for a recording that cannot be read.
    """
    if snrs and noise is None:
        raise ConfigError("an SNR needs a recording of noise: give --noise too.")
    clips = read_manifest(manifest, state)
    sound = read_audio(noise) if noise else np.zeros(0)
    bench = Bench(of_session(matcher, live, operator), recognizer, acceptance or Acceptance(), detector, speaker)
    bench.warm_up({clip.scope for clip in clips})
    levels: list[float | None] = [None, *snrs]
    sets = []
    for number, snr_db in enumerate(levels):
        rng = np.random.default_rng([seed, number])
        tally = Tally()
        for position, clip in enumerate(clips):
            samples, after = read_audio(clip.audio), np.zeros(int(ENDPOINT_S * SPEECH.rate_hz))
            if snr_db is not None:
                samples, after = mix(samples, sound, snr_db, rng, len(after))
            bench.count(tally, clip, bench.hear(samples, clip.scope, after, clip.voice))
            if on_progress is not None:
                on_progress(number * len(clips) + position + 1, len(levels) * len(clips))
        sets.append(tally.to_json(snr_db))
    noisy = [one["accuracy"] for one in sets if one["snr_db"] is not None]
    return {"sets": sets} | ({"mean": round(statistics.mean(noisy), 4)} if noisy else {})


def of_session(matcher: Matcher, live: Live | None, operator: str) -> Matcher:
    return matcher if live is None else matcher.with_live(live).heard_by(live.roles.get(operator, ()))


@dataclass(slots=True)
class Bench:
    """One catalogue and one recogniser under test."""

    matcher: Matcher
    recognizer: StreamingRecognizer
    acceptance: Acceptance
    detector: VoiceDetector | None = None
    speaker: str = ""
    """Who is expected to speak, where somebody is."""

    def warm_up(self, scopes: set[Scope]) -> None:
        """Builds the grammars beforehand, as a session does: no utterance pays for that."""
        for scope in sorted(scopes, key=str):
            self.recognizer.begin(self.matcher.graph(scope), self.speaker)
            self.recognizer.finish()

    def hear(self, samples: Samples, scope: Scope, after: Samples = NO_SOUND, voice: str = "") -> Outcome:
        """`after`: what is heard while the endpoint waits. `voice`: whose it is, where nobody is expected."""
        pace = Pace()
        graph = self.matcher.graph(scope)
        pace.do(lambda: self.recognizer.begin(graph, self.speaker or voice))
        is_speech = self.detector is None
        if self.detector is not None:
            self.detector.reset()
        for window in self._windows(np.concatenate([samples, after])):
            pace.arrives(len(window) / SPEECH.bytes_per_second)
            is_speech = pace.do(lambda: self._feed(window, is_speech=is_speech))  # noqa: B023 - called at once
        transcript = pace.do(self.recognizer.finish)
        parse = pace.do(lambda: interpret(transcript, scope, self.matcher, self.acceptance))
        if isinstance(parse, Understood):
            pace.do(lambda: self.recognizer.learn(transcript, self.speaker or voice))
        ungated = interpret(transcript, scope, self.matcher, ANYTHING)
        return Outcome(parse, ungated, len(samples) / SPEECH.rate_hz, pace.work_s, pace.behind_s)

    def _windows(self, samples: Samples) -> Iterator[bytes]:
        pcm = (np.clip(samples, -1, 1) * (FULL_SCALE - 1)).astype("<i2").tobytes()
        size = (self.detector.window_samples if self.detector else WINDOW_SAMPLES) * SPEECH.width_bytes
        for start in range(0, len(pcm), size):
            yield pcm[start : start + size]

    def _feed(self, window: bytes, *, is_speech: bool) -> bool:
        """Whether the next one is still speech; a detector needs whole windows."""
        self.recognizer.feed(window, is_speech=is_speech)
        if self.detector is None or len(window) < self.detector.window_samples * SPEECH.width_bytes:
            return is_speech
        least = COMMANDS.close_probability if is_speech else COMMANDS.open_probability
        return self.detector.probability(window) >= least

    def count(self, tally: Tally, clip: Clip, outcome: Outcome) -> None:
        tally.audio_s += outcome.audio_s
        tally.work_s += outcome.work_s
        tally.decisions_s.append(outcome.decision_s)
        if clip.intent is None:
            self._count_accepts(tally, outcome)
            return
        right = is_right(clip, outcome.parse)
        tally.n_in += 1
        tally.n_right += right
        tally.n_strict += is_right(clip, outcome.parse, strict=True)
        if clip.voice:
            of_voice = tally.voices.setdefault(clip.voice, [0, 0])
            of_voice[0], of_voice[1] = of_voice[0] + 1, of_voice[1] + right
        if isinstance(outcome.parse, NotUnderstood):
            tally.n_rejected += 1
            tally.refused["write" if writes(clip.intent, self.matcher) else "read"] += 1
        if is_right(clip, outcome.ungated):
            tally.scores.right.append(outcome.confidence)

    def _count_accepts(self, tally: Tally, outcome: Outcome) -> None:
        tally.n_out += 1
        tally.scores.n_out += 1
        if candidates_of(outcome.ungated):
            tally.scores.out.append(outcome.confidence)
        candidates = candidates_of(outcome.parse)
        is_write = any(writes(candidate.intent, self.matcher) for candidate in candidates)
        tally.false_writes += is_write
        tally.false_reads += bool(candidates) and not is_write


def mix(
    speech: Samples, noise: Samples, snr_db: float, rng: np.random.Generator, n_after: int = 0
) -> tuple[Samples, Samples]:
    """Speech with a random piece of the noise under it, at `snr_db` between their loudest frames, peak 0.5; then
    `n_after` samples of what the noise goes on with. Noise that is too short starts again.
    """
    if not len(noise):
        raise AudioError("the recording of noise is empty.")
    offset = int(rng.integers(0, max(len(noise) - len(speech), 0) + 1))
    piece = np.take(noise, np.arange(offset, offset + len(speech) + n_after), mode="wrap")
    under = piece[: len(speech)]
    gain = math.sqrt(max_energy(speech) / (max(max_energy(under), 1e-12) * 10 ** (snr_db / 10)))
    mixed = speech + gain * under
    level = MIXED_PEAK / max(float(np.abs(mixed).max(initial=0.0)), 1e-9)
    return np.asarray(mixed * level), np.asarray(piece[len(speech) :] * gain * level)


def max_energy(samples: Samples) -> float:
    """The energy of the loudest frame; the last incomplete one does not count."""
    n_frames = len(samples) // ENERGY_FRAME_SAMPLES
    frames = samples[: n_frames * ENERGY_FRAME_SAMPLES].reshape(n_frames, ENERGY_FRAME_SAMPLES)
    return float((frames**2).sum(axis=1).max(initial=0.0))
