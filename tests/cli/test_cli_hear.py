"""`hear`: what recordings mean, and one sentence for each that cannot be heard."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
from pathlib import Path

from commands import CONTRACT, FIXTURES, MY_NEXT, Run

from voicemes.runtime.button import button

HEARD = CONTRACT | {"audio", "started_s", "ended_s"}
HOURS_S = 7_200


def two_hours(file: Path) -> Path:
    """A WAV of 8 kHz and 8 bits whose samples the file system does not even store."""
    size = HOURS_S * 8_000
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8_000, 8_000, 1, 8)
    file.write_bytes(struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size))
    with file.open("r+b") as stream:
        stream.truncate(44 + size)
    return file


def test_a_recording_is_understood(run: Run) -> None:
    ended = run("hear", MY_NEXT, "--json")
    (found,) = ended.lines
    assert ended.code == 0
    assert found.keys() == HEARD
    assert (found["outcome"], found["intent"], found["route"]) == ("understood", "job.next", "grammar")
    assert found["audio"] == str(MY_NEXT)
    assert found["timings_s"].keys() == {"asr", "nlu", "decision"}
    assert 0 < found["confidence"] <= 1


def test_noise_is_rejected_and_that_is_no_failure(run: Run) -> None:
    ended = run("hear", FIXTURES / "noise" / "factory-piece-1.flac", "--json")
    (found,) = ended.lines
    assert ended.code == 0
    assert found.keys() == HEARD | {"reason", "detail"}
    assert (found["outcome"], found["intent"]) == ("rejected", None)


def test_a_person_reads_it_with_its_place(run: Run) -> None:
    out = run("hear", MY_NEXT).out
    assert f"{MY_NEXT}  0.0-" in out
    assert "✓ job.next" in out


def test_what_cannot_be_heard_is_one_sentence_each_and_the_rest_is_heard(run: Run, tmp_path: Path) -> None:
    empty, words, cut = tmp_path / "empty.wav", tmp_path / "words.wav", tmp_path / "cut.flac"
    empty.touch()
    words.write_text("this is no sound\n" * 50, encoding="utf-8")
    cut.write_bytes(MY_NEXT.read_bytes()[:30])
    unreadable = tmp_path / ("long-" * 60 + ".wav")
    wrong = {
        empty: "is empty",
        words: "is not a sound file",
        cut: "is not a sound file, or its beginning is damaged",
        tmp_path / "missing.wav": "does not exist",
        tmp_path: "is not a file",
        unreadable: "cannot be read: File name too long",
        two_hours(tmp_path / "shift.wav"): "lasts 7200 s, longer than the limit of 600 s",
    }
    ended = run("hear", *wrong, MY_NEXT, "--json")
    assert ended.code == 3
    assert len(ended.sentences) == len(wrong)
    for sentence, (file, problem) in zip(ended.sentences, wrong.items(), strict=True):
        assert sentence.startswith(f"voicemes: {file} {problem}")
    *errors, last = ended.lines
    assert [line["error"]["kind"] for line in errors] == ["AudioError"] * len(wrong)
    assert last["intent"] == "job.next"


def test_another_catalogue_is_another_grammar(run: Run) -> None:
    """What is said to the factory is nothing where drinks are ordered."""
    drinks = Path(__file__).parents[1] / "catalogs" / "drinks"
    ended = run("hear", MY_NEXT, "--intents", drinks, "--json")
    (found,) = ended.lines
    assert (ended.code, found["outcome"]) == (0, "rejected")
    assert "job" not in found["transcript"]


async def test_a_headset_button_is_a_signal() -> None:
    pushed = asyncio.Event()
    with button(pushed.set):
        os.kill(os.getpid(), signal.SIGUSR1)
        await asyncio.wait_for(pushed.wait(), 5)
    assert pushed.is_set()
