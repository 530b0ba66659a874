"""A tiny catalogue on disk, for what is wrong with a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from tea_catalog import SIZES, TEA, Compile, Write

from voicemes.nlu.catalog import load_catalog
from voicemes.nlu.match import Matcher


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a catalogue of one intent and one list; keywords replace or add files (`tea`, `size`, `rules`, …)."""
    names = {"tea": "tea/make.yaml", "size": "_lists/size.yaml", "rules": "_rules.yaml", "dialogue": "_dialogue.yaml"}

    def write_files(**contents: str | bytes) -> Path:
        for name, content in {"tea": TEA, "size": SIZES, **contents}.items():
            file = tmp_path / names.get(name, f"tea/{name}.yaml")
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write_files


@pytest.fixture
def compiled(write: Write) -> Compile:
    def load(**contents: str | bytes) -> Matcher:
        return Matcher(load_catalog(write(**contents)))

    return load
