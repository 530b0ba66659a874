"""Trains the second reader on the same sentences, in a minute or two."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, embedding_bag

from voicemes.nlu.ask import NONE
from voicemes.nlu.glance import Glance, features
from voicemes.training.noise import Noise
from voicemes.training.samples import Pair

BUCKETS, WIDTH = 1 << 16, 64
BATCH = 256
ROUNDS = 12
RATE = 4e-3
DROPOUT = 0.3
SMOOTHING = 0.02
LARGEST = 127
"""Of a signed byte."""


class _Network(nn.Module):
    def __init__(self, n_names: int) -> None:
        super().__init__()
        self.table = nn.Embedding(BUCKETS, WIDTH, sparse=True)
        nn.init.normal_(self.table.weight, std=0.1)
        self.dropout, self.out = nn.Dropout(DROPOUT), nn.Linear(WIDTH, n_names)

    def forward(self, rows: Tensor, starts: Tensor) -> Tensor:
        hidden = embedding_bag(rows, self.table.weight, starts, mode="mean", sparse=True)
        logits: Tensor = self.out(self.dropout(torch.relu(hidden)))
        return logits


def train_glance(
    pairs: Sequence[Pair], noise: Noise, seed: int, spent: Callable[[], float] = lambda: 0.0
) -> Glance:
    """A reader that went ROUNDS times through `pairs`, each time with other noise; less often where the share of its
    time that is `spent` says so.
    """
    torch.manual_seed(seed)
    names = [NONE, *sorted({pair.intent for pair in pairs} - {NONE})]
    number = {name: at for at, name in enumerate(names)}
    network = _Network(len(names))
    optimizers = [
        torch.optim.SparseAdam(list(network.table.parameters()), lr=RATE),
        torch.optim.Adam(network.out.parameters(), lr=RATE),
    ]
    rng, order = random.Random(seed), list(pairs)  # noqa: S311 - an order, no secret
    n_batches = math.ceil(len(order) / BATCH)
    for step in range(ROUNDS * n_batches):
        if (done := max(step / (ROUNDS * n_batches), spent())) >= 1:
            break
        first = step % n_batches * BATCH
        if first == 0:
            rng.shuffle(order)
        _set_rate(optimizers, RATE * 0.5 * (1 + math.cos(math.pi * done)))
        _step(network, optimizers, *_batch(order[first : first + BATCH], noise, number))
    return _quantised(network, tuple(names))


def _batch(pairs: Sequence[Pair], noise: Noise, number: dict[str, int]) -> tuple[Tensor, Tensor, Tensor]:
    rows: list[int] = []
    starts = []
    for pair in pairs:
        starts.append(len(rows))
        rows += features(noise(pair), BUCKETS)
    return torch.tensor(rows), torch.tensor(starts), torch.tensor([number[pair.intent] for pair in pairs])


def _step(
    network: _Network, optimizers: list[torch.optim.Optimizer], rows: Tensor, starts: Tensor, wanted: Tensor
) -> None:
    loss = cross_entropy(network(rows, starts), wanted, label_smoothing=SMOOTHING)
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()


def _set_rate(optimizers: list[torch.optim.Optimizer], rate: float) -> None:
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = rate


def _quantised(network: _Network, names: tuple[str, ...]) -> Glance:
    table = network.table.weight.detach().numpy()
    scale = float(np.abs(table).max()) / LARGEST
    weights = network.out.weight.detach().numpy().T.astype(np.float32).copy()
    bias = network.out.bias.detach().numpy().astype(np.float32).copy()
    return Glance(names, np.round(table / scale).astype(np.int8), scale, weights, bias)
