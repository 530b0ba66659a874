"""A bounded buffer between the thread that records and the one that listens."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicemes.model import AudioFrame


class Ring:
    """Holds the newest `max_samples`. When nobody takes them in time the oldest frames go, and are counted.

    Frames keep their `start_samples`, so what was dropped shows as a jump from one frame to the next. Safe to use from
    any thread.
    """

    def __init__(self, max_samples: int) -> None:
        if max_samples < 1:
            raise ValueError("a ring must hold at least one sample")
        self._max_samples = max_samples
        self._frames: deque[AudioFrame] = deque()
        self._n_samples = 0
        self._dropped_samples = 0
        self._is_closed = False
        self._changed = threading.Condition()

    @property
    def dropped_samples(self) -> int:
        """All that was ever dropped, by this ring or told to `count_lost`."""
        with self._changed:
            return self._dropped_samples

    def put(self, frame: AudioFrame) -> None:
        """Adds the newest frame; it stays even if it alone is larger than the ring. Does nothing after `close`."""
        with self._changed:
            if self._is_closed:
                return
            self._frames.append(frame)
            self._n_samples += frame.n_samples
            while self._n_samples > self._max_samples and len(self._frames) > 1:
                oldest = self._frames.popleft()
                self._n_samples -= oldest.n_samples
                self._dropped_samples += oldest.n_samples
            self._changed.notify()

    def count_lost(self, samples: int) -> None:
        """Counts samples that were lost before they reached the ring."""
        with self._changed:
            self._dropped_samples += samples

    def get(self) -> AudioFrame | None:
        """Waits for the oldest frame; None once the ring is closed."""
        with self._changed:
            while not self._frames and not self._is_closed:
                self._changed.wait()
            if self._is_closed:
                return None
            frame = self._frames.popleft()
            self._n_samples -= frame.n_samples
            return frame

    def close(self) -> None:
        """Wakes whoever waits and throws away what was not taken. Idempotent."""
        with self._changed:
            self._is_closed = True
            self._frames.clear()
            self._n_samples = 0
            self._changed.notify_all()
