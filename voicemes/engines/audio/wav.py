"""Sound files, read by soundfile: WAV, FLAC, OGG and whatever else libsndfile knows, at any rate and width.

`WavSource` hands a file out as a microphone would, `read_speech` as one piece; `WavSink` writes what would be spoken.
"""

from __future__ import annotations

import os
import re
import threading
import wave
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Self

import numpy as np

from voicemes.engines.audio.resample import Resampler, to_pcm
from voicemes.errors import AudioError, EngineMissing
from voicemes.model import SPEECH, AudioFormat, AudioFrame, SpeechChunk
from voicemes.ports import EngineContext, SourceTraits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

FRAME_S = 0.02
"""Length of a frame, seconds: 320 samples, as voice stacks use. Only the last frame of a file may be shorter."""

MAX_S = 600.0
"""Files longer than ten minutes are refused unless the caller says otherwise: nobody talks to a machine for so long."""

RATES_HZ = range(4_000, 192_001)
"""Below 4 kHz speech cannot be understood; above 192 kHz no sound card records, so the header is wrong."""

MAX_CHANNELS = 32
"""More than any microphone array on a shop floor; past it the header is wrong."""

READ_S = 0.25
"""How much of the file is decoded at a time, seconds, so that memory does not grow with the file."""

STREAMED_BYTES = 0x7FFF_0000
"""Programs that write a WAV into a pipe cannot know its length and claim at least this much; that is not damage."""


@dataclass(frozen=True, slots=True)
class Options:
    path: Path
    max_s: float = MAX_S
    """Longer files are refused before they are decoded."""
    trailing_silence_s: float = 0.0
    """Digital silence added at the end, so that an endpointer hears the speech end."""
    pace: Literal["fast", "real"] = "fast"
    """fast: as quickly as frames are taken; real: one frame every 20 ms, as a microphone would."""


def create(options: Options, _context: EngineContext, *, sleep: Callable[[float], object] | None = None) -> WavSource:
    """Opens the file to see that it can be used. Raises AudioError, and EngineMissing without soundfile.

    `sleep` waits for so many seconds between frames of a "real" pace; by default a wait that `close` ends.
    """
    with _opened(options.path, options.max_s) as file:
        rate_hz = int(file.samplerate)
    return WavSource(options, rate_hz, sleep)


class WavSource:
    """An AudioSource over one file. `frames` may be called again and starts from the beginning."""

    def __init__(self, options: Options, rate_hz: int, sleep: Callable[[float], object] | None) -> None:
        self._options = options
        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait
        self._traits = SourceTraits(name=options.path.name, device_rate_hz=rate_hz, is_live=False)

    @property
    def traits(self) -> SourceTraits:
        return self._traits

    @property
    def dropped_samples(self) -> int:
        """Always 0: a file waits."""
        return 0

    def frames(self) -> Iterator[AudioFrame]:
        """Frames of 20 ms. Raises AudioError when the file turns out to be damaged half way."""
        start_samples = 0
        for pcm in _framed(_speech(self._options)):
            if self._closed.is_set():
                return
            frame = AudioFrame(pcm, start_samples)
            start_samples += frame.n_samples
            yield frame
            if self._options.pace == "real":
                self._sleep(frame.n_samples / SPEECH.rate_hz)

    def close(self) -> None:
        self._closed.set()


def read_speech(path: Path, *, max_s: float = MAX_S) -> bytes:
    """The whole file in the `SPEECH` format. Raises AudioError, and EngineMissing without soundfile."""
    return b"".join(_speech(Options(path, max_s=max_s)))


