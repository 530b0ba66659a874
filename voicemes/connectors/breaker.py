"""A circuit breaker: a MES that is not there is not asked again for a while, so that nobody waits for it each time.

After a few failures in a row the circuit is open, for longer each time. Then one request may try; it closes the
circuit, or opens it again (M. Nygard, "Release It!", 2007, 5.2). Time and chance come from outside.
"""

from __future__ import annotations

N_FAILURES = 3
FIRST_OPEN_S = 1.0
LONGEST_OPEN_S = 15.0
SPREAD = 0.2


class Breaker:
    def __init__(self) -> None:
        self._n_failures = 0
        self._open_until_s = float("-inf")
        self._is_trying = False

    def wait_s(self, now_s: float) -> float:
        """How long nothing may be asked; 0 where something may. Who then asks must report what came of it."""
        if self._n_failures < N_FAILURES:
            return 0.0
        if now_s < self._open_until_s:
            return self._open_until_s - now_s
        if self._is_trying:  # one is enough
            return FIRST_OPEN_S
        self._is_trying = True
        return 0.0

    def worked(self) -> None:
        """An answer came, whatever it said."""
        self._n_failures, self._is_trying = 0, False

    def failed(self, now_s: float, dice: float) -> None:
        """No answer came. `dice` is 0-1."""
        self._n_failures, self._is_trying = self._n_failures + 1, False
        if self._n_failures >= N_FAILURES:
            grown = min(FIRST_OPEN_S * 2.0 ** min(self._n_failures - N_FAILURES, 30), LONGEST_OPEN_S)
            self._open_until_s = now_s + grown * (1 - SPREAD + 2 * SPREAD * dice)

    def gave_up(self) -> None:
        """Whoever was to try was stopped before anything came of it."""
        self._is_trying = False
