"""The living factory: each scenario is one chain from its first cause to its last effect, and the same every time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from voicemes.errors import ConfigError
from voicemes.plant import rebuild
from voicemes.plant.event_store import Event, page, verify
from voicemes.plant.plant import Plant
from voicemes.plant.queries import robots, shift_reports, units, work_calendar
from voicemes.plant.server import create_app, open_plant
from voicemes.plant.simulation.clock import RunningClock, SteppedClock
from voicemes.plant.simulation.player import ALL, Living, events, names_of
from voicemes.plant.simulation.scenarios import SCENARIOS
from voicemes.plant.simulation.scenarios.negotiated_tolerance import weigh

CHAINS = {
    "aoi-failure": """
        mes.unit.arrived mes.test-result.recorded mes.nonconformance.opened mes.unit.rerouted mes.material.requested
        mes.plan.changed mes.shift.ended mes.alert.raised""",
    "paste-drift": """
        mes.test-result.recorded mes.test-result.recorded mes.change-request.submitted mes.change-request.approved
        mes.equipment.parameter-changed mes.material.deviation-recorded""",
    "forecast-doubles": """
        mes.change-request.submitted mes.change-request.approved mes.work-request.received mes.plan.changed
        mes.procurement.notified mes.alert.raised""",
    "negotiated-tolerance": """
        mes.unit.arrived mes.test-result.recorded mes.change-request.submitted mes.change-request.approved
        mes.robot.cycle-completed""",
    "robot-interns": """
        mes.unit.arrived mes.test-result.recorded mes.robot.intervention-requested mes.alert.raised
        mes.alert.acknowledged mes.alert.resolved mes.downtime.classified mes.robot.cycle-completed""",
    "telemetry": """
        mes.telemetry.recorded mes.maintenance.requested mes.alert.raised mes.downtime.classified
        mes.maintenance.requested mes.downtime.classified mes.equipment.state-changed""",
    "pace": """
        mes.equipment.installed mes.job-order.dispatched mes.unit.arrived mes.quantity.reported mes.unit.departed""",
}
"""From first cause to last effect."""
BRANCHES = {
    "aoi-failure": "mes.unit.rerouted mes.unit.repaired mes.nonconformance.closed",
    "paste-drift": "mes.equipment.parameter-changed mes.alert.raised",
    "forecast-doubles": "mes.plan.changed mes.equipment.state-changed mes.equipment.state-changed",
    "negotiated-tolerance": "mes.change-request.submitted mes.alert.raised mes.change-request.rejected",
    "robot-interns": "mes.robot.intervention-requested mes.downtime.classified mes.equipment.state-changed",
    "telemetry": "mes.maintenance.requested mes.alert.resolved",
    "pace": "mes.equipment.installed mes.job-order.dispatched mes.job-order.started",
}
DECISIONS = {
    "aoi-failure": {"repairable-goes-to-rework", "bill-of-rework", "shortest-first-while-reworking"},
    "paste-drift": {"drift-above-15-um", "paste-offset-20"},
    "forecast-doubles": {"last-in-line-of-product", "stock-below-need", "set-up-what-stands-by"},
    "negotiated-tolerance": {"frame-stress-and-expansion", "gap-small"},
    "robot-interns": {"two-grips-then-ask"},
    "telemetry": {"trend-before-limit"},
    "pace": {"lines-follow-the-pace"},
}


def played(*names: str, seed: int = 1, speed: float | None = None) -> tuple[Plant, list[Event]]:
    clock = SteppedClock(speed=speed, sleep=lambda _s: None)
    plant = open_plant(now=clock.now)
    return plant, list(events(plant, clock, names, seed))


@pytest.fixture(scope="module")
def mixed() -> Iterator[tuple[Plant, list[Event]]]:
    plant, found = played(*names_of(ALL))
    yield plant, found
    plant.database.close()


def links(found: list[Event], types: list[str], cause: Event | None = None) -> bool:
    """Whether some events of these types follow, each caused by the one before."""
    if not types:
        return True
    follows = (one for one in found if one.type == types[0] and (not cause or one.causationid == str(cause.sequence)))
    return any(links(found, types[1:], one) for one in follows)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_one_chain_from_cause_to_effect(name: str) -> None:
    plant, found = played(name)
    chain = CHAINS[name].split()
    assert links([one for one in found if one.type == chain[0] or one.causationid], chain)
    assert links(found, BRANCHES[name].split())
    roots = {one.correlationid for one in found if one.causationid is None}
    assert {one.correlationid for one in found} == roots, "an effect without its first cause"
    plant.database.close()


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_is_decided_by_rule_names_its_rule_and_inputs(name: str) -> None:
    plant, found = played(name)
    decisions: list[dict[str, Any]] = [one.data["decision"] for one in found if "decision" in one.data]
    assert {decision["rule"] for decision in decisions} == DECISIONS[name]
    assert all(decision["inputs"] and decision["outcome"] and decision["reason"] for decision in decisions)
    plant.database.close()


@pytest.mark.parametrize("speed", [None, 1000.0])
def test_the_same_seed_makes_the_same_events(mixed: tuple[Plant, list[Event]], speed: float | None) -> None:
    plant, again = played(*names_of(ALL), speed=speed)
    assert again == mixed[1]
    plant.database.close()


def test_another_seed_makes_other_events() -> None:
    plant, found = played("aoi-failure", seed=2)
    other, first = played("aoi-failure", seed=1)
    assert found != first
    assert [one.type for one in found] == [one.type for one in first]
    plant.database.close()
    other.database.close()


@pytest.mark.parametrize("seed", range(2, 12))
def test_mixed_scenarios_end_whatever_the_dice_say(seed: int) -> None:
    plant, found = played(*names_of(ALL), seed=seed)
    assert [name for name, chain in CHAINS.items() if not links(found, chain.split())] == []
    plant.database.close()


def test_a_played_plant_is_verified_and_rebuilt(mixed: tuple[Plant, list[Event]]) -> None:
    plant, found = mixed
    with plant.database.read() as tables:
        assert verify(tables).n_events == len(found) + 1
    assert rebuild.rebuild_views(plant.database).is_identical


def test_the_morning_report_tells_what_the_factory_decided(mixed: tuple[Plant, list[Event]]) -> None:
    plant, _ = mixed
    with plant.database.read() as tables:
        now = plant.now()
        night = work_calendar.shift_named(tables, now, "last")
        report = shift_reports.report(tables, night, None, now)
        robot = robots.record(tables, "ROB-1", night)
        paste = units.forward(tables, "88")["deviations"]
    assert set.union(*DECISIONS.values()) == {one["rule"] for one in report["decisions"]}
    assert (robot["cycles"], robot["interventions"]) == (41 + 11, 1 + 1), "as seeded, and what was played"
    assert "offset" in paste[0]["text"]


def test_the_pace_rises_to_one_a_second_over_eleven_lines() -> None:
    plant, found = played("pace")
    made = [one for one in found if one.type == "mes.quantity.reported"]
    times = [datetime.fromisoformat(one.time) for one in made]
    assert times[1] - times[0] == timedelta(seconds=3)
    assert times[-1] - times[-2] == timedelta(seconds=1)
    assert len({one.line for one in made[-11:]}) == 11
    plant.database.close()


def test_an_arm_advises_against_what_would_not_stay_sealed() -> None:
    small, large = weigh(0.05), weigh(0.19)
    assert (small.outcome, large.outcome) == ("asks", "asks, and advises against it")
    assert {"stress_mpa", "thermal_expansion_mm", "defect_probability"} <= set(small.inputs)


def test_an_unknown_scenario_is_named() -> None:
    with pytest.raises(ConfigError, match="no scenario flood"):
        names_of("flood")


# --- a factory that is served ----------------------------------------------------------------------------------------


def test_a_stepped_clock_waits_as_long_as_its_speed_says() -> None:
    waits: list[float] = []
    clock = SteppedClock(speed=10.0, sleep=waits.append)
    clock.wait_until(clock.now() + timedelta(seconds=30))
    assert waits == [3.0]


def test_a_running_clock_goes_on_where_a_fast_factory_was() -> None:
    elapsed = [0.0]
    starts = datetime(2026, 3, 3, tzinfo=UTC)
    clock = RunningClock(starts, 100.0, monotonic=lambda: elapsed[0])
    elapsed[0] = 2.0
    assert clock.now() - starts == timedelta(seconds=200)
    clock.begin_after(starts + timedelta(days=1))
    assert clock.now() - starts == timedelta(days=1)


class Rounds(RunningClock):
    """Jumps to what is due, and stops the factory after a day."""

    def wait_until(self, due: datetime) -> bool:
        self.starts = max(self.starts, due)
        return due < datetime(2026, 3, 4, tzinfo=UTC)


def lived(*names: str) -> tuple[Plant, Living]:
    clock = Rounds(datetime(2026, 3, 3, tzinfo=UTC), monotonic=lambda: 0.0)
    return open_plant(now=clock.now), Living(clock, names)


def test_a_served_factory_plays_again_and_again() -> None:
    plant, living = lived("paste-drift", "forecast-doubles", "robot-interns", "negotiated-tolerance")
    living.live(plant)
    with plant.database.read() as tables:
        found = page(tables, 0, 100_000)
    assert sum(one.type == "mes.material.deviation-recorded" for one in found) > 10
    assert sum(one.type == "mes.procurement.notified" for one in found) > 10
    plant.database.close()


def test_a_scenario_that_people_left_nothing_to_do_ends_early(caplog: pytest.LogCaptureFixture) -> None:
    plant, living = lived("robot-interns")
    with plant.database.write() as writer:
        writer.run("UPDATE job_order SET status = 'Held' WHERE equipment = 'ROB-1'")
    living.live(plant)
    assert caplog.text.count("No order runs on LINE-4") == 1
    plant.database.close()


def test_a_factory_lives_while_it_is_served() -> None:
    app = create_app()
    app.state.plant.database.close()
    clock = RunningClock(datetime(2026, 3, 3, tzinfo=UTC), 10_000.0)
    app.state.plant = open_plant(now=clock.now)
    app.state.living = Living(clock, ["paste-drift"])
    heard = threading.Event()
    with app.state.plant.listening(heard.set), TestClient(app) as client:
        assert heard.wait(10)
        assert client.get("/api/v1/events").json()["last"] >= 1
