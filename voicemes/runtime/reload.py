"""A catalogue that is edited while it is used: read anew as a whole, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from voicemes.runtime.threads import EngineThread

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voicemes.nlu.match import Matcher

LOOK_S = 2.0
"""How often the files are looked at; a hundred take some 2 ms."""
LOAD_S = 30.0
"""A catalogue of ours is read in a second."""

Fingerprint: TypeAlias = frozenset[tuple[str, int, int]]


class CatalogWatch:
    """Sees that files of a folder were changed, and reads them in a thread of its own."""

    def __init__(self, folder: Path, load: Callable[[], Matcher]) -> None:
        self._folder, self._load = folder, load
        self._seen = fingerprint(folder)
        self._thread = EngineThread("catalogue", LOAD_S)

    async def changed(self) -> Matcher | None:
        """The catalogue as it is now, or None where it is as it was.

        Raises VoicemesError for one that cannot be used, once: then it is looked at again when it changes again.
        """
        now = fingerprint(self._folder)
        if now == self._seen:
            return None
        self._seen = now
        return await self._thread.call(self._load)

    def close(self) -> None:
        self._thread.close()


def fingerprint(folder: Path) -> Fingerprint:
    """Name, time and size of every file; one that vanishes meanwhile is not there."""
    found = set()
    for file in folder.rglob("*.yaml"):
        try:
            stat = file.stat()
        except OSError:
            continue
        found.add((str(file), stat.st_mtime_ns, stat.st_size))
    return frozenset(found)
