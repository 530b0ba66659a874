"""Speech by piper: a neural voice in an .onnx file, with its .onnx.json beside it. Natural, and several times faster
than it is spoken on one core.

The library's own `PiperVoice.load` takes every core there is, so the session is made here; all that comes after, from
phonemes to samples, is the library's.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voicemes.engines.tts.sentences import sentences
from voicemes.errors import EngineFailed, EngineMissing
from voicemes.model import AudioFormat, SpeechChunk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from voicemes.ports import EngineContext, Voice

    Samples = NDArray[np.float32]

INSTALL = "Install it with: pip install piper-tts==1.8.0"
PULL = "Fetch it with: voicemes models pull {name}; or choose one with: voicemes models list"
USUAL = "en_US-lessac-medium"
NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""As in engines/vad/silero.py: what is said in a factory stays there."""
MEASURED = "Order four seven one one started, one hundred twenty phones are left."
"""Twelve words. espeak-ng says them at 165.0 words a minute when it is asked for 165 (and 120.8 for 120, 220.1 for
220), so a voice that is measured with them is as fast as espeak-ng at every rate."""
SCALES = (0.4, 2.5)
"""Of the length of sounds: beyond that they are no speech any more."""
LEVEL = 0.5
"""Peak of a sentence at volume 1: twice of it is still not cut off."""
AUDIBLE = 1e-3
"""Of the peak; what is below at both ends of a sentence is its silence."""
PAUSE_S = 0.15
"""After a sentence, as espeak-ng has it: sentences made one by one sound like one answer."""
KINDS = ("espeak", "text")
"""Of phonemes: the others want models of their own, for languages that nobody speaks to us."""


@dataclass(frozen=True, slots=True)
class Options:
    model: Path | None = None
    """The voice's .onnx file; its .onnx.json lies beside it."""
    threads: int = 1
    """More are faster alone and slower beside a recogniser that listens."""


def create(options: Options, context: EngineContext) -> PiperSynthesizer:
    """Loads the voice and measures how fast it speaks. Raises EngineMissing without library or voice, EngineFailed for
    files that are no voice.
    """
    os.environ.setdefault(NO_TELEMETRY, "1")
    try:
        import onnxruntime
        from piper import PiperVoice, SynthesisConfig
        from piper.config import PiperConfig
    except ImportError as exc:
        raise EngineMissing("piper-tts", install=INSTALL) from exc
    file = _found(options.model)
    config = _read_config(file, PiperConfig)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 4  # fatal only: what goes wrong is raised anyway
    try:
        session = onnxruntime.InferenceSession(str(file), settings, providers=["CPUExecutionProvider"])
    except _onnx_errors() as exc:
        raise EngineFailed(f"{file} is no voice that piper can load. {_pull(file.stem)}") from exc
    voice = PiperVoice(session=session, config=config, download_dir=context.cache_dir)
    return PiperSynthesizer(voice, SynthesisConfig)


class PiperSynthesizer:
    """A Synthesizer."""

    def __init__(self, voice: Any, synthesis_config: Any) -> None:
        self._voice, self._synthesis_config = voice, synthesis_config
        self._own_scale = float(voice.config.length_scale)
        self._format = AudioFormat(rate_hz=int(voice.config.sample_rate))
        odd: tuple[type[Exception], ...] = (RuntimeError, ValueError, TypeError, IndexError, KeyError)
        self._errors = (*_onnx_errors(), *odd)
        """What phonemizing and onnxruntime throw; the espeak-ng inside piper raises RuntimeError for its voice."""
        self.rate_wpm = self._measured_wpm()
        """How fast the voice speaks by itself, in words a minute of `MEASURED`."""

    @property
    def format(self) -> AudioFormat:
        return self._format

    def speak(self, text: str, voice: Voice) -> Iterator[SpeechChunk]:
        """One chunk a sentence, each made when it is asked for. `voice.name` chooses a speaker where the file has
        several; another name means its first one. Raises EngineFailed.
        """
        speaker = self._voice.config.speaker_id_map.get(voice.name)
        low, high = SCALES
        scale = min(max(self.rate_wpm / max(voice.rate_wpm, 1), low), high) * self._own_scale
        for sentence in sentences(_speakable(text)):
            samples = self._samples(sentence, scale, speaker)
            if len(samples):
                yield SpeechChunk(self._pcm(samples * voice.volume), self._format)

    def _samples(self, sentence: str, scale: float, speaker: int | None = None) -> Samples:
        """A sentence with its loudest sample at `LEVEL`."""
        wanted = self._synthesis_config(speaker_id=speaker, length_scale=scale, volume=LEVEL)
        try:
            pieces = [chunk.audio_float_array.reshape(-1) for chunk in self._voice.synthesize(sentence, wanted)]
        except self._errors as exc:
            raise EngineFailed(f"piper could not say {sentence!r}: {exc}.") from exc
        return np.concatenate([*pieces, np.zeros(0, np.float32)])

    def _pcm(self, samples: Samples) -> bytes:
        pause = bytes(int(PAUSE_S * self._format.rate_hz) * self._format.width_bytes)
        return bytes((np.clip(samples, -1.0, 1.0) * 32_767).astype("<i2").tobytes()) + pause

    def _measured_wpm(self) -> float:
        samples = np.abs(self._samples(MEASURED, self._own_scale))
        audible = np.flatnonzero(samples > AUDIBLE * LEVEL)
        if not len(audible):
            raise EngineFailed(f"This voice of piper makes no sound. {_pull(USUAL)}")
        seconds = (audible[-1] + 1 - audible[0]) / self._format.rate_hz
        return float(len(MEASURED.split()) / seconds * 60)


def _found(model: Path | None) -> Path:
    """The voice's file, which is there, as is its description."""
    if model is None:
        raise EngineMissing("A voice of piper ([tts] model)", install=_pull(USUAL))
    for file in (model, _config_file(model)):
        if not file.is_file():
            raise EngineMissing(f"The voice file {file}", install=_pull(model.stem))
    return model


def _config_file(model: Path) -> Path:
    return model.with_name(f"{model.name}.json")


def _pull(name: str) -> str:
    return PULL.format(name=name)


def _read_config(model: Path, piper_config: Any) -> Any:
    file = _config_file(model)
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if found.get("phoneme_type", KINDS[0]) not in KINDS:
            raise EngineFailed(f"{file}: its phonemes are of the kind {found['phoneme_type']}; take an English voice.")
        return piper_config.from_dict(found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise EngineFailed(f"{file} does not describe a voice of piper. {_pull(model.stem)}") from exc


def _speakable(text: str) -> str:
    """Without what the library takes for phonemes ("[[…]]"), and what cannot be written as UTF-8."""
    return text.replace("\0", " ").replace("[[", " ").replace("]]", " ").encode(errors="replace").decode()


def _onnx_errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises. Its classes share no root but Exception."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoModel", "NoSuchFile", "RuntimeException")
    return tuple(getattr(state, name) for name in names)
