"""Sentences that somebody marked while working: a file that `bench nlu --file` reads and an integrator learns from."""

from __future__ import annotations

import json
from pathlib import Path

from voicemes.errors import TraceError

FILE = "collected.yaml"


def collect(folder: Path, say: str, intent: str | None) -> Path:
    """Adds a sentence: an example of `intent`, or (None) one that must mean nothing. Raises TraceError."""
    file = folder / FILE
    line = f"- {{say: {json.dumps(say, ensure_ascii=False)}, intent: {json.dumps(intent)}}}\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as stream:
            stream.write(line)
    except OSError as exc:
        raise TraceError(f"{file}: nothing can be collected here: {exc.strerror}. Choose another folder.") from exc
    return file