class WavSink:
    """An AudioSink that writes a WAV file, in the format of the first chunk.

    The file appears under its name in `close`, complete, or not at all: leaving a `with` block by an exception throws
    it away, and so does a sink that was given nothing to play.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._format: AudioFormat | None = None
        self._disk: BinaryIO | None = None
        self._file: wave.Wave_write | None = None

    def play(self, chunk: SpeechChunk) -> None:
        """Appends the chunk. Raises AudioError when the disk refuses, or the format is not that of the first chunk."""
        if self._format not in (None, chunk.format):
            raise AudioError(f"{self._path} holds {self._format}, so {chunk.format} cannot be added to it.")
        try:
            file = self._file or self._begin(chunk.format)
            file.writeframes(chunk.pcm)
        except OSError as exc:
            raise AudioError(f"{self._path} cannot be written: {exc.strerror}. Choose another place.") from exc

    def stop(self) -> None:
        """Nothing to silence: what is in a file makes no noise."""

    def close(self) -> None:
        """Puts the finished file in its place. Idempotent. Raises AudioError."""
        if self._file is None:
            return
        try:
            self._end_file()
            self._unfinished.replace(self._path)
        except OSError as exc:
            raise AudioError(f"{self._path} cannot be written: {exc.strerror}. Choose another place.") from exc

    def abandon(self) -> None:
        """Throws away what was written. Idempotent."""
        if self._file is not None:
            with suppress(OSError):  # a full disk refuses the last bytes again, and they are not wanted
                self._end_file()
            self._unfinished.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_details: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def _begin(self, audio_format: AudioFormat) -> wave.Wave_write:
        self._disk = self._unfinished.open("wb")
        file = wave.open(self._disk, "wb")  # noqa: SIM115 - lives until close
        file.setparams((audio_format.channels, audio_format.width_bytes, audio_format.rate_hz, 0, "NONE", ""))
        self._file, self._format = file, audio_format
        return file

    def _end_file(self) -> None:
        file, disk = self._file, self._disk
        self._file = self._disk = None
        if file is not None and disk is not None:
            with disk:
                file.close()


def _speech(options: Options) -> Iterator[bytes]:
    """The file in the `SPEECH` format, in pieces of no particular length, then the silence."""
    with _opened(options.path, options.max_s) as file:
        resampler = Resampler(file.samplerate, SPEECH.rate_hz)
        for block in _blocks(file, options):
            yield to_pcm(resampler.feed(_mono(block)))
        yield to_pcm(resampler.feed(np.zeros(0, np.float32), last=True))
    yield bytes(round(options.trailing_silence_s * SPEECH.rate_hz) * SPEECH.width_bytes)


def _blocks(file: Any, options: Options) -> Iterator[NDArray[np.float32]]:
    """Decoded samples, one row per instant and one column per channel."""
    import soundfile

    done, block_samples = 0, round(READ_S * file.samplerate)
    while done < file.frames:
        try:
            block = file.read(block_samples, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as exc:
            raise AudioError(_sentence(options.path, "is damaged or cut off")) from exc
        if len(block) == 0:
            raise AudioError(_sentence(options.path, "is cut off"))
        done += len(block)
        yield block


def _mono(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of the channels. A file of floats may hold what is not a number; that becomes silence."""
    mixed: NDArray[np.float32] = block.mean(axis=1, dtype=np.float32)
    return np.nan_to_num(mixed, nan=0.0, posinf=1.0, neginf=-1.0)


def _framed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Cuts the pieces anew into frames."""
    frame_bytes = round(FRAME_S * SPEECH.bytes_per_second)
    waiting = b""
    for piece in pieces:
        waiting += piece
        whole = len(waiting) - len(waiting) % frame_bytes
        for start in range(0, whole, frame_bytes):
            yield waiting[start : start + frame_bytes]
        waiting = waiting[whole:]
    if waiting:
        yield waiting


@contextmanager
def _opened(path: Path, max_s: float) -> Iterator[Any]:
    """A checked soundfile.SoundFile. Raises AudioError with one sentence that says what is wrong with the file."""
    try:
        import soundfile
    except (ImportError, OSError) as exc:
        raise EngineMissing("The sound file library", install="Install it with: pip install soundfile") from exc
    _check_path(path)
    try:
        file = soundfile.SoundFile(os.fspath(path))
    except soundfile.LibsndfileError as exc:
        raise AudioError(_sentence(path, "is not a sound file, or its beginning is damaged")) from exc
    with file:
        _check_header(path, file, max_s)
        yield file


def _check_path(path: Path) -> None:
    try:
        if not path.is_file():
            problem = "is not a file" if path.exists() else "does not exist"
            raise AudioError(f"{path} {problem}. Check the name.")
        with path.open("rb") as file:
            first = file.read(1)
    except OSError as exc:
        raise AudioError(f"{path} cannot be read: {exc.strerror}. Check its permissions.") from exc
    if not first:
        raise AudioError(_sentence(path, "is empty"))
    if path.suffix.lower() == ".raw":
        raise AudioError(f"{path} has no header that says its rate and width. Convert it to WAV first.")


def _check_header(path: Path, file: Any, max_s: float) -> None:
    if file.samplerate not in RATES_HZ:
        raise AudioError(_sentence(path, f"claims an impossible rate of {file.samplerate} Hz"))
    if file.channels > MAX_CHANNELS:
        raise AudioError(_sentence(path, f"claims {file.channels} channels, and at most {MAX_CHANNELS} are read"))
    if file.frames == 0:
        raise AudioError(_sentence(path, "holds no sound, or is cut off"))
    if _is_cut_off(file.extra_info):
        raise AudioError(_sentence(path, "is cut off: it holds less sound than its header says"))
    if file.frames > max_s * file.samplerate:
        seconds = file.frames / file.samplerate
        raise AudioError(f"{path} lasts {seconds:.0f} s, longer than the limit of {max_s:g} s. Cut it into pieces.")


def _is_cut_off(log: str) -> bool:
    """True when libsndfile found less audio than promised. It corrects the length and tells only its log."""
    found = re.search(r"^\s*(?:data|SSND) : (\d+) \(should be (\d+)\)", log, re.MULTILINE)
    if found is None:
        return False
    promised, present = int(found[1]), int(found[2])
    return present < promised < STREAMED_BYTES


def _sentence(path: Path, problem: str) -> str:
    return f"{path} {problem}. Record or export it again, as WAV, FLAC or OGG."
