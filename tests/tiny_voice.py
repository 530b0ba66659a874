"""A voice of piper of a few kilobytes with random weights: the shape of a VITS graph, and nothing that it learned.

Phonemes become vectors, each lasts as many frames as its own duration says (times the length scale), and each frame
becomes samples. So longer text is longer sound, and a larger scale is slower speech, as in a real voice.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

RATE_HZ = 16_000
HOP = 256
"""Samples of a frame."""
WIDTH = 8
FRAMES = 5
"""That a phoneme lasts about, at length scale 1: 80 ms, or 40 for each of it and its padding."""


def write_tiny_voice(folder: Path, *, seed: int = 0, **config: object) -> Path:
    """The .onnx file, with its description beside it; `config` changes what that says. Of several speakers each has a
    sound of its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "en_US-tiny-low.onnx"
    onnx.save(_model(np.random.default_rng(seed), has_speakers="speaker_id_map" in config), file)
    described = {
        "audio": {"sample_rate": RATE_HZ, "quality": "low"},
        "espeak": {"voice": "en-us"},
        "inference": {"noise_scale": 0.1, "length_scale": 1.0, "noise_w": 0.0},
        "phoneme_type": "espeak",
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "num_symbols": 256,
        "num_speakers": 1,
        "speaker_id_map": {},
    }
    file.with_name(f"{file.name}.json").write_text(json.dumps(described | config), encoding="utf-8")
    return file


def _model(rng: np.random.Generator, *, has_speakers: bool) -> onnx.ModelProto:
    weights = {
        "embedding": rng.normal(0, 1, (256, WIDTH)).astype(np.float32),
        "durations": rng.uniform(FRAMES / 2 - 1, FRAMES / 2 + 1, (256, 1)).astype(np.float32),
        "frame_to_samples": rng.normal(0, 0.3, (WIDTH, HOP)).astype(np.float32),
        "noise_at": np.array([0], np.int64),
        "length_at": np.array([1], np.int64),
        "one": np.array([1], np.int64),
        "axis_0": np.array([0], np.int64),
        "phonemes_only": np.array([-1], np.int64),
        "last": np.array([-1], np.int64),
        "first_axis": np.array(0, np.int64),
        "zero": np.array(0, np.int64),
        "step": np.array(1, np.int64),
        "sound_shape": np.array([1, 1, 1, -1], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Reshape", ["input", "phonemes_only"], ["ids"]),
        node("Gather", ["scales", "length_at"], ["length_scale"]),
        node("Gather", ["scales", "noise_at"], ["noise_scale"]),
        node("Gather", ["durations", "ids"], ["own_durations"]),
        node("Reshape", ["own_durations", "phonemes_only"], ["own_frames"]),
        node("Mul", ["own_frames", "length_scale"], ["frames"]),
        node("CumSum", ["frames", "first_axis"], ["ends"]),
        # Frame t belongs to the first phoneme that ends after t: the number of phonemes that have ended by then.
        node("Gather", ["ends", "last"], ["end"]),
        node("Ceil", ["end"], ["n_frames_float"]),
        node("Cast", ["n_frames_float"], ["n_frames"], to=TensorProto.INT64),
        node("Squeeze", ["n_frames", "axis_0"], ["n_frames_scalar"]),
        node("Range", ["zero", "n_frames_scalar", "step"], ["times"]),
        node("Cast", ["times"], ["times_float"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["times_float", "one"], ["times_column"]),
        node("LessOrEqual", ["ends", "times_column"], ["is_over"]),
        node("Cast", ["is_over"], ["over"], to=TensorProto.INT64),
        node("ReduceSum", ["over", "one"], ["spoken"], keepdims=0),
        node("Shape", ["ids"], ["n_ids"]),
        node("Sub", ["n_ids", "one"], ["last_id"]),
        node("Min", ["spoken", "last_id"], ["phoneme_at"]),
        node("Gather", ["ids", "phoneme_at"], ["id_at"]),
        node("Gather", ["embedding", "id_at"], ["voiced"]),
        *(
            [node("Cast", ["sid"], ["speaker"], to=TensorProto.FLOAT), node("Add", ["voiced", "speaker"], ["vectors"])]
            if has_speakers
            else [node("Identity", ["voiced"], ["vectors"])]
        ),
        node("MatMul", ["vectors", "frame_to_samples"], ["sound"]),
        node("RandomNormalLike", ["sound"], ["noise"], seed=1.0),
        node("Mul", ["noise", "noise_scale"], ["own_noise"]),
        node("Add", ["sound", "own_noise"], ["noisy"]),
        node("Tanh", ["noisy"], ["samples"]),
        node("Reshape", ["samples", "sound_shape"], ["output"]),
    ]
    extra = [helper.make_tensor_value_info("sid", TensorProto.INT64, [1])] if has_speakers else []
    graph = helper.make_graph(
        nodes,
        "tiny",
        [
            helper.make_tensor_value_info("input", TensorProto.INT64, [1, "phonemes"]),
            helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
            helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
            *extra,
        ],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, 1, "samples"])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
