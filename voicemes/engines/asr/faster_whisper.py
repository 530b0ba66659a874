"""Whisper by faster-whisper and CTranslate2: an open vocabulary, for what the grammar did not cover.

It decodes a whole utterance, greedily or with a beam, at temperature 0, without what was said before and without time
stamps. What it writes is refused where it was hardly said (refusal.py), and is snapped to the catalogue by its sounds
later (nlu/sounding.py).
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voicemes.engines.asr.refusal import Written, why_refused
from voicemes.errors import EngineFailed, EngineMissing
from voicemes.model import SPEECH, Transcript
from voicemes.nlu.normalize import normalize
from voicemes.ports import RecognizerTraits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from voicemes.ports import EngineContext, Expected

    Samples = NDArray[np.float32]

STREAMS = False
NAME = "faster_whisper"
INSTALL = "Install it with: pip install faster-whisper==1.2.1"
PULL = "Fetch one with: voicemes models pull whisper-base.en"
FILES = ("model.bin", "config.json", "tokenizer.json")
"""Without its tokenizer the library would fetch one from the hub: what is not here is missing."""
VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
LONGEST_S = 30.0
"""What the model was made for; the endpoint closes after 12 s."""
FRAMES_PER_S = 100
BEFORE_S, LEAST_SPEECH_MS = 0.3, 90
"""Sound kept around speech, and the shortest speech that counts: a click has less."""
FULL_SCALE = 32_768.0
TOKENS_PER_S, FEWEST_TOKENS = 8, 12
"""Of what is said at most: what is written beyond that was not said, and would only take time."""
MOST_NOUNS = 40
"""Given as a hint, about a hundred tokens: the longer the hint, the more of it is heard where it was not said."""
THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d.])")
"""It writes 4,711 for what was said as a number; a person who types that may mean something else (normalize.py)."""


@dataclass(frozen=True, slots=True)
class Options:
    model: Path | None = None
    """The folder of a converted model: model.bin, config.json, tokenizer.json, vocabulary.json."""
    compute_type: str = "int8"
    threads: int = 1
    beam: int = 1
    context_s: float = LONGEST_S
    """Length to which the encoder's input is filled up with silence. With 30, as the model was trained, most of the
    work is for silence; 10 takes a fifth to a sixth of the time (base: 1.33 s and 0.30 s on two cores). The risk: words
    at the end are left out or said twice, the more often the shorter it is. Try it on your own recordings first.
    """
    bias: bool = True
    """Tell the model the nouns that it may hear. Only where the voice detector found speech: of silence it would make
    those very words."""


def create(options: Options, _context: EngineContext) -> WhisperRecognizer:
    """Loads the model. Raises EngineMissing without library or files, EngineFailed for files that are no model."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        from faster_whisper import WhisperModel
    except ImportError as exc:
        raise EngineMissing("faster-whisper", install=INSTALL) from exc
    return WhisperRecognizer(_load(WhisperModel, _found(options.model), options), options)


def _load(whisper_model: Any, folder: Path, options: Options) -> Any:
    settings = {"device": "cpu", "compute_type": options.compute_type, "cpu_threads": options.threads}
    message = f"{folder} is no Whisper model that can be loaded"
    try:
        return whisper_model(str(folder), local_files_only=True, **settings)
    except (RuntimeError, ValueError, TypeError, KeyError, OSError, MemoryError) as exc:
        raise EngineFailed(f"{message}: {exc}. {PULL}") from exc
    except Exception as exc:
        if type(exc) is Exception:  # all that the library `tokenizers` ever raises
            raise EngineFailed(f"{message}: {exc}. {PULL}") from exc
        raise


