"""The resources of the reference MES. Each route names what it takes and calls the one function that does it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from voicemes.plant import bodies, floor, job_orders, kpis, lookups, periods, quality, shift_reports
from voicemes.plant.guard import CallHere, PlantHere, check_token
from voicemes.plant.problems import Code, Problem

BASE = "/api/v1"
OK = 200

health = APIRouter(prefix=BASE)
router = APIRouter(prefix=BASE, dependencies=[Depends(check_token)])

Number = Annotated[str, Path(pattern=r"^[1-9][0-9]{0,17}$")]


@health.get("/health")
def get_health(plant: PlantHere) -> dict[str, str]:
    """Answers without a token: the plant is up and its database can be read."""
    with plant.database.read() as tables:
        tables.one("SELECT 1")
    return {"status": "ok"}


# --- what there is ---------------------------------------------------------------------------------------------------


@router.get("/equipment")
def list_equipment(plant: PlantHere, level: str | None = None, line: str | None = None) -> dict[str, Any]:
    with plant.database.read() as tables:
        return lookups.equipment_list(tables, level, line)


@router.get("/equipment/{equipment}")
def get_equipment(plant: PlantHere, equipment: str) -> dict[str, Any]:
    with plant.database.read() as tables:
        return lookups.need(tables, "equipment", equipment)


@router.get("/equipment/{equipment}/state")
def get_equipment_state(plant: PlantHere, equipment: str) -> dict[str, Any]:
    with plant.database.read() as tables:
        return lookups.equipment_state(tables, equipment)


@router.get("/units/{serial}")
def get_unit(plant: PlantHere, serial: str) -> dict[str, Any]:
    with plant.database.read() as tables:
        return lookups.unit_record(tables, serial)


@router.get("/work-masters/{work_master}/steps/{number}")
def get_work_step(plant: PlantHere, work_master: str, number: Annotated[int, Path(ge=0, le=9999)]) -> dict[str, Any]:
    with plant.database.read() as tables:
        return lookups.work_step(tables, work_master, number)


@router.get("/kpis")
def get_kpi(
    plant: PlantHere,
    kpi: kpis.KpiName,
    equipment: str | None = None,
    line: str | None = None,
    period: periods.Period = "this-shift",
) -> dict[str, Any]:
    with plant.database.read() as tables:
        span = periods.span_of(plant.anchor(tables), plant.now(), period)
        return kpis.answer(tables, kpi, equipment, line, span)


@router.get("/shifts/{shift}/report")
def get_shift_report(plant: PlantHere, shift: str, line: str | None = None) -> dict[str, Any]:
    """`shift` is "this", "last", an id such as 2026-11-20-late, or a period such as "today"."""
    with plant.database.read() as tables:
        now = plant.now()
        return shift_reports.report(tables, periods.named(plant.anchor(tables), now, shift), line, now)


@router.get("/events")
def list_events(
    plant: PlantHere,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    with plant.database.read() as tables:
        return lookups.events(tables, after, limit)


# --- job orders ------------------------------------------------------------------------------------------------------


@router.get("/job-orders")
def list_job_orders(plant: PlantHere, status: str | None = None, equipment: str | None = None) -> dict[str, Any]:
    with plant.database.read() as tables:
        return job_orders.listed(tables, status, equipment)


@router.get("/job-orders/{job}")
def get_job_order(plant: PlantHere, job: str) -> dict[str, Any]:
    with plant.database.read() as tables:
        return job_orders.find(tables, job)


@router.get("/job-lists/{equipment}")
def get_job_list(plant: PlantHere, equipment: str) -> dict[str, Any]:
    """What is next, in its sequence, for a machine, a line, or "all"."""
    with plant.database.read() as tables:
        return job_orders.job_list(tables, equipment)


@router.post("/job-orders/{job}/commands")
def command_job_order(call: CallHere, job: str, body: bodies.JobCommand) -> Response:
    return call.perform(body, lambda change: job_orders.command(change, job, body), status=OK)


@router.post("/job-orders/{job}/material-actuals", status_code=201)
def report_material(call: CallHere, job: str, body: bodies.MaterialActual) -> Response:
    return call.perform(body, lambda change: job_orders.report(change, job, body))


# --- quality ---------------------------------------------------------------------------------------------------------


@router.post("/nonconformances", status_code=201)
def open_nonconformance(call: CallHere, body: bodies.Nonconformance) -> Response:
    return call.perform(body, lambda change: quality.open_nonconformance(change, body))


@router.post("/test-results", status_code=201)
def record_test_result(call: CallHere, body: bodies.TestResult) -> Response:
    return call.perform(body, lambda change: quality.record_test(change, body))


# --- at the machines -------------------------------------------------------------------------------------------------


@router.post("/downtime-events", status_code=201)
def start_downtime(call: CallHere, body: bodies.Downtime) -> Response:
    return call.perform(body, lambda change: floor.start_downtime(change, body))


@router.post("/downtime-events/{event}:cancel")
def cancel_downtime(call: CallHere, event: Number, body: bodies.Empty | None = None) -> Response:
    return call.perform(body or bodies.Empty(), lambda change: floor.cancel_downtime(change, event), status=OK)


@router.post("/work-alerts", status_code=201)
def raise_alert(call: CallHere, body: bodies.WorkAlert) -> Response:
    return call.perform(body, lambda change: floor.raise_alert(change, body))


@router.post("/work-alerts/{alert}:cancel")
def cancel_alert(call: CallHere, alert: Number, body: bodies.Empty | None = None) -> Response:
    return call.perform(body or bodies.Empty(), lambda change: floor.cancel_alert(change, alert), status=OK)


@router.post("/material-requests", status_code=201)
def request_material(call: CallHere, body: bodies.MaterialRequest) -> Response:
    return call.perform(body, lambda change: floor.request_material(change, body))


@router.post("/material-requests/{request}:cancel")
def cancel_material_request(call: CallHere, request: Number, body: bodies.Empty | None = None) -> Response:
    return call.perform(body or bodies.Empty(), lambda change: floor.cancel_material(change, request), status=OK)


# --- plain lists, last because their path is a pattern ---------------------------------------------------------------


@router.get("/{resource}")
def list_resource(plant: PlantHere, resource: str) -> dict[str, Any]:
    """The lists that take no filter: persons, material-definitions, material-lots, units, reason-codes and others."""
    if resource not in lookups.LISTS:
        raise Problem(Code.NOT_FOUND, "There is no such resource.")
    with plant.database.read() as tables:
        return lookups.listed(tables, resource)
