"""The acoustic model bent to one voice: all its means by one linear map for each stream of features.

Maximum likelihood linear regression of the means (C. Leggetter and P. Woodland, "Maximum likelihood linear regression
for speaker adaptation of continuous density hidden Markov models", 1995). The map is what makes the sentences of an
enrolment likeliest, given which senone each of their frames belongs to (alignment.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from voicemes.engines.asr.features import N_CEPSTRA
from voicemes.engines.asr.senones import with_deltas

if TYPE_CHECKING:
    from voicemes.engines.asr.alignment import Aligned
    from voicemes.engines.asr.features import Array
    from voicemes.engines.asr.senones import AcousticModel

PRIOR_FRAMES = 30.0
"""So many frames that fit the model as it is, spread over all its Gaussians: what was not said stays where it was."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What an enrolment tells of each Gaussian."""

    counts: Array
    """(phones, streams, Gaussians): frames."""
    sums: Array
    """(phones, streams, Gaussians, 13): of their features."""

    @classmethod
    def of_prior(cls, model: AcousticModel) -> Statistics:
        shape = model.means.shape[:-1]
        counts = np.full(shape, PRIOR_FRAMES / (shape[0] * shape[2]))
        return cls(counts, counts[..., None] * model.means)

    def add(self, model: AcousticModel, cepstra: Array, aligned: Aligned) -> None:
        """Each frame is shared out among the Gaussians of its senone, as likely as `model` has them."""
        phones = model.phone_of[aligned.senones]
        for stream, features in enumerate(with_deltas(cepstra)):
            frames = features[aligned.frames]
            means, variances = model.means[phones, stream], model.variances[phones, stream]
            distances = ((frames[:, None] - means) ** 2 / variances + np.log(variances)).sum(axis=-1)
            weights = model.weights[stream][:, aligned.senones].T
            scores = np.log(np.maximum(weights, 1e-12)) - distances / 2
            shares = np.exp(scores - scores.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
            np.add.at(self.counts[:, stream], phones, shares)
            np.add.at(self.sums[:, stream], phones, shares[..., None] * frames[:, None])

    def transforms(self, model: AcousticModel) -> Array:
        """(streams, 13, 14): the map from (1, mean) to the mean of this voice."""
        streams = range(model.means.shape[1])
        return np.stack([self._transform(model, stream) for stream in streams])

    def _transform(self, model: AcousticModel, stream: int) -> Array:
        means = _with_one(model.means[:, stream]).reshape(-1, N_CEPSTRA + 1)
        precisions = 1 / model.variances[:, stream].reshape(-1, N_CEPSTRA)
        counts, sums = self.counts[:, stream].reshape(-1, 1), self.sums[:, stream].reshape(-1, N_CEPSTRA)
        squares = np.einsum("gd,gi,gj->dij", counts * precisions, means, means, optimize=True)
        moments = np.einsum("gd,gi->di", sums * precisions, means)
        return np.asarray(np.linalg.solve(squares, moments[..., None])[..., 0])


def adapted(model: AcousticModel, transforms: Array) -> AcousticModel:
    """The model with its means moved; `transforms` as `Statistics.transforms` has them."""
    moved = np.einsum("sdi,psgi->psgd", transforms, _with_one(model.means), optimize=True)
    return replace(model, means=moved)


def _with_one(means: Array) -> Array:
    return np.concatenate([np.ones((*means.shape[:-1], 1)), means], axis=-1)
