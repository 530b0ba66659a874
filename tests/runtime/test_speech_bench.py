"""The speech bench: its mixing rule, its manifest, its figures."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from voicemes.errors import AudioError, ConfigError
from voicemes.model import Transcript, WordGraph
from voicemes.nlu.match import Matcher
from voicemes.ports import Hypothesis, RecognizerTraits
from voicemes.runtime.clips import read_manifest
from voicemes.runtime.pace import Pace
from voicemes.runtime.speech_bench import ENDPOINT_S, MIXED_PEAK, bench_speech, max_energy, mix
from voicemes.runtime.speech_picture import PUBLISHED, draw, write_picture
from voicemes.testing.fakes import FakeDetector

ROOT = Path(__file__).parents[2]
KEYS = {"snr_db", "n_in", "n_out", "accuracy", "accuracy_strict", "false_accepts", "false_rejects", "rtf"}
RATE_HZ = 16_000


class LevelRecognizer:
    """Hears `loud` in what is loud and nothing in what is not, and remembers what it was given."""

    def __init__(self, loud: str = "next step", confidence: float = 1.0) -> None:
        self.loud, self.confidence = loud, confidence
        self.heard: list[bytes] = []
        self.speech_s = 0.0
        self.speakers: set[str] = set()
        self.learned: list[tuple[str, str]] = []
        self._pcm = b""

    @property
    def traits(self) -> RecognizerTraits:
        return RecognizerTraits("level", streams=True, follows_grammar=True)

    def begin(self, _graph: WordGraph, speaker: str = "") -> None:
        self._pcm = b""
        self.speakers.add(speaker)

    def feed(self, pcm: bytes, *, is_speech: bool = True) -> Hypothesis:
        self._pcm += pcm
        self.speech_s += is_speech * len(pcm) / 2 / RATE_HZ
        return Hypothesis("", is_complete=False)

    def finish(self) -> Transcript:
        self.heard.append(self._pcm)
        samples = np.frombuffer(self._pcm, dtype="<i2")
        if not len(samples) or np.abs(samples).max() < 1_000:
            return Transcript("", "level", is_complete=False)
        return Transcript(self.loud, "level", confidence=self.confidence, is_complete=True)

    def learn(self, heard: Transcript, speaker: str) -> None:
        self.learned.append((heard.text, speaker))


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A loud clip that means the next step, a soft one that means nothing, and a hum."""
    wave = np.sin(np.arange(RATE_HZ) / 9)
    for name, level in (("step", 0.3), ("nothing", 0.001)):
        soundfile.write(tmp_path / f"{name}.wav", wave * level, RATE_HZ)
    hum = np.random.default_rng(0).normal(0, 0.05, 4 * RATE_HZ)
    soundfile.write(tmp_path / "hum.wav", hum, RATE_HZ)
    rows: list[dict[str, Any]] = [
        {"audio": "step.wav", "intent": "instruction.step", "slots": {"step": "next"}},
        {"audio": "nothing.wav", "intent": None, "slots": {}},
    ]
    file = tmp_path / "manifest.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def bench(matcher: Matcher, manifest: Path, recognizer: LevelRecognizer, **options: Any) -> list[dict[str, Any]]:
    sets = bench_speech(manifest, matcher, recognizer, **options)["sets"]
    assert isinstance(sets, list)
    return sets


@given(snr_db=st.floats(-5, 30), level=st.floats(0.01, 1), seed=st.integers(0, 2**32 - 1))
def test_the_loudest_frames_have_the_ratio_that_was_asked_for(snr_db: float, level: float, seed: int) -> None:
    speech = np.zeros(8_192)
    speech[2_048:4_096] = level * np.sin(np.arange(2_048) / 5)
    noise = np.full(8_192, 0.1)
    mixed, _ = mix(speech, noise, snr_db, np.random.default_rng(seed))
    assert np.abs(mixed).max() == pytest.approx(MIXED_PEAK)
    under = mixed[:2_048]
    over = mixed[2_048:4_096] - under
    assert 10 * math.log10(max_energy(over) / max_energy(under)) == pytest.approx(snr_db, abs=1e-6)


