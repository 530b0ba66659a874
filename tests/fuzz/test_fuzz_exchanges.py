"""Exchanges in a connector file with anything in them: a verdict for each, or one sentence.

VOICEMES_FUZZ_EXAMPLES=2000 pytest tests/fuzz -n 0 --hypothesis-show-statistics
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml
from fuzzing import patient, some, spoiled_data, within
from hypothesis import event, given
from hypothesis import strategies as st

from voicemes.connectors.load import find
from voicemes.connectors.proof import prove
from voicemes.errors import ConfigError

pytestmark = patient
NAMES = ("reference", "tryton")
DATA = {name: yaml.load(find(name).read_text(encoding="utf-8"), yaml.CSafeLoader) for name in NAMES}
SHARED = (
    *("name", "base_path", "auth", "idempotency_header", "on_behalf_of_header", "envelope", "paging", "maps"),
    "errors",
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "mine.yaml"


@st.composite
def small(draw: st.DrawFn) -> dict[str, Any]:
    """A file with one or two of its exchanges, spoiled, and what they need."""
    data = DATA[draw(st.sampled_from(NAMES))]
    cases = [case for case in data["exchanges"]["cases"] if "live" not in case["ask"]]
    chosen = draw(st.lists(st.sampled_from(cases), min_size=1, max_size=2))
    names = [case["ask"]["operation"] for case in chosen]
    operations = {name: data["operations"][name] for name in names if name in data["operations"]}
    shared = {name: data[name] for name in SHARED if name in data}
    spoiled = draw(spoiled_data({"cases": chosen})) if draw(st.integers(0, 9)) else {"cases": chosen}
    rest = {"source": "a test", "secrets": data["exchanges"].get("secrets", {})}
    exchanges = {**rest, **spoiled} if isinstance(spoiled, dict) else spoiled
    return {**shared, "operations": operations, "exchanges": exchanges}


@some
@given(data=small())
def test_no_exchange_breaks_the_proof(file: Path, data: dict[str, Any]) -> None:
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8", errors="surrogatepass")
    with within():
        try:
            proof = asyncio.run(prove(file))
        except ConfigError:
            event("refused")
            return
        event("as written" if proof.is_good else "otherwise")
        assert len(proof.cases) >= 1
