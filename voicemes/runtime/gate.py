"""When the microphone counts: always, or after a push; never while muted, nor, by half duplex, over our own voice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["open", "push", "wake"]
ECHO_S = 0.3
"""So long after our own last sound a room still has it."""
PUSH_S = 8.0
"""A push after which nobody speaks is over by then."""


@dataclass(slots=True)
class Gate:
    mode: Mode = "open"
    is_half_duplex: bool = False
    is_muted: bool = False
    _pushed_s: float | None = None
    """When it was pushed; None where it was not, or the utterance is over."""
    _spoke_s: float = float("-inf")

    def push(self, now_s: float) -> None:
        """The next utterance counts. Pushed again, it does not."""
        self._pushed_s = now_s if self._pushed_s is None else None

    def close(self) -> None:
        """An utterance is over."""
        self._pushed_s = None

    def is_open(self, now_s: float, *, is_speaking: bool, is_hearing: bool = False) -> bool:
        """Whether what the microphone delivers now counts. `is_hearing`: in the middle of an utterance."""
        if is_speaking:
            self._spoke_s = now_s
        if self._pushed_s is not None and now_s - self._pushed_s > PUSH_S and not is_hearing:
            self._pushed_s = None
        if self.is_muted or (self.is_half_duplex and now_s - self._spoke_s < ECHO_S):
            return False
        return self.mode != "push" or self._pushed_s is not None
