"""Runs the program: in this process, which is quick, or as a process of its own, where the process matters."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from voicemes.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "audio_fixtures"
MY_NEXT = FIXTURES / "job.next" / "my-next-slt.flac"
WITHIN_S = 60.0
CONTRACT = {"outcome", "intent", "slots", "route", "confidence", "transcript", "timings_s"}
"""The keys that `hear` and `text` promise to programs (shared/design.md)."""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as programs read it."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def sentences(self) -> list[str]:
        """What was complained about, one sentence a line; never a traceback."""
        assert "Traceback" not in self.err
        return self.err.splitlines()


Run = Callable[..., Ended]


def run_here(
    patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str | Path, stdin: str = ""
) -> Ended:
    """What the console entry does with these arguments."""
    patch.setattr(sys, "argv", ["voicemes", *map(str, arguments)])
    patch.setattr(sys, "stdin", io.StringIO(stdin))
    capsys.readouterr()
    try:
        main()
        code = 0
    except SystemExit as exc:
        code = exc.code if isinstance(exc.code, int) else 0
    captured = capsys.readouterr()
    return Ended(code, captured.out, captured.err)


def environment(**changes: str) -> dict[str, str]:
    """Without settings of the person who runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VOICEMES_")}
    return {**kept, **changes}


def start(*arguments: str | Path, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
    """The program as a process; the caller reads and ends it."""
    return subprocess.Popen(
        [sys.executable, "-m", "voicemes", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=env or environment(),
        **options,
    )


def run_process(*arguments: str | Path, env: Mapping[str, str] | None = None, stdin: str = "") -> Ended:
    process = start(*arguments, env=env, stdin=subprocess.PIPE)
    out, err = process.communicate(stdin, timeout=WITHIN_S)
    return Ended(process.returncode, out, err)