class WhisperRecognizer:
    """A Recognizer."""

    def __init__(self, model: Any, options: Options) -> None:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        self._model, self._options = model, options
        try:
            multilingual = bool(model.model.is_multilingual)
            self._tokenizer = Tokenizer(model.hf_tokenizer, multilingual, task="transcribe", language="en")
            self._suppressed = get_suppressed_tokens(self._tokenizer, [-1])
            self._plain_prompt = self._prompt("")
        except (TypeError, ValueError, IndexError) as exc:  # a tokenizer without the tokens of a Whisper
            raise EngineFailed(f"The tokenizer of {options.model} is not that of a Whisper model. {PULL}") from exc
        self._nouns: tuple[str, ...] = ()
        self._hinted: frozenset[str] = frozenset()

    @property
    def traits(self) -> RecognizerTraits:
        return RecognizerTraits(name=NAME, streams=False, follows_grammar=False)

    def expect(self, expected: Expected) -> None:
        self._nouns = expected.nouns[:MOST_NOUNS] if self._options.bias else ()
        self._hinted = frozenset(word for noun in self._nouns for word in normalize(noun))

    def recognize(self, pcm: bytes, is_late: Callable[[], bool]) -> Transcript:
        nothing = Transcript("", NAME, is_complete=False, confidence=0.0)
        try:
            spoken, speech_s = self._speech(pcm)
            if not len(spoken) or is_late():
                return nothing
            encoded = self._model.encode(self._features(spoken))
            if is_late():
                return nothing
            text, mean, no_speech = self._decode(encoded, len(spoken) / SPEECH.rate_hz)
        except (RuntimeError, ValueError, IndexError, MemoryError) as exc:
            raise EngineFailed(f"faster-whisper broke while it decoded: {exc}.") from exc
        text = THOUSANDS.sub(lambda found: found.group().replace(",", ""), text)
        words = normalize(text)
        if why_refused(Written(words, speech_s, mean, no_speech), self._hinted):
            return nothing
        return Transcript(text.strip(), NAME, confidence=math.exp(min(mean, 0.0)) * (1 - no_speech))

    def _speech(self, pcm: bytes) -> tuple[Samples, float]:
        """From where somebody begins to speak until they end, and how long they speak in between."""
        from faster_whisper.vad import VadOptions, get_speech_timestamps

        whole = pcm[: int(LONGEST_S * SPEECH.rate_hz) * SPEECH.width_bytes]
        usable = len(whole) - len(whole) % SPEECH.width_bytes
        samples = np.frombuffer(whole[:usable], "<i2").astype(np.float32) / np.float32(FULL_SCALE)
        if not len(samples):
            return samples, 0.0
        wanted = VadOptions(min_speech_duration_ms=LEAST_SPEECH_MS, min_silence_duration_ms=200, speech_pad_ms=0)
        parts = get_speech_timestamps(samples, wanted)
        if not parts:
            return samples[:0], 0.0
        around = int(BEFORE_S * SPEECH.rate_hz)
        speech_s = sum(part["end"] - part["start"] for part in parts) / SPEECH.rate_hz
        return samples[max(0, parts[0]["start"] - around) : parts[-1]["end"] + around], speech_s

    def _features(self, spoken: Samples) -> Samples:
        from faster_whisper.audio import pad_or_trim

        features = self._model.feature_extractor(spoken)[..., :-1]
        n_frames = round(min(max(self._options.context_s, len(spoken) / SPEECH.rate_hz), LONGEST_S) * FRAMES_PER_S)
        filled: Samples = pad_or_trim(features, n_frames + n_frames % 2)
        return filled

    def _decode(self, encoded: Any, seconds: float) -> tuple[str, float, float]:
        """The text, the mean logarithm of its tokens' probabilities, and the probability that there is no speech."""
        prompt = self._prompt(", ".join(self._nouns)) if self._nouns else self._plain_prompt
        most = FEWEST_TOKENS + round(TOKENS_PER_S * seconds)
        found = self._model.model.generate(
            encoded,
            [prompt],
            beam_size=self._options.beam,
            max_length=min(len(prompt) + most, self._model.max_length),
            sampling_temperature=0,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = found.sequences_ids[0]
        mean = found.scores[0] * len(tokens) / (len(tokens) + 1)
        return self._tokenizer.decode(tokens), mean, found.no_speech_prob

    def _prompt(self, hint: str) -> list[int]:
        prompt: list[int] = self._model.get_prompt(self._tokenizer, [], without_timestamps=True, hotwords=hint)
        if any(token is None for token in prompt):
            raise ValueError("a token of Whisper is missing")
        return prompt


def _found(model: Path | None) -> Path:
    if model is None:
        raise EngineMissing("A Whisper model ([asr] second_model)", install=PULL)
    gone = [name for name in FILES if not (model / name).is_file()]
    if not any((model / name).is_file() for name in VOCABULARIES):
        gone.append(VOCABULARIES[0])
    if gone:
        raise EngineMissing(f"{model / gone[0]}, a part of the Whisper model,", install=PULL)
    return model
