"""The loading and speaking code of piper, with a voice of random weights: its words are noise, all else is real."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_voice import RATE_HZ, write_tiny_voice

from voicemes.engines.tts.piper import LEVEL, MEASURED, PAUSE_S, Options, PiperSynthesizer, create
from voicemes.errors import EngineFailed, EngineMissing
from voicemes.ports import EngineContext, Voice

CONTEXT = EngineContext(cache_dir=Path("unused"))
TEXT = "order four seven one one"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("voice")


@pytest.fixture(scope="module")
def synthesizer(folder: Path) -> PiperSynthesizer:
    return create(Options(write_tiny_voice(folder)), CONTEXT)


def spoken(synthesizer: PiperSynthesizer, text: str, voice: Voice | None = None) -> np.ndarray:
    pcm = b"".join(chunk.pcm for chunk in synthesizer.speak(text, voice or Voice()))
    return np.frombuffer(pcm, "<i2").astype(float)


def test_each_sentence_is_a_chunk_with_its_pause(synthesizer: PiperSynthesizer) -> None:
    chunks = list(synthesizer.speak("Order started. It needs 3.5 kg. Say yes or no!", Voice()))
    assert len(chunks) == 3
    pause = int(PAUSE_S * RATE_HZ) * 2
    assert all(chunk.pcm.endswith(bytes(pause)) for chunk in chunks)
    assert chunks[0].format == synthesizer.format
    assert synthesizer.format.rate_hz == RATE_HZ


@pytest.mark.parametrize("rate_wpm", [120, 165, 250])
def test_its_rate_is_measured_so_that_words_a_minute_are_true(synthesizer: PiperSynthesizer, rate_wpm: int) -> None:
    lasts_s = len(spoken(synthesizer, MEASURED, Voice(rate_wpm=rate_wpm))) / RATE_HZ - PAUSE_S
    assert lasts_s == pytest.approx(12 / rate_wpm * 60, rel=0.03)


def test_a_voice_that_was_made_slow_is_as_fast_as_any_other(tmp_path: Path, synthesizer: PiperSynthesizer) -> None:
    inference = {"noise_scale": 0.1, "length_scale": 1.5, "noise_w": 0.0}
    slow = create(Options(write_tiny_voice(tmp_path, inference=inference)), CONTEXT)
    assert slow.rate_wpm == pytest.approx(synthesizer.rate_wpm / 1.5, rel=0.02)
    assert len(spoken(slow, MEASURED)) == pytest.approx(len(spoken(synthesizer, MEASURED)), rel=0.02)


@pytest.mark.parametrize("rate_wpm", [0, 10_000])
def test_an_impossible_rate_becomes_the_nearest_possible_one(synthesizer: PiperSynthesizer, rate_wpm: int) -> None:
    assert len(spoken(synthesizer, "ready", Voice(rate_wpm=rate_wpm))) > 2_500


def test_volume_is_heard_and_never_cut_off(synthesizer: PiperSynthesizer) -> None:
    silent, half, normal, twice = (
        np.abs(spoken(synthesizer, TEXT, Voice(volume=volume))).max() / 32_767 for volume in (0, 0.5, 1, 2)
    )
    assert silent == 0
    assert (half, normal, twice) == pytest.approx((LEVEL / 2, LEVEL, 2 * LEVEL), abs=1e-3)


def test_a_sentence_is_made_when_it_is_asked_for_and_none_after_it_was_closed(
    synthesizer: PiperSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    session, run = synthesizer._voice.session, synthesizer._voice.session.run

    class Counting:
        def run(self, names: object, given: dict[str, np.ndarray]) -> object:
            made.append(given["input"].size)
            return run(names, given)

    monkeypatch.setattr(synthesizer._voice, "session", Counting())
    chunks = synthesizer.speak("One. Two. Three.", Voice())
    next(chunks)
    assert len(made) == 1
    chunks.close()  # type: ignore[attr-defined]  # the port asks for an iterator that can be closed
    assert len(made) == 1
    monkeypatch.setattr(synthesizer._voice, "session", session)


@pytest.mark.parametrize("text", ["a\0b", "\ud800 x", "漢字", "<speak>hello</speak>", "[[hello]]", "x" * 2_000])
def test_odd_text_is_said_somehow(synthesizer: PiperSynthesizer, text: str) -> None:
    assert np.abs(spoken(synthesizer, text)).max() > 1_000


@pytest.mark.parametrize("text", ["", "  ", "\n\n"])
def test_no_words_make_no_sound(synthesizer: PiperSynthesizer, text: str) -> None:
    assert list(synthesizer.speak(text, Voice())) == []


def test_the_name_of_a_voice_chooses_a_speaker(tmp_path: Path) -> None:
    speakers = {"num_speakers": 2, "speaker_id_map": {"ann": 0, "bob": 1}}
    both = create(Options(write_tiny_voice(tmp_path, **speakers)), CONTEXT)
    ann, bob, other = (spoken(both, TEXT, Voice(name=name))[:1_000] for name in ("ann", "bob", "en-us"))
    assert np.corrcoef(ann, other)[0, 1] > 0.9
    assert np.corrcoef(ann, bob)[0, 1] < 0.9


# --- what can be missing or broken -----------------------------------------------------------------------------------


def test_without_a_voice_it_says_which_to_fetch() -> None:
    with pytest.raises(EngineMissing, match=r"\[tts\] model.*voicemes models pull en_US-lessac-medium"):
        create(Options(), CONTEXT)


@pytest.mark.parametrize("gone", ["en_US-tiny-low.onnx", "en_US-tiny-low.onnx.json"])
def test_a_missing_file_is_named_with_how_to_fetch_it(tmp_path: Path, gone: str) -> None:
    file = write_tiny_voice(tmp_path)
    (tmp_path / gone).unlink()
    with pytest.raises(EngineMissing, match=rf"{gone} is missing\. .*voicemes models pull en_US-tiny-low"):
        create(Options(file), CONTEXT)


def test_a_missing_package_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "piper", None)
    with pytest.raises(EngineMissing, match="pip install piper-tts"):
        create(Options(folder / "en_US-tiny-low.onnx"), CONTEXT)


@pytest.mark.parametrize("text", ["", "nothing", "[]", "{}", '{"audio": 3}', '{"phoneme_type": "hebrew"}'])
def test_a_description_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    file = write_tiny_voice(tmp_path)
    file.with_name(f"{file.name}.json").write_text(text, encoding="utf-8")
    with pytest.raises(EngineFailed, match=r"tiny-low\.onnx\.json"):
        create(Options(file), CONTEXT)


def test_a_file_that_is_no_voice_is_named(tmp_path: Path) -> None:
    file = write_tiny_voice(tmp_path)
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(EngineFailed, match="is no voice that piper can load"):
        create(Options(file), CONTEXT)


@pytest.mark.parametrize(
    "config",
    [
        {"espeak": {"voice": "nobody"}},
        {"num_speakers": 3},
        {"phoneme_id_map": {sign: [9_999] for sign in "_^$ abcdefghijklmnopqrstuvwxyz"}},
        {"phoneme_id_map": {"_": "x"}},
    ],
    ids=["no such language", "speakers that the file lacks", "phonemes that the file lacks", "no numbers"],
)
def test_what_the_library_throws_becomes_our_error(tmp_path: Path, config: dict[str, object]) -> None:
    file = write_tiny_voice(tmp_path)
    described = file.with_name(f"{file.name}.json")
    described.write_text(json.dumps(json.loads(described.read_text()) | config), encoding="utf-8")
    with pytest.raises(EngineFailed, match="piper could not say"):
        create(Options(file), CONTEXT)
