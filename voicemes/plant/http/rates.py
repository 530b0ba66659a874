"""A token bucket for each caller, so that one station in a loop does not take the plant from the others."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from voicemes.plant.problems import Code, Problem

REQUESTS_PER_S = 2000.0
"""More than the plant can answer on two cores: only a loop gets there."""
BURST = 4000.0
MAX_CALLERS = 10_000
"""Callers that are remembered; beyond it all begin anew."""


@dataclass(slots=True)
class Rates:
    """Not shared between threads: the server asks it on its event loop only."""

    per_s: float = REQUESTS_PER_S
    burst: float = BURST
    now_s: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Caller -> requests that are left, and when that was counted."""

    def check(self, caller: str) -> None:
        """Counts one request. Raises Problem when there were too many."""
        now_s = self.now_s()
        left, counted_s = self._left.get(caller, (self.burst, now_s))
        left = min(self.burst, left + (now_s - counted_s) * self.per_s)
        if left < 1:
            raise Problem(Code.RATE_LIMITED, "The MES has more requests from this station than it may send.")
        if len(self._left) >= MAX_CALLERS and caller not in self._left:
            self._left.clear()
        self._left[caller] = (left - 1, now_s)
