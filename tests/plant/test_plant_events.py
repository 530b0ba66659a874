"""The stream: every change is in it, in the words of mes.md, with who did it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from voicemes.plant import rebuild
from voicemes.plant.http.commands import COMMANDS

if TYPE_CHECKING:
    import httpx
    from fastapi import FastAPI


def change(path: str, body: dict[str, Any], *types: str, operator: str = "Ana") -> Any:
    return pytest.param(path, body, list(types), operator, id=f"{path} {body}")


JOB, STATE = "job-order", "equipment.state-changed"
PARAMETER = {"kind": "parameter", "equipment": "SPP-1", "parameter": "offset"}
CHANGES = [
    change("/job-orders/4902/commands", {"command": "Start"}, f"{JOB}.started", STATE),
    change("/job-orders/4711/commands", {"command": "Pause"}, f"{JOB}.paused", STATE),
    change("/job-orders/4804/commands", {"command": "Resume"}, f"{JOB}.resumed", STATE),
    change("/job-orders/4712/commands", {"command": "Hold"}, f"{JOB}.held", operator="Farid"),
    change("/job-orders/4715/commands", {"command": "Restart"}, f"{JOB}.resumed", STATE, operator="Farid"),
    change("/job-orders/4713/commands", {"command": "Abort"}, f"{JOB}.aborted", operator="Farid"),
    change("/job-orders/4711/commands", {"command": "Stop", "good": 5}, "quantity.reported", f"{JOB}.completed", STATE),
    change("/job-orders/4711/material-actuals", {"good": 1}, "quantity.reported"),
    change(
        "/job-orders/4711/material-actuals", {"scrap": 1, "serial": "123"}, "quantity.reported", "unit.disqualified"
    ),
    change("/job-orders/4711/checklist", {"result": "fail", "step": 2, "text": "smeared"}, "checklist.recorded"),
    change("/job-orders/4713:move", {"position": "first"}, "plan.changed", operator="Farid"),
    change("/job-orders/4713:change-quantity", {"quantity": 200}, "plan.changed", operator="Ines"),
    change(
        "/work-requests",
        {"product": "controller-board", "quantity": 900, "period": "tonight"},
        *("work-request.received", f"{JOB}.dispatched", "plan.changed", *["material.requested"] * 4),
        "procurement.notified",
        operator="Ines",
    ),
    change("/nonconformances", {"defect": "void", "serial": "123"}, "nonconformance.opened"),
    change(
        "/nonconformances/3:disposition",
        {"disposition": "use-as-is"},
        *("nonconformance.dispositioned", "nonconformance.closed"),
        operator="Grace",
    ),
    change(
        "/nonconformances/3:disposition",
        {"disposition": "scrap"},
        *("nonconformance.dispositioned", "unit.disqualified", "nonconformance.closed"),
        operator="Grace",
    ),
    change("/test-results", {"characteristic": "gap", "value": 0.2}, "test-result.recorded"),
    change("/units", {"serial": "900", "equipment": "SPP-1", "job": "4711"}, "unit.arrived"),
    change("/units/123:inspect", {"result": "pass"}, "test-result.recorded"),
    change("/units/123:move", {"target": "test"}, "unit.rerouted"),
    change("/units/125:move", {"target": "AOI-1"}, "unit.departed", "unit.arrived"),
    change("/units/123:reroute", {"target": "rework", "defect": "void"}, "unit.rerouted", operator="Farid"),
    change("/units/4002:repair", {"defect": "leak"}, "unit.repaired", "nonconformance.closed"),
    change("/units/7001:close", {}, "unit.departed"),
    change("/material-lots/89:load", {"equipment": "SPP-2"}, "material.loaded"),
    change("/material-lots/88:load", {"equipment": "SPP-2"}, "material.unloaded", "material.loaded"),
    change("/material-lots/88:unload", {}, "material.unloaded"),
    change("/material-lots/88:consume", {"quantity": 3, "job": "4711"}, "material.consumed"),
    change(
        "/telemetry",
        {"items": [{"equipment": "OVN-1", "parameter": "temperature", "value": 244}]},
        "telemetry.recorded",
    ),
    change("/material-lots/88/deviations", {"text": "printed hot"}, "material.deviation-recorded"),
    change("/material-lots/88:hold", {"defect": "void"}, "material.held"),
    change("/material-lots/A18:release", {}, "material.released", operator="Grace"),
    change("/material-requests", {"material": "flux", "quantity": 1}, "material.requested"),
    change("/downtime-events", {"equipment": "SPP-1", "reason": "cleaning"}, "downtime.classified", STATE),
    change("/downtime-events/7:cancel", {}, "downtime.classified", STATE),
    change("/downtime-events/7:end", {"text": "camera changed"}, "downtime.classified", STATE),
    change("/equipment/LINE-1:start-setup", {"job": "4712"}, STATE),
    change("/equipment/AOI-1:lock", {"reason": "waiting-for-quality"}, "equipment.locked"),
    change("/equipment/OVN-1/telemetry", {"parameter": "energy", "value": 1.5, "unit": "kWh"}, "telemetry.recorded"),
    change("/equipment/ROB-1/cycles", {"cycles": 3, "run_s": 480}, "robot.cycle-completed"),
    change("/equipment/ROB-2/interventions", {"reason": "misaligned-part"}, "robot.intervention-requested"),
    change("/work-alerts", {"team": "safety", "text": "smoke", "priority": "emergency"}, "alert.raised"),
    change("/work-alerts/2:acknowledge", {}, "alert.acknowledged"),
    change("/work-alerts/2:resolve", {"text": "sensor cleaned"}, "alert.resolved"),
    change("/work-alerts/2:escalate", {"team": "supervisor"}, "alert.escalated"),
    change("/work-alerts/2:cancel", {}, "alert.resolved"),
    change("/maintenance-requests", {"equipment": "FDR-3", "text": "vibration"}, "maintenance.requested"),
    change("/maintenance-requests/1:cancel", {}, "maintenance.requested"),
    change("/maintenance-requests/1:complete", {}, "maintenance.requested"),
    change("/change-requests", {**PARAMETER, "delta": -40}, "change-request.submitted", operator="Hugo"),
    change(
        "/change-requests",
        {**PARAMETER, "delta": -18},
        *("change-request.submitted", "change-request.approved", "equipment.parameter-changed"),
        operator="Hugo",
    ),
    change("/change-requests/2:approve", {}, "change-request.approved", "test-specification.changed", operator="Grace"),
    change("/change-requests/2:reject", {"text": "too wide"}, "change-request.rejected", operator="Farid"),
    change("/persons/Ben/sessions", {"job": "4712"}, "person.clocked-on", operator="Ben"),
    change("/persons/Ana/sessions", {"activity": "cleaning"}, "person.clocked-off", "person.clocked-on"),
    change("/persons/Ana/sessions:end", {}, "person.clocked-off"),
    change("/shifts/this/handover", {"person": "Ana", "text": "AOI two"}, "shift.handed-over", operator="Farid"),
    change("/notes", {"text": "squeegee worn", "equipment": "SPP-1"}, "note.added"),
]


@pytest.mark.parametrize(("path", "body", "types", "operator"), CHANGES)
async def test_every_change_is_in_the_stream(
    client: httpx.AsyncClient, app: FastAPI, path: str, body: dict[str, Any], types: list[str], operator: str
) -> None:
    answer = await client.post(path, json=body, headers={"Idempotency-Key": "k-1", "On-Behalf-Of": operator})
    assert answer.status_code in {200, 201}, answer.text
    events = (await client.get("/events")).json()["items"]
    assert [event["type"] for event in events] == [f"mes.{name}" for name in types]
    for event in events:
        assert (event["specversion"], event["operator"], event["actortype"]) == ("1.0", operator, "human")
        assert (event["idempotencykey"], event["time"]) == ("k-1", "2026-03-03T15:20:00.000Z")
    causes = [event["causationid"] for event in events]
    assert causes[0] is None
    assert all(1 <= int(cause) < int(event["id"]) for cause, event in zip(causes[1:], events[1:], strict=True))
    assert {event["correlationid"] for event in events} == {"1"}
    assert rebuild.rebuild_views(app.state.plant.database).is_identical


AFTERWARDS = {
    *("/equipment/{id}:end-setup", "/equipment/{id}:unlock", "/material-requests/{id}:cancel"),
    "/material-requests/{id}:deliver",
}
"""Commands that undo another one; the round trips are in test_commands.py."""


def test_every_command_is_tried() -> None:
    tried = [case.values[0] for case in CHANGES]
    patterns = {c.path: re.compile(c.path.replace("{id}", "[^/:]+")) for c in COMMANDS if c.path not in AFTERWARDS}
    assert {path for path, pattern in patterns.items() if not any(map(pattern.fullmatch, tried))} == set()


async def test_what_an_event_led_to_names_it(client: httpx.AsyncClient) -> None:
    await client.post("/test-results", json={"characteristic": "paste-height", "value": 170, "serial": "123"})
    body = {"defect": "insufficient-paste", "serial": "123"}
    await client.post("/nonconformances", json=body, headers={"Causation-Id": "1"})
    cause, effect = (await client.get("/events")).json()["items"]
    assert (effect["causationid"], effect["correlationid"]) == (cause["id"], cause["id"])
    unknown = await client.post("/nonconformances", json=body, headers={"Causation-Id": "99"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


async def test_the_stream_is_filtered(client: httpx.AsyncClient) -> None:
    for equipment in ("SPP-1", "ROB-1"):
        await client.post("/downtime-events", json={"equipment": equipment, "reason": "cleaning"})
    for query, ids in (
        ({"type": "mes.downtime"}, ["1", "3"]),
        ({"line": "LINE-4"}, ["3", "4"]),
        ({"equipment": "SPP-1", "type": "mes.equipment.state"}, ["2"]),
        ({"equipment": "SPP-2"}, []),
    ):
        assert [event["id"] for event in (await client.get("/events", params=query)).json()["items"]] == ids


async def test_the_stream_is_read_in_pages(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        await client.post("/job-orders/4711/material-actuals", json={"good": 1})
    first = (await client.get("/events", params={"limit": 2})).json()
    rest = (await client.get("/events", params={"after": first["last"]})).json()
    end = (await client.get("/events", params={"after": rest["last"]})).json()
    assert [event["id"] for event in first["items"] + rest["items"]] == ["1", "2", "3"]
    assert (end["items"], end["last"]) == ([], 3)


async def test_a_machine_that_asks_for_itself_is_no_human(client: httpx.AsyncClient) -> None:
    del client.headers["On-Behalf-Of"]
    await client.post("/work-alerts", json={"team": "safety"})
    (event,) = (await client.get("/events")).json()["items"]
    assert (event["operator"], event["actortype"]) == (None, "remotesystem")
