"""Contracts: one suite for each port, which the fake and every real engine pass. A new engine file joins by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from tiny_voice import write_tiny_voice
from tiny_whisper import write_tiny_whisper

from voicemes.config import Settings
from voicemes.engines.audio.wav import read_speech
from voicemes.errors import EngineMissing
from voicemes.model import SPEECH, WordGraph
from voicemes.ports import EngineContext
from voicemes.runtime.engines import Kind, create_engine

TINY: Mapping[tuple[Kind, str], Callable[[Path], Path]] = {
    ("tts", "piper"): write_tiny_voice,
    ("second", "faster_whisper"): lambda folder: write_tiny_whisper(folder, says=[" Repeat", " that step."]),
}
"""Engines whose weights cannot be had here: what writes a tiny random model for each into a folder."""
FIXTURES = Path(__file__).resolve().parents[2] / "audio_fixtures"


@pytest.fixture(scope="session")
def speech() -> bytes:
    """Somebody says "repeat that step"."""
    return read_speech(FIXTURES / "instruction.step" / "repeat-step-kal.flac")


@pytest.fixture(scope="session")
def silence() -> bytes:
    """A second of a quiet room."""
    return np.random.default_rng(0).normal(0, 20, SPEECH.rate_hz).astype("<i2").tobytes()


@pytest.fixture(scope="session")
def graph() -> WordGraph:
    """In which "repeat that step" and "next step" may be said."""
    arcs = ((0, 1, "repeat", 1.0), (1, 2, "that", 1.0), (2, 3, "step", 1.0), (0, 2, "next", 1.0))
    return WordGraph("two sentences", 4, frozenset({3}), arcs)


@pytest.fixture(scope="session")
def context(tmp_path_factory: pytest.TempPathFactory) -> EngineContext:
    return EngineContext(tmp_path_factory.mktemp("cache"), Settings().lexicon_files)


@pytest.fixture(scope="session")
def engine(context: EngineContext, tmp_path_factory: pytest.TempPathFactory):
    """Makes the engine of a name; skips where it has not been installed, with what it says about that."""
    made: dict[tuple[Kind, str], object] = {}

    def make(kind: Kind, name: str) -> object:
        if (kind, name) not in made:
            write = TINY.get((kind, name))
            options = {"model": write(tmp_path_factory.mktemp(name))} if write else {}
            try:
                made[kind, name] = create_engine(kind, name, context, **options)
            except EngineMissing as missing:
                pytest.skip(str(missing))
        return made[kind, name]

    return make
