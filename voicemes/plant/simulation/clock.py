"""The factory's time. A played factory jumps from step to step; a served one runs, so that people can talk to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

MIN_SPEED, MAX_SPEED = 1.0, 10_000.0
STARTS = datetime(2026, 3, 3, 2, 10, tzinfo=UTC)
"""When a played factory begins: the same for everyone, so that the same seed makes the same events. It is night."""


class Clock(Protocol):
    def now(self) -> datetime: ...

    def wait_until(self, due: datetime) -> bool:
        """Waits; false when there is no use in going on."""
        ...


@dataclass
class SteppedClock:
    """It is always the time of the present step, however long the step takes: the same events at any speed."""

    present: datetime = STARTS
    speed: float | None = None
    """Simulated seconds in a second; None does not wait at all."""
    sleep: Callable[[float], None] = time.sleep

    def now(self) -> datetime:
        return self.present

    def wait_until(self, due: datetime) -> bool:
        if self.speed is not None:
            self.sleep(max(0.0, (due - self.present).total_seconds()) / self.speed)
        self.present = max(self.present, due)
        return True


@dataclass
class RunningClock:
    """Runs at `speed` from `starts`, until it is stopped."""

    starts: datetime
    speed: float = 1.0
    monotonic: Callable[[], float] = time.monotonic
    _stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._began_s = self.monotonic()

    def now(self) -> datetime:
        return self.starts + timedelta(seconds=(self.monotonic() - self._began_s) * self.speed)

    def begin_after(self, latest: datetime) -> None:
        """Time does not run backward: a factory that was fast goes on where it was."""
        self.starts, self._began_s = max(self.now(), latest), self.monotonic()

    def wait_until(self, due: datetime) -> bool:
        return not self._stopped.wait(max(0.0, (due - self.now()).total_seconds()) / self.speed)

    def stop(self) -> None:
        self._stopped.set()
