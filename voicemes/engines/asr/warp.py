"""Speakers are of different sizes: the frequencies are stretched until the sound fits the acoustic model best.

A vocal tract that is 10 % shorter has its resonances 10 % higher. The model knows an average one, so the filters of the
front end are warped instead, by the factor whose cepstra are likeliest under the model's own sounds (vocal tract length
normalisation: L. Lee and R. Rose, "A frequency warping approach to speaker normalization", 1998). No decoding is
needed to choose. Right without and with it: 89 fixtures clean 86 and 89, the highest voice (slt) in noise of 9 dB 29
and 39 of 48; 40 human orders clean 40 and 40, in kitchen noise of 12 dB 36 and 37.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voicemes.engines.asr.features import N_FILTERS, cepstra, filters_for, power_spectra, suppressed
from voicemes.engines.asr.noise import clean_cepstra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicemes.engines.asr.features import Array
    from voicemes.engines.asr.gaussians import Mixture

WARPS = (0.92, 1.0, 1.08, 1.16)
"""From a large man to a small woman. Steps of 4 % are no better, 1.24 is never needed."""
FILTERS = np.concatenate([filters_for(warp) for warp in WARPS])


def fitting_cepstra(samples: Array, speech: Mixture, *, is_quiet: bool = False) -> Iterator[tuple[float, Array]]:
    """What to decode of an utterance: without its noise, its channel, and the size of its speaker, which is one of
    WARPS; likeliest first.

    In quiet the order is the same before noise and channel are worked out (268 fixtures: none is heard otherwise), so
    that is done for a size when it is asked for: 11 ms each. At 15 dB two fixtures more would be wrong.
    """
    energies = (power_spectra(samples) @ FILTERS.T).reshape(-1, len(WARPS), N_FILTERS)
    quiet = suppressed(energies)

    def clean(warp: int) -> Array:
        return clean_cepstra(energies[:, warp], quiet[:, warp], speech)

    known = {} if is_quiet else {warp: clean(warp) for warp in range(len(WARPS))}
    ranked = {warp: known.get(warp, _centred(cepstra(quiet[:, warp]))) for warp in range(len(WARPS))}
    for warp in sorted(ranked, key=lambda warp: speech.log_likelihood(ranked[warp]), reverse=True):
        yield WARPS[warp], known[warp] if warp in known else clean(warp)


def _centred(frames: Array) -> Array:
    return np.asarray(frames - frames.mean(axis=0)) if len(frames) else frames
