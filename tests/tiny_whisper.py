"""A Whisper of a few hundred kilobytes in CTranslate2's own format: all that the loading and decoding code needs.

With random weights it says nonsense about anything. With `says` it is a parrot: attention and convolutions are zero,
and each token leads to the next one, so that it says the same whatever it is given, surely.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ctranslate2.specs import WhisperSpec
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

END, START, PREVIOUS, LATIN = "<|endoftext|>", "<|startoftranscript|>", "<|startofprev|>", "<|notimestamps|>"
SPECIAL = (END, START, "<|translate|>", "<|transcribe|>", "<|startoflm|>", PREVIOUS, "<|nospeech|>", LATIN)
WORDS = ("Ġstart", "Ġorder", "Ġfour", "Ġseven", "Ġone", "Ġthe", "Ġscrap", "Ġthank", "Ġyou", "Ġfor", "Ġwatching")
MELS, FRAMES, POSITIONS = 80, 1_500, 448
SURE = 30.0
"""What a parrot's next token has over all others, in nats, about."""


def write_tiny_whisper(folder: Path, *, says: Sequence[str] = (), seed: int = 0, sure: float = SURE) -> Path:
    """The model's folder. `says` are the pieces of what it says, each different; the same one again repeats for ever.

    A piece is a token, so its letters are those of a byte-level vocabulary: a blank is "Ġ".
    """
    folder.mkdir(parents=True, exist_ok=True)
    pieces = tuple(dict.fromkeys(piece.replace(" ", "Ġ") for piece in says))
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [word for word in WORDS if word not in pieces]
    tokens = [*letters, *pieces, *words, *SPECIAL]
    width = len(tokens) if says else 32
    spec = WhisperSpec(1, 1, 1, 1)
    rng = np.random.default_rng(seed)
    _fill(spec, width, len(tokens), lambda *shape: np.zeros(shape) if says else rng.normal(0, 0.4, shape))
    if says:
        path = [tokens.index(piece.replace(" ", "Ġ")) for piece in says]
        _parrot(spec, [tokens.index(LATIN), *path], tokens.index(END), width, sure)
    spec.register_vocabulary(tokens)
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], [tokens.index(END)]
    spec.config.lang_ids, spec.config.alignment_heads = [], [[0, 0]]
    spec.validate()
    spec.optimize(quantization=None)
    spec.save(str(folder))
    _write_tokenizer(folder, tokens)
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": MELS}), encoding="utf-8")
    return folder


def _fill(spec: WhisperSpec, width: int, n_tokens: int, draw: object) -> None:
    encoder, decoder = spec.encoder, spec.decoder
    for conv, n_in in ((encoder.conv1, MELS), (encoder.conv2, width)):
        conv.weight, conv.bias = _float(draw(width, n_in, 3)), _float(np.zeros(width))
    for half, length in ((encoder, FRAMES), (decoder, POSITIONS)):
        half.position_encodings.encodings = _float(draw(length, width))
        _norm(half.layer_norm, width)
        for layer in half.layer:
            _attention(layer.self_attention, (3 * width, width), width, draw)
            if hasattr(layer, "attention"):
                _attention(layer.attention, (width, 2 * width, width), width, draw)
            _norm(layer.ffn.layer_norm, width)
            _linear(layer.ffn.linear_0, (2 * width, width), draw)
            _linear(layer.ffn.linear_1, (width, 2 * width), draw)
    decoder.embeddings.weight = _float(draw(n_tokens, width))
    _linear(decoder.projection, (n_tokens, width), draw)


def _parrot(spec: WhisperSpec, path: Sequence[int], end: int, width: int, sure: float) -> None:
    """The embedding of a token is its own axis; the projection leads from each to the next."""
    spec.decoder.embeddings.weight = _float(np.eye(width))
    following = np.zeros((width, width))
    for token, after in zip(path, [*path[1:], end], strict=True):
        following[after, token] = sure / np.sqrt(width)  # a normalised axis is as long as the root of the width
    for token in path[1:]:
        if path.count(token) > 1:  # said again and again
            following[end, token] = 0
    spec.decoder.projection.weight = _float(following)


def _attention(attention: object, sizes: Sequence[int], width: int, draw: object) -> None:
    _norm(attention.layer_norm, width)
    for linear, n_out in zip(attention.linear, sizes, strict=True):
        _linear(linear, (n_out, width), draw)


def _linear(linear: object, shape: tuple[int, int], draw: object) -> None:
    linear.weight, linear.bias = _float(draw(*shape)), _float(np.zeros(shape[0]))


def _norm(norm: object, width: int) -> None:
    norm.gamma, norm.beta = _float(np.ones(width)), _float(np.zeros(width))


def _float(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32)


def _write_tokenizer(folder: Path, tokens: list[str]) -> None:
    ordinary = {token: number for number, token in enumerate(tokens) if token not in SPECIAL}
    tokenizer = Tokenizer(models.BPE(ordinary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    tokenizer.save(str(folder / "tokenizer.json"))
