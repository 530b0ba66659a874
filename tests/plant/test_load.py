"""`bench load --plant`: what is measured is measured on a small plant here; the numbers of a machine are no test."""

from __future__ import annotations

from pathlib import Path

from voicemes.plant import rebuild
from voicemes.plant.load import CALLS, EVENTS_PER_UNIT, measure_calls, measure_store
from voicemes.plant.process import PlantProcess


def test_the_store_is_measured_at_two_ages(tmp_path: Path) -> None:
    file = tmp_path / "plant.sqlite"
    told: list[tuple[int, int]] = []
    report = measure_store(file, n_units=10, on_progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert {total for _, total in told} == {100}
    assert report["events"] == 10 * 10 * EVENTS_PER_UNIT
    assert set(report["kpi_ms_by_age"]) == {"1x", "10x"}
    assert report["megabytes"] > 0
    assert rebuild.verify(file).n_events == report["events"] + 1
    assert rebuild.rebuild(file).is_identical


async def test_the_twelve_calls_are_made_while_events_arrive() -> None:
    with PlantProcess() as plant:
        report = await measure_calls(plant.url, seconds=1.0)
    assert list(report["p95_ms"]) == [call.name for call in CALLS]
    assert len(CALLS) == 12
    assert report["rounds"] > 0
    assert report["arrived_per_s"] > 0
