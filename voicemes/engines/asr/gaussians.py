"""What clean speech sounds like: a small mixture of Gaussians, made of the 5,376 of the acoustic model.

The model's files are those of SphinxTrain: a text header, a mark of the byte order, the sizes, then 32-bit floats
(s3file.c and ms_gauden.c of pocketsphinx).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voicemes.engines.asr.features import N_CEPSTRA
from voicemes.errors import EngineFailed

if TYPE_CHECKING:
    from pathlib import Path

    from voicemes.engines.asr.features import Array

N_GAUSSIANS = 256
"""1,024 are no better, and cost four times as much."""
ROUNDS = 15
SEED = 0
END_OF_HEADER = b"endhdr\n"
BYTE_ORDER = 0x11223344


@dataclass(frozen=True, slots=True)
class Mixture:
    """Diagonal Gaussians over the 13 cepstra, relative to the mean of an utterance."""

    means: Array
    variances: Array
    log_weights: Array

    def log_likelihood(self, frames: Array) -> float:
        """How well the frames fit, in nats a frame; frames that are none fit not at all."""
        if not len(frames):
            return -math.inf
        scores = log_densities(frames, self.means, self.variances, self.log_weights)
        highest = scores.max(axis=1)
        return float((highest + np.log(np.exp(scores - highest[:, None]).sum(axis=1))).mean())


def log_densities(frames: Array, means: Array, variances: Array, log_weights: Array) -> NDArray[np.float32]:
    """Of each frame under each Gaussian: (frames, Gaussians), without the constant that all share.

    In 32 bits, which is twice as fast; the squares are taken around the mean of the frames, where they are small.
    """
    middle = frames.mean(axis=0)
    here, there, precisions = (frames - middle).astype("f4"), means - middle, 1 / variances
    constant = log_weights - ((there**2 * precisions).sum(axis=1) + np.log(variances).sum(axis=1)) / 2
    squares = here**2 @ (precisions.T / 2).astype("f4")
    return np.asarray(here @ (there * precisions).T.astype("f4") - squares + constant.astype("f4"))


@cache
def read_mixture(model_dir: Path) -> Mixture:
    """The mixture of an acoustic model, in about 0.2 s. Raises EngineFailed."""
    means, variances = (statics(read_parameters(model_dir / name)) for name in ("means", "variances"))
    return merge(means, variances, N_GAUSSIANS)


def statics(parameters: Array) -> Array:
    """The cepstra alone, without their changes: the first of the feature streams, for the Gaussians of all phones."""
    return np.asarray(parameters[:, 0].reshape(-1, N_CEPSTRA))


def merge(means: Array, variances: Array, n_gaussians: int) -> Mixture:
    """Clusters of Gaussians that lie near to each other, each as one (k-means)."""
    scale = 1 / np.sqrt(variances.mean(axis=0))
    points = means * scale
    centres = points[np.random.default_rng(SEED).choice(len(points), n_gaussians, replace=False)]
    for _ in range(ROUNDS):
        nearest = ((centres**2).sum(axis=1) - 2 * points @ centres.T).argmin(axis=1)
        members = np.eye(n_gaussians)[nearest].T
        counts = members.sum(axis=1, keepdims=True)
        centres = np.where(counts > 0, members @ points / np.maximum(counts, 1), centres)
    centres, members, counts = centres[counts[:, 0] > 0], members[counts[:, 0] > 0], counts[counts[:, 0] > 0]
    middles = members @ means / counts
    spread = members @ (variances + means**2) / counts - middles**2
    return Mixture(middles, spread, np.log(counts[:, 0] / len(means)))


def read_parameters(file: Path) -> Array:
    """Means or variances: (phones, streams, Gaussians, 13). Raises EngineFailed."""
    try:
        data = file.read_bytes()
        start = data.index(END_OF_HEADER) + len(END_OF_HEADER)
        sizes = np.frombuffer(data, "<i4", count=5, offset=start)
        order, n_codebooks, n_streams, n_densities, length = sizes.tolist()
        shape = (n_codebooks, n_streams, n_densities, length)
        values = np.frombuffer(data, "<f4", count=math.prod(shape), offset=start + 4 * (5 + n_streams))
    except (OSError, ValueError) as exc:
        raise EngineFailed(f"{file} cannot be read as parameters of an acoustic model.") from exc
    if order != BYTE_ORDER or length != N_CEPSTRA:
        raise EngineFailed(f"{file} is not of a model with streams of {N_CEPSTRA} cepstra.")
    return np.asarray(values.reshape(shape), dtype=np.float64)
