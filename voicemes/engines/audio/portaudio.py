"""PortAudio, called through the sounddevice package: which devices there are, and streams of 16-bit samples.

PortAudio looks for devices once, when it starts. So there is one `PortAudio` in a process (`load` hands out the same
one), and `refresh` restarts it while no stream is open. Opening and closing is done by one thread at a time.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from voicemes.errors import DeviceFailed, DeviceMissing

if TYPE_CHECKING:
    from numpy.typing import NDArray

Direction: TypeAlias = Literal["input", "output"]

PEOPLE_SAY: dict[Direction, str] = {"input": "microphone", "output": "loudspeaker"}

BUFFER_S: dict[Direction, float] = {"input": 0.1, "output": 0.08}
"""What is kept between the device and this program, seconds. Recording must survive a moment in which another thread
holds the interpreter. Playing too, but `stop` is noticed up to a third of this late (measured on ALSA and PulseAudio:
0.037 s of sound after `stop` with 0.1, 0.057 with 0.2), and must be heard within 50 ms."""

MAX_CHANNELS = 2
"""Some devices refuse mono; then both channels are opened and mixed, or filled alike."""


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A sound device as PortAudio sees it."""

    number: int
    """Its place in the list; it may be another one after something was plugged in."""
    name: str
    host: str
    """The sound system through which it is reached: ALSA, Core Audio, …"""
    input_channels: int
    output_channels: int
    rate_hz: int
    """The rate that the device prefers."""
    is_default_input: bool
    is_default_output: bool

    def channels(self, direction: Direction) -> int:
        return self.input_channels if direction == "input" else self.output_channels

    def is_default(self, direction: Direction) -> bool:
        return self.is_default_input if direction == "input" else self.is_default_output


@cache
def load() -> PortAudio:
    """The process's one instance. Raises DeviceMissing where the libraries are not installed."""
    try:
        import sounddevice
    except ImportError as exc:
        raise DeviceMissing("Sound devices need the sounddevice package: pip install sounddevice") from exc
    except OSError as exc:
        raise DeviceMissing("Sound devices need the PortAudio library: apt install libportaudio2") from exc
    return PortAudio(sounddevice)


def choose(devices: tuple[DeviceInfo, ...], wanted: str, direction: Direction) -> DeviceInfo:
    """The device with this number, or with these words in its name; the system's default where `wanted` is empty.

    A name that is exactly the wanted one wins over those that contain it. Raises DeviceMissing, naming what there is.
    """
    usable = tuple(device for device in devices if device.channels(direction) > 0)
    kind = PEOPLE_SAY[direction]
    if not usable:
        raise DeviceMissing(f"There is no {kind}. Plug one in, and check that the sound system knows it.")
    if not wanted:
        return next((device for device in usable if device.is_default(direction)), usable[0])
    if wanted.isdecimal():
        found = tuple(device for device in usable if device.number == int(wanted))
    else:
        named = tuple(device for device in usable if wanted.lower() in device.name.lower())
        found = tuple(device for device in named if wanted.lower() == device.name.lower())[:1] or named
    if len(found) == 1:
        return found[0]
    problem = "fits several" if found else "fits none"
    candidates = ", ".join(f"{device.number} {device.name!r}" for device in (found or usable))
    raise DeviceMissing(f"The {kind} {wanted!r} {problem} of: {candidates}. Name one of them, or its number.")


def _why(exc: Exception) -> str:
    """What the sound system says, or else PortAudio; without its codes, which tell people nothing."""
    said, host = exc.args[:1], exc.args[2:3]
    return str((host and host[0][2]) or (said and said[0]) or type(exc).__name__)


