"""The plant's clock is set back, as a time server may do: nothing is refused, lost, counted twice or below nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from voicemes.plant import rebuild
from voicemes.plant.server import create_app

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
ANA = {"On-Behalf-Of": "Ana"}


@pytest.mark.parametrize("step_s", [-7_200, -90_000, 7_200])
def test_a_clock_that_jumps_breaks_nothing(tmp_path: Path, step_s: int) -> None:
    file, time = tmp_path / "plant.sqlite", [NOON]
    with TestClient(create_app(file, now=lambda: time[0]), base_url="http://plant/api/v1") as client:
        good = client.get("/job-orders/4711").json()["good"]
        down = client.post("/downtime-events", json={"equipment": "SPP-1", "reason": "stencil-clog"}, headers=ANA)
        time[0] += timedelta(seconds=step_s)
        ended = client.post(f"/downtime-events/{down.json()['id']}:end", headers=ANA)
        report = client.post("/job-orders/4711/material-actuals", json={"good": 3}, headers=ANA)
        assert (down.status_code, ended.is_success, report.status_code) == (201, True, 201)
        assert client.get("/job-orders/4711").json()["good"] == good + 3
        for kpi in ("oee", "availability", "mttr"):
            answer = client.get("/kpis", params={"kpi": kpi, "equipment": "SPP-1", "period": "this-week"}).json()
            assert answer["value"] is None or answer["value"] >= 0
            assert all(value is None or value >= 0 for value in answer["elements"].values())
        events = client.get("/events", params={"limit": 1000}).json()["items"]
        assert [int(event["id"]) for event in events] == list(range(1, len(events) + 1))
    assert rebuild.verify(file).broken_at is None
    assert rebuild.rebuild(file).is_identical
