"""What the later intents say and ask: each changes what it should, and the answer tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx
    from conftest import StoppedClock


async def get(client: httpx.AsyncClient, path: str, **query: str) -> Any:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def post(client: httpx.AsyncClient, path: str, operator: str = "Ana", **body: Any) -> Any:
    answer = await client.post(path, json=body, headers={"On-Behalf-Of": operator})
    assert answer.is_success, answer.text
    return answer.json()


async def refused(client: httpx.AsyncClient, path: str, operator: str = "Farid", **body: Any) -> str:
    answer = await client.post(path, json=body, headers={"On-Behalf-Of": operator})
    assert answer.status_code >= 400
    return str(answer.json()["code"])


# --- machines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("equipment", "state"), [("SPP-1", 1100), ("PNP-1", 2000)])
async def test_a_machine_that_is_back_produces_when_an_order_runs_on_it(
    client: httpx.AsyncClient, clock: StoppedClock, equipment: str, state: int
) -> None:
    down = await post(client, "/downtime-events", equipment=equipment, reason="feeder-jam")
    clock.advance(minutes=12)
    ended = await post(client, f"/downtime-events/{down['id']}:end", text="feeder changed")
    assert (ended["status"], ended["ended"]) == ("Closed", "2026-03-03T15:32:00.000Z")
    assert (await get(client, f"/equipment/{equipment}/state"))["code"] == state
    assert await refused(client, f"/downtime-events/{down['id']}:end") == "already_closed"


async def test_a_setup_leads_to_4500_and_back(client: httpx.AsyncClient) -> None:
    await post(client, "/equipment/SPP-1:start-setup", job="4712")
    assert (await get(client, "/equipment/SPP-1/state"))["code"] == 4500
    assert await refused(client, "/equipment/SPP-1:start-setup") == "transition_refused"
    await post(client, "/equipment/SPP-1:end-setup")
    assert (await get(client, "/equipment/SPP-1/state"))["code"] == 1100
    assert await refused(client, "/equipment/SPP-1:end-setup") == "transition_refused"


async def test_nothing_starts_on_a_locked_machine(client: httpx.AsyncClient) -> None:
    await post(client, "/equipment/ROB-2:lock", text="quality")
    assert (await get(client, "/equipment/ROB-2/state"))["lock_reason"] == "quality"
    assert await refused(client, "/job-orders/4902/commands", command="Start") == "equipment_locked"
    assert await refused(client, "/equipment/ROB-2:lock") == "equipment_locked"
    await post(client, "/equipment/ROB-2:unlock", operator="Grace")
    await post(client, "/job-orders/4902/commands", command="Start")


async def test_the_setup_sheet_is_that_of_the_next_order(client: httpx.AsyncClient) -> None:
    setup = await get(client, "/equipment/PNP-1/setup", job="4712")
    assert setup["items"] == [{"slot": 12, "material": "r0402", "lot": "B203"}]
    assert (await get(client, "/equipment/SPP-1/setup"))["job"] == "4712"


async def test_telemetry_is_the_last_value_and_a_trend(client: httpx.AsyncClient) -> None:
    for value in (20, 21, 19, 20, 30, 31, 32, 33):
        await post(client, "/equipment/FDR-3/telemetry", parameter="vibration", value=value, unit="um")
    assert (await get(client, "/telemetry/vibration", equipment="FDR-3"))["items"][0]["value"] == 33
    trend = await get(client, "/equipment/FDR-3/telemetry/vibration/trend")
    assert (trend["n"], trend["drift"], trend["is_drifting"], trend["cm"]) == (8, 11.5, True, None)
    steady = await get(client, "/equipment/SPP-2/telemetry/paste-height/trend")
    assert (steady["is_drifting"], steady["lower"], steady["upper"]) == (False, 120, 160)
    drifting = await get(client, "/equipment/SPP-1/telemetry/paste-height/trend")
    assert (drifting["is_drifting"], drifting["cm"]) == (True, 1.6)


async def test_a_trend_keeps_the_last_fifty_values(client: httpx.AsyncClient) -> None:
    for value in range(60):
        await post(client, "/test-results", characteristic="torque", value=value / 100, equipment="WLD-1")
    trend = await get(client, "/equipment/WLD-1/telemetry/torque/trend")
    assert (trend["n"], trend["points"][0]["value"], trend["last"]) == (50, 0.1, 0.59)
    assert trend["hours"][0]["n"] == 60


async def test_a_robot_has_its_record(client: httpx.AsyncClient, clock: StoppedClock) -> None:
    await post(client, "/equipment/ROB-1/cycles", cycles=4, run_s=720)
    await post(client, "/equipment/ROB-1/interventions", reason="misaligned-part", text="turned it")
    clock.advance(minutes=1)
    record = await get(client, "/equipment/ROB-1/record")
    assert (record["cycles"], record["hours_run"], record["interventions"], record["uptime"]) == (45, 2.0, 2, 87.3)


# --- material and units ----------------------------------------------------------------------------------------------


async def test_a_held_lot_cannot_be_used_until_quality_releases_it(client: httpx.AsyncClient) -> None:
    held = await post(client, "/material-lots/88:hold", defect="void", text="suspect voids")
    assert (held["disposition"], held["hold_reason"]) == ("Restricted", "suspect voids")
    for command, body in ((":load", {"equipment": "SPP-2"}), (":consume", {"quantity": 1}), (":hold", {})):
        assert await refused(client, f"/material-lots/88{command}", **body) == "lot_not_usable"
    released = await post(client, "/material-lots/88:release", operator="Grace")
    assert (released["disposition"], released["hold_reason"]) == ("UnRestricted", None)
    assert await refused(client, "/material-lots/88:release") == "transition_refused"


async def test_a_lot_gets_less_and_moves(client: httpx.AsyncClient) -> None:
    assert (await post(client, "/material-lots/88:consume", quantity=5))["quantity"] == 7
    assert await refused(client, "/material-lots/88:consume", quantity=8) == "lot_not_usable"
    assert (await post(client, "/material-lots/88:unload"))["location"] is None
    assert await refused(client, "/material-lots/88:unload") == "transition_refused"
    assert (await post(client, "/material-lots/88:load", equipment="SPP-2"))["location"] == "SPP-2"
    assert await refused(client, "/material-lots/88:load", equipment="SPP-2") == "transition_refused"


async def test_genealogy_goes_both_ways(client: httpx.AsyncClient, clock: StoppedClock) -> None:
    before = await get(client, "/material-lots/89/genealogy")
    assert (before["n_units"], before["units"]) == (0, [])
    await post(client, "/material-lots/88:unload")
    await post(client, "/material-lots/89:load", equipment="SPP-1")
    clock.advance(minutes=1)
    await post(client, "/units", serial="900", equipment="SPP-1", job="4711")
    await post(client, "/material-lots/B203:consume", quantity=1, serial="900")
    clock.advance(minutes=1)
    await post(client, "/material-lots/89:unload")
    clock.advance(minutes=1)
    await post(client, "/units", serial="901", equipment="SPP-1", job="4711")
    assert (await get(client, "/material-lots/89/genealogy"))["units"] == ["900"]
    assert (await get(client, "/material-lots/88/genealogy"))["units"] == ["123", "124", "127"]
    lots = [(lot["lot"], lot["how"]) for lot in (await get(client, "/units/900/genealogy"))["lots"]]
    assert lots == [("89", "loaded"), ("A17", "loaded"), ("B203", "consumed")]
    assert [lot["lot"] for lot in (await get(client, "/units/901/genealogy"))["lots"]] == ["A17"]


async def test_a_unit_knows_where_it_was_and_what_is_next(client: httpx.AsyncClient) -> None:
    await post(client, "/units/123:reroute", operator="Farid", target="rework", defect="void")
    unit = await get(client, "/units/123")
    assert (unit["status"], unit["target"]) == ("Rework", "rework")
    assert [step["equipment"] for step in unit["history"]] == ["SPP-1", "PNP-1", "PNP-2", "OVN-1", "AOI-1", "AOI-1"]
    assert unit["history"][-1]["type"] == "rerouted"
    assert (unit["route"]["position"], unit["route"]["next"]) == (6, None)
    assert (await get(client, "/units/126"))["route"]["next"] == "OVN-1"


async def test_a_repair_closes_what_was_found(client: httpx.AsyncClient) -> None:
    await post(client, "/units/4002:reroute", operator="Farid", target="rework")
    repaired = await post(client, "/units/4002:repair", defect="leak", text="new seal")
    assert (repaired["status"], repaired["target"], repaired["closed"]) == ("InProcess", None, ["3"])
    assert (await get(client, "/nonconformances/3"))["status"] == "Closed"


async def test_a_scrapped_unit_stays_scrapped(client: httpx.AsyncClient) -> None:
    assert (await post(client, "/units/123:move", target="scrap"))["status"] == "Scrapped"
    for command, body in ((":move", {"target": "test"}), (":repair", {}), (":close", {})):
        assert await refused(client, f"/units/123{command}", **body) == "already_scrapped"
    assert await refused(client, "/units", serial="123", equipment="SPP-1") == "already_scrapped"


@pytest.mark.parametrize(
    ("disposition", "unit", "nonconformance"),
    [
        ("use-as-is", "InProcess", "Closed"),
        ("rework", "Rework", "Open"),
        ("scrap", "Scrapped", "Closed"),
        ("return", "Returned", "Closed"),
    ],
)
async def test_a_disposition_is_done(
    client: httpx.AsyncClient, disposition: str, unit: str, nonconformance: str
) -> None:
    answer = await post(client, "/nonconformances/3:disposition", operator="Grace", disposition=disposition)
    assert (answer["status"], answer["disposition"]) == (nonconformance, disposition)
    assert (await get(client, "/units/4002"))["status"] == unit


async def test_defects_are_ranked(client: httpx.AsyncClient, clock: StoppedClock) -> None:
    for serial in ("123", "124"):
        await post(client, "/nonconformances", defect="void", serial=serial)
    clock.advance(minutes=1)
    items = (await get(client, "/rankings/defects", equipment="AOI-1"))["items"]
    assert items == [{"defect": "void", "n": 2}, {"defect": "solder-bridge", "n": 1}]
    assert (await get(client, "/rankings/downtime", line="LINE-1"))["items"] == [
        {"reason": "feeder-jam", "minutes": 17}
    ]


# --- the plan --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("position", "expected"),
    [("first", ["4713", "4712"]), ("last", ["4712", "4713"]), ({"before": "4712"}, ["4713", "4712"])],
)
async def test_an_order_moves_in_the_sequence(client: httpx.AsyncClient, position: Any, expected: list[str]) -> None:
    await post(client, "/job-orders/4713:move", operator="Farid", position=position)
    assert [order["id"] for order in (await get(client, "/job-lists/SPP-1"))["items"]] == expected


async def test_an_order_cannot_be_put_beside_itself_or_what_is_done(client: httpx.AsyncClient) -> None:
    for neighbour in ("4713", "4708"):
        code = await refused(client, "/job-orders/4713:move", position={"after": neighbour})
        assert code == "transition_refused"


async def test_new_demand_is_planned_and_its_material_asked_for(client: httpx.AsyncClient) -> None:
    planned = await post(client, "/work-requests", operator="Ines", product="flip", quantity=1200)
    order = await get(client, f"/job-orders/{planned['job']}")
    assert (order["product"], order["quantity"], order["status"], order["line"]) == ("flip", 1200, "Waiting", "LINE-3")
    assert planned["short"] == {"adhesive": 4, "battery": 600, "display": 900}
    asked = (await get(client, "/material-requests", status="Open"))["items"]
    assert {item["material"]: item["quantity"] for item in asked} == {
        "screw": 4800, "battery": 1200, "display": 1200, "adhesive": 12,
    }  # fmt: skip


async def test_the_plan_says_what_is_expected_to_run(client: httpx.AsyncClient) -> None:
    tonight = await get(client, "/plan", line="LINE-1", period="tonight")
    assert [order["id"] for order in tonight["items"]] == ["10233"]
    assert [order["id"] for order in (await get(client, "/plan", line="LINE-1", period="this-shift"))["items"]] == []


async def test_what_the_policy_allows_is_done_and_says_why(client: httpx.AsyncClient, clock: StoppedClock) -> None:
    body = {"kind": "parameter", "equipment": "SPP-1", "parameter": "offset", "delta": -18, "lot": "88"}
    request = await post(client, "/change-requests", operator="Hugo", **body)
    assert (request["status"], request["decided_by"]) == ("Approved", "paste-offset-20")
    values = {row["parameter"]: row["value"] for row in (await get(client, "/equipment/SPP-1/parameters"))["items"]}
    assert values["offset"] == -18
    (decision,) = (await get(client, "/decisions"))["items"]
    assert (decision["rule"], decision["inputs"]["asked"], decision["outcome"]) == (
        "paste-offset-20",
        [-18],
        "approved",
    )
    clock.advance(minutes=1)
    assert [one["rule"] for one in (await get(client, "/shifts/this/report"))["decisions"]] == ["paste-offset-20"]


async def test_what_lies_outside_waits_for_a_person(client: httpx.AsyncClient) -> None:
    body = {"kind": "parameter", "equipment": "SPP-1", "parameter": "offset", "delta": -21}
    request = await post(client, "/change-requests", operator="Hugo", **body)
    assert (request["status"], request["decided_by"]) == ("Open", None)
    assert await refused(client, f"/change-requests/{request['id']}:approve", operator="Grace") == "role_required"
    decided = await post(client, f"/change-requests/{request['id']}:approve", operator="Hugo")
    assert (decided["status"], decided["decided_by"]) == ("Approved", "Hugo")
    assert await refused(client, f"/change-requests/{request['id']}:reject") == "already_closed"


async def test_a_request_says_what_is_in_force_while_it_is_made(client: httpx.AsyncClient) -> None:
    asked = {"kind": "tolerance", "characteristic": "width", "plus": 0.2, "minus": 0.2}
    request = await post(client, "/change-requests", operator="Hugo", **asked)
    assert request["details"]["now"] == {"lower": 71.4, "upper": 71.6, "unit": "mm"}


async def test_an_approved_tolerance_moves_the_limits(client: httpx.AsyncClient) -> None:
    await post(client, "/change-requests/2:approve", operator="Grace")
    limits = await get(client, "/test-specifications/width")
    assert (limits["lower"], limits["upper"]) == (pytest.approx(71.35), pytest.approx(71.65))


async def test_an_approved_changeover_is_signalled_to_the_line(client: httpx.AsyncClient) -> None:
    request = await post(client, "/change-requests", operator="Farid", kind="changeover", line="LINE-3", product="fold")
    await post(client, f"/change-requests/{request['id']}:approve", operator="Farid")
    assert (await get(client, "/equipment/LINE-3/state"))["code"] == 4500
    await post(client, "/equipment/LINE-3:end-setup")
    assert (await get(client, "/equipment/LINE-3/state"))["code"] is None


# --- people ----------------------------------------------------------------------------------------------------------


async def test_people_clock_on_and_off(client: httpx.AsyncClient) -> None:
    await post(client, "/persons/Ben/sessions", operator="Ben", activity="cleaning")
    on_duty = (await get(client, "/persons", on_duty="true", line="LINE-1"))["items"]
    assert [(person["id"], person["activity"]) for person in on_duty] == [("Ana", None), ("Ben", "cleaning")]
    assert await refused(client, "/persons/Ben/sessions", activity="cleaning") == "transition_refused"
    await post(client, "/persons/Ben/sessions:end", operator="Ben")
    assert await refused(client, "/persons/Ben/sessions:end") == "transition_refused"


async def test_people_clock_themselves(client: httpx.AsyncClient) -> None:
    for path in ("/persons/Ana/sessions", "/persons/Ana/sessions:end"):
        assert await refused(client, path, operator="Ben") == "role_required"
    assert (await post(client, "/persons/Ana/sessions:end", operator="Farid"))["person"] == "Ana"


async def test_a_handover_is_read_in_the_next_shift(client: httpx.AsyncClient, clock: StoppedClock) -> None:
    await post(client, "/shifts/this/handover", operator="Farid", person="Chen", text="A O I two is down")
    clock.advance(hours=8)
    (left,) = (await get(client, "/shifts/last/handover"))["items"]
    assert (left["person"], left["operator"], left["text"]) == ("Chen", "Farid", "A O I two is down")
    assert (await get(client, "/shifts/this/handover"))["items"] == []


async def test_the_calendar_names_the_shifts(client: httpx.AsyncClient) -> None:
    shifts = (await get(client, "/work-calendar", period="yesterday"))["items"]
    assert [shift["id"][-5:] for shift in shifts] == ["early", "-late", "night"]
    shift = await get(client, "/shifts/this")
    assert (shift["id"], shift["running"]) == ("2026-03-03-late", True)


async def test_a_call_is_taken_and_resolved(client: httpx.AsyncClient) -> None:
    taken = await post(client, "/work-alerts/2:acknowledge", operator="Ben")
    assert (taken["status"], taken["acknowledged_by"]) == ("Acknowledged", "Ben")
    assert await refused(client, "/work-alerts/2:acknowledge") == "already_closed"
    done = await post(client, "/work-alerts/2:resolve", operator="Ben", text="sensor cleaned")
    assert (done["status"], done["resolved_by"], done["resolution"]) == ("Resolved", "Ben", "sensor cleaned")
    assert await refused(client, "/work-alerts/2:escalate", team="quality") == "already_closed"


async def test_delivered_material_is_no_longer_open(client: httpx.AsyncClient) -> None:
    request = (await post(client, "/material-requests", material="flux", quantity=1))["id"]
    assert (await post(client, f"/material-requests/{request}:deliver"))["status"] == "Delivered"
    assert await refused(client, f"/material-requests/{request}:cancel") == "already_closed"


async def test_the_report_tells_what_became_of_things(client: httpx.AsyncClient) -> None:
    await post(client, "/nonconformances/3:disposition", operator="Grace", disposition="rework")
    report = await get(client, "/shifts/this/report")
    assert report["nonconformance_outcomes"] == {"open": 1, "rework": 1}
    assert [robot["robot"] for robot in report["robots"]] == ["ROB-1", "ROB-2"]
    assert report["energy_kwh"] == 597.0
