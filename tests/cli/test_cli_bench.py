"""`bench load` and `bench numbers`: real recordings, real processes, a few of them."""

from __future__ import annotations

from typing import Any

import pytest
from commands import Run

from voicemes.cli import bench_numbers

FOUND = {
    "orders": 20, "trials": 2, "right": 0.5, "asked": 0.0, "wrong": 1, "right_or_asked": 0.5,
    "voices": {"en-us": {"n": 2, "right": 1, "wrong": 1}},
    "mistakes": [{"said": "start order four", "voice": "en-us", "heard": "start order five", "was": "wrong"}],
}  # fmt: skip


def test_a_headset_is_heard_in_a_process_of_its_own(run: Run) -> None:
    ended = run("bench", "load", "--headsets", "1", "--seconds", "1", "--json")
    (line,) = ended.lines[0]["lines"]
    assert (line["headsets"], line["utterances"], line["dropped_s"]) == (1, 1, 0)
    assert line["endpoint_silence"]["p50_s"] > 0.2


def test_numbers_are_said_and_counted(run: Run) -> None:
    ended = run("bench", "numbers", "--trials", "2", "--orders", "20", "--json")
    found = ended.lines[0]
    assert (found["orders"], found["trials"]) == (20, 2)
    assert ended.code == int(found["wrong"] > 0)
    assert found["right_or_asked"] == 1 - found["wrong"] / 2


def test_a_wrong_order_is_shown_and_ends_with_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def bench(*_: Any, **__: Any) -> dict[str, Any]:
        return FOUND

    monkeypatch.setattr(bench_numbers, "bench_numbers", bench)
    ended = run("bench", "numbers", "--plain")
    assert ended.code == 1
    assert "1 of 2 wrong" in ended.out
    assert 'wrong: "start order four" heard as "start order five" (en-us)' in ended.out
