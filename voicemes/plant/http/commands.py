"""Everything that can be done, one line each: where it is posted, what goes with it, who may, and what does it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import ValidationError

from voicemes.plant import bodies
from voicemes.plant.change import Change
from voicemes.plant.commands import (
    alerts,
    change_requests,
    downtime,
    equipment,
    job_orders,
    labor,
    materials,
    planning,
    quality,
    requests,
    units,
)
from voicemes.plant.http.answers import WRITE, problems
from voicemes.plant.http.calls import Call
from voicemes.plant.http.guard import CallHere
from voicemes.plant.queries.details import DETAILS, NUMBERED

ANYONE = "operator"
OK, CREATED = 200, 201


@dataclass(frozen=True, slots=True)
class Command:
    path: str
    """With `{id}` where it works on one resource."""
    body: type[bodies.Body]
    do: Callable[..., dict[str, Any]]
    """Takes the change, the id if there is one, and the body."""
    role: str = ANYONE
    """Who may, beside the supervisor; a command may ask for more than that by itself."""
    status: int = OK

    @property
    def resource(self) -> str:
        return self.path.split("/")[1]


COMMANDS = (
    # job orders and the plan
    Command("/job-orders/{id}/commands", bodies.JobCommand, job_orders.command),
    Command("/job-orders/{id}/material-actuals", bodies.MaterialActual, job_orders.report, status=CREATED),
    Command("/job-orders/{id}/checklist", bodies.Check, labor.check_step, status=CREATED),
    Command("/job-orders/{id}:move", bodies.Place, planning.move, "planner"),
    Command("/job-orders/{id}:change-quantity", bodies.NewQuantity, planning.change_quantity, "planner"),
    Command("/work-requests", bodies.WorkRequest, planning.receive, "planner", CREATED),
    # quality
    Command("/nonconformances", bodies.Nonconformance, quality.open_nonconformance, status=CREATED),
    Command("/nonconformances/{id}:disposition", bodies.Disposition, quality.disposition, "quality"),
    Command("/test-results", bodies.TestResult, quality.record_test, status=CREATED),
    # units
    Command("/units", bodies.Arrival, units.arrive, status=CREATED),
    Command("/units/{id}:inspect", bodies.Inspection, quality.inspect, status=CREATED),
    Command("/units/{id}:move", bodies.Move, units.move),
    Command("/units/{id}:reroute", bodies.Move, units.reroute, "line-lead"),
    Command("/units/{id}:repair", bodies.Repair, units.repair),
    Command("/units/{id}:close", bodies.Empty, units.close),
    # material
    Command("/material-lots/{id}:load", bodies.Load, materials.load),
    Command("/material-lots/{id}:unload", bodies.Empty, materials.unload),
    Command("/material-lots/{id}:consume", bodies.Consumption, materials.consume),
    Command("/material-lots/{id}:hold", bodies.Hold, materials.hold),
    Command("/material-lots/{id}:release", bodies.Empty, materials.release, "quality"),
    Command("/material-lots/{id}/deviations", bodies.Deviation, materials.record_deviation, status=CREATED),
    Command("/material-requests", bodies.MaterialRequest, requests.request_material, status=CREATED),
    Command("/material-requests/{id}:cancel", bodies.Empty, requests.cancel_material),
    Command("/material-requests/{id}:deliver", bodies.Empty, requests.deliver_material),
    # machines
    Command("/downtime-events", bodies.Downtime, downtime.start, status=CREATED),
    Command("/downtime-events/{id}:cancel", bodies.Empty, downtime.cancel),
    Command("/downtime-events/{id}:end", bodies.DowntimeEnd, downtime.end),
    Command("/equipment/{id}:start-setup", bodies.Setup, downtime.start_setup),
    Command("/equipment/{id}:end-setup", bodies.Empty, downtime.end_setup),
    Command("/equipment/{id}:lock", bodies.Lock, downtime.lock),
    Command("/equipment/{id}:unlock", bodies.Empty, downtime.unlock, "quality"),
    Command("/equipment/{id}/telemetry", bodies.Telemetry, equipment.record_telemetry, status=CREATED),
    Command("/telemetry", bodies.TelemetryBatch, equipment.record_batch, status=CREATED),
    Command("/equipment/{id}/cycles", bodies.Cycles, equipment.complete_cycles, status=CREATED),
    Command("/equipment/{id}/interventions", bodies.Intervention, equipment.record_intervention, status=CREATED),
    # calls and requests
    Command("/work-alerts", bodies.WorkAlert, alerts.raise_alert, status=CREATED),
    Command("/work-alerts/{id}:acknowledge", bodies.Empty, alerts.acknowledge),
    Command("/work-alerts/{id}:resolve", bodies.Remark, alerts.resolve),
    Command("/work-alerts/{id}:escalate", bodies.Escalation, alerts.escalate),
    Command("/work-alerts/{id}:cancel", bodies.Empty, alerts.cancel),
    Command("/maintenance-requests", bodies.MaintenanceRequest, requests.request_maintenance, status=CREATED),
    Command("/maintenance-requests/{id}:cancel", bodies.Empty, requests.cancel_maintenance),
    Command("/maintenance-requests/{id}:complete", bodies.Empty, requests.complete_maintenance),
    Command("/change-requests", bodies.ChangeRequest, change_requests.submit, status=CREATED),
    Command("/change-requests/{id}:approve", bodies.Remark, change_requests.approve),
    Command("/change-requests/{id}:reject", bodies.Remark, change_requests.reject),
    # people
    Command("/persons/{id}/sessions", bodies.Session, labor.clock_on, status=CREATED),
    Command("/persons/{id}/sessions:end", bodies.Empty, labor.clock_off),
    Command("/shifts/{id}/handover", bodies.Handover, labor.hand_over, "line-lead", CREATED),
    Command("/notes", bodies.Note, labor.add_note, status=CREATED),
)

EXAMPLES = {
    "job-orders": "4711",
    "units": "123",
    "material-lots": "88",
    "equipment": "SPP-1",
    "persons": "Ana",
    "shifts": "this",
}
"""Resource -> an id that a new plant has, for whoever tries the document."""


def add_to(router: APIRouter) -> None:
    for command in COMMANDS:
        router.add_api_route(
            command.path,
            _endpoint(command),
            methods=["POST"],
            status_code=command.status,
            name=f"{command.do.__module__.rpartition('.')[2]}.{command.do.__name__}",
            operation_id=f"{command.do.__module__.rpartition('.')[2]}.{command.do.__name__}",
            description=command.do.__doc__,
            responses=problems(WRITE),
            response_model=dict[str, Any],
        )


def _endpoint(command: Command) -> Callable[..., Response]:
    """A function with the parameters that FastAPI reads: the call, the id where there is one, and the body."""
    may_be_empty = _may_be_empty(command.body)

    def run(call: Call, **given: Any) -> Response:
        body = given.get("body") or command.body()
        arguments = [given["id"]] if "id" in given else []

        def work(change: Change) -> dict[str, Any]:
            change.require(command.role)
            return command.do(change, *arguments, body)

        about = (command.resource, given["id"]) if arguments and command.resource in DETAILS else None
        return call.perform(body, work, status=command.status, about=about)

    body = inspect.Parameter(
        "body",
        inspect.Parameter.KEYWORD_ONLY,
        annotation=command.body | None if may_be_empty else command.body,
        **({"default": None} if may_be_empty else {}),
    )
    call = inspect.Parameter("call", inspect.Parameter.KEYWORD_ONLY, annotation=CallHere)
    parameters = [call, body]
    if "{id}" in command.path:
        kind = _kind_of_id(command.resource)
        parameters.append(inspect.Parameter("id", inspect.Parameter.KEYWORD_ONLY, annotation=kind))
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


def _kind_of_id(resource: str) -> Any:
    if resource in NUMBERED:
        return Annotated[str, Path(pattern=r"^[1-9][0-9]{0,17}$", examples=["1"])]
    return Annotated[str, Path(min_length=1, max_length=64, examples=[EXAMPLES[resource]])]


def _may_be_empty(body: type[bodies.Body]) -> bool:
    """Whether nothing at all is a body; a rule of the whole body may want something, though no field alone does."""
    try:
        body()
    except ValidationError:
        return False
    return True
