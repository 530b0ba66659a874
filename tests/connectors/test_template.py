"""Templates keep types, leave out what is absent, and let nothing leave its path segment."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.connectors.template import ABSENT, MissingValueError, names_in, parse, parse_tree, render

VALUES = {"quantity": 2, "value": -1.5, "job": "4711", "position": {"before": "4712"}, "empty": "", "none": None}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{quantity}", 2),
        ("{value}", -1.5),
        ("{job}", "4711"),
        ("{position}", {"before": "4712"}),
        ("order {job}: {quantity}", "order 4711: 2"),
        ("{{{job}}}", "{4711}"),
        ("plain", "plain"),
        ("", ""),
        ("{line|default:all}", "all"),
        ("{job|default:all}", "4711"),
        ("{line}", ABSENT),
        ("{empty}", ABSENT),
        ("{none}", ABSENT),
        ("on {line}", ABSENT),
    ],
)
def test_a_template_gives_its_value(template: str, value: object) -> None:
    given_value = parse(template).value(VALUES)
    assert given_value == value
    assert type(given_value) is type(value)


@pytest.mark.parametrize("template", ["{", "}", "{Job}", "{job", "job}", "{}", "{job.}", "{.id}"])
def test_a_stray_brace_is_an_error(template: str) -> None:
    with pytest.raises(ValueError, match="belongs to no placeholder"):
        parse(template)


def test_what_is_absent_leaves_its_key_out() -> None:
    tree = parse_tree({"a": "{job}", "b": "{line}", "c": ["{line}", "{quantity}"], "d": {"e": "{line}"}, "f": 7})
    assert render(tree, VALUES) == {"a": "4711", "c": [2], "d": {}, "f": 7}
    assert names_in(tree) == {"job", "line", "quantity"}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("4711", "/jobs/4711/x"),
        (3.0, "/jobs/3/x"),
        ("a/b", "/jobs/a%2Fb/x"),
        ("Work Order", "/jobs/Work%20Order/x"),
        ("1?x=2#y", "/jobs/1%3Fx%3D2%23y/x"),
        ("..", "/jobs/%2E%2E/x"),
        (".", "/jobs/%2E/x"),
        ("%2F", "/jobs/%252F/x"),
    ],
)
def test_a_value_is_one_path_segment(value: object, path: str) -> None:
    assert parse("/jobs/{job}/x").path({"job": value}) == path


def test_a_path_needs_all_its_values() -> None:
    with pytest.raises(MissingValueError, match="job"):
        parse("/jobs/{job}").path({})


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_whatever_is_said_stays_in_its_segment(text: str) -> None:
    segment = parse("{job}").path({"job": text})
    assert unquote(segment) == text
    assert not set(segment) & set("/?# ")
    assert segment not in {".", ".."}


@pytest.mark.parametrize("template", ["{job|shout}", "{job|upper:x}", "{job|}"])
def test_a_filter_that_nobody_knows_is_an_error(template: str) -> None:
    with pytest.raises(ValueError, match="known are"):
        parse(template)
