"""The acoustic model: how well every frame fits every sound in every context.

The files are those of SphinxTrain as pocketsphinx ships them: `mdef` says which three states (senones) a phone has
between two others, `means`, `variances` and `sendump` how each senone sounds, `transition_matrices` how long it lasts.
Formats: bin_mdef.c, ptm_mgau.c, tmat.c of pocketsphinx 5.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from voicemes.engines.asr.features import N_CEPSTRA
from voicemes.engines.asr.gaussians import read_parameters
from voicemes.errors import EngineFailed

if TYPE_CHECKING:
    from pathlib import Path

    from voicemes.engines.asr.features import Array

Scores = NDArray[np.float32]
Indices = NDArray[np.int32]

INSIDE, BEGIN, END, SINGLE = range(4)
"""Where in a word a phone stands, as the model counts."""
N_STATES = 3
SILENCE = "SIL"
LOG_BASE = math.log(1.0001) * 1024
"""A step of a quantised weight in nats: the library's logarithm, shifted right by 10 bits."""
LEAST_PROBABILITY = 1e-4
"""Of a transition (tmatfloor)."""
BATCH = 256
"""Frames scored at once: 5,376 Gaussians each."""
FLOOR = -80.0
"""Of a Gaussian against the best of its phone: it fits in 32 bits, and tells nothing more."""


@dataclass(frozen=True, slots=True)
class Phones:
    """Phones in context: which senones each has."""

    names: tuple[str, ...]
    fillers: frozenset[int]
    in_context: dict[tuple[int, int, int, int], int]
    """(place, phone, left, right) -> its sequence of senones."""
    alone: tuple[int, ...]
    """The sequence of each phone without context."""
    senones: Indices
    """(sequences, 3)"""

    @property
    def silence(self) -> int:
        return self.names.index(SILENCE)

    def sequence(self, place: int, phone: int, left: int, right: int) -> int:
        """Nearest to what was asked for: another place in the word, then silence beside it, then no context at all."""
        silence = self.silence
        left, right = (silence if other in self.fillers else other for other in (left, right))
        outer_left = silence if place in (BEGIN, SINGLE) else left
        outer_right = silence if place in (END, SINGLE) else right
        for context in ((left, right), (outer_left, outer_right)):
            for where in (place, *(other for other in range(4) if other != place)):
                found = self.in_context.get((where, phone, *context))
                if found is not None:
                    return found
        return self.alone[phone]


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
    """Of each senone."""

    @cached_property
    def _gaussians(self) -> tuple[Scores, Scores]:
        """Squares and values to log densities, stream by stream: (streams, 27, phones * Gaussians)."""
        precisions = 1 / self.variances
        squares = -precisions / 2
        values = self.means * precisions
        constant = -((self.means**2 * precisions).sum(-1) + np.log(self.variances).sum(-1)) / 2
        stacked = np.concatenate([squares, values, constant[..., None]], axis=-1)
        by_stream = stacked.transpose(1, 3, 0, 2)
        return np.ascontiguousarray(by_stream.reshape(*by_stream.shape[:2], -1), dtype="f4"), np.zeros(0, "f4")

    @cached_property
    def _members(self) -> list[tuple[NDArray[np.intp], list[Scores]]]:
        """Phone by phone: its senones, and their weights by stream."""
        by_phone = []
        for phone in range(len(self.phones.names)):
            members = np.flatnonzero(self.phone_of == phone)
            by_phone.append((members, [np.ascontiguousarray(weights[:, members]) for weights in self.weights]))
        return by_phone

    def scores(self, cepstra: Array) -> Scores:
        """(frames, senones): log likelihoods in nats, 0 for the best senone of each frame."""
        streams = np.stack(with_deltas(cepstra)).astype("f4")
        batches = [self._batch(streams[:, at : at + BATCH]) for at in range(0, len(cepstra), BATCH)]
        return np.concatenate(batches) if batches else np.zeros((0, len(self.phone_of)), "f4")

    def _batch(self, streams: Scores) -> Scores:
        n_frames, n_phones = streams.shape[1], len(self.phones.names)
        total = np.zeros((n_frames, len(self.phone_of)), "f4")
        for stream, (frames, gaussians) in enumerate(zip(streams, self._gaussians[0], strict=True)):
            terms = np.concatenate([frames**2, frames, np.ones((n_frames, 1), "f4")], axis=1)
            densities = (terms @ gaussians).reshape(n_frames, n_phones, -1)
            best = densities.max(axis=2)
            shares = np.exp(np.maximum(densities - best[:, :, None], FLOOR))
            for phone, (members, weights) in enumerate(self._members):
                mixed = shares[:, phone] @ weights[stream]
                total[:, members] += np.log(np.maximum(mixed, 1e-30)) + best[:, phone, None]
        return np.asarray(total - total.max(axis=1, keepdims=True))


