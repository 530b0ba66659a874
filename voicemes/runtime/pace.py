"""How late work is that begins when its sound has arrived, reckoned without waiting for the sound."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Pace:
    """Sound arrives as it was spoken; what takes longer than it lasts makes what follows late."""

    behind_s: float = 0.0
    """From the arrival of the last sound to the end of the work on it."""
    work_s: float = 0.0

    def arrives(self, seconds: float) -> None:
        """The next sound is there, so much of it: that time has gone by since the last."""
        self.behind_s = max(0.0, self.behind_s - seconds)

    def do(self, work: Callable[[], T]) -> T:
        started_s = time.perf_counter()
        found = work()
        taken_s = time.perf_counter() - started_s
        self.behind_s += taken_s
        self.work_s += taken_s
        return found
