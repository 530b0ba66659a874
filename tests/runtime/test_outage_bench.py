"""`bench outage`: everything arrives when the plant is back; and what would be wrong is counted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from voicemes.model import MesCommand
from voicemes.runtime.outage_bench import N_ORDERS, LeapingClock, bench_outage, compare, is_clean


def test_what_was_confirmed_while_the_plant_was_away_arrives_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    told: list[tuple[str, int, int]] = []
    result = asyncio.run(bench_outage(60, 0.5, lambda *progress: told.append(progress)))
    assert (result["arrived"], result["missing"], result["doubled"], result["misordered"]) == (60, 0, 0, 0)
    assert result["not_saved"] == 0
    assert is_clean(result)
    assert result["orders"] == N_ORDERS
    assert result["requests_while_away"] > 10, "it was tried again and again"
    assert result["per_s"] > 0
    assert result["memory_ratio"] < 1.5
    assert told[0] == ("Confirming", 1, 60)
    assert told[-1] == ("Arriving", 60, 60)
    assert list(tmp_path.iterdir()) == []


def wanted(*orders: str) -> list[MesCommand]:
    """One command for each, called a, b, c …"""
    return [
        MesCommand(chr(ord("a") + n), "quantity.report", {}, True, "Ana", "", 0.0, subject=f"job/{order}")
        for n, order in enumerate(orders)
    ]


@pytest.mark.parametrize(
    ("arrived", "missing", "doubled", "misordered"),
    [
        ("abcd", 0, 0, 0),
        ("badc", 0, 0, 0),
        ("cbad", 0, 0, 1),
        ("abd", 1, 0, 0),
        ("abcdc", 0, 1, 0),
        ("abcdx", 0, 1, 0),
        ("", 4, 0, 0),
    ],
)
def test_what_is_missing_double_or_out_of_order(arrived: str, missing: int, doubled: int, misordered: int) -> None:
    """a and c are of one order, b and d of another."""
    found = compare(wanted("1", "2", "1", "2"), list(arrived))
    assert (found["missing"], found["doubled"], found["misordered"]) == (missing, doubled, misordered)


async def test_whoever_sleeps_wakes_at_once_and_the_time_has_passed() -> None:
    clock = LeapingClock()
    before_s = clock.wall_s()
    await clock.sleep(3600.0)
    await clock.reach(3600.0)
    assert clock.now_s() == 3600.0
    assert clock.wall_s() - before_s == pytest.approx(3600.0)
