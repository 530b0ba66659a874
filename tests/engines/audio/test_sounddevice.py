"""The microphone and the loudspeaker on simulated devices: what the virtual card cannot show."""

from __future__ import annotations

import queue
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from voicemes.engines.audio import portaudio
from voicemes.engines.audio.portaudio import PortAudio, choose
from voicemes.engines.audio.ring import Ring
from voicemes.engines.audio.sounddevice import (
    Loudspeaker,
    Microphone,
    SinkOptions,
    SourceOptions,
    Surroundings,
    create_source,
)
from voicemes.errors import AudioError, DeviceFailed, DeviceMissing
from voicemes.events import DeviceFound, DeviceLost, Event
from voicemes.model import SPEECH, AudioFormat, AudioFrame, SpeechChunk
from voicemes.ports import EngineContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTEXT = EngineContext(cache_dir=Path("unused"))
DEADLINE_S = 10.0


class FakePortAudioError(Exception):
    pass


class FakeStream:
    """A device that records silence without end, or until `fails_after` reads, and keeps what it is given to play."""

    latency = 0.02

    def __init__(self, card: FakeCard, **settings: Any) -> None:
        self._card = card
        self.settings = settings
        self.n_reads = 0
        self.played = b""
        self.is_open = True
        if not card.accepts(settings):
            raise FakePortAudioError("Invalid sample rate", -9997)
        card.streams.append(self)

    def start(self) -> None:
        pass

    def read(self, n_samples: int) -> tuple[bytes, bool]:
        self.n_reads += 1
        if self.n_reads > self._card.fails_after:
            raise FakePortAudioError("Unanticipated host error", -9999, (0, -19, "No such device"))
        return bytes(2 * n_samples * self.settings["channels"]), self.n_reads == self._card.late_at

    def write(self, pcm: bytes) -> None:
        self.played += pcm
        self._card.on_write()

    def abort(self) -> None:
        pass

    def close(self) -> None:
        self.is_open = False


class FakeCard:
    """Stands for the sounddevice package."""

    PortAudioError = FakePortAudioError

    def __init__(self, *names: str, rate_hz: int = 48_000) -> None:
        self.names = list(names)
        self.rate_hz = rate_hz
        self.rates_hz = {8_000, 16_000, 22_050, 44_100, 48_000}
        self.channels = {1, 2}
        self.fails_after = sys.maxsize
        self.late_at = 0
        self.on_write: Callable[[], object] = lambda: None
        self.streams: list[FakeStream] = []
        self.n_starts = 0
        self.default = SimpleNamespace(device=(0, 0))

    def accepts(self, settings: dict[str, Any]) -> bool:
        return settings["samplerate"] in self.rates_hz and settings["channels"] in self.channels

    def query_devices(self) -> list[dict[str, Any]]:
        channels = {"max_input_channels": 2, "max_output_channels": 2}
        return [{"name": name, "hostapi": 0, "default_samplerate": self.rate_hz, **channels} for name in self.names]

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [{"name": "ALSA"}]

    def RawInputStream(self, **settings: Any) -> FakeStream:  # noqa: N802 - the package's name
        return FakeStream(self, **settings)

    RawOutputStream = RawInputStream

    def _terminate(self) -> None:
        assert not any(stream.is_open for stream in self.streams)

    def _initialize(self) -> None:
        self.n_starts += 1


def run_here(_name: str, target: Callable[[], None]) -> None:
    """Stands for a thread: records everything, until the device is lost and nobody waits for it, then goes on."""
    target()


def microphone(
    card: FakeCard,
    device: str = "",
    *,
    ring_s: float = 100.0,
    events: list[Event] | None = None,
    wait: Callable[[float], bool] = lambda _: True,
    times_s: Iterator[float] | None = None,
) -> Microphone:
    """A microphone that records in the caller's thread and gives up when the device is lost, unless told otherwise."""
    seen: list[Event] = [] if events is None else events
    now_s = times_s.__next__ if times_s else lambda: 0.0
    return Microphone(PortAudio(card), SourceOptions(device, ring_s), Surroundings(run_here, seen.append, now_s, wait))


def recorded_samples(source: Microphone) -> int:
    """How far the recording got. With `run_here` the ring is closed before anybody can take from it."""
    for _ in source.frames():
        pytest.fail("a closed ring gives nothing")
    return source._position_samples


# --- choosing --------------------------------------------------------------------------------------------------------


def found(wanted: str, *names: str) -> str:
    return choose(PortAudio(FakeCard(*names)).devices(), wanted, "input").name


