"""What can be asked of the reference MES. What can be done is in commands.py."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from voicemes.plant import bodies, event_store, periods
from voicemes.plant.event_store import Wanted
from voicemes.plant.http import commands, etags, stream
from voicemes.plant.http.answers import NOT_MODIFIED, READ, WRITE, problems
from voicemes.plant.http.guard import PlantHere, check_token
from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import (
    details,
    job_orders,
    kpis,
    listings,
    lookups,
    rankings,
    robots,
    shift_reports,
    station_history,
    telemetry,
    units,
    work_calendar,
)

BASE = "/api/v1"
Json = dict[str, Any]

health = APIRouter(prefix=BASE)
router = APIRouter(prefix=BASE, dependencies=[Depends(check_token)], responses=problems(READ))
Identifier = Annotated[str, Path(min_length=1, max_length=64)]
Sequence = Annotated[int, Query(ge=0, le=2**63 - 1)]
PageSize = Annotated[int, Query(ge=1, le=1000)]
Place = Annotated[str | None, Query(max_length=64)]
Period = periods.Period


@health.get("/health", responses=problems({Code.INTERNAL, Code.TOO_LARGE}))
def get_health(plant: PlantHere) -> dict[str, str]:
    """Answers without a token: the plant is up and its database can be read."""
    with plant.database.read() as tables:
        tables.one("SELECT 1")
    return {"status": "ok"}


# --- the stream ------------------------------------------------------------------------------------------------------


@router.get("/events", responses={200: {"content": {stream.MEDIA_TYPE: {"schema": {"type": "string"}}}}})
async def list_events(
    request: Request,
    plant: PlantHere,
    after: Sequence = 0,
    newest: Annotated[bool, Query(description="Only what happens from now on.")] = False,  # noqa: FBT002 - a query
    limit: PageSize = 100,
    type: Annotated[str | None, Query(max_length=100, description="A prefix, such as mes.job-order")] = None,  # noqa: A002
    line: Place = None,
    equipment: Place = None,
    correlation: Annotated[str | None, Query(max_length=20, description="A chain: the id of its first event.")] = None,
    tail: Annotated[int | None, Query(ge=1, le=1000, description="From so many numbers before the newest.")] = None,
    last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,18}$")] = None,
) -> Response:
    """A page of the stream as CloudEvents; `last` goes into `after` for the next page.

    With `Accept: text/event-stream` the stream itself, from `after` or Last-Event-ID, whichever is later.
    """
    wanted, after = Wanted(type, line, equipment, correlation), max(after, int(last_event_id or 0))
    if correlation is not None and correlation.isdecimal():  # nothing of a chain is older than its beginning
        after = max(after, int(correlation[-18:]) - 1)
    if newest and last_event_id is None:  # who was cut goes on where they were
        after = max(after, await stream.last(plant))
    if tail is not None:
        after = max(after, await stream.last(plant) - tail)
    if stream.MEDIA_TYPE in request.headers.get("accept", ""):
        state = request.app.state
        events = stream.follow(plant, after, wanted, state.heartbeat_s, state.stopping)
        return StreamingResponse(events, media_type=stream.MEDIA_TYPE, headers={"Cache-Control": "no-store"})
    return _json(await stream.page(plant, after, limit, wanted))


@router.get("/audit")
def audit(plant: PlantHere, after: Annotated[int, Query(ge=-1, le=2**63 - 1)] = -1, limit: PageSize = 100) -> Json:
    """The hash chain from its beginning: each event with its hash and the hash before it."""
    with plant.database.read() as tables:
        items = event_store.audit(tables, after, limit)
    return {"items": items, "last": items[-1]["sequence"] if items else after}


# --- machines --------------------------------------------------------------------------------------------------------


@router.get("/equipment/{equipment}/state")
def get_equipment_state(plant: PlantHere, equipment: Identifier) -> Json:
    with plant.database.read() as tables:
        return lookups.equipment_state(tables, equipment)


@router.get("/equipment/{equipment}/parameters")
def get_parameters(plant: PlantHere, equipment: Identifier) -> Json:
    with plant.database.read() as tables:
        lookups.need(tables, "equipment", equipment)
        sql = "SELECT parameter, value, unit, time FROM equipment_parameter WHERE equipment = ? ORDER BY parameter"
        return {"equipment": equipment, "items": tables.all(sql, equipment)}


@router.get("/equipment/{id}/telemetry")
def get_equipment_telemetry(plant: PlantHere, id: Identifier) -> Json:  # noqa: A002 - the path of the POST, too
    """The last value of everything that a machine measures."""
    with plant.database.read() as tables:
        return telemetry.of_equipment(tables, id)


@router.get("/equipment/{equipment}/telemetry/{parameter}/trend")
def get_trend(plant: PlantHere, equipment: Identifier, parameter: Identifier) -> Json:
    with plant.database.read() as tables:
        return telemetry.trend(tables, equipment, parameter)


@router.get("/telemetry/{parameter}")
def get_telemetry(plant: PlantHere, parameter: Identifier, equipment: Place = None) -> Json:
    """The last values of one parameter at a machine, on a line, or everywhere."""
    with plant.database.read() as tables:
        return telemetry.latest(tables, parameter, equipment)


@router.get("/equipment/{equipment}/setup")
def get_setup(plant: PlantHere, equipment: Identifier, job: Place = None) -> Json:
    with plant.database.read() as tables:
        return rankings.setup(tables, equipment, job)


@router.get("/equipment/{equipment}/history")
def get_history(plant: PlantHere, equipment: Identifier, period: Period = "this-shift") -> Json:
    """What happened at a machine."""
    with plant.database.read() as tables:
        now = plant.now()
        return station_history.history(tables, equipment, work_calendar.span(tables, now, period), now)


@router.get("/equipment/{equipment}/record")
def get_robot_record(plant: PlantHere, equipment: Identifier, period: Period = "this-shift") -> Json:
    """What a robot did."""
    with plant.database.read() as tables:
        return robots.record(tables, equipment, work_calendar.span(tables, plant.now(), period))


# --- units, material, work -------------------------------------------------------------------------------------------


@router.get("/units/{serial}/genealogy")
def get_unit_genealogy(plant: PlantHere, serial: Identifier) -> Json:
    with plant.database.read() as tables:
        return units.backward(tables, serial)


@router.get("/material-lots/{lot}/genealogy")
def get_lot_genealogy(plant: PlantHere, lot: Identifier) -> Json:
    with plant.database.read() as tables:
        return units.forward(tables, lot)


@router.get("/work-masters/{work_master}/steps/{number}")
def get_work_step(plant: PlantHere, work_master: Identifier, number: Annotated[int, Path(ge=0, le=9999)]) -> Json:
    with plant.database.read() as tables:
        return lookups.work_step(tables, work_master, number)


@router.get("/job-lists/{equipment}")
def get_job_list(plant: PlantHere, equipment: Identifier) -> Json:
    """What is next, in its sequence, for a machine, a line, or "all"."""
    with plant.database.read() as tables:
        return job_orders.job_list(tables, equipment)


@router.get("/plan")
def get_plan(plant: PlantHere, line: Place = None, period: Period = "tonight") -> Json:
    """The orders that are expected to run in a period."""
    with plant.database.read() as tables:
        now = plant.now()
        return rankings.plan(tables, work_calendar.span(tables, now, period), line, now)


# --- numbers ---------------------------------------------------------------------------------------------------------


@router.get("/kpis")
def get_kpi(
    plant: PlantHere, kpi: kpis.KpiName, equipment: Place = None, line: Place = None, period: Period = "this-shift"
) -> Json:
    with plant.database.read() as tables:
        now = plant.now()
        return kpis.answer(tables, kpi, equipment, line, work_calendar.span(tables, now, period), now)


@router.get("/kpis/lines")
def get_line_kpis(plant: PlantHere, period: Period = "this-shift") -> Json:
    """Every KPI of every line that has data."""
    with plant.database.read() as tables:
        now = plant.now()
        return {"items": list(kpis.of_lines(tables, work_calendar.span(tables, now, period), now))}


@router.get("/rankings/downtime")
def get_top_stops(plant: PlantHere, line: Place = None, period: Period = "this-shift") -> Json:
    """The reasons that cost most time."""
    with plant.database.read() as tables:
        now = plant.now()
        return rankings.stops(tables, work_calendar.span(tables, now, period), line, now)


@router.get("/rankings/defects")
def get_top_defects(plant: PlantHere, equipment: Place = None, period: Period = "this-shift") -> Json:
    """The defects that were found most often, at a machine, on a line, or in the plant."""
    with plant.database.read() as tables:
        return rankings.defects(tables, work_calendar.span(tables, plant.now(), period), equipment)


@router.get("/work-calendar")
def get_calendar(plant: PlantHere, line: Place = None, period: Period = "today") -> Json:
    with plant.database.read() as tables:
        return work_calendar.calendar(tables, plant.now(), period, line)


@router.get("/shifts/{shift}")
def get_shift(plant: PlantHere, shift: Identifier) -> Json:
    """`shift` is "this", "last", an id such as 2026-11-20-late, or a period such as "today"."""
    with plant.database.read() as tables:
        return work_calendar.shift(tables, plant.now(), shift)


@router.get("/shifts/{shift}/report")
def get_shift_report(plant: PlantHere, shift: Identifier, line: Place = None) -> Json:
    with plant.database.read() as tables:
        now = plant.now()
        return shift_reports.report(tables, periods.named(work_calendar.anchor(tables), now, shift), line, now)


@router.get("/shifts/{id}/handover")
def get_handover(plant: PlantHere, id: Identifier) -> Json:  # noqa: A002 - the path of the POST, too
    with plant.database.read() as tables:
        return work_calendar.handover(tables, plant.now(), id)


@router.post("/persons:identify", responses=problems(WRITE))
def identify(plant: PlantHere, body: bodies.Identity) -> Json:
    """Whose badge and PIN these are. It changes nothing, and nothing of it is kept."""
    person = plant.badges.person(body.badge, body.pin)
    with plant.database.read() as tables:
        found = lookups.need(tables, "person", person)
    return {"id": person, "role": found["role"], "qualifications": found["qualifications"]}


commands.add_to(router)


# --- lists and single resources, last because their path is a pattern ------------------------------------------------

PAGING = frozenset({"limit", "cursor"})


@router.get("/{resource}")
def list_resource(
    request: Request,
    plant: PlantHere,
    resource: Identifier,
    limit: Annotated[int, Query(ge=1, le=listings.MAX_LIMIT)] = listings.DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Json:
    """A page of one kind of resource; `next` goes into `cursor`. Each list has filters: status, line, equipment …"""
    if resource not in listings.LISTINGS:
        raise Problem(Code.NOT_FOUND, "There is no such resource.")
    filters = {name: value for name, value in request.query_params.items() if name not in PAGING}
    with plant.database.read() as tables:
        return listings.page(tables, resource, filters, limit, cursor)


@router.get("/{resource}/{identifier}", responses=NOT_MODIFIED)
def get_resource(
    plant: PlantHere,
    resource: Identifier,
    identifier: Identifier,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """One resource, with its ETag for If-Match."""
    with plant.database.read() as tables:
        found = details.find(tables, resource, identifier)
    tag = etags.of(found)
    if etags.is_among(tag, if_none_match):
        return Response(status_code=304, headers={"ETag": tag})
    return _json(found, {"ETag": tag})


def _json(body: Json, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body), headers=headers, media_type="application/json")
