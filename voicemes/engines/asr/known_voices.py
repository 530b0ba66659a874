"""The voices of those who enrolled, ready to be decoded with."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicemes.engines.asr.adaptation import adapted
from voicemes.engines.asr.own_voice import load
from voicemes.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from voicemes.engines.asr.senones import AcousticModel

MAX_READY = 4
"""Kept in memory, 4 MB each: who works at a station takes turns with a few others."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BentModel:
    size: float
    model: AcousticModel


class KnownVoices:
    def __init__(self, folder: Path | None, model: AcousticModel) -> None:
        self._folder, self._model = folder, model
        self._ready: OrderedDict[str, BentModel | None] = OrderedDict()

    def of(self, speaker: str) -> BentModel | None:
        """Read once. A faulty file is logged, and its owner is heard like everybody; `voicemes check` tells of it."""
        if speaker not in self._ready:
            self._ready[speaker] = self._read(speaker)
            if len(self._ready) > MAX_READY:
                self._ready.popitem(last=False)
        self._ready.move_to_end(speaker)
        return self._ready[speaker]

    def _read(self, speaker: str) -> BentModel | None:
        if self._folder is None:
            return None
        try:
            voice = load(self._folder, speaker)
        except ConfigError as exc:
            log.warning("%s", exc)
            return None
        return BentModel(voice.size, adapted(self._model, voice.transforms)) if voice is not None else None
