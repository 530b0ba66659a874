"""The generated grammars are those of the catalogue, and other tools take them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voicemes.nlu.export import to_gbnf, to_jsgf
from voicemes.nlu.match import Matcher

GENERATED = Path(__file__).resolve().parents[2] / "grammars" / "generated"


@pytest.mark.parametrize("name", ["commands.jsgf", "intent.gbnf"])
def test_the_generated_grammars_are_fresh(matcher: Matcher, name: str) -> None:
    text = to_jsgf(matcher) if name.endswith("jsgf") else to_gbnf(matcher.catalog)
    assert (GENERATED / name).read_text(encoding="utf-8") == text, "write it anew: voicemes intents grammar"


def test_pocketsphinx_takes_the_jsgf(matcher: Matcher, tmp_path: Path) -> None:
    from pocketsphinx import Jsgf

    file = tmp_path / "commands.jsgf"
    file.write_text(to_jsgf(matcher), encoding="utf-8")
    assert Jsgf(str(file)).get_rule("commands.command") is not None


def test_every_rule_of_the_gbnf_is_defined_once_and_named_as_its_parser_wants(matcher: Matcher) -> None:
    lines = [line for line in to_gbnf(matcher.catalog).splitlines() if not line.startswith("#")]
    defined = [line.partition(" ::= ")[0] for line in lines]
    assert len(set(defined)) == len(defined)
    assert all(re.fullmatch("[a-z0-9-]+", name) for name in defined)
    used = {name for line in lines for name in re.findall(r"\b(?:intent|type)-[a-z0-9-]+", line.partition(" ::= ")[2])}
    assert used <= set(defined)