def test_a_device_is_chosen_by_default_number_name_or_part_of_it() -> None:
    names = ("HDA Intel", "Jabra Evolve", "Jabra")
    assert found("", *names) == "HDA Intel"
    assert found("1", *names) == "Jabra Evolve"
    assert found("evolve", *names) == "Jabra Evolve"
    assert found("jabra", *names) == "Jabra"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("a", "'a' fits several of: 0 'HDA Intel', 1 'Jabra'"),
        ("Plantronics", "'Plantronics' fits none of: 0 'HDA Intel', 1 'Jabra'"),
        ("7", "'7' fits none of"),
    ],
)
def test_a_wrong_or_ambiguous_name_lists_the_candidates(wanted: str, message: str) -> None:
    with pytest.raises(DeviceMissing, match=message):
        found(wanted, "HDA Intel", "Jabra")


def test_a_bare_machine_says_that_there_is_no_microphone() -> None:
    with pytest.raises(DeviceMissing, match="There is no microphone"):
        microphone(FakeCard())
    with pytest.raises(DeviceMissing, match="There is no loudspeaker"):
        Loudspeaker(PortAudio(FakeCard()), SinkOptions())


@pytest.fixture
def _no_instance() -> Iterator[None]:
    portaudio.load.cache_clear()
    yield
    portaudio.load.cache_clear()


@pytest.mark.usefixtures("_no_instance")
def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    surroundings = Surroundings(run_here, lambda _: None, lambda: 0.0)
    with pytest.raises(DeviceMissing, match="pip install sounddevice"):
        create_source(SourceOptions(), CONTEXT, surroundings)


@pytest.mark.usefixtures("_no_instance")
def test_a_missing_portaudio_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DeviceMissing, match="apt install libportaudio2"):
        portaudio.load()


# --- the microphone --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rates_hz", "channels"), [({16_000}, {1}), ({16_000}, {2}), ({48_000}, {1}), ({48_000}, {2})])
def test_whatever_the_device_offers_becomes_speech(rates_hz: set[int], channels: set[int]) -> None:
    card = FakeCard("headset")
    card.rates_hz, card.channels, card.fails_after = rates_hz, channels, 100
    source = microphone(card)
    assert recorded_samples(source) / SPEECH.rate_hz == pytest.approx(100 * 0.02, abs=0.1)
    assert {source.traits.device_rate_hz} == rates_hz
    assert source.traits.is_live


