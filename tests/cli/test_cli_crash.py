"""`bench crash` and `bench outage`: what they print, and that they end with 1 where anything is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from commands import Run

from voicemes.runtime import crash_bench, outage_bench

CLEAN: dict[str, Any] = {
    "kills": 3,
    **dict.fromkeys(crash_bench.MUST_BE_0, 0),
    "killed": {"saved, not answered": 3},
    "misses": [],
}


def crashed(patch: pytest.MonkeyPatch, **changes: Any) -> None:
    """The next `bench crash` finds this, without killing anything."""

    def bench(kills: int, seed: int, *, on_progress: Any) -> dict[str, Any]:
        on_progress(kills, kills)
        return {**CLEAN, "kills": kills, "seed": seed, **changes}

    patch.setattr(crash_bench, "bench_crash", bench)


def test_nothing_lost_is_a_good_end(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    crashed(monkeypatch)
    ended = run("bench", "crash", "--kills", "3", "--seed", "7", "--json")
    assert ended.code == 0
    assert ended.lines == [{**CLEAN, "kills": 3, "seed": 7}]


@pytest.mark.parametrize("what", crash_bench.MUST_BE_0)
def test_whatever_is_wrong_is_said_and_ends_with_1(run: Run, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    crashed(monkeypatch, **{what: 1}, misses=[f"{what}: [bold] it was"])
    ended = run("bench", "crash", "--kills", "3", "--plain")
    assert ended.code == 1
    assert f"{what.replace('_', ' ')} " in ended.out
    assert "killed: saved, not answered" in ended.out
    assert f"{what}: [bold] it was" in ended.out


def test_a_short_outage_is_measured(run: Run) -> None:
    ended = run("bench", "outage", "--commands", "10", "--hours", "0.1", "--json")
    (found,) = ended.lines
    assert ended.code == 0
    assert (found["arrived"], found["missing"]) == (10, 0)


@pytest.mark.parametrize("what", outage_bench.MUST_BE_0)
def test_what_did_not_arrive_ends_with_1(run: Run, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    async def bench(commands: int, hours: float, on_progress: Any) -> dict[str, Any]:
        on_progress("Arriving", commands, commands)
        return {**dict.fromkeys(outage_bench.MUST_BE_0, 0), "hours": hours, what: 1}

    monkeypatch.setattr(outage_bench, "bench_outage", bench)
    assert run("bench", "outage", "--plain").code == 1
