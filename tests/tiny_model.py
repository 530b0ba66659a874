"""A language model of a few kilobytes with random weights: all that the loading and decoding code needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from voicemes.intents import Catalog
from voicemes.nlu.ask import NONE, askable, signature
from voicemes.runtime.reader import LEARNED
from voicemes.training.gguf_writer import write_gguf
from voicemes.training.shape import Shape
from voicemes.training.tokens import Tokenizer


def write_tiny_model(
    file: Path, catalog: Catalog, *, seed: int = 0, notes: Mapping[str, str] | None = None, **shape: int
) -> Path:
    """It has never learned anything, and says whatever its grammar allows."""
    sentences = [example.say.lower() for intent in catalog.intents.values() for example in intent.examples]
    tokenizer = Tokenizer.learn([*sentences, NONE], [*catalog.intents], 600)
    own = {LEARNED: "\n".join(signature(intent) for intent in askable(catalog))}
    sizes = Shape(tokenizer.size, **{"layers": 1, "width": 32, "heads": 1, "inner": 64, "context": 1024, **shape})
    write_gguf(file, sizes, random_weights(sizes, seed), tokenizer, own if notes is None else notes)
    return file


def random_weights(shape: Shape, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return rng.normal(0, 0.3, (rows, columns)).astype(np.float32)

    found = {"token_embd.weight": matrix(shape.vocabulary, shape.width), "output_norm.weight": _ones(shape.width)}
    for layer in range(shape.layers):
        own = {f"attn_{part}": matrix(shape.width, shape.width) for part in ("q", "k", "v", "output")}
        own |= {"ffn_gate": matrix(shape.inner, shape.width), "ffn_up": matrix(shape.inner, shape.width)}
        own |= {"ffn_down": matrix(shape.width, shape.inner)}
        own |= {"attn_norm": _ones(shape.width), "ffn_norm": _ones(shape.width)}
        found |= {f"blk.{layer}.{name}.weight": weight for name, weight in own.items()}
    return found


def _ones(width: int) -> np.ndarray:
    return np.ones(width, np.float32)
