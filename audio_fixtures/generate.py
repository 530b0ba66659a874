#!/usr/bin/env python3
"""Makes the recordings of this folder from sentences.yaml: `uv run python audio_fixtures/generate.py`.

Needs the Debian packages `flite` and `espeak-ng`. Every clip is 16 kHz mono FLAC with a sidecar YAML beside it; all of
them stand in manifest.jsonl. The noise is computed from a seed. Clips that exist already are made again byte for byte
only if the speech engines are of the same version, so commit what changes with care.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
import yaml

HERE = Path(__file__).resolve().parent
RATE_HZ = 16_000
SEED = 20_26
PEAK = 0.5
LEAD_S, TAIL_S = 0.2, 0.3
"""A person does not start speaking with the first sample of a recording."""
ROOM = 4e-4
"""Standard deviation of the room noise that is laid under every clip: nobody records digital silence."""


def synthesize(voice: dict[str, Any], text: str) -> np.ndarray:
    """Speech as floats at 16 kHz, peak 0.5, with a little room noise around it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speech.wav"
        if voice["engine"] == "flite":
            command = ["flite", "-voice", voice["voice"], "-t", text, "-o", str(file)]
        else:
            command = ["espeak-ng", "-v", voice["voice"], "-s", str(voice["rate"]), "-w", str(file), text]
        subprocess.run(command, check=True, capture_output=True)
        samples, rate = soundfile.read(file, dtype="float64")
    speech = soxr.resample(samples, rate, RATE_HZ) if rate != RATE_HZ else samples
    speech = speech * PEAK / max(float(np.abs(speech).max()), 1e-9)
    padded = np.concatenate([np.zeros(int(LEAD_S * RATE_HZ)), speech, np.zeros(int(TAIL_S * RATE_HZ))])
    return padded + np.random.default_rng(SEED).normal(0, ROOM, len(padded))


def factory_noise(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Hum of drives, broadband air and impacts of presses, peak 0.5."""
    n = int(seconds * RATE_HZ)
    t = np.arange(n) / RATE_HZ
    hum = sum(
        rng.uniform(0.3, 1) * np.sin(2 * np.pi * f * t + rng.uniform(0, 6))
        for f in (50, 100, 150, 200, 297, 446, 594, 891)
    )
    hum *= 1 + 0.3 * np.sin(2 * np.pi * 0.13 * t)
    noise = 0.05 * hum + 0.25 * _air(n, rng) + _impacts(n, rng)
    return noise * PEAK / float(np.abs(noise).max())


def _air(n: int, rng: np.random.Generator) -> np.ndarray:
    """Noise that falls with frequency, as fans and compressed air sound in a hall, swelling slowly."""
    spectrum = np.fft.rfft(rng.normal(0, 1, n))
    frequency = np.fft.rfftfreq(n, 1 / RATE_HZ)
    spectrum /= np.sqrt(1 + (frequency / 400) ** 2)
    air = np.fft.irfft(spectrum, n)
    swell = 1 + 0.4 * np.sin(2 * np.pi * 0.07 * np.arange(n) / RATE_HZ + 1)
    return air / air.std() * swell


def _impacts(n: int, rng: np.random.Generator) -> np.ndarray:
    """Presses and dropped parts: short decaying clangs, about two in three seconds."""
    track = np.zeros(n)
    for start in rng.integers(0, n - RATE_HZ, size=n // RATE_HZ * 2 // 3):
        length = int(rng.uniform(0.05, 0.4) * RATE_HZ)
        t = np.arange(length) / RATE_HZ
        clang = sum(np.sin(2 * np.pi * rng.uniform(150, 4000) * t) for _ in range(5)) + rng.normal(0, 1, length)
        track[start : start + length] += rng.uniform(0.1, 0.6) * clang * np.exp(-t * rng.uniform(10, 60))
    return track


def write(file: Path, samples: np.ndarray, sidecar: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, samples, RATE_HZ, subtype="PCM_16")
    file.with_suffix(".yaml").write_text(yaml.safe_dump(sidecar, sort_keys=False, allow_unicode=True))


def clips(script: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(folder, what is said and meant) for every sentence."""
    rows = [
        (intent, {"intent": intent, **row}) for intent, sentences in script["sentences"].items() for row in sentences
    ]
    rows += [("dialogue", row) for row in script["dialogue"]]
    rows += [("demo", row) for row in script["demo"]]
    rows += [("out-of-grammar", {"intent": None, "slots": {}, **row}) for row in script["out_of_grammar"]]
    return rows


def make_speech(script: dict[str, Any]) -> list[dict[str, Any]]:
    lines = []
    for folder, row in clips(script):
        for name, voice in script["voices"].items():
            file = HERE / folder / f"{row['slug']}-{name}.flac"
            meaning = {key: row[key] for key in ("intent", "slots", "state") if key in row}
            write(file, synthesize(voice, row["say"]), {"say": row["say"], "voice": name, "noise": None, **meaning})
            lines.append({"audio": str(file.relative_to(HERE)), "voice": name, "say": row["say"], **meaning})
        print(folder, row["slug"], flush=True)
    return lines


def make_noise() -> list[dict[str, Any]]:
    """Three minutes to mix with, and short pieces of noise and silence that must be heard as nothing."""
    rng = np.random.default_rng(SEED)
    nothing = {"intent": None, "slots": {}}
    write(HERE / "noise" / "factory.flac", factory_noise(190, rng), {"say": "", "noise": "factory", **nothing})
    lines = []
    for number in range(1, 7):
        file = HERE / "noise" / f"factory-piece-{number}.flac"
        write(file, factory_noise(6, rng), {"say": "", "noise": "factory", **nothing})
        lines.append({"audio": str(file.relative_to(HERE)), "say": "", **nothing})
    for number, level in enumerate((0.0, ROOM, 10 * ROOM), start=1):
        file = HERE / "silence" / f"silence-{number}.flac"
        write(file, rng.normal(0, 1, 4 * RATE_HZ) * level, {"say": "", "noise": "room", **nothing})
        lines.append({"audio": str(file.relative_to(HERE)), "say": "", **nothing})
    return lines


def main() -> None:
    script = yaml.safe_load((HERE / "sentences.yaml").read_text())
    lines = make_speech(script) + make_noise()
    (HERE / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    print(len(lines), "clips")


if __name__ == "__main__":
    main()
