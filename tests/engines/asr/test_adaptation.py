"""The acoustic model bent to a voice, and what is kept of it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicemes.engines.asr import pocketsphinx
from voicemes.engines.asr.adaptation import Statistics, adapted
from voicemes.engines.asr.alignment import Aligned, align, chain_of
from voicemes.engines.asr.conditioning import spoken_part, to_samples, whole
from voicemes.engines.asr.enrolment import Spoken, voice_of
from voicemes.engines.asr.gaussians import Mixture
from voicemes.engines.asr.ground import grounds
from voicemes.engines.asr.known_voices import MAX_READY, KnownVoices
from voicemes.engines.asr.own_voice import OwnVoice, file_of, forget, load, save
from voicemes.engines.asr.search import GrammarSearch
from voicemes.engines.asr.senones import AcousticModel, Phones
from voicemes.engines.asr.warp import WARPS, fitting_cepstra
from voicemes.engines.audio.resample import resample_pcm
from voicemes.engines.tts import espeak_ng
from voicemes.errors import AudioError, ConfigError
from voicemes.model import SPEECH
from voicemes.ports import EngineContext, Voice

SENTENCES = (
    "start order four seven one one",
    "the printer is down because of a feeder jam",
    "what is the first pass yield of line two today",
    "call maintenance to oven one",
    "torque is one point five newton meters",
    "finished fifty good and two scrap",
    "scrap three for a solder bridge",
    "what is planned for tonight",
    "bring me two trays of capacitors",
    "how many left on order ninety three",
)
PLAIN = np.tile(np.eye(13, 14, 1), (3, 1, 1))
"""The map that moves nothing."""


def recordings() -> list[Spoken]:
    """In a voice that the model was not made for, as that of somebody with an accent."""
    synthesizer = espeak_ng.create(espeak_ng.Options(), EngineContext(Path()))
    found = []
    for text in SENTENCES:
        pcm = b"".join(chunk.pcm for chunk in synthesizer.speak(text, Voice("en-us+f4", 150)))
        found.append(Spoken(text.split(), resample_pcm(pcm, synthesizer.format.rate_hz, SPEECH.rate_hz)))
    return found


@pytest.fixture(scope="module")
def opened() -> tuple[GrammarSearch, Mixture]:
    return pocketsphinx.open_search(pocketsphinx.Options(), EngineContext(Path()))


@pytest.fixture(scope="module")
def enrolled(opened: tuple[GrammarSearch, Mixture]) -> OwnVoice:
    return voice_of(recordings()[:-2], *opened)


def cepstra_of(one: Spoken, speech: Mixture, size: float) -> np.ndarray:
    _, samples = spoken_part(to_samples(one.pcm))
    return dict(fitting_cepstra(whole(samples), speech))[size]


def excess(search: GrammarSearch, model: AcousticModel, said: Spoken, cepstra: np.ndarray) -> float:
    """By how much any sounds fit better than the words, nats per frame."""
    found = align(model, search.vocabulary.pronunciations, said.words, cepstra)
    assert found is not None
    return -found.score - grounds(model, [model.scores(cepstra)[found.frames]])[1]


def test_who_enrolled_fits_better_in_sentences_that_were_not_read(
    opened: tuple[GrammarSearch, Mixture], enrolled: OwnVoice
) -> None:
    search, speech = opened
    model = adapted(search.model, enrolled.transforms)
    unread = recordings()[-2:]
    as_own = sum(excess(search, model, one, cepstra_of(one, speech, enrolled.size)) for one in unread)
    as_anybody = [
        min(excess(search, search.model, one, cepstra_of(one, speech, size)) for size in WARPS) for one in unread
    ]
    assert as_own < sum(as_anybody) - 0.2


def test_too_little_speech_is_refused(opened: tuple[GrammarSearch, Mixture]) -> None:
    with pytest.raises(AudioError, match="are needed"):
        voice_of(recordings()[:2], *opened)


def test_silence_is_refused(opened: tuple[GrammarSearch, Mixture]) -> None:
    silence = [Spoken(one.words, bytes(len(one.pcm))) for one in recordings()]
    with pytest.raises(AudioError, match="0 s of speech"):
        voice_of(silence, *opened)


def test_words_lie_where_they_were_said(opened: tuple[GrammarSearch, Mixture]) -> None:
    search, speech = opened
    one = recordings()[0]
    cepstra = cepstra_of(one, speech, 1.08)
    found = align(search.model, search.vocabulary.pronunciations, one.words, cepstra)
    assert found is not None
    assert len(found.frames) == len(found.senones)
    assert (np.diff(found.frames) > 0).all()
    heard = search.align(one.words, cepstra).words
    deficit = sum(word.deficit * (word.ended_s - word.started_s) for word in heard)
    assert -found.score == pytest.approx(deficit / sum(w.ended_s - w.started_s for w in heard), abs=0.05)


def small_model(seed: int) -> AcousticModel:
    """Two phones with a senone each, of four Gaussians that lie far apart."""
    rng = np.random.default_rng(seed)
    means = rng.normal(0, 20, (2, 3, 16, 13))
    nothing = np.zeros(0, "i4")
    phones = Phones(("A", "B"), nothing, nothing.astype("i8"), nothing, nothing, nothing)
    weights = np.full((3, 16, 2), 1 / 16, "f4")
    return AcousticModel(phones, np.zeros((2, 3, 4), "f4"), means, np.ones((2, 3, 16, 13)), weights, np.array([0, 1]))


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_a_voice_that_is_moved_as_a_whole_is_found_again(seed: int) -> None:
    model, rng = small_model(seed), np.random.default_rng(seed + 1)
    moved = PLAIN[0] + np.hstack([rng.normal(0, 0.5, (13, 1)), rng.normal(0, 0.02, (13, 13))])
    senones = rng.integers(0, 2, 6_000)
    which = rng.integers(0, 16, 6_000)
    frames = model.means[senones, 0, which] @ moved[:, 1:].T + moved[:, 0] + rng.normal(0, 1, (6_000, 13))
    statistics = Statistics.of_prior(model)
    statistics.add(model, frames, Aligned(np.arange(6_000), senones, 0.0))
    assert statistics.transforms(model)[0] == pytest.approx(moved, abs=0.3)


def test_where_nothing_was_said_nothing_moves() -> None:
    model = small_model(1)
    transforms = Statistics.of_prior(model).transforms(model)
    assert transforms == pytest.approx(PLAIN, abs=1e-6)
    assert adapted(model, transforms).means == pytest.approx(model.means)


def test_a_voice_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    file = save(tmp_path / "voices", "2101", OwnVoice(1.08, PLAIN))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["2101.json"]
    kept = load(tmp_path / "voices", "2101")
    assert kept is not None
    assert kept.size == 1.08
    assert kept.transforms == pytest.approx(PLAIN)
    assert forget(tmp_path / "voices", "2101")
    assert load(tmp_path / "voices", "2101") is None
    assert not forget(tmp_path / "voices", "2101")


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "voices").write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be kept"):
        save(tmp_path / "voices", "2101", OwnVoice(1.0, PLAIN))
    (tmp_path / "2101.json").mkdir()
    with pytest.raises(ConfigError, match="cannot be deleted"):
        forget(tmp_path, "2101")


@given(st.text(max_size=8), st.text(max_size=8))
def test_two_speakers_never_share_a_file(one: str, other: str) -> None:
    files = [file_of(Path("voices"), speaker) for speaker in (one, other)]
    assert all(file.parent == Path("voices") for file in files)
    assert (files[0] == files[1]) is (one == other)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", '{"size": 1.0}', '{"size": 7, "transforms": []}',
        json.dumps({"size": 1.0, "transforms": PLAIN.tolist(), "more": 1}),
        json.dumps({"size": 1.0, "transforms": PLAIN[:2].tolist()}),
        json.dumps({"size": 1.0, "transforms": (PLAIN * 1e6).tolist()}),
        json.dumps({"size": 1.0, "transforms": (PLAIN * float("nan")).tolist()}),
    ],
)  # fmt: skip
def test_a_faulty_file_is_named_and_its_owner_heard_like_everybody(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    file_of(tmp_path, "2101").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"2101\.json.*voicemes enrol"):
        load(tmp_path, "2101")
    assert KnownVoices(tmp_path, small_model(1)).of("2101") is None
    assert "2101.json" in caplog.text


def test_known_voices_are_read_once_and_the_oldest_makes_room(tmp_path: Path) -> None:
    save(tmp_path, "one", OwnVoice(0.92, PLAIN))
    voices = KnownVoices(tmp_path, small_model(1))
    first = voices.of("one")
    assert first is not None
    assert first.size == 0.92
    forget(tmp_path, "one")
    assert voices.of("one") is first
    for other in range(MAX_READY):
        assert voices.of(str(other)) is None
    assert voices.of("one") is None


def test_nobody_has_a_voice() -> None:
    assert KnownVoices(None, small_model(1)).of("2101") is None
    assert KnownVoices(Path("nowhere"), small_model(1)).of("") is None


def test_a_chain_says_its_words_and_nothing_else() -> None:
    graph = chain_of(["start", "order"])
    assert [(start, end, word) for start, end, word, _ in graph.arcs] == [(0, 1, "start"), (1, 2, "order")]
    assert graph.finals == {2}
