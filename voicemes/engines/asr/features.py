"""The front end: sound to the 13 cepstra a frame that pocketsphinx's en-us model was trained on.

The library has one of its own. It is done here again because noise can only be compensated between the filters and the
cosine transform (noise.py), and because the library's always runs its noise suppression: `remove_noise` of the model's
feat.params wins over the setting. Every number here is that of feat.params and of fe_sigproc.c, fe_noise.c; the
cepstra agree with the library's to 0.1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from voicemes.model import SPEECH

Array = NDArray[np.float64]

N_CEPSTRA = 13
N_FILTERS = 25
LOWEST_HZ, HIGHEST_HZ = 130.0, 6_800.0
FFT_SAMPLES = 512
FRAME_SAMPLES, SHIFT_SAMPLES = 410, 160
"""25.6 ms, every 10 ms."""
PREEMPHASIS = 0.97
LIFTER = 22
SAMPLE_SCALE = 32_768.0
"""The library computes on 16-bit samples; the means of the model have their level."""
LOG_FLOOR = 1e-4


def filters_for(warp: float) -> Array:
    """Triangles of equal width in mel and of equal area, with their corners on the lines of the transform.

    `warp` stretches the frequencies: above 1 for a speaker whose vocal tract is shorter than usual.
    """
    line_hz = SPEECH.rate_hz / FFT_SAMPLES
    lowest, highest = (2595 * math.log10(1 + hz / 700) for hz in (LOWEST_HZ, HIGHEST_HZ))
    mels = np.linspace(lowest, highest, N_FILTERS + 2)
    corners_hz = np.minimum(warp * 700 * (10 ** (mels / 2595) - 1), SPEECH.rate_hz / 2 - line_hz)
    corners = np.floor(corners_hz / line_hz + 0.5) * line_hz
    lines = np.arange(FFT_SAMPLES // 2 + 1) * line_hz
    left = corners[:-2, None]
    middle = np.maximum(corners[1:-1, None], left + line_hz)
    right = np.maximum(corners[2:, None], middle + line_hz)
    rise, fall = (lines - left) / (middle - left), (right - lines) / (right - middle)
    return np.asarray(np.maximum(np.minimum(rise, fall), 0) * 2 / (right - left))


def _cosines() -> Array:
    """Log energies of the filters to liftered cepstra."""
    order = np.arange(N_CEPSTRA)
    cosines = np.cos(np.pi * np.outer(order, np.arange(N_FILTERS) + 0.5) / N_FILTERS) * math.sqrt(2 / N_FILTERS)
    cosines[0] = math.sqrt(1 / N_FILTERS)
    return np.asarray((1 + LIFTER / 2 * np.sin(np.pi * order / LIFTER))[:, None] * cosines)


FILTERS = filters_for(1.0)
TO_CEPSTRA = _cosines()
FROM_CEPSTRA: Array = np.asarray(np.linalg.pinv(TO_CEPSTRA), dtype=np.float64)
"""Back to log energies, as smooth as 13 cepstra can tell."""
WINDOW = np.hamming(FRAME_SAMPLES)


def power_spectra(samples: Array) -> Array:
    """Energy in each line of the transform, frame by frame: (frames, 257). Samples are floats, full scale is 1."""
    if len(samples) < FRAME_SAMPLES:
        return np.zeros((0, FFT_SAMPLES // 2 + 1))
    scaled = samples * SAMPLE_SCALE
    sharpened = np.append(scaled[:1], scaled[1:] - PREEMPHASIS * scaled[:-1])
    frames = np.lib.stride_tricks.sliding_window_view(sharpened, FRAME_SAMPLES)[::SHIFT_SAMPLES]
    return np.asarray(np.abs(np.fft.rfft(frames * WINDOW, FFT_SAMPLES)) ** 2)


def filter_energies(samples: Array) -> Array:
    """Energy in each filter, frame by frame: (frames, 25)."""
    return np.asarray(power_spectra(samples) @ FILTERS.T)


def log_energies(energies: Array) -> Array:
    return np.asarray(np.log(energies + LOG_FLOOR))


def cepstra(energies: Array) -> Array:
    return np.asarray(log_energies(energies) @ TO_CEPSTRA.T)


# The library's own suppression follows the lower envelope of every filter. fe_noise.c, with its names:
LAMBDA_POWER = 0.7
LAMBDA_RISE, LAMBDA_FALL = 0.995, 0.5
"""lambda_a and lambda_b: the envelope rises slowly and falls fast."""
LAMBDA_PEAK, MU_PEAK = 0.85, 0.2
"""lambda_t and mu_t: what comes within 50 ms after a peak, and is much softer, is its echo."""
MAX_GAIN = 20.0
SMOOTH_FILTERS = 4


def suppressed(energies: Array) -> Array:
    """The energies without what changes slowly. Follows noise that comes and goes, and has no idea of speech.

    Shape (frames, ..., filters): what stands between is done side by side.
    """
    if not len(energies):
        return energies
    number = np.arange(N_FILTERS)
    near = (np.abs(number[:, None] - number) <= SMOOTH_FILTERS).astype(float)
    near /= near.sum(axis=1, keepdims=True)
    energies = energies + LOG_FLOOR  # digital silence has none
    power, peak = energies[0], np.zeros_like(energies[0])
    noise = floor = power / MAX_GAIN
    powers, kept = np.empty_like(energies), np.empty_like(energies)
    for frame, energy in enumerate((1 - LAMBDA_POWER) * energies):
        power = powers[frame] = LAMBDA_POWER * power + energy
        noise = _envelope(noise, power)
        signal = np.maximum(power - noise, 1.0)
        floor = _envelope(floor, signal)
        peak = peak * LAMBDA_PEAK
        masked = np.where(signal < LAMBDA_PEAK * peak, MU_PEAK * peak, signal)
        peak = np.maximum(peak, signal)
        np.maximum(masked, floor, out=kept[frame])
    gains = np.clip(kept / powers, 1 / MAX_GAIN, MAX_GAIN)
    return np.asarray(energies * (gains @ near.T))


def _envelope(envelope: Array, values: Array) -> Array:
    """As a fall is faster than a rise, the lower one of both is right."""
    change = values - envelope
    return np.asarray(envelope + np.minimum((1 - LAMBDA_RISE) * change, (1 - LAMBDA_FALL) * change))
