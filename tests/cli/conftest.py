"""The program, and the plant that it may talk to."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Run, run_here

from voicemes.plant.process import PlantProcess


@pytest.fixture(autouse=True)
def templates_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command does must not change with every new language model; tests of the model switch it on."""
    monkeypatch.setenv("VOICEMES_LLM__ENGINE", "none")


@pytest.fixture
def with_model(monkeypatch: pytest.MonkeyPatch, templates_only: None) -> None:
    """The model that ships."""
    monkeypatch.delenv("VOICEMES_LLM__ENGINE")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs a command in this process, away from the settings and the folders of the person who tests."""
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    return functools.partial(run_here, monkeypatch, capsys)


@pytest.fixture(scope="session")
def plant_url() -> Iterator[str]:
    with PlantProcess() as plant:
        yield plant.url
