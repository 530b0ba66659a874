#!/usr/bin/env python3
"""Makes the recordings of this folder from sentences.yaml: `uv run python audio_fixtures/generate.py`.

Needs the Debian packages `flite` and `espeak-ng`. Every clip is 16 kHz mono FLAC with a sidecar YAML beside it; all of
them stand in manifest.jsonl, those of the whole catalogue in catalogue.jsonl. The noise is computed from a seed. Clips
that exist already are made again byte for byte only if the speech engines are of the same version, so commit what
changes with care.
"""

from __future__ import annotations

import json
import re
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
FEW = ("rms", "kal")
"""The voices of the demo and of the dialogue."""
TALKING = ("slt", "rms")
"""Those of the conversations."""
PEAK = 0.5
NOISE_PEAK = 0.2
"""The hall is quieter than the mouth beside the microphone; mixing sets the level anyway."""
STROKES = 10.0
"""Level of the strokes over the air, set so that the loudest 128 ms of 3 s are about 7 dB over the median."""
LEAD_S, TAIL_S = 0.2, 0.3
"""A person does not start speaking with the first sample of a recording."""
ROOM = 2e-4
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
    """A hall with presses and conveyors, as a headset microphone would hear it between two sentences.

    Three parts: the hum of drives and transformers (50 to 200 Hz and their harmonics), air from fans and valves that
    falls by 6 dB an octave above 300 Hz, and strokes of presses, about one a second, as a thump with a clang on top.
    In a piece of 3 s the loudest 128 ms carry about 7 dB more energy than the median ones, as in a recorded kitchen
    (7.5 dB); the long-term spectrum is within a few decibels of that kitchen, with more below 200 Hz.
    """
    n = int(seconds * RATE_HZ)
    noise = 0.8 * _hum(n, rng) + _air(n, rng) + STROKES * _strokes(n, rng)
    return noise * NOISE_PEAK / float(np.abs(noise).max())


def _hum(n: int, rng: np.random.Generator) -> np.ndarray:
    """Drives: the mains and its harmonics, a motor beside them, breathing with the load."""
    t = np.arange(n) / RATE_HZ
    tones = {50: 1.0, 100: 0.9, 150: 0.5, 200: 0.5, 297: 0.25, 446: 0.12, 594: 0.08, 891: 0.04}
    hum = sum(level * np.sin(2 * np.pi * f * t + rng.uniform(0, 6)) for f, level in tones.items())
    return hum / np.std(hum) * (1 + 0.3 * np.sin(2 * np.pi * 0.13 * t))


def _air(n: int, rng: np.random.Generator) -> np.ndarray:
    """Fans and compressed air, swelling slowly; standard deviation about 1."""
    spectrum = np.fft.rfft(rng.normal(0, 1, n))
    frequency = np.fft.rfftfreq(n, 1 / RATE_HZ)
    spectrum /= np.sqrt(1 + (frequency / 300) ** 2)
    air = np.fft.irfft(spectrum, n)
    swell = 1 + 0.3 * np.sin(2 * np.pi * 0.07 * np.arange(n) / RATE_HZ + 1)
    return air / air.std() * swell


def _strokes(n: int, rng: np.random.Generator) -> np.ndarray:
    """Presses and conveyor stops: a thump at 60 to 180 Hz and a clang that falls with frequency, gone in 0.2 s."""
    track = np.zeros(n)
    for start in rng.integers(0, max(n - RATE_HZ, 1), size=n // RATE_HZ):
        t = np.arange(int(0.4 * RATE_HZ)) / RATE_HZ
        thump = np.sin(2 * np.pi * rng.uniform(60, 180) * t) * np.exp(-t * rng.uniform(12, 25))
        clang = sum(np.sin(2 * np.pi * f * t) * 300 / f for f in rng.uniform(300, 3000, size=5))
        stroke = thump + 0.6 * clang * np.exp(-t * rng.uniform(20, 60))
        track[start : start + len(t)] += rng.uniform(0.4, 1) * stroke[: n - start]
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
        voices = script["voices"] if folder not in ("dialogue", "demo") else FEW
        for name in voices:
            voice = script["voices"][name]
            file = HERE / folder / f"{row['slug']}-{name}.flac"
            meaning = {key: row[key] for key in ("intent", "slots", "state", "follows") if key in row}
            write(file, synthesize(voice, row["say"]), {"say": row["say"], "voice": name, "noise": None, **meaning})
            lines.append({"audio": str(file.relative_to(HERE)), "voice": name, "say": row["say"], **meaning})
        print(folder, row["slug"], flush=True)
    return lines


def make_catalogue(script: dict[str, Any]) -> list[dict[str, Any]]:
    """One recording of each intent, by the voices in turn."""
    lines, voices = [], list(script["voices"])
    for number, (intent, row) in enumerate(script["catalogue"].items()):
        name = voices[number % len(voices)]
        file = HERE / "catalogue" / f"{intent}-{name}.flac"
        meaning = {"intent": intent, "slots": row["slots"]}
        sidecar = {"say": row["say"], "voice": name, "noise": None, **meaning}
        write(file, synthesize(script["voices"][name], row["say"]), sidecar)
        lines.append({"audio": str(file.relative_to(HERE)), "voice": name, "say": row["say"], **meaning})
    return lines


def make_conversations(script: dict[str, Any]) -> list[dict[str, Any]]:
    """What is heard in the conversations of the tests, by two voices in turn."""
    files = sorted((HERE.parent / "tests" / "conversations").glob("*.yaml"))
    turns = [turn for file in files for turn in yaml.safe_load(file.read_text())["turns"]]
    said = sorted({str(turn["heard"]) for turn in turns if "heard" in turn})
    lines, voices = [], TALKING
    for number, say in enumerate(said):
        name = voices[number % len(voices)]
        file = HERE / "conversations" / f"{re.sub('[^a-z0-9]+', '-', say.lower()).strip('-')}.flac"
        write(file, synthesize(script["voices"][name], say), {"say": say, "voice": name, "noise": None})
        lines.append({"audio": str(file.relative_to(HERE)), "voice": name, "say": say})
    return lines


def make_noise() -> list[dict[str, Any]]:
    """Three minutes to mix with, and short pieces of noise and silence that must be heard as nothing."""
    rng = np.random.default_rng(SEED)
    nothing = {"intent": None, "slots": {}}
    write(HERE / "noise" / "factory.flac", factory_noise(182, rng), {"say": "", "noise": "factory", **nothing})
    lines = []
    for number in range(1, 7):
        file = HERE / "noise" / f"factory-piece-{number}.flac"
        write(file, factory_noise(6, rng), {"say": "", "noise": "factory", **nothing})
        lines.append({"audio": str(file.relative_to(HERE)), "say": "", **nothing})
    for number, level in enumerate((0.0, ROOM, 20 * ROOM), start=1):
        file = HERE / "silence" / f"silence-{number}.flac"
        write(file, rng.normal(0, 1, 4 * RATE_HZ) * level, {"say": "", "noise": "room", **nothing})
        lines.append({"audio": str(file.relative_to(HERE)), "say": "", **nothing})
    return lines


def main() -> None:
    script = yaml.safe_load((HERE / "sentences.yaml").read_text())
    for name, lines in (
        ("catalogue", make_catalogue(script)),
        ("conversations", make_conversations(script)),
        ("manifest", [*make_speech(script), *make_noise()]),
    ):
        (HERE / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        print(name, len(lines), "clips")


if __name__ == "__main__":
    main()
