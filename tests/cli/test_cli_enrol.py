"""A minute of reading aloud, from recordings and from a headset that is played to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from commands import FIXTURES, Run

from voicemes.config import Settings
from voicemes.engines.asr.own_voice import OwnVoice, save
from voicemes.engines.audio import wav
from voicemes.model import SPEECH
from voicemes.ports import AudioSource, EngineContext
from voicemes.runtime import enrolling
from voicemes.runtime.check import PARTS, _safely
from voicemes.runtime.enrolling import TRIES, read_aloud, sentences_to_read
from voicemes.runtime.wiring import build_matcher, build_sounds

SOUNDS = "AA AE AH AO AW AY B CH D EH ER EY F G HH IH IY JH K L M N NG OW P R S SH T TH UW V W Y Z"
"""Of English, but for the rarest."""


@pytest.fixture
def read(tmp_path: Path) -> Path:
    """Half a minute in one voice."""
    lines = [json.loads(line) for line in (FIXTURES / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    ours = [line for line in lines if line.get("voice") == "slt" and "state" not in line][:16]
    manifest = tmp_path / "read.jsonl"
    manifest.write_text(
        "".join(json.dumps({"audio": str(FIXTURES / line["audio"]), "say": line["say"]}) + "\n" for line in ours),
        encoding="utf-8",
    )
    return manifest


def test_a_voice_is_kept_used_and_forgotten(run: Run, read: Path) -> None:
    kept = run("enrol", "2101", "--input", read, "--json")
    assert kept.code == 0, kept.err
    (told,) = kept.lines
    assert (told["operator"], told["sentences"]) == ("2101", 16)
    assert Path(told["file"]) == Settings().voices_dir / "2101.json"
    gone = [run("enrol", "2101", "--forget", "--json").lines[0]["forgotten"] for _ in range(2)]
    assert gone == [True, False]
    assert not Path(told["file"]).exists()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{}", "audio"),
        ('{"audio": "a.flac"}', "say"),
        ('{"audio": "a.flac", "say": "…"}', "say"),
        ('{"audio": "a.flac", "say": "start order one"}', "a.flac"),
    ],
)
def test_a_faulty_list_is_named_with_its_line(run: Run, tmp_path: Path, line: str, complaint: str) -> None:
    (tmp_path / "read.jsonl").write_text(line, encoding="utf-8")
    ended = run("enrol", "2101", "--input", tmp_path / "read.jsonl")
    assert ended.code in (2, 3)
    assert complaint in ended.sentences[-1]
    assert not Settings().voices_dir.exists()


def test_what_is_read_has_most_pairs_of_sounds() -> None:
    settings = Settings()
    matcher, sounds = build_matcher(settings), build_sounds(settings)
    texts = sentences_to_read(matcher, sounds)
    assert len(set(texts)) == len(texts) == enrolling.N_SENTENCES
    assert {sound for text in texts for word in text.split() for sound in sounds(word)} >= set(SOUNDS.split())


def test_check_tells_of_a_voice_that_cannot_be_read() -> None:
    def state() -> str:
        (found,) = _safely("enrolled voices", PARTS["enrolled voices"], Settings())
        return found.state

    assert state() == "note"
    save(Settings().voices_dir, "Ana", OwnVoice(1.0, np.tile(np.eye(13, 14, 1), (3, 1, 1))))
    assert state() == "ok"
    (Settings().voices_dir / "Ben.json").write_text("{}", encoding="utf-8")
    assert state() == "failed"


class Played:
    """A headset into which recordings are played, each when it is asked for."""

    def __init__(self, *recordings: Path) -> None:
        self.recordings, self.is_closed = recordings, False

    def frames(self) -> Iterator[object]:
        for recording in self.recordings:
            yield from wav.create(wav.Options(recording, trailing_silence_s=1.5), EngineContext(Path())).frames()

    def close(self) -> None:
        self.is_closed = True


def test_a_sentence_that_was_read_otherwise_is_asked_for_again() -> None:
    asked: list[tuple[int, str, bool]] = []
    right, wrong = FIXTURES / "job.next" / "my-next-slt.flac", FIXTURES / "instruction.step" / "next-step-slt.flac"
    headset = Played(wrong, right, *[wrong] * TRIES)
    found = read_aloud(
        Settings(), source(headset), ["what's my next job", "start order nine"], lambda *one: asked.append(one)
    )
    assert [" ".join(one.words) for one in found] == ["what's my next job"]
    assert len(found[0].pcm) > SPEECH.bytes_per_second / 2
    assert [(number, is_again) for number, _, is_again in asked] == [
        (0, False), (0, True), (1, False), (1, True), (1, True),
    ]  # fmt: skip
    assert headset.is_closed


def source(headset: object) -> AudioSource:
    return headset  # type: ignore[return-value]
