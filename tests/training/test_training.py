"""Training: learns, is taken up again, and writes a file that the engine reads. Needs the extra `train`."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra train is not installed: voicemes models train is not tested")
pytest.importorskip("llama_cpp", reason="the extra llm is not installed")

from voicemes.cli.main import app
from voicemes.config import LlmSettings, Settings
from voicemes.nlu.match import Matcher
from voicemes.runtime.nlu_bench import measure, read_sentences
from voicemes.runtime.reader import build_reader
from voicemes.runtime.wiring import context_of
from voicemes.training.train import Plan, Run
from voicemes.training.wordings import Wordings

DEV = Path(__file__).resolve().parents[1] / "nlu" / "data" / "paraphrases_dev.yaml"
MINUTES = 3.0
FLOOR = 0.2
"""Of the intents must be right after that, by the language model alone and at any confidence; chance is 0.014."""
pytestmark = pytest.mark.training
TINY = Plan(pairs=400, batch=16, steps=40, threads=1)


def run_of(matcher: Matcher, checkpoint: Path | None = None, plan: Plan = TINY) -> Run:
    return Run(matcher, Wordings(), plan, time.monotonic, lambda _: None, checkpoint)


def test_the_loss_falls(drinks: Matcher) -> None:
    losses: list[float] = []
    run = run_of(drinks)
    run.tell = lambda far: losses.append(far.loss)
    run.train()
    seen = [loss for loss in losses if not math.isnan(loss)]
    assert run.steps == TINY.steps
    assert seen[-1] < 0.95 * seen[0]


def test_what_was_broken_off_goes_on_where_it_was(
    drinks: Matcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicemes.training.train.SAVED_EVERY_S", 0.0)
    checkpoint = tmp_path / "own.checkpoint"
    first = run_of(drinks, checkpoint)

    def break_off(far: object) -> None:
        if first.steps >= 20:
            raise KeyboardInterrupt

    first.tell = break_off
    with pytest.raises(KeyboardInterrupt):
        first.train()
    assert checkpoint.exists()
    second = run_of(drinks, checkpoint)
    made: list[int] = []
    step = Run._step
    monkeypatch.setattr(Run, "_step", lambda run, *given: made.append(run.steps) or step(run, *given))
    second.train()
    assert (made[0], second.steps) == (first.steps - 1, TINY.steps), "it was broken off before its last step was saved"
    assert checkpoint.exists(), "until the model is written"
    second.forget()
    assert not checkpoint.exists()


def test_another_training_does_not_go_on_from_there(
    drinks: Matcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicemes.training.train.SAVED_EVERY_S", 0.0)
    checkpoint = tmp_path / "own.checkpoint"
    run_of(drinks, checkpoint, replace(TINY, seed=7, steps=3)).train()
    assert _first_step(drinks, checkpoint) == 0
    checkpoint.write_bytes(b"no checkpoint at all")
    assert _first_step(drinks, checkpoint) == 0


def _first_step(drinks: Matcher, checkpoint: Path) -> int:
    """Where a training begins that finds this checkpoint."""
    run = run_of(drinks, checkpoint, replace(TINY, steps=5))
    resume = Run._resume
    found: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "_resume", lambda run, *given: found.append(resume(run, *given) or run.steps))
        run.train()
    return found[0]


@pytest.mark.timeout(900)
def test_three_minutes_make_a_model_that_loads_and_beats_a_floor(
    matcher: Matcher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "nano.gguf"
    started_s = time.monotonic()
    app(["models", "train", "--out", str(out), "--minutes", str(MINUTES), "--json"], standalone_mode=False)
    assert time.monotonic() - started_s < 60 * MINUTES + 90
    made = json.loads(capsys.readouterr().out)
    assert made["steps"] > 0
    assert out.stat().st_size < 12_000_000
    settings = Settings(llm=LlmSettings(model=out, read=0.0, write=0.0, asked=0.0))
    reader = build_reader(settings, context_of(settings))
    assert reader.lacks == ""
    found = measure(reader, matcher, read_sentences(DEV), ("llm", "clarify"))
    assert found["intent_accuracy"] > FLOOR
    assert sorted(file.name for file in tmp_path.iterdir()) == ["nano.gguf", "nano.glance.npz", "nano.json"]
