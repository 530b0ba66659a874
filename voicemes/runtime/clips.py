"""Recordings and what they must be understood as: the manifests that tests and benchmarks read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voicemes.engines.audio.wav import read_speech
from voicemes.errors import ConfigError
from voicemes.model import Parse, Scope, SlotData, Understood

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float64]

FULL_SCALE = 32_768.0
NUMBER_TOLERANCE = 1e-9
"""For values that are numbers: 1.5 is 1.5 however it was computed."""


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
    voice: str = ""


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


def read_audio(file: Path) -> Samples:
    """A recording as floats at 16 kHz, whatever its own rate. Raises AudioError."""
    return np.frombuffer(read_speech(file), dtype="<i2").astype(np.float64) / FULL_SCALE


def spread_out(clips: Sequence[Clip], most: int) -> list[Clip]:
    """At most so many, of all that begin a talk and mean something, evenly from first to last."""
    said = [clip for clip in clips if clip.intent is not None and clip.scope == Scope() and not clip.fails]
    return [said[at * len(said) // most] for at in range(most)] if most < len(said) else said


def read_manifest(manifest: Path, state: str) -> list[Clip]:
    """Every line of the manifest. Raises ConfigError with file and line."""
    return [_clip(row, manifest.parent, state, place) for row, place in read_rows(manifest)]


def read_rows(manifest: Path) -> list[tuple[dict[str, Any], str]]:
    """Every line, with where it stands; `audio` is the path of a recording in each. Raises ConfigError."""
    try:
        lines = manifest.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"cannot be read as a manifest: {exc}", file=manifest) from exc
    numbered = [(line, f"{manifest}:{number}") for number, line in enumerate(lines, start=1) if line.strip()]
    if not numbered:
        raise ConfigError("has no recordings.", file=manifest)
    return [(_row(line, place), place) for line, place in numbered]


def _row(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as exc:
        raise ConfigError(f"is not a JSON object: {exc}", file=place) from exc
    if not isinstance(row, dict) or not isinstance(row.get("audio"), str):
        raise ConfigError('needs {"audio": path, …}.', file=place)
    return row


def _clip(row: dict[str, Any], folder: Path, state: str, place: str) -> Clip:
    if "intent" not in row:
        raise ConfigError('needs {"audio": path, "intent": name or null, "slots": {…}}.', file=place)
    intent, slots = row["intent"], row.get("slots") or {}
    if not isinstance(intent, str | None) or not isinstance(slots, dict):
        raise ConfigError("'intent' is a name or null, and 'slots' an object.", file=place)
    audio = folder / row["audio"]
    if not audio.is_file():
        raise ConfigError(f"there is no recording {audio}.", file=place, key="audio")
    scope = _scope(row, state, place)
    return Clip(audio, intent, slots, scope, str(row.get("fails", "")), str(row.get("voice", "")))


def _scope(row: dict[str, Any], state: str, place: str) -> Scope:
    """With `follows`, something was said before that the recording goes on from, its slots were spoken of."""
    try:
        scope = Scope.parse(str(row.get("state", state)))
    except ValueError as exc:
        raise ConfigError(str(exc), file=place, key="state") from exc
    follows = row.get("follows", False)
    if not isinstance(follows, bool):
        raise ConfigError("'follows' is true or false.", file=place, key="follows")
    return replace(scope, follows=True, recalled=tuple(row.get("slots") or ())) if follows else scope