def test_noise_that_is_too_short_starts_again_and_goes_on_behind_the_clip() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 3_000)
    mixed, after = mix(np.zeros(4_096) + 1e-3, noise, 9, np.random.default_rng(0), 1_000)
    under = (mixed - mixed.mean()) / np.std(mixed)
    assert np.corrcoef(under[:1_096], under[3_000:])[0, 1] == pytest.approx(1)
    assert np.corrcoef(after, noise[1_096:2_096])[0, 1] == pytest.approx(1)
    assert np.std(after) == pytest.approx(np.std(mixed), rel=0.1)


def test_noise_that_is_empty_is_a_fault() -> None:
    with pytest.raises(AudioError, match="empty"):
        mix(np.ones(4_096), np.ones(0), 9, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "JSON"),
        ("[]", "needs"),
        ('{"audio": "step.wav"}', "needs"),
        ('{"audio": "step.wav", "intent": 3}', "name or null"),
        ('{"audio": "absent.wav", "intent": null}', "absent.wav"),
        ('{"audio": "step.wav", "intent": null, "follows": "yes"}', "true or false"),
    ],
)
def test_a_fault_in_the_manifest_names_file_and_line(manifest: Path, line: str, complaint: str) -> None:
    manifest.write_text(manifest.read_text() + line + "\n")
    with pytest.raises(ConfigError, match=rf"manifest\.jsonl:3.*{complaint}"):
        read_manifest(manifest, "idle")


def test_a_recording_may_follow_something_that_was_said(manifest: Path) -> None:
    row = {"audio": "step.wav", "intent": "instruction.step", "slots": {"step": "repeat"}, "follows": True}
    manifest.write_text(manifest.read_text() + json.dumps(row) + "\n")
    first, _, last = (clip.scope for clip in read_manifest(manifest, "idle"))
    assert (first.follows, first.recalled) == (False, ())
    assert (last.follows, last.recalled) == (True, ("step",))


def test_each_voice_of_a_manifest_is_one_speaker(matcher: Matcher, manifest: Path) -> None:
    row = {"audio": "step.wav", "intent": "instruction.step", "slots": {"step": "next"}, "voice": "ana"}
    manifest.write_text(manifest.read_text() + json.dumps(row) + "\n")
    recognizer = LevelRecognizer()
    bench(matcher, manifest, recognizer)
    assert recognizer.speakers == {"", "ana"}
    assert recognizer.learned == [("next step", ""), ("next step", "ana")]
    bench(matcher, manifest, enrolled := LevelRecognizer(), speaker="farid")
    assert enrolled.speakers == {"farid"}


def test_an_empty_manifest_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(ConfigError, match="no recordings"):
        read_manifest(tmp_path / "empty.jsonl", "idle")


def test_the_figures_have_the_keys_of_the_contract(matcher: Matcher, manifest: Path) -> None:
    noise = manifest.parent / "hum.wav"
    clean, noisy = bench(matcher, manifest, LevelRecognizer(), noise=noise, snrs=[9])
    for row in (clean, noisy):
        assert row.keys() == KEYS | {"decision_p50_s", "decision_p95_s", "false_rejects_by_risk", "voices", "roc"}
        assert (row["n_in"], row["n_out"], row["accuracy"], row["false_rejects"]) == (1, 1, 1.0, 0)
    assert clean["false_accepts"] == {"read": 0, "write": 0}
    assert noisy["false_accepts"] == {"read": 1, "write": 0}, "what nobody meant has noise under it, too"
    assert (clean["snr_db"], noisy["snr_db"]) == (None, 9)


def test_what_nobody_meant_counts_by_what_it_would_have_done(matcher: Matcher, manifest: Path) -> None:
    manifest.write_text(manifest.read_text().replace('"instruction.step", "slots": {"step": "next"}', "null"))
    read = bench(matcher, manifest, LevelRecognizer("next step"))[0]["false_accepts"]
    write = bench(matcher, manifest, LevelRecognizer("scrap two solder bridge"))[0]["false_accepts"]
    assert (read, write) == ({"read": 1, "write": 0}, {"read": 0, "write": 1})


def test_the_seed_decides_the_noise(matcher: Matcher, manifest: Path) -> None:
    def sounds(seed: int) -> list[bytes]:
        recognizer = LevelRecognizer()
        bench(matcher, manifest, recognizer, noise=manifest.parent / "hum.wav", snrs=[9], seed=seed)
        return recognizer.heard

    assert sounds(1) == sounds(1)
    assert sounds(1) != sounds(2)


