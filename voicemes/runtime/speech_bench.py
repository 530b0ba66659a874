"""`bench speech`: how well recordings are understood, and how well what was not meant is refused.

Noise is mixed in by the rule of the order benchmark (shared/speech-dev/README.md): by the frame of the highest energy,
then the peak to 0.5. Every figure goes through the same path as a live utterance: pieces of 100 ms into the streaming
recogniser, then `interpret` with the acceptance of the settings.
"""

from __future__ import annotations

import json
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voicemes.engines.audio.wav import read_speech
from voicemes.errors import AudioError, ConfigError
from voicemes.model import SPEECH, NotUnderstood, Parse, Scope, SlotData, Understood
from voicemes.nlu.interpret import Acceptance, candidates_of, interpret
from voicemes.nlu.match import Matcher, writes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voicemes.intents import Catalog
    from voicemes.model import Live
    from voicemes.ports import StreamingRecognizer

    Samples = NDArray[np.float64]

PIECE_S = 0.1
"""How much sound the recogniser gets at a time."""
ENERGY_FRAME_SAMPLES = 2_048
"""Length of the frames whose energy sets the level of the noise (the benchmark's rule)."""
MIXED_PEAK = 0.5
FULL_SCALE = 32_768.0
NUMBER_TOLERANCE = 1e-9
"""For values that are numbers: 1.5 is 1.5 however it was computed."""

Progress = Callable[[int, int], None]
"""Clips done, clips in all."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording and what it must be understood as."""

    audio: Path
    intent: str | None
    """None must be refused."""
    slots: Mapping[str, SlotData]
    scope: Scope
    fails: str = ""
    """Why it is not understood yet; the bench does not ask."""


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
            "rtf": round(self.work_s / max(self.audio_s, 1e-9), 4),
            "decision_p50_s": round(statistics.median(cuts), 4),
            "decision_p95_s": round(cuts[min(len(cuts) - 1, math.ceil(0.95 * len(cuts)) - 1)], 4),
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """One clip, decided."""

    parse: Parse
    audio_s: float
    work_s: float
    decision_s: float
    """From the last piece fed to the parse."""


