"""The acoustic model: how well every frame fits every sound in every context.

The files are those of SphinxTrain as pocketsphinx ships them: `mdef` says which three states (senones) a phone has
between two others, `means`, `variances` and `sendump` how each senone sounds, `transition_matrices` how long it lasts.
Formats: bin_mdef.c, ptm_mgau.c, tmat.c of pocketsphinx 5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voicemes.engines.asr.gaussians import read_parameters
from voicemes.errors import EngineFailed

if TYPE_CHECKING:
    from pathlib import Path

    from voicemes.engines.asr.features import Array

Scores = NDArray[np.float32]
Indices = NDArray[np.int32]
Keys = NDArray[np.int64]

PLACES = INSIDE, BEGIN, END, SINGLE = range(4)
"""Where in a word a phone stands, as the model counts."""
MOST_PHONES = 256
"""The model counts them in a byte."""
N_STATES = 3
SILENCE = "SIL"
LOG_BASE = math.log(1.0001) * 1024
"""A step of a quantised weight in nats: the library's logarithm, shifted right by 10 bits."""
LEAST_PROBABILITY = 1e-4
"""Of a transition (tmatfloor)."""
BATCH = 128
"""Frames scored at once: 5,376 Gaussians each."""
FLOOR = -80.0
"""Of a Gaussian against the best of its phone: it fits in 32 bits, and tells nothing more."""


@dataclass(frozen=True, slots=True)
class Phones:
    """Phones in context: which senones each has."""

    names: tuple[str, ...]
    fillers: Indices
    """Silence, and noises that are no words."""
    keys: Keys
    """Place, phone, left, right in one number, ascending ..."""
    sequence_of: Indices
    """... and the sequence of senones that each has."""
    alone: Indices
    """The sequence of each phone without context."""
    senones: Indices
    """(sequences, 3)"""

    @property
    def silence(self) -> int:
        return self.names.index(SILENCE)

    def sequences(self, place: int, phones: Keys, left: Keys, right: Keys) -> Keys:
        """Nearest to what was asked for: another place in the word, then silence beside it, then no context at all
        (bin_mdef_phone_id_nearest).
        """
        beside = np.arange(len(self.names))
        beside[self.fillers] = self.silence
        left, right = beside.take(left), beside.take(right)
        outer_left = np.full_like(left, self.silence) if place in (BEGIN, SINGLE) else left
        outer_right = np.full_like(right, self.silence) if place in (END, SINGLE) else right
        found = np.full(len(phones), -1, "i8")
        for before, after in ((left, right), (outer_left, outer_right)):
            for where in (place, *(other for other in PLACES if other != place)):
                missing = np.flatnonzero(found < 0)
                if not len(missing):
                    return found
                found[missing] = self._exactly(where, phones[missing], before[missing], after[missing])
        return np.where(found < 0, self.alone[phones], found)

    def _exactly(self, place: int, phones: Keys, left: Keys, right: Keys) -> Keys:
        wanted = context_key(np.full_like(phones, place), phones, left, right)
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where(self.keys[at] == wanted, self.sequence_of[at], -1)


def context_key(place: Keys, phones: Keys, left: Keys, right: Keys) -> Keys:
    return np.asarray(((place * MOST_PHONES + phones) * MOST_PHONES + left) * MOST_PHONES + right)


@dataclass(frozen=True)
class AcousticModel:
    phones: Phones
    log_transitions: Scores
    """(phones, 3, 4): from each state to each, and out."""
    means: Array
    """(phones, streams, Gaussians, 13)"""
    variances: Array
    weights: Scores
    """(streams, Gaussians, senones): how much of each Gaussian of its phone a senone has."""
    phone_of: Indices
    """Of each senone, ascending."""

    @cached_property
    def _gaussians(self) -> Scores:
        """Squares and values to log densities, stream by stream: (streams, 27, phones * Gaussians)."""
        precisions = 1 / self.variances
        constant = -((self.means**2 * precisions).sum(-1) + np.log(self.variances).sum(-1)) / 2
        stacked = np.concatenate([-precisions / 2, self.means * precisions, constant[..., None]], axis=-1)
        by_stream = stacked.transpose(1, 3, 0, 2)
        return np.ascontiguousarray(by_stream.reshape(*by_stream.shape[:2], -1), dtype="f4")

    @cached_property
    def _members(self) -> list[tuple[slice, list[Scores]]]:
        """Phone by phone: its senones, which are neighbours, and their weights by stream."""
        starts = np.searchsorted(self.phone_of, np.arange(len(self.phones.names) + 1))
        places = [slice(*ends) for ends in zip(starts.tolist(), starts[1:].tolist(), strict=False)]
        return [(place, [np.ascontiguousarray(one[:, place]) for one in self.weights]) for place in places]

    def scores(self, cepstra: Array) -> Scores:
        """(frames, senones): log likelihoods in nats, 0 for the best senone of each frame."""
        streams = np.stack(with_deltas(cepstra)).astype("f4")
        total = np.empty((len(cepstra), len(self.phone_of)), "f4")
        for at in range(0, len(cepstra), BATCH):
            self._batch(streams[:, at : at + BATCH], total[at : at + BATCH])
        return total

    def _batch(self, streams: Scores, total: Scores) -> None:
        n_frames, n_phones = streams.shape[1], len(self.phones.names)
        ones, mixed = np.ones((n_frames, 1), "f4"), np.empty_like(total)
        heights = np.zeros((n_frames, n_phones), "f4")
        for stream, (frames, gaussians) in enumerate(zip(streams, self._gaussians, strict=True)):
            densities = (np.hstack([frames**2, frames, ones]) @ gaussians).reshape(n_frames, n_phones, -1)
            best = densities.max(axis=2)
            densities -= best[:, :, None]
            np.exp(np.maximum(densities, FLOOR, out=densities), out=densities)
            heights += best
            target = mixed if stream else total
            for phone, (place, weights) in enumerate(self._members):
                np.matmul(densities[:, phone], weights[stream], out=target[:, place])
            if stream:
                total *= mixed
        # One logarithm for all streams: the best Gaussian of a phone counts as 1 in each and has no weight under e^-27,
        # and the product of three of those still fits in 32 bits.
        np.log(total, out=total)
        for phone, (place, _) in enumerate(self._members):
            total[:, place] += heights[:, phone, None]
        total -= total.max(axis=1, keepdims=True)


