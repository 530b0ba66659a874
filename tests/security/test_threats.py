"""THREATS.md stays true: everybody who might attack has a row, every row has tests, and every test exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path(__file__).with_name("THREATS.md")
ATTACKERS = (
    *("bystander", "loudspeaker", "recording", "MES answer", "connector file", "intent file", "GGUF model"),
    *("colleague at the screen", "access to the disk", "on the network", "stolen badge"),
)
NAMED = re.compile(r"`([^`\s]+\.py)::(test_\w+)(?:\[([\w-]+)\])?`")


def rows() -> list[list[str]]:
    """The cells of each row."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


ROWS = rows()
TESTS = sorted({found for row in ROWS for found in NAMED.findall(row[-1])})


@pytest.mark.parametrize("attacker", ATTACKERS)
def test_everybody_who_might_attack_has_a_row(attacker: str) -> None:
    assert len([row for row in ROWS if attacker in row[0]]) == 1


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_row_says_all_and_names_a_test(row: list[str]) -> None:
    assert len(row) == 5
    assert all(row)
    assert NAMED.findall(row[-1])
    assert not NAMED.sub("", row[-1]).strip(), "what is no test"


@pytest.mark.parametrize(("file", "name", "conversation"), TESTS, ids=lambda part: part.rsplit("/", maxsplit=1)[-1])
def test_every_test_that_is_named_exists(file: str, name: str, conversation: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name in tests
    assert not conversation or (ROOT / file).with_name(f"{conversation}.yaml").is_file()
