"""A second reader of another kind: which intents the words and their neighbours suggest, at a glance.

It is no route of its own and fills no slot. What a language model would write must at least look possible to it: the
two are wrong about different sentences. A bag of hashed n-grams with one hidden layer, as in Joulin et al., "Bag of
Tricks for Efficient Text Classification", 2016.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MARK = re.compile(r"[A-P](?=<|$)")
"""The letter of a mark says nothing; its types do."""
STEMS = (4, 5)
"""Letters with which a longer word begins: "scrapped" and "scrapping" share them."""


@dataclass(frozen=True, slots=True)
class Glance:
    names: tuple[str, ...]
    """Intents, and "none"."""
    table: NDArray[np.int8]
    """(buckets, width): what each hashed n-gram adds."""
    scale: float
    """Of the table."""
    weights: NDArray[np.float32]
    """(width, names)"""
    bias: NDArray[np.float32]

    def likely(self, prompt: str) -> dict[str, float]:
        """Intent -> how much the words suggest it, 0-1; together they are 1."""
        rows = features(prompt.split(" "), len(self.table))
        hidden = np.maximum(self.table[rows].mean(axis=0, dtype=np.float32) * self.scale, 0)
        logits = hidden @ self.weights + self.bias
        shares = np.exp(logits - logits.max())
        return dict(zip(self.names, (shares / shares.sum()).tolist(), strict=True))


def features(pieces: Sequence[str], n_buckets: int) -> list[int]:
    """The buckets of a prompt's n-grams: one, two and three words, two with a gap, and the beginnings of words."""
    bare = (MARK.sub("", piece, count=1) if piece[:1].isupper() else piece for piece in pieces)
    words = ["^", *(piece for piece in bare if piece), "$"]
    found = []
    for at, word in enumerate(words):
        after = words[at + 1 : at + 3]
        found.append(f"1{word}")
        found += [f"2{word} {one}" for one in after[:1]]
        found += [f"3{word} {after[0]} {after[1]}", f"s{word} {after[1]}"] if len(after) == 2 else []
        found += [f"c{word[:length]}" for length in STEMS] if word.isalpha() and len(word) >= max(STEMS) else []
    return [zlib.crc32(text.encode()) % n_buckets for text in found]


def joined(first: Glance, second: Glance) -> Glance:
    """One reader of two trainings, whose logits are averaged: they learned from other wordings, and are wrong about
    other sentences. Raises ValueError where they do not read the same n-grams or know other intents.
    """
    if set(first.names) != set(second.names) or len(first.table) != len(second.table):
        raise ValueError("two readers can be joined where they know the same intents and have as many buckets")
    order = [second.names.index(name) for name in first.names]
    weights = np.concatenate([first.weights, second.weights[:, order] * (second.scale / first.scale)]) / 2
    bias = ((first.bias + second.bias[order]) / 2).astype(np.float32)
    table = np.concatenate([first.table, second.table], axis=1)
    return Glance(first.names, table, first.scale, weights.astype(np.float32), bias)
