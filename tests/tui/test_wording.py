"""Values as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.tui.wording import (
    age_of,
    change_of,
    meter_of,
    progress_of,
    spark_of,
    state_of,
    text_of,
    what_counts,
)

NOON_S = 1_772_020_800.0
"""2026-02-25T12:00:00Z"""
anything = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("time", "age"),
    [
        ("2026-02-25T11:59:20Z", "40 s"),
        ("2026-02-25T11:48:00Z", "12 min"),
        ("2026-02-25T08:55:00.000Z", "3 h 05"),
        ("2026-02-20T12:00:00Z", "5 days"),
        ("2026-02-25T12:00:10Z", "–"),
        ("yesterday", "–"),
        (None, "–"),
    ],
)
def test_an_age_is_what_a_person_would_say(time: str | None, age: str) -> None:
    assert age_of(time, NOON_S) == age


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ({"code": 1100}, "▶ productive"),
        ({"code": 5500, "reason": "stencil-clog"}, "▲ down, stencil-clog"),
        ({"code": 2100, "locked": 1}, "◇ standby, LOCKED"),
        ({}, "–"),
        (None, "–"),
    ],
)
def test_a_state_has_a_sign_beside_its_name(row: dict[str, object] | None, shown: str) -> None:
    assert state_of(row) == shown  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (
            {"details": {"characteristic": "gap", "plus": 0.187, "minus": 0.187, "unit": "mm", "serial": "D9"}},
            "gap +0.187 / −0.187 mm for board D9",
        ),
        (
            {
                "equipment": "SPP-1",
                "details": {"parameter": "offset", "delta": -17.0, "lot": "88", "equipment": "SPP-1"},
            },
            "offset by -17 lot 88",
        ),
        ({"details": {"product": "fold", "quantity": 200}}, "fold quantity 200"),
        ({}, "–"),
        (
            {"details": {"characteristic": "gap", "now": {"lower": 0.1, "upper": 0.3, "unit": "mm"}, "text": "worn"}},
            "gap text worn (now 0.1 to 0.3 mm)",
        ),
        ({"details": {"parameter": "offset", "now": {"value": 12.5}}}, "offset (now 12.5)"),
    ],
)
def test_a_change_is_said_in_a_few_words(row: dict[str, object], shown: str) -> None:
    assert change_of(row) == shown  # type: ignore[arg-type]


def test_progress_is_a_bar_and_numbers() -> None:
    assert progress_of({"quantity": 200, "good": 50}, width=4) == "▓░░░ 50 of 200"
    assert progress_of({"quantity": 0, "good": 0}, width=4) == "░░░░ 0 of 0"
    assert progress_of(None) == "–"


@given(st.lists(st.floats(min_value=-1e6, max_value=1e6), max_size=80))
def test_a_spark_has_a_bar_for_each_value_and_the_greatest_is_full(values: list[float]) -> None:
    spark = spark_of(values)
    assert len(spark) == len(values)
    if len(set(values)) > 1:
        assert spark[values.index(max(values))] == "█"
        assert spark[values.index(min(values))] == "▁"


@given(st.floats(min_value=-200, max_value=50))
def test_a_meter_is_as_wide_as_it_is(level_db: float) -> None:
    assert len(meter_of(level_db, width=12)) == 12


@given(anything)
def test_whatever_a_mes_says_can_be_shown(value: object) -> None:
    assert isinstance(text_of(value), str)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"quantity": 3, "defect": "void", "job": "4711"}, ("3", "job 4711")),
        ({"characteristic": "torque", "value": 1.25}, ("1.25", "")),
        ({"request": "12"}, ("", "request 12")),
        ({"limits": {"plus": 20, "minus": 20, "unit": "um"}, "serial": "123"}, ("20", "serial 123")),
        ({}, ("", "")),
    ],
)
def test_what_counts_in_a_read_back(values: dict[str, object], shown: tuple[str, str]) -> None:
    assert what_counts(values) == shown
