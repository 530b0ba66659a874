"""`say`, `run` and `check`: sound comes out, a recording stands for the headset, and what is missing is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import FIXTURES, MY_NEXT, Run

from voicemes.engines.audio.wav import WavSink, read_speech
from voicemes.model import SPEECH, SpeechChunk
from voicemes.runtime.trace import read_trace

NOBODY = "http://127.0.0.1:9"
"""The discard port: nothing listens there."""


def test_say_leaves_speech_in_a_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "answer.wav"
    ended = run("say", "Order 4711 started.", "-o", file, "--json")
    (told,) = ended.lines
    speech = read_speech(file)
    assert ended.code == 0
    assert told == {"text": "Order 4711 started.", "output": str(file), "duration_s": told["duration_s"]}
    assert told["duration_s"] == pytest.approx(len(speech) / SPEECH.bytes_per_second, abs=0.01)
    assert told["duration_s"] > 1
    assert any(speech)


def test_say_reads_standard_input_and_tells_a_person(run: Run, tmp_path: Path) -> None:
    short, long = tmp_path / "short.wav", tmp_path / "long.wav"
    assert run("say", "Yes.", "-o", short).out.startswith(f"{short}: ")
    assert run("say", "-", "-o", long, stdin="Yes. " * 5).code == 0
    assert long.stat().st_size > 2 * short.stat().st_size


def test_say_takes_no_more_than_anybody_waits_for(run: Run, tmp_path: Path) -> None:
    ended = run("say", "-", "-o", tmp_path / "book.wav", stdin="x" * 10_001)
    assert ended.code == 2
    assert list(tmp_path.glob("*.wav")) == []


def test_run_hears_a_recording_and_answers_into_a_file(
    run: Run, monkeypatch: pytest.MonkeyPatch, plant_url: str, tmp_path: Path
) -> None:
    monkeypatch.setenv("VOICEMES_MES__URL", plant_url)
    trace, spoken = tmp_path / "trace.jsonl", tmp_path / "answer.wav"
    ended = run("run", "--input", MY_NEXT, "--output", spoken, "--trace", trace, "--json")
    assert (ended.code, ended.err) == (0, "")
    names = [line["event"] for line in ended.lines]
    assert names[0] == "session_started"
    assert names.count("turn_ended") == 1
    assert "hypothesis_changed" not in names
    turn = next(line for line in ended.lines if line["event"] == "turn_ended")
    assert (turn["intent"], turn["mes"]) == ("job.next", "accepted")
    assert "4712" in turn["answer"]
    assert any(read_speech(spoken))
    assert [event["event"] for _, event in read_trace(trace)].count("turn_ended") == 1
    assert '"Ana"' not in trace.read_text(encoding="utf-8"), "by default a trace names nobody"
    assert run("replay", trace).code == 0


def test_run_takes_several_sentences_and_shows_each(
    run: Run, monkeypatch: pytest.MonkeyPatch, plant_url: str, tmp_path: Path
) -> None:
    monkeypatch.setenv("VOICEMES_MES__URL", plant_url)
    monkeypatch.setenv("VOICEMES_TRACE__PERSONAL", "true")
    monkeypatch.setenv("VOICEMES_AUDIO__KEEP_H", "1")
    names = ("scrap.report/scrap-two-bridge-kal.flac", "dialogue/cancel-that-rms.flac")
    pause = bytes(2 * SPEECH.bytes_per_second)
    recording = tmp_path / "two.wav"
    with WavSink(recording) as sink:
        for name in names:
            sink.play(SpeechChunk(read_speech(FIXTURES / name) + pause, SPEECH))
    ended = run("run", "--input", recording, "--trace", tmp_path / "trace.jsonl", "--plain")
    assert ended.code == 0
    assert "Scrap 2, solder bridge, on order 4711. Correct?" in ended.out
    assert "Cancelled. Nothing was written." in ended.out
    assert f"Trace: {tmp_path / 'trace.jsonl'}" in ended.err
    assert '"Ana"' in (tmp_path / "trace.jsonl").read_text(encoding="utf-8")
    assert len(list((tmp_path / "home" / "voicemes" / "audio" / "SPP-1").glob("*.wav"))) == 2


def test_check_names_what_run_lacks_and_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEMES_MES__URL", NOBODY)
    ended = run("check", "--json")
    (told,) = ended.lines
    findings = {finding["part"]: finding for finding in told["findings"]}
    assert (ended.code, ended.err) == (1, "")
    assert told["ready"] is False
    assert findings["mes"]["state"] == "failed"
    assert "voicemes plant serve" in findings["mes"]["detail"]
    for part in ("settings", "catalogue", "recogniser", "voice detector", "speech"):
        assert findings[part]["state"] == "ok", findings[part]


def test_check_finds_the_mes_where_there_is_one(run: Run, plant_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEMES_MES__URL", plant_url)
    ended = run("check", "--plain")
    assert f"✓ mes             {plant_url} answers; known there: " in ended.out
    is_ready = "✗" not in ended.out
    assert ended.code == (0 if is_ready else 1), "a machine without sound devices lacks them, and nothing else"
    assert json.dumps(ended.out).count("\\u001b") == 0
