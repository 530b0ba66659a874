"""The scenarios of the plant, by name: one file each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from voicemes.plant.simulation.factory import Scenario
from voicemes.plant.simulation.scenarios import (
    aoi_failure,
    forecast_doubles,
    negotiated_tolerance,
    pace,
    paste_drift,
    robot_interns,
    telemetry,
)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        "aoi-failure": aoi_failure.play,
        "paste-drift": paste_drift.play,
        "forecast-doubles": forecast_doubles.play,
        "negotiated-tolerance": negotiated_tolerance.play,
        "robot-interns": robot_interns.play,
        "telemetry": telemetry.play,
        "pace": pace.play,
    }
)
