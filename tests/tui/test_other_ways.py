"""The screens without a screen: line by line, and as a picture."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from voicemes.config import Settings
from voicemes.model import MesCommand
from voicemes.outbox.store import Looker, Store
from voicemes.plant.process import PlantProcess

WITHIN_S = 60.0

pytestmark = pytest.mark.xdist_group("other_ways")


@pytest.fixture(scope="module")
def plant() -> Iterator[PlantProcess]:
    with PlantProcess() as running:
        yield running


def tui(url: str, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "VOICEMES_MES__URL": url, "VOICEMES_LLM__ENGINE": "none"}
    command = [sys.executable, "-m", "voicemes", "tui", *arguments]
    return subprocess.run(
        command, input=said, capture_output=True, text=True, timeout=WITHIN_S, env=environment, check=False
    )


def test_a_report_is_made_line_by_line(plant: PlantProcess) -> None:
    before = httpx.get(f"{plant.url}/api/v1/job-orders/4711", trust_env=False).json()["scrap"]
    done = tui(plant.url, "--plain", said="scrap three solder bridge\ny\ncalls\nquit\n")
    assert done.returncode == 0, done.stderr
    assert "Scrap 3, solder bridge, on order 4711. Correct?" in done.stdout
    assert "1 calls" in done.stdout
    assert "\x1b" not in done.stdout
    assert httpx.get(f"{plant.url}/api/v1/job-orders/4711", trust_env=False).json()["scrap"] == before + 3


def test_lines_that_end_end_it(plant: PlantProcess) -> None:
    assert tui(plant.url, "--plain", said="what is next\n").returncode == 0


@pytest.mark.parametrize(("view", "shown"), [("operator", "WILL"), ("supervisor", "WAITS")])
def test_a_picture_shows_what_there_is_and_fetches_nothing(
    plant: PlantProcess, tmp_path: Path, view: str, shown: str
) -> None:
    file = tmp_path / "view.svg"
    done = tui(plant.url, "--view", view, "--operator", "Farid", "--picture", str(file))
    assert done.returncode == 0, done.stderr
    drawn = file.read_text(encoding="utf-8")
    assert shown in drawn
    assert "url(" not in drawn.replace("url(#", "")
    assert not Settings().outbox_file.exists(), "who only looks neither saves nor sends anything"


def test_a_picture_of_no_mes_is_one_sentence(tmp_path: Path) -> None:
    done = tui("http://127.0.0.1:9", "--picture", str(tmp_path / "view.svg"))
    assert done.returncode == 5
    assert done.stderr.startswith("voicemes: ")
    assert not (tmp_path / "view.svg").exists()


def test_a_line_that_nobody_can_have_typed_is_refused(plant: PlantProcess) -> None:
    done = tui(plant.url, "--plain", said="x" * 200_000 + " yes\n")
    assert done.returncode == 2, done.stderr
    assert "far too long" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_benchmark_of_the_screens_counts_what_arrived() -> None:
    command = [sys.executable, "-m", "voicemes", "bench", "screen", "--minutes", "0.05", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["events"] > 0
    assert 0 < result["key_to_repaint_p50_ms"] <= result["key_to_repaint_p95_ms"]


def test_the_benchmark_leaves_alone_what_the_station_has_saved() -> None:
    """It would send it to its own plant, and the real one would never get it."""
    with contextlib.closing(Store.open(Settings().outbox_file)) as store:
        store.add(MesCommand("c1", "scrap.report", {"quantity": 1}, True, "Ana", "scrap one", 1.0), "waiting", 0.0)
    command = [sys.executable, "-m", "voicemes", "bench", "screen", "--minutes", "0.05", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, done.stderr
    with contextlib.closing(Looker.open(Settings().outbox_file)) as looker:
        assert [(entry.state, entry.attempts) for entry in looker.entries()] == [("waiting", 0)]
