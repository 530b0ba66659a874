"""A headset, or a microphone and a loudspeaker, reached through sounddevice and PortAudio.

One thread records, with reads that wait; it copies into a ring and counts what nobody took. When the device goes away
the thread says so and tries again until it is back.
"""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING

import numpy as np

from voicemes.engines.audio import portaudio
from voicemes.engines.audio.resample import Resampler, resample_pcm, to_pcm
from voicemes.engines.audio.ring import Ring
from voicemes.errors import AudioError, DeviceFailed
from voicemes.events import DeviceFound, DeviceLost, Event
from voicemes.model import SPEECH, AudioFrame, SpeechChunk
from voicemes.ports import EngineContext, SourceTraits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from voicemes.engines.audio.portaudio import DeviceInfo, PortAudio, Stream

FRAME_S = 0.02
"""How much is recorded at a time, seconds."""

PLAY_S = 0.01
"""How much is played at a time, seconds. `stop` is noticed after each piece, and must be heard within 50 ms."""

LEAD_S = 0.03
"""Silence played before each chunk, seconds. The first 20 ms after opening are lost (measured, ALSA on PulseAudio)."""

PUSH = 2.0
"""Silence played after each chunk, in latencies of the device, so that the last word has left before the device is
closed. PortAudio's latency leaves out the sound system's own buffer (measured: up to 1.5 times as much)."""

RETRIES_S = (0.2, 0.5, 1.0, 2.0)
"""Waits before the attempts to reopen a lost device, seconds; the last one is repeated for ever. A replugged USB
headset takes about a second to come back."""


@dataclass(frozen=True, slots=True)
class SourceOptions:
    device: str = ""
    """Part of the microphone's name, or its number; empty takes the system's default."""
    ring_s: float = 8.0
    """Audio kept while nobody takes it, seconds; then the oldest is dropped and counted."""


@dataclass(frozen=True, slots=True)
class SinkOptions:
    device: str = ""
    """Part of the loudspeaker's name, or its number; empty takes the system's default."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the recording thread needs from the runtime."""

    start_thread: Callable[[str, Callable[[], None]], object]
    """Starts a thread with this name that runs the function."""
    on_event: Callable[[Event], None]
    """Told, in the recording thread, when the device was lost and found."""
    now_s: Callable[[], float]
    """The session clock."""
    wait: Callable[[float], bool] | None = None
    """Waits so many seconds before a device is tried again; True ends the attempts. None: a wait that `close` ends."""


def list_devices() -> tuple[DeviceInfo, ...]:
    """Every sound device there is. Raises DeviceMissing where PortAudio is not installed."""
    return portaudio.load().devices()


def create_source(options: SourceOptions, _context: EngineContext, surroundings: Surroundings) -> Microphone:
    """Opens the microphone. Raises DeviceMissing when there is none that fits, DeviceFailed when it cannot be used."""
    return Microphone(portaudio.load(), options, surroundings)


def create_sink(options: SinkOptions, _context: EngineContext) -> Loudspeaker:
    """Finds the loudspeaker. Raises DeviceMissing when there is none that fits."""
    return Loudspeaker(portaudio.load(), options)


