"""What other sessions are writing into the folder of traces: their new events, as they come."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

from voicemes.events import Event, from_json
from voicemes.runtime.threads import EngineThread

LOOK_S = 1.0
DEADLINE_S = 30.0
"""A shared folder that does not answer for so long is not asked again."""
RECENT_S = 12 * 3600
"""A trace that nothing was written into for so long belongs to nobody who works now."""
MAX_FILES = 200
MAX_BYTES = 2_000_000
"""Read of one trace at a time; of one that is longer when it is first seen, its beginning and its end."""
HEAD_BYTES = 4_000
"""Holds the first line, which says whose trace it is."""


class TraceTail:
    """Looks at a folder. Lines that cannot be read are passed over: another version may have written them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}
        """Trace -> bytes that were taken."""

    async def follow(self) -> AsyncGenerator[list[tuple[Path, Event]]]:
        """What is new, again and again. Files are read beside, so that nothing waits for them."""
        thread = EngineThread("traces", DEADLINE_S)
        try:
            while True:
                yield await thread.call(self.look)
                await asyncio.sleep(LOOK_S)
        finally:
            thread.close()

    def look(self) -> list[tuple[Path, Event]]:
        """What was added since the last look, trace by trace, in its order."""
        found: list[tuple[Path, Event]] = []
        for file in self._recent():
            found += [(file, event) for event in self._new(file)]
        return found

    def _recent(self) -> list[Path]:
        try:
            dated = [(file.stat().st_mtime, file) for file in self._folder.glob("*.jsonl")]
        except OSError:
            return []
        oldest = time.time() - RECENT_S
        return [file for written, file in sorted(dated, reverse=True)[:MAX_FILES] if written >= oldest][::-1]

    def _new(self, file: Path) -> Iterator[Event]:
        try:
            text = self._take(file)
        except OSError:
            return
        for line in text.split(b"\n"):
            event = _event(line)
            if event is not None:
                yield event

    def _take(self, file: Path) -> bytes:
        """The bytes of whole lines that are new."""
        with file.open("rb") as stream:
            size = stream.seek(0, 2)
            place, head = self._read.get(file, 0), b""
            if size < place:  # begun anew
                place = 0
            if size - place > MAX_BYTES:
                stream.seek(0)
                head = stream.readline(HEAD_BYTES) if place == 0 else b""
                place = size - MAX_BYTES
            stream.seek(place)
            new = stream.read(MAX_BYTES)
        whole = new.rpartition(b"\n")[0]
        self._read[file] = place + len(whole)
        return head + whole


def _event(line: bytes) -> Event | None:
    try:
        data = json.loads(line) if line.strip() else None
    except (ValueError, RecursionError):
        return None
    return from_json(data) if isinstance(data, dict) else None
