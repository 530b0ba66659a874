"""Writes a model as a GGUF file, as llama.cpp reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

from voicemes.training.shape import NORM_EPSILON, ROPE_BASE, Shape
from voicemes.training.tokens import END, Tokenizer


def write_gguf(
    file: Path,
    shape: Shape,
    weights: Mapping[str, NDArray[np.float32]],
    tokenizer: Tokenizer,
    notes: Mapping[str, str],
) -> None:
    """Writes `file` whole or not at all. `weights` are matrices (rows, columns), which are kept in 8 bits, and vectors,
    under the names that GGUF has for them; `notes` become metadata under "voicemes.".
    """
    part = file.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "llama")
    _describe(writer, shape)
    _tokens(writer, tokenizer)
    for key, text in notes.items():
        writer.add_string(f"voicemes.{key}", text)
    for name, weight in weights.items():
        if weight.ndim == 1:
            writer.add_tensor(name, weight)
        else:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(weight, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(file)


def _describe(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_name("voicemes")
    writer.add_license("GPL-3.0-or-later")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(ROPE_BASE)
    writer.add_layer_norm_rms_eps(NORM_EPSILON)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)


def _tokens(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    words, whole = tokenizer.words(), tokenizer.whole()
    kinds = [gguf.TokenType.USER_DEFINED if word in whole else gguf.TokenType.NORMAL for word in words]
    kinds[words.index(END)] = gguf.TokenType.CONTROL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(words)
    writer.add_token_types(kinds)
    writer.add_token_merges(tokenizer.merges())
    writer.add_eos_token_id(tokenizer.end)
    writer.add_add_bos_token(False)