def with_deltas(cepstra: Array) -> tuple[Array, Array, Array]:
    """The cepstra, how they change over 40 ms, and how that changes (feat.c, 1s_c_d_dd); the ends go on as they are."""
    padded = np.pad(cepstra, ((3, 3), (0, 0)), mode="edge")
    n = len(cepstra)

    def at(offset: int) -> Array:
        return padded[3 + offset : 3 + offset + n]

    return cepstra, at(2) - at(-2), (at(3) - at(-1)) - (at(1) - at(-3))


@cache
def read_model(folder: Path) -> AcousticModel:
    """In about 0.3 s. Raises EngineFailed."""
    try:
        phones, phone_of = read_phones((folder / "mdef").read_bytes())
        weights = read_weights((folder / "sendump").read_bytes(), len(phone_of))
        transitions = read_transitions((folder / "transition_matrices").read_bytes())
    except (OSError, ValueError, IndexError) as exc:
        raise EngineFailed(f"{folder} cannot be read as an acoustic model.") from exc
    means, variances = read_parameters(folder / "means"), read_parameters(folder / "variances")
    order = np.argsort(phone_of, kind="stable")
    phones = replace(phones, senones=np.argsort(order).astype("i4")[phones.senones])
    return AcousticModel(phones, transitions, means, np.maximum(variances, 1e-4), weights[:, :, order], phone_of[order])


def read_phones(data: bytes) -> tuple[Phones, Indices]:
    """Of a binary `mdef`; and the phone of each senone."""
    at = 12 + _length(data, 8)
    sizes = np.frombuffer(data, "<i4", 10, at).tolist()
    n_alone, n_phones, n_states, _, n_senones, _, n_sequences, _, n_tree, _ = sizes
    if n_states != N_STATES:
        raise ValueError("not of three states")
    at += 40
    start = at
    names = []
    for _ in range(n_alone):
        end = data.index(b"\0", at)
        names.append(data[at:end].decode())
        at = end + 1
    at = start + (at - start + 3) // 4 * 4 + 8 * n_tree
    entry = np.dtype([("sequence", "<i4"), ("matrix", "<i4"), ("place", "u1"), ("context", "u1", 3)])
    entries = np.frombuffer(data, entry, n_phones, at)
    at += entry.itemsize * n_phones + 4
    senones = np.frombuffer(data, "<u2", n_sequences * N_STATES, at).reshape(-1, N_STATES).astype("i4")
    simple, full = entries[:n_alone], entries[n_alone:]
    phone_of = np.zeros(n_senones, "i4")
    phone_of[senones[full["sequence"]]] = full["context"][:, :1]
    phone_of[senones[simple["sequence"]]] = np.arange(n_alone)[:, None]
    keys = context_key(full["place"].astype("i8"), *full["context"].astype("i8").T)
    order = np.argsort(keys)
    fillers = np.flatnonzero(simple["place"]).astype("i4")
    phones = Phones(tuple(names), fillers, keys[order], full["sequence"][order], simple["sequence"].copy(), senones)
    return phones, phone_of


def read_weights(data: bytes, n_senones: int) -> Scores:
    """Of a `sendump`: a byte for each weight."""
    at = 0
    for _ in range(2):  # a title and a header
        at += 4 + _length(data, at)
    while length := _length(data, at):
        line = data[at + 4 : at + 4 + length].rstrip(b"\0")
        if line.startswith(b"cluster_count ") and line != b"cluster_count 0":
            raise ValueError("its weights are in clusters")
        at += 4 + length
    n_rows, n_columns = np.frombuffer(data, "<i4", 2, at + 4).tolist()
    values = np.frombuffer(data, "u1", offset=at + 12).reshape(-1, n_rows, n_columns)
    return np.exp(-LOG_BASE * values[:, :, :n_senones].astype("f4")).astype("f4")


def _length(data: bytes, at: int) -> int:
    return int(np.frombuffer(data, "<i4", 1, at)[0])


def read_transitions(data: bytes) -> Scores:
    start = data.index(b"endhdr\n") + 7
    _, n, n_from, n_to, _ = np.frombuffer(data, "<i4", 5, start).tolist()
    counts = np.frombuffer(data, "<f4", n * n_from * n_to, start + 20).reshape(n, n_from, n_to)
    probabilities = counts / np.maximum(counts.sum(-1, keepdims=True), 1e-9)
    kept = np.where(probabilities > 0, np.maximum(probabilities, LEAST_PROBABILITY), 0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(kept), dtype="f4")
