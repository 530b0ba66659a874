"""The plants of the runtime's tests: one for each test process, and one for each test that kills it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from parts import Books, records

from voicemes.plant.process import PlantProcess


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    database = tmp_path_factory.mktemp("plant") / "plant.sqlite"
    with PlantProcess(database) as plant:
        yield plant.url, database


@pytest.fixture
def plant(running: tuple[str, Path]) -> Books:
    url, database = running
    return Books(url, database, len(records(url)))


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[PlantProcess]:
    """A plant of one's own, to be killed."""
    with PlantProcess(tmp_path / "plant.sqlite") as plant:
        yield plant
