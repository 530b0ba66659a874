"""What was heard, as WAV files for a while, where the settings say so (`[audio] keep_h`).

An observer beside the ears: the hearing thread hands over an utterance, and the turn that it becomes gives it its name.
What was a secret is not kept, whatever the settings say.
"""

from __future__ import annotations

import contextlib
import os
import wave
from collections import deque
from collections.abc import Callable
from pathlib import Path

from voicemes.clock import Clock
from voicemes.config import Settings
from voicemes.events import EngineTroubled, Event, InputReceived, SessionStarted, SpeechEnded
from voicemes.model import Utterance
from voicemes.runtime.bus import Bus
from voicemes.runtime.secrets import MASK

MAX_WAITING = 8
"""Utterances whose turn has not come; one follows the other, so it is one as a rule."""
TYPED = frozenset({"keyboard", "screen"})


class KeptAudio:
    def __init__(self, settings: Settings, bus: Bus, clock: Clock) -> None:
        self._folder, self._keep_s = settings.audio_folder, settings.audio.keep_h * 3600
        self._bus, self._clock = bus, clock
        self._waiting: deque[Utterance] = deque(maxlen=MAX_WAITING)
        self._next: Utterance | None = None
        """The one that the session is taking its turn with."""
        self._session_id = ""
        self._is_troubled = False
        bus.add(self)

    def hold(self, utterance: Utterance) -> None:
        """Called by the thread that hears."""
        if self._keep_s:
            self._waiting.append(utterance)

    def __call__(self, event: Event) -> None:
        match event:
            case SessionStarted():
                self._session_id = event.session_id
                self._do(self._forget)
            case SpeechEnded(source_s=ended_s):
                self._next = self._that_ended(ended_s)
            case InputReceived(turn=turn, input={"kind": "Heard", "parse": {"transcript": transcript}}):
                if transcript["engine"] not in TYPED:
                    said, self._next = self._next, None
                    if said is not None and MASK not in transcript["text"]:
                        self._do(lambda: self._keep(said, turn))

    def _that_ended(self, ended_s: float) -> Utterance | None:
        while self._waiting:
            said = self._waiting.popleft()
            if said.ended_s == ended_s:
                return said
        return None

    def _do(self, work: Callable[[], None]) -> None:
        """A folder that cannot be used is told of once, and the session goes on."""
        try:
            work()
        except OSError as exc:
            if not self._is_troubled:
                self._is_troubled = True
                why = f"{self._folder}: what is heard cannot be kept or removed here: {exc.strerror}."
                self._bus.publish(EngineTroubled(self._clock.now_s(), "kept audio", why))

    def _keep(self, said: Utterance, turn: int) -> None:
        self._forget()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        file = self._folder / f"{self._session_id}-{turn:04d}.wav"
        private = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(private, "wb") as stream, wave.open(stream, "wb") as sound:
            sound.setnchannels(said.format.channels)
            sound.setsampwidth(said.format.width_bytes)
            sound.setframerate(said.format.rate_hz)
            sound.writeframes(said.pcm)
        wall_s = self._clock.wall_s()
        os.utime(file, (wall_s, wall_s))

    def _forget(self) -> None:
        """Removes what is older than it may be; with nothing to be kept, all of it."""
        if not self._folder.exists():
            return
        for file in self._files():
            with contextlib.suppress(FileNotFoundError):  # another session of this station was quicker
                if self._clock.wall_s() - file.lstat().st_mtime >= self._keep_s:
                    file.unlink()

    def _files(self) -> list[Path]:
        with os.scandir(self._folder) as entries:  # unlike glob, it says when it may not look
            return [Path(entry.path) for entry in entries if entry.name.endswith(".wav")]
