"""The only place that reads the time.

Thought takes time as an argument (`now_s`); the runtime holds a `Clock`; tests hold a `FakeClock` and never sleep.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    def now_s(self) -> float:
        """Seconds since an arbitrary start; never goes backwards."""

    def wall_s(self) -> float:
        """Seconds since 1970-01-01 UTC, for people and for the MES."""

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now_s(self) -> float:
        return time.perf_counter()

    def wall_s(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