def test_each_frame_knows_when_it_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may wait in the ring for seconds."""
    kept: list[AudioFrame] = []
    monkeypatch.setattr(Ring, "put", lambda _, frame: kept.append(frame))
    card = FakeCard("headset")
    card.fails_after = 3
    recorded_samples(microphone(card, times_s=iter([1.0, 1.02, 1.04, 9.0])))
    assert [frame.captured_s for frame in kept] == [1.0, 1.02, 1.04]


def test_a_device_that_refuses_everything_is_named() -> None:
    card = FakeCard("headset")
    card.rates_hz = set()
    with pytest.raises(DeviceFailed, match="'headset' cannot be opened: Invalid sample rate"):
        microphone(card)


def test_a_telephone_headset_is_noticed_even_where_16_khz_is_accepted() -> None:
    assert microphone(FakeCard("headset", rate_hz=8_000)).traits.device_rate_hz == 8_000


def test_audio_that_nobody_takes_is_dropped_and_counted() -> None:
    card = FakeCard("headset")
    card.fails_after = 100
    source = microphone(card, ring_s=0.5)
    assert recorded_samples(source) == 2 * SPEECH.rate_hz
    assert source.dropped_samples == 1.5 * SPEECH.rate_hz


def test_an_overrun_in_the_device_counts_as_one_buffer() -> None:
    card = FakeCard("headset")
    card.fails_after, card.late_at = 10, 5
    source = microphone(card)
    assert recorded_samples(source) == 10 * 320 + 1_600
    assert source.dropped_samples == 1_600


def test_a_lost_device_is_tried_again_with_growing_pauses() -> None:
    card = FakeCard("other", "headset")
    events: list[Event] = []
    pauses_s: list[float] = []
    card.fails_after = 5
    times_s = iter([9.0] * 5 + [10.0, 14.0] + [19.0] * 5 + [20.0])

    def wait(seconds: float) -> bool:
        card.names = ["other", "another", "headset"] if len(pauses_s) == 4 else ["other"]
        pauses_s.append(seconds)
        return len(pauses_s) > 6

    source = microphone(card, "headset", events=events, wait=wait, times_s=times_s)
    assert recorded_samples(source) == (5 + 5) * 320 + 4 * SPEECH.rate_hz
    lost, back, lost_again = events
    assert lost == DeviceLost(10.0, "The sound device 'headset' stopped: No such device.")
    assert back == DeviceFound(14.0, "headset")
    assert isinstance(lost_again, DeviceLost)
    assert pauses_s == [0.2, 0.5, 1.0, 2.0, 2.0, 0.2, 0.5]
    assert card.n_starts == 6
    assert [stream.settings["device"] for stream in card.streams] == [1, 2]


def test_close_ends_the_search_for_a_lost_device_at_once() -> None:
    card = FakeCard("headset")
    card.fails_after = 5
    events: queue.Queue[Event] = queue.Queue()
    threads: list[threading.Thread] = []

    def start(name: str, target: Callable[[], None]) -> None:
        threads.append(threading.Thread(target=target, name=name, daemon=True))
        threads[0].start()

    source = Microphone(PortAudio(card), SourceOptions(), Surroundings(start, events.put, lambda: 0.0))
    card_gone = threading.Thread(target=lambda: list(source.frames()), daemon=True)
    card.rates_hz = set()
    card_gone.start()
    assert isinstance(events.get(timeout=DEADLINE_S), DeviceLost)
    source.close()
    for thread in (card_gone, *threads):
        thread.join(DEADLINE_S)
        assert not thread.is_alive()


def test_a_microphone_that_was_never_listened_to_is_given_back() -> None:
    card = FakeCard("headset")
    source = microphone(card)
    source.close()
    source.close()
    assert not card.streams[0].is_open
    assert list(source.frames()) == []


# --- the loudspeaker -------------------------------------------------------------------------------------------------

CHUNK = SpeechChunk(np.full(22_050, 1_000, "<i2").tobytes(), AudioFormat(rate_hz=22_050))


def test_a_chunk_is_played_to_its_end_and_the_device_given_back() -> None:
    card = FakeCard("speaker")
    Loudspeaker(PortAudio(card), SinkOptions()).play(CHUNK)
    before, after = card.streams[0].played.split(CHUNK.pcm)
    assert before == bytes(2 * round(0.03 * 22_050))
    assert after == bytes(2 * round(2 * FakeStream.latency * 22_050))
    assert not card.streams[0].is_open


def test_a_device_of_another_rate_and_two_channels_gets_what_it_wants() -> None:
    card = FakeCard("speaker", rate_hz=48_000)
    card.rates_hz, card.channels = {48_000}, {2}
    Loudspeaker(PortAudio(card), SinkOptions()).play(CHUNK)
    samples = np.frombuffer(card.streams[0].played, "<i2").reshape(-1, 2)
    assert len(samples) == pytest.approx(48_000 * (0.03 + 1 + 2 * FakeStream.latency), abs=2)
    assert np.array_equal(samples[:, 0], samples[:, 1])
    assert samples[24_000, 0] == pytest.approx(1_000, abs=2)


def test_stop_ends_a_chunk_and_the_next_one_plays() -> None:
    card = FakeCard("speaker")
    sink = Loudspeaker(PortAudio(card), SinkOptions())
    card.on_write = sink.stop
    sink.play(CHUNK)
    card.on_write = lambda: None
    sink.play(CHUNK)
    stopped, whole = (len(stream.played) for stream in card.streams)
    assert stopped == 2 * round(0.01 * 22_050)
    assert whole > len(CHUNK.pcm)


def test_a_closed_loudspeaker_plays_nothing() -> None:
    card = FakeCard("speaker")
    sink = Loudspeaker(PortAudio(card), SinkOptions())
    sink.close()
    sink.play(CHUNK)
    assert card.streams == []


def test_a_loudspeaker_that_moved_in_the_list_is_found_by_its_name() -> None:
    card = FakeCard("hdmi", "speaker")
    sink = Loudspeaker(PortAudio(card), SinkOptions("1"))
    card.names = ["usb", "hdmi", "speaker"]
    sink.play(CHUNK)
    assert card.streams[0].settings["device"] == 2


def test_a_loudspeaker_that_is_gone_is_an_error_after_a_second_look() -> None:
    card = FakeCard("hdmi", "speaker")
    sink = Loudspeaker(PortAudio(card), SinkOptions("speaker"))
    card.names = ["hdmi"]
    with pytest.raises(DeviceMissing, match="'speaker' fits none of: 0 'hdmi'"):
        sink.play(CHUNK)
    assert card.n_starts == 1


def test_the_list_is_not_refreshed_under_an_open_stream() -> None:
    card = FakeCard("headset")
    library = PortAudio(card)
    stream = library.open_stream(library.devices()[0], "input", 16_000)
    library.refresh()
    assert card.n_starts == 0
    stream.close()
    library.refresh()
    assert card.n_starts == 1
    with pytest.raises(DeviceFailed, match="was closed"):
        stream.start()


def test_stereo_speech_is_refused() -> None:
    sink = Loudspeaker(PortAudio(FakeCard("speaker")), SinkOptions())
    with pytest.raises(AudioError, match="Only mono"):
        sink.play(SpeechChunk(b"", AudioFormat(channels=2)))