def test_an_snr_needs_noise(matcher: Matcher, manifest: Path) -> None:
    with pytest.raises(ConfigError, match="--noise"):
        bench(matcher, manifest, LevelRecognizer(), snrs=[9])


def test_what_is_refused_counts_by_what_it_would_have_done(matcher: Matcher, manifest: Path) -> None:
    rows = '{"audio": "nothing.wav", "intent": "scrap.report"}\n{"audio": "nothing.wav", "intent": "job.next"}\n'
    manifest.write_text(manifest.read_text() + rows)
    (clean,) = bench(matcher, manifest, LevelRecognizer())
    assert clean["false_rejects_by_risk"] == {"read": 1, "write": 1}


def test_each_voice_has_its_accuracy(matcher: Matcher, manifest: Path) -> None:
    rows = [
        {"audio": "step.wav", "voice": "kal", "intent": "instruction.step", "slots": {"step": "next"}},
        {"audio": "nothing.wav", "voice": "slt", "intent": "instruction.step", "slots": {"step": "next"}},
    ]
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (clean,) = bench(matcher, manifest, LevelRecognizer())
    assert clean["voices"] == {"kal": {"n": 1, "accuracy": 1.0}, "slt": {"n": 1, "accuracy": 0.0}}


def test_the_curve_goes_from_accepting_everything_to_nothing_but_the_sure(matcher: Matcher, manifest: Path) -> None:
    manifest.write_text(manifest.read_text() + '{"audio": "step.wav", "intent": null}\n')
    recognizer = LevelRecognizer(confidence=0.42)
    (clean,) = bench(matcher, manifest, recognizer)
    assert clean["accuracy"] == 0, "0.42 is refused"
    by_cut = {cut["confidence"]: (cut["kept"], cut["false_accepts"]) for cut in clean["roc"]}
    assert by_cut[0.0] == by_cut[0.4] == (1.0, 0.5), "of two that nobody meant one is a sentence"
    assert by_cut[0.45] == by_cut[1.0] == (0.0, 0.0)


def test_the_recogniser_hears_what_the_detector_says_and_the_silence_of_the_endpoint(
    matcher: Matcher, manifest: Path
) -> None:
    recognizer = LevelRecognizer()
    bench(matcher, manifest, recognizer, detector=FakeDetector())
    *_, step, nothing = recognizer.heard
    assert len(step) == len(nothing) == 2 * int((1 + ENDPOINT_S) * RATE_HZ)
    assert 1 <= recognizer.speech_s < 1.2, "one of two seconds, and a window"


def test_who_is_expected_to_speak_is_told_to_the_recogniser(matcher: Matcher, manifest: Path) -> None:
    anybody, ana = LevelRecognizer(), LevelRecognizer()
    bench_speech(manifest, matcher, anybody)
    bench_speech(manifest, matcher, ana, speaker="Ana")
    assert (anybody.speakers, ana.speakers) == ({""}, {"Ana"})


def test_what_is_decided_late_is_late_by_what_the_endpoint_does_not_hide() -> None:
    pace = Pace()
    pace.do(lambda: None)
    pace.behind_s = 0.7
    for _ in range(10):
        pace.arrives(0.05)
    assert pace.behind_s == pytest.approx(0.2)
    pace.arrives(1.0)
    assert pace.behind_s == 0.0


def test_the_mean_is_that_of_the_noise(matcher: Matcher, manifest: Path) -> None:
    noise = manifest.parent / "hum.wav"
    assert "mean" not in bench_speech(manifest, matcher, LevelRecognizer())
    assert bench_speech(manifest, matcher, LevelRecognizer(), noise=noise, snrs=[9, 6])["mean"] == 1.0


def test_the_picture_shows_each_set_and_published_engines_beside_noise(matcher: Matcher, manifest: Path) -> None:
    sets = bench(matcher, manifest, LevelRecognizer(), noise=manifest.parent / "hum.wav", snrs=[9, 6])
    texts = {part.text for part in ET.fromstring(draw(sets)).iter("{http://www.w3.org/2000/svg}text")}
    assert texts >= {"voicemes", "clean", "9 dB", "6 dB", "Rhino", "Watson"}
    alone = {part.text for part in ET.fromstring(draw(sets[:1])).iter("{http://www.w3.org/2000/svg}text")}
    assert "clean" in alone
    assert not alone & set(PUBLISHED)


def test_a_picture_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        write_picture([], tmp_path / "absent" / "picture.svg")
