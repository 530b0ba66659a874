"""Connector files with anything wrong: one sentence that names the file, or a connector that works within its promises.

VOICEMES_FUZZ_EXAMPLES=2000 pytest tests/fuzz -n 0 --hypothesis-show-statistics
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fuzzing import JSON, patient, some, spoiled_data, spoiled_text, within
from hypothesis import event, given
from hypothesis import strategies as st

from voicemes.config import MesSettings
from voicemes.connectors.declarative import DeclarativeConnector
from voicemes.connectors.load import find, load_spec, open_exchange, shipped
from voicemes.connectors.spec import ConnectorSpec
from voicemes.errors import ConfigError, MesError, VoicemesError
from voicemes.model import Accepted, Live, MesCommand, Rejected
from voicemes.testing import FakeClock

pytestmark = patient
TEXTS = [find(name).read_text(encoding="utf-8").partition("\nexchanges:")[0] for name in shipped()]
"""Their exchanges are fuzzed by themselves."""
DATA = [yaml.safe_load(text) for text in TEXTS]
SHARED = (
    *("name", "base_path", "auth", "idempotency_header", "on_behalf_of_header", "envelope", "paging", "maps"),
    "errors",
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "mine.yaml"


def read(file: Path, text: str) -> ConnectorSpec | None:
    """None where it is refused, as it must be: in a sentence with its place."""
    file.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        return load_spec(file)
    except ConfigError as exc:
        told = str(exc)
    event("refused")
    assert str(file) in told
    return None


@some
@given(text=spoiled_text(TEXTS))
def test_no_text_breaks_the_reader(file: Path, text: str) -> None:
    with within():
        event("read" if read(file, text) else "none")


@st.composite
def small(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """A file with one operation and one list of those that ship, spoiled."""
    data = draw(st.sampled_from(DATA))
    operation = draw(st.sampled_from(sorted(data["operations"])))
    live, kept = data.get("live", {}), {}
    for part in ("references", "current", "facts"):
        names = sorted(live.get(part, {}))
        if names:
            name = draw(st.sampled_from(names))
            kept[part] = {name: live[part][name]}
    shared = {name: data[name] for name in SHARED if name in data}
    whole = {**shared, "operations": {operation: data["operations"][operation]}, "live": kept}
    place = draw(st.sampled_from(["operations", "operations", "live", *shared]))
    part = draw(spoiled_data(whole[place]))
    return {**whole, place: part}, operation


async def run(spec: ConnectorSpec, operation: str, fields: Any, answer: Any) -> Accepted | Rejected | Live:
    """One command, and one look at what exists, at a MES that always answers the same."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=json.dumps(answer).encode()))
    clock = FakeClock()
    exchange = open_exchange(spec, MesSettings(url="http://mes"), transport, clock, lambda _: "secret")
    connector = DeclarativeConnector(spec, exchange, clock)
    try:
        await connector.execute(MesCommand("id", operation, fields, True, "Ana", "words", 0.0))
        return await connector.live("SPP-1")
    finally:
        await connector.aclose()


@some
@given(made=small(), answer=JSON, values=st.lists(JSON, max_size=3))
def test_no_data_break_the_reader_or_the_connector(
    file: Path, made: tuple[dict[str, Any], str], answer: Any, values: list[Any]
) -> None:
    data, operation = made
    with within():
        spec = read(file, yaml.safe_dump(data, allow_unicode=True))
        if spec is None:
            return
        event("read")
        name = next(iter(spec.operations), operation)
        needs = (*spec.operations[name].needs, *spec.operations[name].takes) if name in spec.operations else ()
        fields = dict(zip(needs, [*values, "4711", 3, "x", "y", "z"], strict=False))
        try:
            came = asyncio.run(run(spec, name, fields, answer))
            event(type(came).__name__)
        except MesError as exc:
            event(type(exc).__name__)
        except VoicemesError as exc:
            event(f"{type(exc).__name__} at opening")
