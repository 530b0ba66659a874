"""The file of the second reader: written and read, and what is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicemes.config import LlmSettings, Settings
from voicemes.engines.llm import glance_file
from voicemes.engines.llm.llama_cpp import shipped_model
from voicemes.errors import EngineFailed
from voicemes.nlu.ask import askable
from voicemes.nlu.glance import Glance
from voicemes.nlu.match import Matcher
from voicemes.runtime.reader import build_reader
from voicemes.runtime.wiring import context_of

rng = np.random.default_rng(1)


def a_glance() -> Glance:
    table = rng.integers(-127, 127, (64, 4)).astype(np.int8)
    return Glance(("none", "job.start"), table, 0.01, np.ones((4, 2), np.float32), np.zeros(2, np.float32))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file, glance = tmp_path / "own.glance.npz", a_glance()
    glance_file.save(glance, file)
    assert glance_file.load(file).likely("start it now") == pytest.approx(glance.likely("start it now"))
    assert [one.name for one in tmp_path.iterdir()] == ["own.glance.npz"]


@pytest.mark.parametrize("n_bytes", [0, 10, 400])
def test_a_truncated_file_is_one_sentence(tmp_path: Path, n_bytes: int) -> None:
    file = tmp_path / "own.glance.npz"
    glance_file.save(a_glance(), file)
    file.write_bytes(file.read_bytes()[:n_bytes])
    with pytest.raises(EngineFailed, match="second reader"):
        glance_file.load(file)


def test_tables_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    file, glance = tmp_path / "own.glance.npz", a_glance()
    glance_file.save(Glance(("none",), glance.table, 1.0, glance.weights, glance.bias), file)
    with pytest.raises(EngineFailed, match="do not fit together"):
        glance_file.load(file)


def test_a_broken_second_reader_leaves_the_other_routes(tmp_path: Path) -> None:
    """One reader alone would write what both together would not."""
    model = tmp_path / "nano.gguf"
    model.write_bytes(shipped_model().read_bytes())
    glance_file.beside(model).write_bytes(b"no such thing")
    settings = Settings(llm=LlmSettings(model=model))
    reader = build_reader(settings, context_of(settings))
    assert reader.completer is None
    assert "second reader" in reader.lacks


def test_the_one_that_ships_knows_every_intent(matcher: Matcher) -> None:
    shipped = glance_file.load(glance_file.beside(shipped_model()))
    assert set(shipped.names) == {intent.name for intent in askable(matcher.catalog)} | {"none"}
