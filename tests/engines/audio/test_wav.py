"""Every kind of file becomes 16 kHz mono, and every unusable one is refused with a sentence."""

from __future__ import annotations

import struct
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from voicemes.engines.audio import wav
from voicemes.engines.audio.resample import to_pcm
from voicemes.engines.audio.wav import Options, WavSink, create, read_speech
from voicemes.errors import AudioError
from voicemes.model import SPEECH, AudioFormat, SpeechChunk
from voicemes.ports import EngineContext

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONTEXT = EngineContext(cache_dir=Path("unused"))


def write_tone(
    path: Path, *, rate_hz: int = 16_000, channels: int = 1, seconds: float = 0.5, subtype: str = ""
) -> Path:
    """A tone of 440 Hz at a quarter of full scale; in a file of several channels only the first one sounds."""
    tone = 0.25 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate_hz)) / rate_hz)
    samples = np.zeros((len(tone), channels))
    samples[:, 0] = tone
    soundfile.write(path, samples, rate_hz, subtype=subtype or None)
    return path


def loudest_hz(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, "<i2").astype(float)
    return float(np.abs(np.fft.rfft(samples)).argmax() * SPEECH.rate_hz / len(samples))


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_and_channel_count_becomes_speech(tmp_path: Path, rate_hz: int, channels: int) -> None:
    pcm = read_speech(write_tone(tmp_path / "tone.wav", rate_hz=rate_hz, channels=channels))
    assert len(pcm) / SPEECH.bytes_per_second == pytest.approx(0.5, abs=0.002)
    assert loudest_hz(pcm) == pytest.approx(440, abs=2)
    peak = np.abs(np.frombuffer(pcm, "<i2").astype(int)).max() / 32_768
    assert peak == pytest.approx(0.25 / channels, rel=0.1)


@pytest.mark.parametrize(
    ("name", "subtype"),
    [("a.wav", "PCM_U8"), ("a.wav", "PCM_24"), ("a.wav", "FLOAT"), ("a.wav", "ULAW"), ("a.flac", ""), ("a.ogg", "")],
)
def test_any_width_and_container_becomes_speech(tmp_path: Path, name: str, subtype: str) -> None:
    pcm = read_speech(write_tone(tmp_path / name, subtype=subtype))
    assert loudest_hz(pcm) == pytest.approx(440, abs=2)


def test_a_file_that_is_speech_already_is_not_changed(tmp_path: Path) -> None:
    samples = np.arange(-32_768, 32_768, 7, dtype="<i2")
    soundfile.write(tmp_path / "ramp.wav", samples, SPEECH.rate_hz)
    assert read_speech(tmp_path / "ramp.wav") == samples.tobytes()


def test_a_float_file_with_what_is_no_number_is_silence_there(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "odd.wav", np.array([np.nan, np.inf, -np.inf, 9.0] * 100), 16_000, subtype="FLOAT")
    assert read_speech(tmp_path / "odd.wav")[:8] == np.array([0, 32_767, -32_768, 32_767], "<i2").tobytes()


def test_frames_are_20_ms_without_gaps_and_hold_the_whole_file(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "tone.wav", rate_hz=44_100, seconds=1.23)
    source = create(Options(path), CONTEXT)
    frames = list(source.frames())
    assert {frame.n_samples for frame in frames[:-1]} == {320}
    assert [frame.start_samples for frame in frames] == [320 * n for n in range(len(frames))]
    assert b"".join(frame.pcm for frame in frames) == read_speech(path)
    assert source.traits.device_rate_hz == 44_100
    assert not source.traits.is_live
    assert source.dropped_samples == 0


def test_silence_is_added_at_the_end_for_the_endpointer(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "tone.wav")
    pcm = b"".join(frame.pcm for frame in create(Options(path, trailing_silence_s=1.0), CONTEXT).frames())
    assert pcm == read_speech(path) + bytes(32_000)


def test_a_real_pace_waits_as_long_as_the_audio_lasts(tmp_path: Path) -> None:
    waits: list[float] = []
    source = create(Options(write_tone(tmp_path / "tone.wav"), pace="real"), CONTEXT, sleep=waits.append)
    n_frames = len(list(source.frames()))
    assert waits == [0.02] * n_frames
    assert sum(waits) == pytest.approx(0.5)


def test_close_ends_the_frames(tmp_path: Path) -> None:
    source = create(Options(write_tone(tmp_path / "tone.wav")), CONTEXT)
    frames = source.frames()
    next(frames)
    source.close()
    source.close()
    assert list(frames) == []


def test_memory_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tone(tmp_path / "long.wav", rate_hz=48_000, seconds=20.0)
    pieces: list[int] = []

    def counted(samples: NDArray[np.float32]) -> bytes:
        pieces.append(len(samples))
        return to_pcm(samples)

    monkeypatch.setattr(wav, "to_pcm", counted)
    for _ in create(Options(path), CONTEXT).frames():
        pass
    assert sum(pieces) == 20 * 16_000
    assert max(pieces) < 16_000


# --- files that cannot be used ---------------------------------------------------------------------------------------


