from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from voicemes.outbox.store import Store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Of a station that has written nothing yet."""
    return tmp_path / "outbox" / "SPP-1.sqlite"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    with contextlib.closing(Store.open(file)) as store:
        yield store
