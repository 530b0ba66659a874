"""The size of a model of the llama architecture."""

from __future__ import annotations

from dataclasses import dataclass

ROPE_BASE = 10_000.0
NORM_EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class Shape:
    vocabulary: int
    layers: int = 4
    width: int = 192
    heads: int = 6
    inner: int = 512
    context: int = 512
    """Tokens of prompt and answer together."""
    dropout: float = 0.1

    @property
    def head_width(self) -> int:
        return self.width // self.heads
