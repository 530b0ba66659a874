"""What the README says is true: its two commands, and its example of an intent."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

from voicemes.model import Scope, Transcript, Understood
from voicemes.nlu.catalog import load_catalog
from voicemes.nlu.interpret import interpret
from voicemes.nlu.match import Matcher

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block_with(words: str) -> str:
    """The indented block of the README in which `words` stand."""
    return next(textwrap.dedent(block) for block in README.split("\n\n") if words in block and block.startswith("    "))


def test_the_two_commands_are_the_whole_set_up() -> None:
    assert "    python3 -m pip install uv && uv run --extra llm voicemes demo\n" in README
    assert "    uv run --extra llm pytest\n" in README
    assert "uv run --extra llm pytest\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_intent_of_the_readme_works(tmp_path: Path) -> None:
    (tmp_path / "cleaning").mkdir()
    (tmp_path / "cleaning" / "clean.record.yaml").write_text(block_with("intent: clean.record"), encoding="utf-8")
    shutil.copytree(ROOT / "intents" / "_lists", tmp_path / "_lists")
    matcher = Matcher(load_catalog(tmp_path, base=ROOT / "intents"))
    parse = interpret(Transcript("printer one is clean", "keyboard"), Scope(), matcher)
    assert isinstance(parse, Understood)
    assert (parse.candidate.intent, parse.candidate.values) == ("clean.record", {"equipment": "SPP-1"})
