"""Voice activity by the Silero model, version 6, which comes inside the faster-whisper package; run by onnxruntime.

The model hears 512 samples at a time together with the last 64 of the window before, and keeps a state of its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voicemes.errors import EngineFailed, EngineMissing
from voicemes.model import SPEECH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voicemes.ports import EngineContext

WINDOW_SAMPLES = 512
"""32 ms at 16 kHz: the length the model was trained with."""

CONTEXT_SAMPLES = 64
"""How much of the window before is heard again (faster_whisper/vad.py)."""

STATE_SHAPE = (1, 1, 128)
"""Layers, streams and cells of the model's memory; there is one for "h" and one for "c"."""

INPUTS = ("input", "h", "c")
OUTPUTS = ("speech_probs", "hn", "cn")
"""Names inside the model file. `create` checks them, so that another version cannot be misread."""

MODEL_FILE = "silero_vad_v6.onnx"
FULL_SCALE = np.float32(32_768.0)
"""What 1.0 is in a 16-bit sample."""

NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""onnxruntime's wheel has telemetry built in, which starts at its import and leaves a file `.ses` in the temporary
folder. What is said in a factory stays there, so it is off; `disable_telemetry_events` would come too late."""

INSTALL = "Install it with: pip install faster-whisper==1.2.1"


@dataclass(frozen=True, slots=True)
class Options:
    model: Path | None = None
    """A model file of one's own; None takes the one inside faster-whisper."""


def create(options: Options, _context: EngineContext) -> SileroDetector:
    """Loads the model, in about 20 ms. Raises EngineMissing, and EngineFailed for a model that is another one."""
    os.environ.setdefault(NO_TELEMETRY, "1")
    try:
        import onnxruntime
    except ImportError as exc:
        raise EngineMissing("onnxruntime, which runs the voice detector,", install=INSTALL) from exc
    file = options.model or _bundled_model()
    if not file.is_file():
        raise EngineMissing(f"The voice detector's model {file.name}", install=INSTALL)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    settings.log_severity_level = 4  # fatal only: what goes wrong is raised anyway
    try:
        session = onnxruntime.InferenceSession(str(file), settings, providers=["CPUExecutionProvider"])
    except _runtime_errors() as exc:
        raise EngineFailed(f"{file.name} is not a model that onnxruntime can load. {INSTALL}") from exc
    _check_names(session, file)
    return SileroDetector(session)


class SileroDetector:
    """A VoiceDetector. About 0.1 ms for each window of 32 ms on one core."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._before: NDArray[np.float32]
        self._h: NDArray[np.float32]
        self._c: NDArray[np.float32]
        self.reset()

    @property
    def window_samples(self) -> int:
        return WINDOW_SAMPLES

    def probability(self, pcm: bytes) -> float:
        """0-1 for the next window. Raises ValueError when it is not exactly one window, EngineFailed by the model."""
        if len(pcm) != WINDOW_SAMPLES * SPEECH.width_bytes:
            raise ValueError(f"a window has {WINDOW_SAMPLES} samples, not {len(pcm) / SPEECH.width_bytes:g}")
        window = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / FULL_SCALE
        heard = np.concatenate([self._before, window])
        inputs = dict(zip(INPUTS, (heard[np.newaxis], self._h, self._c), strict=True))
        try:
            probability, self._h, self._c = self._session.run(OUTPUTS, inputs)
        except _runtime_errors() as exc:
            raise EngineFailed("The voice detector's model broke while it ran.") from exc
        self._before = window[-CONTEXT_SAMPLES:]
        return float(probability[0])

    def reset(self) -> None:
        self._before = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._h = np.zeros(STATE_SHAPE, np.float32)
        self._c = np.zeros(STATE_SHAPE, np.float32)


def _bundled_model() -> Path:
    """Where faster-whisper keeps the model. The package is only found, not imported: that would take a second."""
    found = find_spec("faster_whisper")
    if found is None or found.origin is None:
        raise EngineMissing("faster-whisper, which brings the voice detector,", install=INSTALL)
    return Path(found.origin).parent / "assets" / MODEL_FILE


def _check_names(session: Any, file: Path) -> None:
    inputs = tuple(item.name for item in session.get_inputs())
    outputs = tuple(item.name for item in session.get_outputs())
    if (inputs, outputs) != (INPUTS, OUTPUTS):
        raise EngineFailed(f"{file.name} takes {inputs} and gives {outputs}: another version. {INSTALL}")


def _runtime_errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises. Its classes share no root but Exception."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoModel", "NoSuchFile", "RuntimeException")
    return tuple(getattr(state, name) for name in names)
