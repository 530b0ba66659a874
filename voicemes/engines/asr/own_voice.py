"""What is kept of an enrolment: a size and a linear map, from which nothing that was said can be heard again."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voicemes.engines.asr.features import N_CEPSTRA
from voicemes.engines.asr.warp import WARPS
from voicemes.errors import ConfigError

if TYPE_CHECKING:
    from voicemes.engines.asr.features import Array

N_STREAMS = 3
MAX_BYTES = 100_000
"""Of a file; one has about 12,000."""
LARGEST = 1e3
"""Of a number in it."""


@dataclass(frozen=True, slots=True)
class OwnVoice:
    size: float
    """Of the speaker: one of WARPS."""
    transforms: Array
    """(streams, 13, 14): see adaptation.py."""


def file_of(folder: Path, speaker: str) -> Path:
    """Two speakers never share one."""
    plain = re.sub(r"[^A-Za-z0-9]", lambda sign: f"-{ord(sign.group()):x}-", speaker)
    return folder / f"{plain}.json"


def save(folder: Path, speaker: str, voice: OwnVoice) -> Path:
    """For nobody else on this machine to read. Raises ConfigError where the folder cannot be written."""
    file = file_of(folder, speaker)
    part = file.with_suffix(".part")
    data = {"size": voice.size, "transforms": np.round(voice.transforms, 6).tolist()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
            json.dump(data, stream)
        part.replace(file)
    except OSError as exc:
        raise ConfigError(f"the voice cannot be kept: {exc}.", file=file) from exc
    return file


def load(folder: Path, speaker: str) -> OwnVoice | None:
    """None for somebody who never enrolled. Raises ConfigError for a faulty file."""
    file = file_of(folder, speaker)
    return read(file) if speaker and file.exists() else None


def read(file: Path) -> OwnVoice:
    """Raises ConfigError."""
    try:
        with file.open(encoding="utf-8") as stream:
            return _checked(json.loads(stream.read(MAX_BYTES)))
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ConfigError(f"is no enrolled voice ({exc}). Read once more: voicemes enrol", file=file) from exc


def forget(folder: Path, speaker: str) -> bool:
    """Whether there was one. Raises ConfigError where it cannot be deleted."""
    file = file_of(folder, speaker)
    try:
        existed = file.exists()
        file.unlink(missing_ok=True)
    except OSError as exc:
        raise ConfigError(f"the voice cannot be deleted: {exc}.", file=file) from exc
    return existed


def _checked(data: dict[str, Any]) -> OwnVoice:
    size, transforms = data["size"], np.array(data["transforms"], dtype="f8")
    if set(data) != {"size", "transforms"} or size not in WARPS:
        raise ValueError("unknown keys, or an unknown size")
    if transforms.shape != (N_STREAMS, N_CEPSTRA, N_CEPSTRA + 1) or not (np.abs(transforms) < LARGEST).all():
        raise ValueError("no map of that form")
    return OwnVoice(size, transforms)