def with_deltas(cepstra: Array) -> tuple[Array, Array, Array]:
    """The cepstra, how they change over 40 ms, and how that changes (feat.c, 1s_c_d_dd); the ends go on as they are."""
    padded = np.pad(cepstra, ((3, 3), (0, 0)), mode="edge")
    n = len(cepstra)

    def at(offset: int) -> Array:
        return padded[3 + offset : 3 + offset + n]

    return cepstra, at(2) - at(-2), (at(3) - at(-1)) - (at(1) - at(-3))


def read_model(folder: Path) -> AcousticModel:
    """In about 0.3 s. Raises EngineFailed."""
    try:
        phones, phone_of = read_phones((folder / "mdef").read_bytes())
        weights = read_weights((folder / "sendump").read_bytes(), len(phone_of))
        transitions = read_transitions((folder / "transition_matrices").read_bytes())
    except (OSError, ValueError, IndexError) as exc:
        raise EngineFailed(f"{folder} cannot be read as an acoustic model.") from exc
    means, variances = read_parameters(folder / "means"), read_parameters(folder / "variances")
    return AcousticModel(phones, transitions, means, np.maximum(variances, 1e-4), weights, phone_of)


def read_phones(data: bytes) -> tuple[Phones, Indices]:
    """Of a binary `mdef`; and the phone of each senone."""
    skipped = int(np.frombuffer(data, "<i4", 1, 8)[0])
    at = 12 + skipped
    n_alone, n_phones, n_states, _, n_senones, _, n_sequences, _, n_tree, _ = np.frombuffer(data, "<i4", 10, at).tolist()
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
    alone = entries["sequence"][:n_alone].tolist()
    fillers = frozenset(int(n) for n in np.flatnonzero(entries["place"][:n_alone]))
    full = entries[n_alone:]
    keys = zip(full["place"].tolist(), *full["context"].T.tolist(), strict=True)
    in_context = dict(zip(keys, full["sequence"].tolist(), strict=True))
    phone_of = np.zeros(n_senones, "i4")
    phone_of[senones[full["sequence"]]] = full["context"][:, :1]
    phone_of[senones[alone]] = np.arange(n_alone)[:, None]
    return Phones(tuple(names), fillers, in_context, tuple(alone), senones), phone_of


def read_weights(data: bytes, n_senones: int) -> Scores:
    """Of a `sendump`: a byte for each weight."""
    at = 0
    for _ in range(2):
        at += 4 + int(np.frombuffer(data, "<i4", 1, at)[0])
    while length := int(np.frombuffer(data, "<i4", 1, at)[0]):
        if data[at + 4 : at + 4 + length].startswith(b"cluster_count ") and b"cluster_count 0" not in data[:4096]:
            raise ValueError("weights in clusters")
        at += 4 + length
    n_rows, n_columns = np.frombuffer(data, "<i4", 2, at + 4).tolist()
    values = np.frombuffer(data, "u1", offset=at + 12).reshape(-1, n_rows, n_columns)
    return np.exp(-LOG_BASE * values[:, :, :n_senones].astype("f4")).astype("f4")


def read_transitions(data: bytes) -> Scores:
    start = data.index(b"endhdr\n") + 7
    _, n, n_from, n_to, _ = np.frombuffer(data, "<i4", 5, start).tolist()
    counts = np.frombuffer(data, "<f4", n * n_from * n_to, start + 20).reshape(n, n_from, n_to)
    probabilities = counts / np.maximum(counts.sum(-1, keepdims=True), 1e-9)
    kept = np.where(probabilities > 0, np.maximum(probabilities, LEAST_PROBABILITY), 0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(kept), dtype="f4")
