"""Sample rates, by soxr.

The samples here are float32 between -1 and 1; `to_pcm` and `from_pcm` go to and from 16-bit integers without a loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voicemes.errors import EngineMissing

if TYPE_CHECKING:
    from numpy.typing import NDArray

FULL_SCALE = 32_768.0
"""What 1.0 is in a 16-bit sample."""


class Resampler:
    """Changes the rate of one mono stream, piece by piece.

    soxr's "HQ" recipe. What comes out lags what went in by about 25 ms from 44.1 and 48 kHz, and by 65 ms from 8 kHz
    (measured, soxr 1.1.0); where the rates are equal nothing is done.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        """Raises EngineMissing."""
        self._stream: Any = None if from_hz == to_hz else _soxr().ResampleStream(from_hz, to_hz, 1, dtype="float32")

    def feed(self, samples: NDArray[np.float32], *, last: bool = False) -> NDArray[np.float32]:
        """What is ready after these samples, perhaps nothing. `last` hands out the rest and ends the stream."""
        if self._stream is None:
            return samples
        resampled: NDArray[np.float32] = self._stream.resample_chunk(samples, last=last)
        return resampled


def to_pcm(samples: NDArray[np.float32]) -> bytes:
    """16-bit little-endian integers; what is louder than full scale is clipped."""
    scaled = np.rint(samples * FULL_SCALE)
    pcm: bytes = np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype("<i2").tobytes()
    return pcm


def from_pcm(pcm: bytes) -> NDArray[np.float32]:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(FULL_SCALE)


def resample_pcm(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """A whole piece of 16-bit mono audio at another rate. Raises EngineMissing."""
    if from_hz == to_hz:
        return pcm
    return to_pcm(Resampler(from_hz, to_hz).feed(from_pcm(pcm), last=True))


def _soxr() -> Any:
    try:
        import soxr
    except ImportError as exc:
        raise EngineMissing("The resampler", install="Install it with: pip install soxr") from exc
    return soxr