def refusal(path: Path, *, max_s: float = wav.MAX_S) -> str:
    """The one sentence, or two, that `create` says about the file."""
    with pytest.raises(AudioError) as caught:
        create(Options(path, max_s=max_s), CONTEXT)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    assert message.endswith(".")
    return message


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "none.wav")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "is not a file" in refusal(tmp_path)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tone(tmp_path / "secret.wav")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "Permission denied" in refusal(path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"this is a text, and not a sound at all. " * 20, "is not a sound file"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "is not a sound file"),
    ],
)
def test_what_is_not_audio_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "odd.wav").write_bytes(content)
    assert problem in refusal(tmp_path / "odd.wav")


def test_headerless_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "odd.raw").write_bytes(bytes(1000))
    assert "no header" in refusal(tmp_path / "odd.raw")


def test_a_file_with_no_samples_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 16_000)
    assert "holds no sound" in refusal(tmp_path / "none.wav")


def test_a_truncated_wav_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "half.wav")
    path.write_bytes(path.read_bytes()[:8_000])
    assert "is cut off" in refusal(path)


def test_a_wav_from_a_pipe_that_claims_no_length_is_read(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "piped.wav")
    content = bytearray(path.read_bytes())
    content[40:44] = struct.pack("<I", 0xFFFF_FFFF)
    path.write_bytes(content)
    assert len(read_speech(path)) == 16_000


@pytest.mark.parametrize(("name", "kept"), [("half.flac", 0.5), ("start.ogg", 0.1)])
def test_a_truncated_compressed_file_is_refused(tmp_path: Path, name: str, kept: float) -> None:
    path = write_tone(tmp_path / name, seconds=4.0)
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * kept)])
    with pytest.raises(AudioError, match=rf"{name} .*(cut off|damaged)"):
        read_speech(path)


def test_a_long_file_is_refused_before_it_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "two_hours.wav"
    soundfile.write(path, np.zeros(7_200 * 4_000, np.int16), 4_000, subtype="PCM_U8")
    monkeypatch.setattr(soundfile.SoundFile, "read", None)
    assert "lasts 7200 s, longer than the limit of 600 s" in refusal(path)


def test_the_limit_is_the_callers(tmp_path: Path) -> None:
    path = write_tone(tmp_path / "tone.wav", seconds=0.5)
    assert len(read_speech(path, max_s=0.5)) == 16_000
    assert "limit of 0.4 s" in refusal(path, max_s=0.4)


@pytest.mark.parametrize("rate_hz", [100, 400_000])
def test_an_absurd_rate_is_refused(tmp_path: Path, rate_hz: int) -> None:
    soundfile.write(tmp_path / "odd.wav", np.zeros(1000), rate_hz)
    assert f"{rate_hz} Hz" in refusal(tmp_path / "odd.wav")


def test_absurdly_many_channels_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "odd.wav", np.zeros((10, 64)), 16_000)
    assert "64 channels" in refusal(tmp_path / "odd.wav")


# --- the sink --------------------------------------------------------------------------------------------------------

CHUNK = SpeechChunk(bytes(range(200)), AudioFormat(rate_hz=22_050))


def test_the_sink_writes_all_chunks_in_their_format(tmp_path: Path) -> None:
    with WavSink(tmp_path / "said.wav") as sink:
        sink.play(CHUNK)
        sink.stop()
        sink.play(CHUNK)
    with wave.open(str(tmp_path / "said.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (22_050, 1, 2)
        assert file.readframes(1_000) == CHUNK.pcm * 2


def test_nothing_appears_before_the_sink_is_closed(tmp_path: Path) -> None:
    (tmp_path / "said.wav").write_bytes(b"the old one")
    sink = WavSink(tmp_path / "said.wav")
    sink.play(CHUNK)
    assert (tmp_path / "said.wav").read_bytes() == b"the old one"
    sink.close()
    sink.close()
    assert (tmp_path / "said.wav").read_bytes().startswith(b"RIFF")
    assert [file.name for file in tmp_path.iterdir()] == ["said.wav"]


def test_a_chunk_in_another_format_is_refused_and_no_file_stays(tmp_path: Path) -> None:
    sink = WavSink(tmp_path / "said.wav")
    sink.play(CHUNK)
    with pytest.raises(AudioError, match="cannot be added"), sink:
        sink.play(SpeechChunk(b"", SPEECH))
    assert list(tmp_path.iterdir()) == []


def test_a_sink_without_sound_writes_nothing(tmp_path: Path) -> None:
    WavSink(tmp_path / "said.wav").close()
    assert list(tmp_path.iterdir()) == []


def test_a_sink_in_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"said\.wav cannot be written: No such file"):
        WavSink(tmp_path / "nowhere" / "said.wav").play(CHUNK)


def test_a_full_disk_is_reported_and_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = WavSink(tmp_path / "said.wav")
    sink.play(CHUNK)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wave.Wave_write, "writeframes", refuse)
    with pytest.raises(AudioError, match="No space left on device"), sink:
        sink.play(CHUNK)
    assert list(tmp_path.iterdir()) == []
