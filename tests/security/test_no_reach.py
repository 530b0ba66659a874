"""What others write (templates, replies, catalogues, connector files, answers of a language model) reaches no file, no
network, no process and no code: it is run in a process whose doors an audit hook keeps shut.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sealed

pytestmark = pytest.mark.xdist_group("reach")
WITHIN_S = 110.0
SEALED = Path(sealed.__file__)


def run(folder: Path, *options: str) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, str(SEALED), str(folder / "sealed"), *options],
        capture_output=True, text=True, timeout=WITHIN_S, check=False, cwd=sealed.ROOT,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-2000:]
    told: dict[str, Any] = json.loads(ended.stdout)
    return told


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run(tmp_path_factory.mktemp("reach"))


def test_hostile_inputs_reach_nothing(told: dict[str, Any]) -> None:
    assert told["breaches"] == []
    assert not told["mark"], "a command of a YAML file ran"


def test_hostile_inputs_are_refused_or_taken_as_text(told: dict[str, Any]) -> None:
    assert "surprises" not in told, "another error than the one that is promised"


def test_hostile_inputs_take_no_time(told: dict[str, Any]) -> None:
    assert told["slowest_s"] < sealed.LIMIT_S, told["slowest"]


def test_every_part_was_tried(told: dict[str, Any]) -> None:
    n_replies = len(sealed.REPLIES) * len(sealed.TEXTS)
    n_asked = len(sealed.ANSWERS) * (1 + len(sealed.SENTENCES))
    wanted = {"template": len(sealed.TEMPLATES), "expression": len(sealed.EXPRESSIONS), "reply": n_replies}
    assert told["n"].items() >= {**wanted, "model": n_asked, "catalogue": len(sealed.FILES)}.items()


def test_the_guard_sees_every_door(tmp_path: Path) -> None:
    """Else the tests above would pass whatever happens."""
    told = run(tmp_path, "--break")
    assert told["n"] == dict.fromkeys(sealed.DOORS, 1)
    assert len(told["breaches"]) == len(sealed.DOORS)
    assert "surprises" not in told
    assert SEALED.read_text(encoding="utf-8") != "gone"
