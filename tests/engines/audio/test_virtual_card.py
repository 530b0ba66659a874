"""The device path against a virtual sound card: a private PulseAudio whose loudspeaker is heard by its microphone."""

from __future__ import annotations

import queue
import shutil
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from virtual_card import Card

from voicemes.engines.audio.resample import resample_pcm
from voicemes.engines.audio.sounddevice import (
    SinkOptions,
    SourceOptions,
    Surroundings,
    create_sink,
    create_source,
)
from voicemes.engines.tts import espeak_ng
from voicemes.errors import AudioError
from voicemes.events import DeviceFound, DeviceLost, Event
from voicemes.model import AudioFormat, AudioFrame, SpeechChunk
from voicemes.ports import EngineContext, Voice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

CONTEXT = EngineContext(cache_dir=Path("unused"))
DEADLINE_S = 10.0
"""PulseAudio's null sink gives its first sound up to 2 s after it was opened; the rest is for a busy machine."""

SAME_WAVE = 0.5
"""Other sounds are below 0.1; 0.98 is measured on an idle machine, and a busy one leaves gaps."""

RECORDING_DELAY_S = 0.2
"""What is under way through the virtual card when the sink is stopped: 0.05 s at most when idle, more when busy."""

LOUD = 1_000
"""Amplitude above which a frame is sound; the virtual card adds no noise of its own."""

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(shutil.which("pulseaudio") is None, reason="pulseaudio is not installed"),
    pytest.mark.xdist_group("virtual_card"),
]


class Listener:
    """Takes what a microphone hears, in a thread of its own."""

    def __init__(self) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        self.source = create_source(
            SourceOptions("pulse"), CONTEXT, Surroundings(start, self.events.put, time.monotonic)
        )
        self.heard: list[AudioFrame] = []
        self._arrived = threading.Condition()
        self._thread = start("listener", self._take)

    def _take(self) -> None:
        for frame in self.source.frames():
            with self._arrived:
                self.heard.append(frame)
                self._arrived.notify_all()

    def wait_until(self, is_enough: Callable[[NDArray[np.int16]], bool]) -> NDArray[np.int16]:
        """What was heard so far, as soon as it is enough."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: is_enough(samples_of(self.heard)), timeout=DEADLINE_S):
                pytest.fail("not heard in time")
            return samples_of(self.heard)

    def wait_for_more(self, seconds: float) -> NDArray[np.int16]:
        target = len(samples_of(self.heard)) + seconds * 16_000
        return self.wait_until(lambda samples: len(samples) >= target)

    def close(self) -> None:
        self.source.close()
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()


def start(name: str, target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
    return thread


def samples_of(frames: list[AudioFrame]) -> NDArray[np.int16]:
    return np.frombuffer(b"".join(frame.pcm for frame in frames), "<i2")


def is_loud(samples: NDArray[np.int16]) -> bool:
    return bool(len(samples)) and bool(np.abs(samples[-1600:].astype(int)).max() > LOUD)


def tone(seconds: float) -> SpeechChunk:
    rate_hz = 22_050
    wave = 12_000 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate_hz)) / rate_hz)
    return SpeechChunk(wave.astype("<i2").tobytes(), AudioFormat(rate_hz=rate_hz))


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()
    try:
        listener.wait_until(lambda samples: len(samples) > 0)
        yield listener
    finally:
        listener.close()


@pytest.mark.usefixtures("card")
def test_speech_that_is_played_is_heard_again() -> None:
    speech = b"".join(
        chunk.pcm for chunk in espeak_ng.create(espeak_ng.Options(), CONTEXT).speak("order four seven one one", Voice())
    )
    chunk = SpeechChunk(speech, AudioFormat(rate_hz=22_050))
    with listening() as listener:
        create_sink(SinkOptions("pulse"), CONTEXT).play(chunk)
        heard = listener.wait_for_more(0.5)
        assert listener.source.dropped_samples == 0
    sent = np.frombuffer(resample_pcm(speech, 22_050, 16_000), "<i2").astype(float)
    assert similarity(sent, heard.astype(float)) > SAME_WAVE


def similarity(sent: NDArray[np.float64], heard: NDArray[np.float64]) -> float:
    """Correlation where it is best, 1 for the same wave."""
    length = len(sent) + len(heard)
    products = np.fft.irfft(np.fft.rfft(heard, length) * np.conj(np.fft.rfft(sent, length)), length)
    place = int(products.argmax())
    piece = heard[place : place + len(sent)]
    return float(products.max() / (np.linalg.norm(sent) * np.linalg.norm(piece)))


@pytest.mark.usefixtures("card")
def test_nothing_of_a_chunk_is_cut_off() -> None:
    with listening() as listener:
        create_sink(SinkOptions("pulse"), CONTEXT).play(tone(0.5))
        heard = listener.wait_for_more(0.3)
    blocks = heard[: len(heard) // 80 * 80].astype(int).reshape(-1, 80)
    loud_s = np.count_nonzero(np.abs(blocks).max(axis=1) > LOUD) * 80 / 16_000
    assert loud_s == pytest.approx(0.5, abs=0.012)


@pytest.mark.usefixtures("card")
def test_stop_silences_within_50_ms() -> None:
    sink = create_sink(SinkOptions("pulse"), CONTEXT)
    with listening() as listener:
        playing = start("player", lambda: sink.play(tone(8.0)))
        listener.wait_until(is_loud)
        before = len(samples_of(listener.heard))
        sink.stop()
        playing.join(DEADLINE_S)
        heard = listener.wait_for_more(0.5)
    loud = np.flatnonzero(np.abs(heard.astype(int)) > LOUD)
    assert (loud[-1] - before) / 16_000 < 0.05 + RECORDING_DELAY_S


def test_a_lost_device_is_reported_and_found_again(card: Card) -> None:
    sink = create_sink(SinkOptions("pulse"), CONTEXT)
    with listening() as listener:
        card.unplug()
        lost = listener.events.get(timeout=DEADLINE_S)
        assert isinstance(lost, DeviceLost)
        with pytest.raises(AudioError):
            sink.play(tone(0.1))
        n_frames = len(listener.heard)
        card.plug_in()
        found = listener.events.get(timeout=DEADLINE_S)
        assert isinstance(found, DeviceFound)
        listener.wait_for_more(0.1)
        sink.play(tone(0.5))
        listener.wait_until(is_loud)
        before, after = listener.heard[n_frames - 1], listener.heard[n_frames]
        assert after.start_samples > before.start_samples + before.n_samples


@pytest.mark.usefixtures("card")
def test_close_ends_the_frames_while_a_read_waits() -> None:
    source = create_source(SourceOptions("pulse"), CONTEXT, Surroundings(start, lambda _: None, time.monotonic))

    def take() -> None:
        for _ in source.frames():
            pass

    taker = start("taker", take)
    source.close()
    taker.join(DEADLINE_S)
    assert not taker.is_alive()