class PortAudio:
    """Safe to use from any thread; each stream belongs to one thread."""

    def __init__(self, sounddevice: Any) -> None:
        self._sounddevice = sounddevice
        self.library_error: type[Exception] = sounddevice.PortAudioError
        self._lock = threading.Lock()
        self._open_streams = 0

    def devices(self) -> tuple[DeviceInfo, ...]:
        """All devices known at the last `refresh`. Raises DeviceMissing when PortAudio cannot look."""
        with self._lock:
            try:
                found, hosts = self._sounddevice.query_devices(), self._sounddevice.query_hostapis()
                default_input, default_output = self._sounddevice.default.device
            except self.library_error as exc:
                raise DeviceMissing(f"The sound devices cannot be listed: {_why(exc)}.") from exc
        return tuple(
            DeviceInfo(
                number=number,
                name=item["name"],
                host=hosts[item["hostapi"]]["name"],
                input_channels=item["max_input_channels"],
                output_channels=item["max_output_channels"],
                rate_hz=round(item["default_samplerate"]),
                is_default_input=number == default_input,
                is_default_output=number == default_output,
            )
            for number, item in enumerate(found)
        )

    def refresh(self) -> None:
        """Looks for devices again. Does nothing while a stream is open, because that would end it."""
        with self._lock:
            if self._open_streams:
                return
            try:
                self._sounddevice._terminate()  # noqa: SLF001 - the package's documented way
                self._sounddevice._initialize()  # noqa: SLF001 - as above
            except self.library_error as exc:
                raise DeviceMissing(f"The sound system cannot be started: {_why(exc)}.") from exc

    def open_stream(self, device: DeviceInfo, direction: Direction, rate_hz: int) -> Stream:
        """At the wanted rate, or at the device's own where it refuses. Raises DeviceFailed."""
        refusal = Exception("it has no channels")
        both = min(device.channels(direction), MAX_CHANNELS)
        for rate, channels in ((rate_hz, 1), (rate_hz, both), (device.rate_hz, 1), (device.rate_hz, both)):
            try:
                return self._open(device, direction, rate, channels)
            except self.library_error as exc:
                refusal = exc
        kind = PEOPLE_SAY[direction]
        raise DeviceFailed(f"The {kind} {device.name!r} cannot be opened: {_why(refusal)}.") from refusal

    def _open(self, device: DeviceInfo, direction: Direction, rate_hz: int, channels: int) -> Stream:
        opener = {"input": self._sounddevice.RawInputStream, "output": self._sounddevice.RawOutputStream}[direction]
        with self._lock:
            raw = opener(
                device=device.number,
                samplerate=rate_hz,
                channels=channels,
                dtype="int16",
                latency=BUFFER_S[direction],
            )
            self._open_streams += 1
        return Stream(self, raw, device.name, rate_hz, channels)

    def release(self, raw: Any) -> None:
        """Ends a stream of the package; for `Stream` alone."""
        with self._lock:
            raw.abort()
            raw.close()
            self._open_streams -= 1


class Stream:
    """An open stream, used by one thread, mono on this side whatever the device has. `close` gives the device back."""

    def __init__(self, owner: PortAudio, raw: Any, name: str, rate_hz: int, channels: int) -> None:
        self._owner = owner
        self._library_error = owner.library_error
        self._raw: Any | None = raw
        self._name = name
        self._channels = channels
        self.rate_hz = rate_hz
        """The rate at which the device was opened."""

    @property
    def latency_s(self) -> float:
        """How long sound is under way between this program and the device, as PortAudio reckons."""
        return float(self._opened.latency)

    def start(self) -> None:
        """Raises DeviceFailed."""
        try:
            self._opened.start()
        except self._library_error as exc:
            raise self._failed(exc) from exc

    def read(self, n_samples: int) -> tuple[NDArray[np.float32], bool]:
        """Waits for so many samples, -1 to 1; True when some were lost just before. Raises DeviceFailed."""
        try:
            raw, was_late = self._opened.read(n_samples)
        except self._library_error as exc:
            raise self._failed(exc) from exc
        samples = np.frombuffer(raw, dtype="<i2").reshape(-1, self._channels)
        return samples.mean(axis=1, dtype=np.float32) / np.float32(32_768), bool(was_late)

    def write(self, samples: NDArray[np.int16]) -> None:
        """Waits until the device's buffer took the samples. Raises DeviceFailed."""
        try:
            self._opened.write(np.repeat(samples, self._channels).tobytes())
        except self._library_error as exc:
            raise self._failed(exc) from exc

    def close(self) -> None:
        """Ends the stream at once; what was not yet played is thrown away. Idempotent."""
        if self._raw is not None:
            self._owner.release(self._raw)
            self._raw = None

    @property
    def _opened(self) -> Any:
        if self._raw is None:
            raise DeviceFailed(f"The sound device {self._name!r} was closed.")
        return self._raw

    def _failed(self, exc: Exception) -> DeviceFailed:
        return DeviceFailed(f"The sound device {self._name!r} stopped: {_why(exc)}.")
