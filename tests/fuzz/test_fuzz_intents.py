"""Intent files and lists with anything wrong: one sentence with file and line, or a catalogue that can be used.

VOICEMES_FUZZ_EXAMPLES=2000 pytest tests/fuzz -n 0 --hypothesis-show-statistics
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fuzzing import patient, some, spoiled_text, within
from hypothesis import event, given
from hypothesis import strategies as st

from voicemes.errors import CatalogError
from voicemes.model import Scope, Transcript
from voicemes.nlu.catalog import load_catalog
from voicemes.nlu.interpret import interpret
from voicemes.nlu.match import Matcher

pytestmark = patient
ROOT = Path(__file__).resolve().parents[2]
INTENTS = ROOT / "intents"
FILES = ("quality/scrap.report.yaml", "people/shift.handover.yaml", "people/clock.on.yaml")
LISTS = ("defect", "person", "reason")
TEXTS = [(INTENTS / name).read_text(encoding="utf-8") for name in FILES]
SHARED = [(INTENTS / "_lists" / f"{name}.yaml").read_text(encoding="utf-8") for name in LISTS]
PLACES = ["_rules.yaml", *(f"_lists/{name}.yaml" for name in LISTS)]
RULES = [(INTENTS / "_rules.yaml").read_text(encoding="utf-8")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue with one intent, and all that it may name."""
    place = tmp_path_factory.mktemp("fuzz") / "intents"
    (place / "area").mkdir(parents=True)
    shutil.copytree(INTENTS / "_lists", place / "_lists")
    for shared in INTENTS.glob("_*.yaml"):
        shutil.copy(shared, place)
    return place


def use(folder: Path) -> None:
    try:
        matcher = Matcher(load_catalog(folder))
    except CatalogError:
        event("refused")
        return
    event("read")
    for sentence in ("scrap three solder bridge", "clock Ana on", "hand over to Ben, all is well"):
        interpret(Transcript(sentence, "keyboard"), Scope(), matcher)


@some
@given(text=spoiled_text(TEXTS))
def test_no_text_breaks_a_catalogue(folder: Path, text: str) -> None:
    (folder / "area" / "one.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")
    with within():
        use(folder)


@some
@given(text=spoiled_text([*SHARED, *RULES]), name=st.sampled_from(PLACES))
def test_no_shared_text_breaks_a_catalogue(folder: Path, text: str, name: str) -> None:
    (folder / "area" / "one.yaml").write_text(TEXTS[0], encoding="utf-8")
    before = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        with within():
            use(folder)
    finally:
        (folder / name).write_text(before, encoding="utf-8")
