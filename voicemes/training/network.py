"""A small transformer of the llama architecture, in PyTorch, so that llama.cpp runs what was trained.

RMS norms, rotary positions on interleaved pairs, SwiGLU, tied embeddings: Touvron et al., "LLaMA: Open and Efficient
Foundation Language Models", 2023.
"""

from __future__ import annotations

from typing import TypeAlias, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import embedding, linear, scaled_dot_product_attention, silu

from voicemes.training.shape import NORM_EPSILON, ROPE_BASE, Shape

Rotation: TypeAlias = tuple[Tensor, Tensor]
Weights: TypeAlias = dict[str, NDArray[np.float32]]


class Norm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + NORM_EPSILON) * self.weight


class Layer(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.attn_norm, self.ffn_norm = Norm(shape.width), Norm(shape.width)
        self.attn_qkv = nn.Linear(shape.width, 3 * shape.width, bias=False)
        self.attn_output = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn_gate = nn.Linear(shape.width, shape.inner, bias=False)
        self.ffn_up = nn.Linear(shape.width, shape.inner, bias=False)
        self.ffn_down = nn.Linear(shape.inner, shape.width, bias=False)
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, rotation: Rotation) -> Tensor:
        x = x + self.dropout(self._attend(self.attn_norm(x), rotation))
        inner = self.ffn_norm(x)
        return x + self.dropout(self.ffn_down(silu(self.ffn_gate(inner)) * self.ffn_up(inner)))

    def _attend(self, x: Tensor, rotation: Rotation) -> Tensor:
        batch, length, width = x.shape
        split = self.attn_qkv(x).view(batch, length, 3, self.shape.heads, self.shape.head_width)
        q, k, v = (split[:, :, part].transpose(1, 2) for part in range(3))
        mixed = scaled_dot_product_attention(_rotate(q, rotation), _rotate(k, rotation), v, is_causal=True)
        return cast(Tensor, self.attn_output(mixed.transpose(1, 2).reshape(batch, length, width)))


class Network(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.output_norm = Norm(shape.width)
        self.dropout = nn.Dropout(shape.dropout)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                is_last = name.endswith(("attn_output.weight", "ffn_down.weight"))
                nn.init.normal_(weight, std=0.02 / (2 * shape.layers) ** 0.5 if is_last else 0.02)

    def forward(self, tokens: Tensor, wanted: Tensor) -> Tensor:
        """Logits (n, vocabulary) at the n places of `tokens` (batch, length) where `wanted` (batch, length) is true."""
        x = self.dropout(embedding(tokens, self.token_embd.weight))
        rotation = _rotation(tokens.shape[1], self.shape.head_width)
        for layer in self.layers:
            x = layer(x, rotation)
        return linear(self.output_norm(x[wanted]), self.token_embd.weight)


def weights_of(network: Network) -> Weights:
    """The network's matrices under the names that GGUF has for them."""
    found: Weights = {}
    for name, weight in network.state_dict().items():
        values = weight.detach().numpy().astype(np.float32)
        parts = name.split(".")
        if parts[0] != "layers":
            found[name] = values
        elif parts[2] == "attn_qkv":
            for part, rows in zip("qkv", np.split(values, 3), strict=True):
                found[f"blk.{parts[1]}.attn_{part}.weight"] = rows
        else:
            found[f"blk.{parts[1]}.{parts[2]}.weight"] = values
    return found


def _rotation(length: int, width: int) -> Rotation:
    """Cosines and sines (length, width / 2) of the rotary positions."""
    steps = ROPE_BASE ** (-torch.arange(0, width, 2, dtype=torch.float32) / width)
    angles = torch.outer(torch.arange(length, dtype=torch.float32), steps)
    return angles.cos(), angles.sin()


def _rotate(x: Tensor, rotation: Rotation) -> Tensor:
    """Turns pairs of neighbours (batch, heads, length, width): the llama architecture of GGUF expects them so."""
    cos, sin = rotation
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)