class Microphone:
    """An AudioSource. `frames` starts the recording and is called once."""

    def __init__(self, library: PortAudio, options: SourceOptions, surroundings: Surroundings) -> None:
        self._library = library
        self._surroundings = surroundings
        self._closed = threading.Event()
        self._wait = surroundings.wait or self._closed.wait
        self._ring = Ring(round(options.ring_s * SPEECH.rate_hz))
        self._position_samples = 0
        self._is_recording = False
        device = portaudio.choose(library.devices(), options.device, "input")
        self._wanted = device.name if options.device else ""
        """Numbers change when devices come and go; names do not."""
        self._stream = library.open_stream(device, "input", SPEECH.rate_hz)
        rate_hz = min(self._stream.rate_hz, device.rate_hz)
        self._traits = SourceTraits(name=device.name, device_rate_hz=rate_hz, is_live=True)

    @property
    def traits(self) -> SourceTraits:
        """`device_rate_hz` is 8000 for a telephone headset, though the sound system may offer to pretend more."""
        return self._traits

    @property
    def dropped_samples(self) -> int:
        return self._ring.dropped_samples

    def frames(self) -> Iterator[AudioFrame]:
        """Frames of about 20 ms. A lost device makes a pause, and a jump in `start_samples`, but does not end them."""
        if not self._closed.is_set():
            self._is_recording = True
            self._surroundings.start_thread("microphone", self._run)
        while (frame := self._ring.get()) is not None:
            yield frame

    def close(self) -> None:
        """Ends `frames` now; the thread ends within one frame, and gives the device back."""
        self._closed.set()
        self._ring.close()
        if not self._is_recording:
            self._stream.close()

    def _run(self) -> None:
        stream: Stream | None = self._stream
        try:
            while stream is not None:
                reason = self._record(stream)
                stream = None if reason is None else self._recover(reason)
        finally:
            self._ring.close()

    def _record(self, stream: Stream) -> str | None:
        """Copies from the device into the ring. Returns why it was lost, or None after `close`."""
        resampler = Resampler(stream.rate_hz, SPEECH.rate_hz)
        with closing(stream):
            try:
                stream.start()
                while not self._closed.is_set():
                    samples, was_late = stream.read(round(FRAME_S * stream.rate_hz))
                    if was_late:
                        self._skip_lost()
                    self._put(to_pcm(resampler.feed(samples)))
            except DeviceFailed as exc:
                return str(exc)
        return None

    def _recover(self, reason: str) -> Stream | None:
        """Tries to open the device until it is back; None after `close`."""
        lost_s = self._surroundings.now_s()
        self._surroundings.on_event(DeviceLost(lost_s, reason))
        for wait_s in chain(RETRIES_S, repeat(RETRIES_S[-1])):
            if self._wait(wait_s) or self._closed.is_set():
                break
            try:
                self._library.refresh()
                device = portaudio.choose(self._library.devices(), self._wanted, "input")
                stream = self._library.open_stream(device, "input", SPEECH.rate_hz)
            except AudioError:
                continue
            found_s = self._surroundings.now_s()
            self._position_samples += round((found_s - lost_s) * SPEECH.rate_hz)
            self._surroundings.on_event(DeviceFound(found_s, device.name))
            return stream
        return None

    def _put(self, pcm: bytes) -> None:
        if pcm:
            frame = AudioFrame(pcm, self._position_samples, self._surroundings.now_s())
            self._position_samples += frame.n_samples
            self._ring.put(frame)

    def _skip_lost(self) -> None:
        """PortAudio says that its buffer ran over, not by how much; one buffer is counted as lost."""
        lost_samples = round(portaudio.BUFFER_S["input"] * SPEECH.rate_hz)
        self._position_samples += lost_samples
        self._ring.count_lost(lost_samples)


class Loudspeaker:
    """An AudioSink. The device is open only while something is played, so it may come and go in between."""

    def __init__(self, library: PortAudio, options: SinkOptions) -> None:
        self._library = library
        self._wanted = options.device
        self._stopped = threading.Event()
        self._closed = threading.Event()
        device = portaudio.choose(library.devices(), options.device, "output")
        if options.device:
            self._wanted = device.name

    def play(self, chunk: SpeechChunk) -> None:
        """Blocks until the last sample left the device, or `stop`. Raises DeviceMissing and DeviceFailed."""
        if chunk.format.channels != 1 or chunk.format.width_bytes != SPEECH.width_bytes:
            raise AudioError(f"Only mono with 16 bits can be played, not {chunk.format}.")
        self._stopped.clear()
        if self._closed.is_set():
            return
        with closing(self._open(chunk.format.rate_hz)) as stream:
            stream.start()
            pcm = resample_pcm(chunk.pcm, chunk.format.rate_hz, stream.rate_hz)
            before = np.zeros(round(LEAD_S * stream.rate_hz), np.int16)
            after = np.zeros(round(PUSH * stream.latency_s * stream.rate_hz), np.int16)
            self._write(stream, np.concatenate([before, np.frombuffer(pcm, dtype="<i2"), after]))

    def stop(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        """Silences, and plays nothing more."""
        self._closed.set()
        self._stopped.set()

    def _write(self, stream: Stream, samples: NDArray[np.int16]) -> None:
        """Piece by piece; the silence at the end pushes the last of the sound through the device's buffer."""
        piece_samples = round(PLAY_S * stream.rate_hz)
        for start in range(0, len(samples), piece_samples):
            if self._stopped.is_set():
                return
            stream.write(samples[start : start + piece_samples])

    def _open(self, rate_hz: int) -> Stream:
        """A second attempt is made with a fresh list of devices: numbers change when something is plugged in."""
        try:
            return self._open_once(rate_hz)
        except AudioError:
            self._library.refresh()
            return self._open_once(rate_hz)

    def _open_once(self, rate_hz: int) -> Stream:
        device = portaudio.choose(self._library.devices(), self._wanted, "output")
        return self._library.open_stream(device, "output", rate_hz)
