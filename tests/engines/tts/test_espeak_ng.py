"""What is synthesised is audible, has a plausible length, and is understood by a recogniser."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pocketsphinx
import pytest

from voicemes.engines.audio.resample import resample_pcm
from voicemes.engines.tts import espeak_library
from voicemes.engines.tts.espeak_library import EspeakLibrary, phonemes
from voicemes.engines.tts.espeak_ng import EspeakSynthesizer, Options, create
from voicemes.errors import EngineFailed, EngineMissing
from voicemes.ports import EngineContext, Voice

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTEXT = EngineContext(cache_dir=Path("unused"))
ORDERS = """#JSGF V1.0;
grammar orders;
public <order> = (start | stop) order <digit> <digit> <digit> <digit>;
<digit> = zero | one | two | three | four | five | six | seven | eight | nine;
"""


@pytest.fixture(scope="module")
def synthesizer() -> EspeakSynthesizer:
    return create(Options(), CONTEXT)


@pytest.fixture(scope="module")
def decoder() -> pocketsphinx.Decoder:
    decoder = pocketsphinx.Decoder(samprate=16_000, bestpath=False, lm=None, loglevel="FATAL")
    decoder.add_jsgf_string("orders", ORDERS)
    decoder.activate_search("orders")
    return decoder


def spoken(synthesizer: EspeakSynthesizer, text: str, voice: Voice | None = None) -> bytes:
    return b"".join(chunk.pcm for chunk in synthesizer.speak(text, voice or Voice()))


def loudness(pcm: bytes) -> float:
    return float(np.sqrt(np.mean(np.frombuffer(pcm, "<i2").astype(float) ** 2)))


def understood(decoder: pocketsphinx.Decoder, pcm: bytes, rate_hz: int) -> str:
    """Decodes with a little noise, as a microphone adds: the recogniser is worse on digital silence."""
    samples = np.frombuffer(resample_pcm(pcm, rate_hz, 16_000), "<i2").astype(float)
    noisy = samples / 2 + np.random.default_rng(0).normal(0, 50, len(samples))
    decoder.start_utt()
    decoder.process_raw(noisy.astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    return hypothesis.hypstr if hypothesis else ""


@pytest.mark.parametrize("voice", ["en-us", "en-us+f3", "en-us+m3"])
@pytest.mark.parametrize("text", ["start order four seven one one", "stop order nine zero three eight"])
def test_the_words_are_understood(
    synthesizer: EspeakSynthesizer, decoder: pocketsphinx.Decoder, text: str, voice: str
) -> None:
    pcm = spoken(synthesizer, text, Voice(name=voice))
    assert understood(decoder, pcm, synthesizer.format.rate_hz) == text


def test_the_sound_is_audible_and_lasts_as_long_as_speech(synthesizer: EspeakSynthesizer) -> None:
    pcm = spoken(synthesizer, "order four seven one one")
    assert synthesizer.format.rate_hz == 22_050
    assert 1.0 < len(pcm) / synthesizer.format.bytes_per_second < 3.0
    assert loudness(pcm) > 500


def test_each_sentence_is_a_chunk_and_numbers_are_not_split(synthesizer: EspeakSynthesizer) -> None:
    assert len(list(synthesizer.speak("Order started. It needs 3.5 kg. Say yes or no!", Voice()))) == 3


@pytest.mark.parametrize("text", ["", "  ", "\n\n"])
def test_no_words_make_no_sound(synthesizer: EspeakSynthesizer, text: str) -> None:
    assert list(synthesizer.speak(text, Voice())) == []


@pytest.mark.parametrize("text", ["a\0b", "\ud800 x", "漢字", "<speak>hello</speak>", "[[hello]]", "x" * 5_000])
def test_odd_text_is_said_somehow(synthesizer: EspeakSynthesizer, text: str) -> None:
    assert loudness(spoken(synthesizer, text)) > 0


def test_sentences_are_made_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    synthesizer = create(Options(), CONTEXT)
    made: list[str] = []

    def synthesize(_: EspeakLibrary, text: str, __: Voice) -> bytes:
        made.append(text)
        return b""

    monkeypatch.setattr(EspeakLibrary, "synthesize", synthesize)
    chunks = synthesizer.speak("One. Two. Three.", Voice())
    next(chunks)
    assert made == ["One."]
    close(chunks)
    assert made == ["One."]


def close(chunks: Iterator[object]) -> None:
    chunks.close()  # type: ignore[attr-defined]  # the port asks for an iterator that can be closed


def test_rate_and_volume_are_heard(synthesizer: EspeakSynthesizer) -> None:
    text = "order four seven one one"
    slow, fast = (spoken(synthesizer, text, Voice(rate_wpm=rate)) for rate in (100, 300))
    assert len(slow) > 1.5 * len(fast)
    silent, soft, normal = (loudness(spoken(synthesizer, text, Voice(volume=volume))) for volume in (0, 0.3, 1))
    assert silent == 0
    assert soft == pytest.approx(0.3 * normal, rel=0.2)


@pytest.mark.parametrize("rate_wpm", [0, 10_000])
def test_an_impossible_rate_becomes_the_nearest_possible_one(synthesizer: EspeakSynthesizer, rate_wpm: int) -> None:
    assert len(spoken(synthesizer, "ready", Voice(rate_wpm=rate_wpm))) > 5_000


@pytest.mark.parametrize("name", ["nobody", "en-us+nobody", "", "en-us+", "../../etc/passwd"])
def test_an_unknown_voice_is_named(synthesizer: EspeakSynthesizer, name: str) -> None:
    with pytest.raises(EngineFailed, match=r"no voice '.*Try en-us") as caught:
        spoken(synthesizer, "hello", Voice(name=name))
    assert repr(name) in str(caught.value)


def test_there_is_one_library_in_a_process() -> None:
    assert espeak_library.load() is espeak_library.load()


def test_two_threads_do_not_mix_their_words(synthesizer: EspeakSynthesizer, decoder: pocketsphinx.Decoder) -> None:
    texts = ["start order four seven one one", "stop order nine zero three eight"]
    said: dict[str, list[bytes]] = {text: [] for text in texts}

    def say(text: str) -> None:
        said[text].extend(spoken(synthesizer, text) for _ in range(5))

    threads = [threading.Thread(target=say, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for text in texts:
        assert {understood(decoder, pcm, 22_050) for pcm in said[text]} == {text}


# --- phonemes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("four", "f_'o@"),
        ("stop order", "s_t2_'0_p 'O@_d_3"),
        ("misaligned", "m_I2_s_a#_l_'aI_n_d"),
        ("", ""),
    ],
)
def test_phonemes_are_ascii_mnemonics(text: str, expected: str) -> None:
    assert phonemes(text) == expected


def test_phonemes_follow_the_voice_and_go_on_after_a_comma() -> None:
    assert phonemes("stop", "en-gb") != phonemes("stop", "en-us")
    assert len(phonemes("start, stop. go").split()) == 3
    with pytest.raises(EngineFailed, match="no voice 'nobody'"):
        phonemes("order", "nobody")


# --- what can be missing ---------------------------------------------------------------------------------------------


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(EngineMissing, match=r"espeak-ng is missing\. Install it with: pip install espeakng-loader"):
        EspeakLibrary()


def test_a_missing_library_file_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import espeakng_loader

    monkeypatch.setattr(espeakng_loader, "get_library_path", lambda: str(tmp_path / "none.so"))
    with pytest.raises(EngineMissing, match="pip install espeakng-loader"):
        EspeakLibrary()
