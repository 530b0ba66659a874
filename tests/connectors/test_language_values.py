"""What goes over the line and what is made of what comes back: filters, templates, envelopes, words and units."""

from __future__ import annotations

import base64
import json
import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab import laboratory, operation, play

from voicemes.connectors.filters import FILTERS, FilterError
from voicemes.connectors.template import MAPS, parse, parse_tree, render
from voicemes.errors import MesProtocolError
from voicemes.model import Accepted, Rejected

WIDE = st.floats(1e-9, 1e12) | st.floats(-1e12, -1e-9) | st.just(0.0)
NUMBERS = st.integers(-(10**12), 10**12) | WIDE
"""What is counted or measured; nobody means 1e-300."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(), parts, max_size=3),
    max_leaves=8,
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ANY_TIME = st.floats(0, 4e9, allow_nan=False)


def test_every_filter_has_a_test() -> None:
    assert set(FILTERS) == {"json", "b64", "b64url", "iso8601", "epoch_ms", "decimal", "upper", "text"}


def filtered(name: str, value: Any) -> Any:
    return parse(f"{{value|{name}}}").value({"value": value})


@given(st.text(min_size=1))
def test_base_64_can_be_read_back(text: str) -> None:
    assert base64.b64decode(filtered("b64", text), validate=True).decode() == text
    urls = filtered("b64url", text)
    assert base64.urlsafe_b64decode(urls).decode() == text
    assert not set(urls) & set("+/")


@given(JSON.filter(lambda value: value not in (None, "")))
def test_json_can_be_read_back(value: Any) -> None:
    text = filtered("json", value)
    assert json.loads(text) == value
    assert json.loads(base64.b64decode(filtered("b64", {"a": value}))) == {"a": value}


@given(NUMBERS)
def test_a_decimal_keeps_its_value_and_has_no_exponent(number: float) -> None:
    text = filtered("decimal", number)
    assert Decimal(text) == Decimal(str(number))
    assert not set(text) - set("-.0123456789")


@pytest.mark.parametrize(("number", "text"), [(48, "48"), (48.0, "48"), (0.1, "0.1"), (1e-7, "0.0000001"), ("2", "2")])
def test_a_decimal_is_written_as_people_do(number: Any, text: str) -> None:
    assert filtered("decimal", number) == text


@given(ANY_TIME)
def test_times_can_be_read_back(seconds: float) -> None:
    then = datetime.fromisoformat(filtered("iso8601", seconds))
    assert then.utcoffset() == timedelta(0)
    assert abs(seconds - (then - EPOCH).total_seconds()) <= 1
    milliseconds = filtered("epoch_ms", seconds)
    assert isinstance(milliseconds, int)
    assert abs(milliseconds / 1000 - seconds) <= 0.001


@given(st.text(min_size=1))
def test_upper_and_text(text: str) -> None:
    assert filtered("upper", text) == text.upper()
    assert filtered("text", text) == text


@pytest.mark.parametrize(("value", "text"), [(7, "7"), ({"a": 1}, '{"a":1}'), ([1, "é"], '[1,"é"]')])
def test_what_is_no_text_becomes_json(value: Any, text: str) -> None:
    assert filtered("text", value) == text


@pytest.mark.parametrize(
    ("name", "value"),
    [("decimal", "many"), ("decimal", math.nan), ("decimal", math.inf), ("iso8601", "soon"), ("epoch_ms", 1e99)],
)
def test_what_a_filter_cannot_take_is_named(name: str, value: Any) -> None:
    with pytest.raises(FilterError, match="is not a"):
        filtered(name, value)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{defect|lookup:defects}", 3),
        ("{defect|lookup:defects|text}", "3"),
        ("{line|default:all}", "all"),
        ("{line|default:}", ""),
        ("{defect|upper|b64}", base64.b64encode(b"VOID").decode()),
        ("{at.from|upper}", "A"),
    ],
)
def test_filters_follow_one_another(template: str, value: Any) -> None:
    values = {"defect": "void", "at": {"from": "a"}, MAPS: {"defects": {"void": 3}}}
    assert parse(template).value(values) == value


def test_keys_are_templates_too() -> None:
    tree = parse_tree({"order,{job}": "{stamp}", "{line}": 1, "{job}": {"a": "{line}"}})
    assert render(tree, {"job": 4711, "stamp": "t"}) == {"order,4711": "t", "4711": {}}


async def test_a_word_without_its_code_is_not_sent(tmp_path: Path) -> None:
    spec = {**operation(needs=["defect"], body={"d": "{defect|lookup:codes}"}), "maps": {"codes": {"void": 3}}}
    outcome, asked = await play(tmp_path, spec, defect="dent")
    assert outcome == Rejected("id-1", "invalid_input", "dent is not in the map 'codes' of the connector.")
    assert asked == []


ENVELOPE = {"path": "/rpc/{_call}", "headers": {"X-Call": "{_call}"}, "body": {"n": "{_n}", "params": "{_args}"}}
CALLS: dict[str, Any] = {"needs": ["job"], "steps": [{"call": "look"}], "call": "do.it", "args": ["{job}", {"a": 1}]}


async def test_an_envelope_is_put_around_every_call(tmp_path: Path) -> None:
    spec = {"envelope": ENVELOPE, "operations": {"x": CALLS}}
    async with laboratory(tmp_path, spec, {}, {}) as lab:
        assert await lab.ask(job="4711") == Accepted("id-1")
    assert lab.asked == ["POST /rpc/look", "POST /rpc/do.it"]
    assert [request.headers["X-Call"] for request in lab.requests] == ["look", "do.it"]
    assert lab.body(0) == {"n": 1}, "what is absent is left out"
    assert lab.body(1) == {"n": 2, "params": ["4711", {"a": 1}]}, "each request has a number of its own"


@pytest.mark.parametrize(("args", "body"), [(None, None), ({"a": 1}, {"a": 1}), ("{line}", None)])
async def test_an_envelope_may_be_nothing_but_its_call(tmp_path: Path, args: Any, body: Any) -> None:
    spec = {
        "envelope": {"path": "/{_call}", "body": "{_args}"},
        "operations": {"x": {"takes": ["line"], "call": "do", **({"args": args} if args else {})}},
    }
    async with laboratory(tmp_path, spec, {}) as lab:
        assert await lab.ask() == Accepted("id-1")
    assert lab.body() == body


async def test_a_body_that_is_absent_is_none(tmp_path: Path) -> None:
    async with laboratory(tmp_path, operation(takes=["rows"], body="{rows}"), {}, {}) as lab:
        await lab.ask()
        await lab.ask(rows=[1, 2])
    assert (lab.body(0), lab.body(1)) == (None, [1, 2])


async def test_what_is_read_keeps_its_type_on_its_way_into_the_next_request(tmp_path: Path) -> None:
    row = {"id": 7, "rows": [{"a": 1.5, "gone": None}], "n": "3"}
    step = {"path": "/look", "answer": {"whole": "@", "id": "id"}}
    async with laboratory(tmp_path, operation(steps=[step], body={"w": "{whole}", "i": "{id}"}), row, {}) as lab:
        await lab.ask()
    assert lab.body() == {"w": {"id": 7, "rows": [{"a": 1.5}], "n": "3"}, "i": 7}


@pytest.mark.parametrize(
    ("conversion", "came", "becomes"),
    [
        ({}, "2.5", 2.5),
        ({}, "50", 50),
        ({"to": "integer"}, "49.9", 50),
        ({"to": "integer"}, 7, 7),
        ({"to": "text"}, 4711, "4711"),
        ({"times": 1000}, 0.142, 142),
        ({"times": 0.1}, 3, 0.3),
        ({"times": 1.8, "plus": 32}, 100, 212),
        ({"plus": -273.15}, "298.15", 25),
    ],
)
async def test_a_value_comes_back_in_our_unit(
    tmp_path: Path, conversion: dict[str, Any], came: Any, becomes: Any
) -> None:
    spec = operation(answer={"value": "v"}, convert={"value": conversion})
    outcome, _ = await play(tmp_path, spec, {"v": came})
    assert isinstance(outcome, Accepted)
    assert outcome.values == {"value": becomes}
    assert type(outcome.values["value"]) is type(becomes)


@pytest.mark.parametrize("came", ["many", [1], {"a": 1}, "inf", "nan", 1e308])
async def test_a_value_that_is_no_number_makes_no_sense(tmp_path: Path, came: Any) -> None:
    spec = operation(answer={"value": "v"}, convert={"value": {"times": 1e9}})
    assert isinstance((await play(tmp_path, spec, {"v": came}))[0], MesProtocolError)


@pytest.mark.parametrize(("came", "becomes"), [("LAEUFT", "running"), (3, "held"), ("NEU", "NEU")])
async def test_a_word_of_the_mes_becomes_ours(tmp_path: Path, came: Any, becomes: Any) -> None:
    maps = {"states": {"running": "LAEUFT", "held": 3}}
    spec = {**operation(answer={"status": "s"}, translate={"status": "states"}), "maps": maps}
    outcome, _ = await play(tmp_path, spec, {"s": came})
    assert outcome == Accepted("id-1", {"status": becomes})
