"""The headset's button for talking, as a signal: whatever reads the button sends SIGUSR1."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def button(push: Callable[[], None]) -> Iterator[None]:
    """Calls `push`, in the running loop, for each signal that comes meanwhile."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, push)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGUSR1)