def bench_speech(
    manifest: Path,
    catalog: Catalog,
    recognizer: StreamingRecognizer,
    *,
    noise: Path | None = None,
    snrs: Sequence[float] = (),
    state: str = "idle",
    seed: int = 1,
    acceptance: Acceptance | None = None,
    live: Live | None = None,
    operator: str = "",
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """The object that `bench speech --json` prints: the clean set, then one for each SNR in decibels.

    `live` is what exists in a MES, for the grammar; without it any identifier of the right form may be said. With the
    `operator`, whose roles it has, the grammar is that of their session.

    Raises ConfigError for a faulty manifest, with file and line, and AudioError for a recording that cannot be read.
    """
    if snrs and noise is None:
        raise ConfigError("an SNR needs a recording of noise: give --noise too.")
    clips = read_manifest(manifest, state)
    sound = read_audio(noise) if noise else np.zeros(0)
    bench = Bench(_matcher(catalog, live, operator), recognizer, acceptance or Acceptance())
    bench.warm_up({clip.scope for clip in clips})
    levels: list[float | None] = [None, *snrs]
    sets = []
    for number, snr_db in enumerate(levels):
        rng = np.random.default_rng([seed, number])
        tally = Tally()
        for position, clip in enumerate(clips):
            samples = read_audio(clip.audio)
            if snr_db is not None and clip.intent is not None:
                samples = mix(samples, sound, snr_db, rng)
            bench.count(tally, clip, bench.hear(samples, clip.scope))
            if on_progress is not None:
                on_progress(number * len(clips) + position + 1, len(levels) * len(clips))
        sets.append(tally.to_json(snr_db))
    return {"sets": sets}


def _matcher(catalog: Catalog, live: Live | None, operator: str) -> Matcher:
    matcher = Matcher(catalog)
    return matcher if live is None else matcher.with_live(live).heard_by(live.roles.get(operator, ()))


@dataclass(slots=True)
class Bench:
    """One catalogue and one recogniser under test."""

    matcher: Matcher
    recognizer: StreamingRecognizer
    acceptance: Acceptance

    def warm_up(self, scopes: set[Scope]) -> None:
        """Builds the grammars beforehand, as a session does: no utterance pays for that."""
        for scope in sorted(scopes, key=str):
            self.recognizer.begin(self.matcher.graph(scope))
            self.recognizer.finish()

    def hear(self, samples: Samples, scope: Scope) -> Outcome:
        pcm = (np.clip(samples, -1, 1) * (FULL_SCALE - 1)).astype("<i2").tobytes()
        step = int(PIECE_S * SPEECH.bytes_per_second)
        started_s = time.perf_counter()
        self.recognizer.begin(self.matcher.graph(scope))
        for start in range(0, len(pcm), step):
            self.recognizer.feed(pcm[start : start + step])
        fed_s = time.perf_counter()
        parse = interpret(self.recognizer.finish(), scope, self.matcher, self.acceptance)
        done_s = time.perf_counter()
        return Outcome(parse, len(pcm) / SPEECH.bytes_per_second, done_s - started_s, done_s - fed_s)

    def count(self, tally: Tally, clip: Clip, outcome: Outcome) -> None:
        tally.audio_s += outcome.audio_s
        tally.work_s += outcome.work_s
        tally.decisions_s.append(outcome.decision_s)
        if clip.intent is None:
            self._count_accepts(tally, outcome.parse)
            return
        tally.n_in += 1
        tally.n_rejected += isinstance(outcome.parse, NotUnderstood)
        tally.n_right += is_right(clip, outcome.parse)
        tally.n_strict += is_right(clip, outcome.parse, strict=True)

    def _count_accepts(self, tally: Tally, parse: Parse) -> None:
        tally.n_out += 1
        candidates = candidates_of(parse)
        is_write = any(writes(candidate.intent, self.matcher) for candidate in candidates)
        tally.false_writes += is_write
        tally.false_reads += bool(candidates) and not is_write


def is_right(clip: Clip, parse: Parse, *, strict: bool = False) -> bool:
    """The labelled intent with every labelled slot; strictly, with no other slot either."""
    if not isinstance(parse, Understood) or parse.candidate.intent != clip.intent:
        return False
    values = parse.candidate.values
    if strict and values.keys() != clip.slots.keys():
        return False
    return all(name in values and same_value(values[name], wanted) for name, wanted in clip.slots.items())


def same_value(heard: SlotData, wanted: SlotData) -> bool:
    """Numbers as numbers, records part by part, everything else exactly but for outer blanks."""
    if isinstance(heard, Mapping) and isinstance(wanted, Mapping):
        return heard.keys() == wanted.keys() and all(same_value(heard[name], wanted[name]) for name in wanted)
    if isinstance(heard, int | float) and isinstance(wanted, int | float):
        return math.isclose(heard, wanted, rel_tol=NUMBER_TOLERANCE)
    return str(heard).strip() == str(wanted).strip()


def mix(speech: Samples, noise: Samples, snr_db: float, rng: np.random.Generator) -> Samples:
    """Speech with a random piece of the noise under it, at `snr_db` between their loudest frames, peak 0.5."""
    if len(noise) < len(speech):
        raise AudioError("the noise is shorter than a recording; use a longer one.")
    offset = int(rng.integers(0, len(noise) - len(speech) + 1))
    piece = noise[offset : offset + len(speech)]
    loudest = max(max_energy(piece), 1e-12)
    mixed = speech + math.sqrt(max_energy(speech) / (loudest * 10 ** (snr_db / 10))) * piece
    return np.asarray(mixed * MIXED_PEAK / max(float(np.abs(mixed).max(initial=0.0)), 1e-9))


def max_energy(samples: Samples) -> float:
    """The energy of the loudest frame; the last incomplete one does not count."""
    n_frames = len(samples) // ENERGY_FRAME_SAMPLES
    frames = samples[: n_frames * ENERGY_FRAME_SAMPLES].reshape(n_frames, ENERGY_FRAME_SAMPLES)
    return float((frames**2).sum(axis=1).max(initial=0.0))


def read_audio(file: Path) -> Samples:
    """A recording as floats at 16 kHz, whatever its own rate. Raises AudioError."""
    return np.frombuffer(read_speech(file), dtype="<i2").astype(np.float64) / FULL_SCALE


def spread_out(clips: Sequence[Clip], most: int) -> list[Clip]:
    """At most so many, of all that begin a talk and mean something, evenly from first to last."""
    said = [clip for clip in clips if clip.intent is not None and clip.scope == Scope() and not clip.fails]
    return [said[at * len(said) // most] for at in range(most)] if most < len(said) else said


def read_manifest(manifest: Path, state: str) -> list[Clip]:
    """Every line of the manifest. Raises ConfigError with file and line."""
    try:
        lines = manifest.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"cannot be read as a manifest: {exc}", file=manifest) from exc
    clips = [
        _clip(line, manifest.parent, state, f"{manifest}:{number}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]
    if not clips:
        raise ConfigError("has no recordings.", file=manifest)
    return clips


def _clip(line: str, folder: Path, state: str, place: str) -> Clip:
    try:
        row = json.loads(line)
    except ValueError as exc:
        raise ConfigError(f"is not a JSON object: {exc}", file=place) from exc
    if not isinstance(row, dict) or not isinstance(row.get("audio"), str) or "intent" not in row:
        raise ConfigError('needs {"audio": path, "intent": name or null, "slots": {…}}.', file=place)
    intent, slots = row["intent"], row.get("slots") or {}
    if not isinstance(intent, str | None) or not isinstance(slots, dict):
        raise ConfigError("'intent' is a name or null, and 'slots' an object.", file=place)
    audio = folder / row["audio"]
    if not audio.is_file():
        raise ConfigError(f"there is no recording {audio}.", file=place, key="audio")
    try:
        scope = Scope.parse(str(row.get("state", state)))
    except ValueError as exc:
        raise ConfigError(str(exc), file=place, key="state") from exc
    return Clip(audio, intent, slots, scope, str(row.get("fails", "")))
