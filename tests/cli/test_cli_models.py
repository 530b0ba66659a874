"""`models`: what there is, fetching and training; `bench latency`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from commands import Run


def test_the_models_are_listed_with_licence_size_hash_and_origin(run: Run) -> None:
    own, *general = run("models", "list", "--json").lines
    assert (own["name"], own["licence"]) == ("nano", "GPL-3.0-or-later")
    names = ["small", "medium", "large", "en_US-lessac-medium", "en_GB-alba-medium", "whisper-base.en"]
    assert [one["name"] for one in general] == [*names, "whisper-small.en"]
    for one in general:
        assert {"licence", "size_bytes", "sha256", "from", "state"} <= one.keys()
    assert "Apache-2.0" in run("models", "list", "--plain").out


def test_a_model_that_nobody_knows_is_a_sentence(run: Run) -> None:
    ended = run("models", "pull", "enormous")
    assert ended.code == 2
    assert "small, medium, large" in ended.sentences[0]


def test_offline_is_said(run: Run, tmp_path: Path) -> None:
    ended = run("models", "pull", "small", "--folder", str(tmp_path), "--hub", "http://127.0.0.1:9", "--plain")
    assert ended.code == 4
    assert "Without a network" in ended.sentences[0]


def test_training_says_what_it_needs(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("voicemes.training.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    ended = run("models", "train", "--out", str(tmp_path / "own.gguf"), "--plain")
    assert ended.code == 4
    assert "uv pip install torch" in ended.sentences[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("with_model")
def test_latency_is_measured_by_route_and_memory_is_counted(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp", reason="the extra llm is not installed")
    file = tmp_path / "said.yaml"
    said = ("what is my next job", "any smoke break", "in the film someone is trapped in a factory")
    file.write_text("".join(f'- {{say: "{one}", intent: null}}\n' for one in said), encoding="utf-8")
    (found,) = run("bench", "latency", "--file", str(file), "--no-live", "--recordings", "2", "--json").lines
    assert found["routes"]["llm"]["n"] == 3
    assert found["routes"]["llm"]["p95_s"] >= found["routes"]["llm"]["p50_s"] > 0
    assert found["memory_bytes"] > 50_000_000
    assert found["lacks"] == ""


def test_the_steps_of_the_dialogue_are_timed(run: Run) -> None:
    drinks = Path(__file__).resolve().parents[1] / "catalogs" / "drinks"
    (found,) = run("bench", "dialogue", "--intents", str(drinks), "--json").lines
    assert found["steps"] > found["sentences"] > 0
    assert 0 < found["p50_s"] <= found["p95_s"] <= found["p99_s"]


@pytest.mark.usefixtures("with_model")
def test_the_route_of_a_language_model_is_shown_with_its_confidence(run: Run) -> None:
    pytest.importorskip("llama_cpp", reason="the extra llm is not installed")
    (found,) = run("text", "any chance of hearing how far along 4711 is", "--json").lines
    assert (found["outcome"], found["intent"], found["route"]) == ("understood", "job.status", "llm")
    assert found["slots"] == {"job": "4711"}
    assert 0.5 < found["confidence"] < 1
    (explained,) = run("explain", "any chance of hearing how far along 4711 is", "--json").lines
    assert explained["asked_of_model"] == "any chance of hearing how far along A #### is"


@pytest.mark.usefixtures("with_model")
def test_a_missing_model_is_no_obstacle(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VOICEMES_LLM__MODEL", str(tmp_path / "nowhere.gguf"))
    templates, model = run("text", "what's my next job", "any chance of hearing how far along 4711 is", "--json").lines
    assert templates["intent"] == "job.next"
    assert model["outcome"] == "rejected"
