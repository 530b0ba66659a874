"""The trace: every fact of a session as one JSON line. A trace is a test: `voicemes replay` runs it again.

It names nobody, unless `[trace] personal` says so or the station shares its words (see `personal.py`).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from voicemes.config import Settings
from voicemes.errors import TraceError
from voicemes.events import PASSING, Event
from voicemes.runtime.personal import Mask

MAX_LINE_CHARS = 5_000_000


def new_trace(settings: Settings) -> Path:
    """A file of its own for a session that begins, in a folder that stations may share."""
    station = "".join(letter if letter.isalnum() else "-" for letter in settings.station.name)
    return settings.trace_folder / time.strftime(f"%Y%m%d-%H%M%S-{station}-{os.getpid()}.jsonl")


class TraceWriter:
    """An observer. Lines are flushed one by one, so that what happened before a crash can be read after it."""

    def __init__(self, file: Path, *, personal: bool = False) -> None:
        """Raises TraceError where nothing can be written. `personal`: people stand in it by their names."""
        self.file = file
        self._mask = None if personal else Mask()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._stream: IO[str] = file.open("w", encoding="utf-8", errors="backslashreplace")
        except OSError as exc:
            raise TraceError(f"{file}: no trace can be written here: {exc.strerror}. Choose another place.") from exc

    def __call__(self, event: Event) -> None:
        if event.name in PASSING:
            return
        data = event.to_json() if self._mask is None else self._mask(event)
        self._stream.write(json.dumps(data, ensure_ascii=False) + "\n")
        self._stream.flush()

    def close(self) -> None:
        self._stream.close()


def read_trace(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, event) of each line. Raises TraceError."""
    try:
        with file.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield number, _event(file, number, line)
    except (OSError, UnicodeDecodeError) as exc:
        raise TraceError(f"{file}: cannot be read as a trace: {exc}.") from exc


def _event(file: Path, number: int, line: str) -> dict[str, Any]:
    try:
        data = json.loads(line[:MAX_LINE_CHARS])
    except (ValueError, RecursionError) as exc:
        raise TraceError(f"{file}:{number}: this line is not JSON; is it a trace of voicemes?") from exc
    if not isinstance(data, dict) or "event" not in data:
        raise TraceError(f"{file}:{number}: this line is not an event; is it a trace of voicemes?")
    return data
