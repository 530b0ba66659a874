"""What the README says is true: its two commands, and its example of an intent."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner

from voicemes.cli.main import app
from voicemes.config import CatalogSettings, Settings
from voicemes.nlu.kit.coverage import cover
from voicemes.nlu.kit.lint import lint
from voicemes.nlu.kit.proof import prove
from voicemes.nlu.match import Matcher
from voicemes.runtime.wiring import build_catalog, build_sounds

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block_with(words: str) -> str:
    """The indented block of the README in which `words` stand."""
    return next(textwrap.dedent(block) for block in README.split("\n\n") if words in block and block.startswith("    "))


def test_the_two_commands_are_the_whole_set_up() -> None:
    assert "    python3 -m pip install uv && uv run --extra llm voicemes demo\n" in README
    assert "    uv run --extra llm pytest\n" in README
    assert "uv run --extra llm pytest\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.fixture
def laboratory(tmp_path: Path) -> Path:
    """The catalogue of the README, written as it says."""
    files = {"samples/sample.freeze.yaml": "intent: sample.freeze", "_lists/freezer.yaml": "list: freezer"}
    for name, words in files.items():
        file = tmp_path / "lab" / name
        file.parent.mkdir(parents=True)
        file.write_text(block_with(words), encoding="utf-8")
    return tmp_path / "lab"


def test_the_intent_of_the_readme_is_proven_and_clean(laboratory: Path) -> None:
    settings = Settings(catalog=CatalogSettings(intents=laboratory))
    matcher = Matcher(build_catalog(settings))
    assert [one for one in prove(matcher) if one.fault] == []
    assert [one for one in lint(matcher, build_sounds(settings)) if not one.reason] == []
    assert all(not one.unsaid for one in cover(matcher))


def test_the_intent_of_the_readme_works_by_text_and_by_a_recording(laboratory: Path, tmp_path: Path) -> None:
    said, file = "store the sample in the red freezer", tmp_path / "freezer.wav"
    typed = CliRunner().invoke(app, ["text", said, "--intents", str(laboratory), "--json"])
    assert CliRunner().invoke(app, ["say", said, "-o", str(file)]).exit_code == 0
    heard = CliRunner().invoke(app, ["hear", str(file), "--intents", str(laboratory), "--json"])
    for result in (typed, heard):
        found = json.loads(result.stdout)
        assert (found["intent"], found["slots"]) == ("sample.freeze", {"freezer": "red"})
