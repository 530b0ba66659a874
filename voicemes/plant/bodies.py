"""What a POST may contain. Unknown keys are refused; numbers must be numbers, text must be text."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from voicemes.plant import periods

MAX_QUANTITY = 9999
"""More than anyone reports by voice in one go; a larger number was misheard."""


def _whole(value: Any) -> Any:
    """A number such as 2.0 is the quantity 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Quantity = Annotated[int, Field(ge=0, le=MAX_QUANTITY), BeforeValidator(_whole)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
"""No physical value on a shop floor is larger, whatever its unit."""
Unit = Literal["um", "mm", "Nm", "N", "degC", "percent", "bar", "kPa", "pieces", "rolls"]
AnyUnit = Annotated[str, Field(pattern=r"^[A-Za-z0-9/%²³^._-]{1,12}$")]
"""Telemetry comes in more units than people say: kWh, mm/s, g."""

CommandName = Literal["Start", "Stop", "Hold", "Restart", "Abort", "Reset", "Pause", "Resume"]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Quantities(Body):
    """What was made since the last report, in pieces; it is added to what the order already has."""

    good: Quantity = 0
    scrap: Quantity = 0
    rework: Quantity = 0
    defect: Identifier | None = None
    """Why pieces were scrapped or sent to rework."""

    @property
    def total(self) -> int:
        return self.good + self.scrap + self.rework


class Identity(Body):
    badge: Annotated[str, Field(pattern=r"^[0-9]{3,8}$")]
    pin: Annotated[str, Field(pattern=r"^[0-9]{4,8}$")]


class JobCommand(Quantities):
    """An ISA-95 JobOrderCommand. `equipment` goes with Start, the quantities with Stop, which completes the order."""

    command: CommandName
    equipment: Identifier | None = None
    reason: Identifier | None = None
    """Why it is paused, held or aborted."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.command != "Stop" and (self.total or self.defect):
            raise ValueError("Quantities can only be given when an order is completed.")
        if self.command != "Start" and self.equipment:
            raise ValueError("Equipment can only be given when an order is started.")
        if self.reason and self.command not in {"Pause", "Hold", "Abort"}:
            raise ValueError("A reason can only be given when an order is paused, held or aborted.")
        return self


class MaterialActual(Quantities):
    serial: Identifier | None = None

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if self.total == 0:
            raise ValueError("At least one piece must be reported.")
        if self.serial and self.total != 1:
            raise ValueError("A serial number stands for one piece.")
        return self


class Nonconformance(Body):
    defect: Identifier
    serial: Identifier
    component: Identifier | None = None


class Downtime(Body):
    equipment: Identifier
    reason: Identifier
    component: Identifier | None = None


class WorkAlert(Body):
    team: Identifier
    equipment: Identifier | None = None
    text: Text | None = None
    priority: Literal["normal", "emergency"] = "normal"
    """An emergency is told on every channel; it is no safety system."""


class Escalation(Body):
    team: Identifier


class Remark(Body):
    text: Text | None = None


class DowntimeEnd(Remark):
    """The machine is back; what was done about it."""


class Lock(Remark):
    reason: Identifier | None = None


class Setup(Body):
    job: Identifier | None = None
    """The order that the machine is set up for."""


class MaterialRequest(Body):
    material: Identifier
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY), BeforeValidator(_whole)]
    unit: Literal["pieces", "rolls"] | None = None
    """Absent: the unit in which the material is kept."""
    line: Identifier | None = None


class TestResult(Body):
    __test__ = False
    """Not a test class, whatever its name makes pytest believe."""

    characteristic: Identifier
    value: Number
    unit: Unit | None = None
    """Absent: the unit of the specification."""
    serial: Identifier | None = None
    equipment: Identifier | None = None
    """The machine that it tells about: then it counts for its trend."""


class Inspection(Remark):
    result: Literal["pass", "fail"]
    defect: Identifier | None = None


class Disposition(Remark):
    disposition: Literal["use-as-is", "rework", "scrap", "return"]


class Arrival(Body):
    serial: Identifier
    equipment: Identifier
    job: Identifier | None = None
    """For a serial that is new."""


Target = Literal["rework", "scrap", "inspection", "x-ray", "test"]


class Move(Remark):
    target: Target | Identifier
    """A place beside the route, or a machine."""
    defect: Identifier | None = None

    @model_validator(mode="after")
    def _is_a_place(self) -> Self:
        if self.target not in get_args(Target) and not any(character.isupper() for character in self.target):
            raise ValueError(f"There is no place {self.target}.")
        return self


class Repair(Remark):
    defect: Identifier | None = None
    component: Identifier | None = None


class Load(Body):
    equipment: Identifier


class Consumption(Body):
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY), BeforeValidator(_whole)]
    job: Identifier | None = None
    serial: Identifier | None = None


class Hold(Remark):
    defect: Identifier | None = None


class Deviation(Body):
    text: Text


class MaintenanceRequest(Remark):
    equipment: Identifier
    component: Identifier | None = None


class Neighbour(Body):
    before: Identifier | None = None
    after: Identifier | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.before is None) == (self.after is None):
            raise ValueError("The position is either before or after another order.")
        return self


class Place(Body):
    position: Literal["first", "last"] | Neighbour


class NewQuantity(Body):
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY), BeforeValidator(_whole)]


class WorkRequest(NewQuantity):
    product: Identifier
    period: periods.Period | None = None


class ChangeRequest(Body):
    """`kind` says which fields go with it; the others must be absent."""

    kind: Literal["parameter", "tolerance", "plan", "changeover"]
    equipment: Identifier | None = None
    parameter: Identifier | None = None
    delta: Number | None = None
    """Signed, in the parameter's own unit."""
    lot: Identifier | None = None
    characteristic: Identifier | None = None
    plus: Number | None = None
    minus: Number | None = None
    unit: Unit | None = None
    serial: Identifier | None = None
    line: Identifier | None = None
    product: Identifier | None = None
    quantity: Annotated[int, Field(ge=1, le=MAX_QUANTITY), BeforeValidator(_whole)] | None = None
    period: periods.Period | None = None
    text: Text | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        needed, allowed = CHANGE_FIELDS[self.kind]
        given = {name for name, value in self.model_dump().items() if value is not None} - {"kind", "text"}
        for name in needed - given:
            raise ValueError(f"The {name} is missing.")
        for name in given - needed - allowed:
            raise ValueError(f"The field {name} does not go with a {self.kind} request.")
        return self


CHANGE_FIELDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "parameter": (frozenset({"equipment", "parameter", "delta"}), frozenset({"lot", "unit"})),
    "tolerance": (frozenset({"characteristic", "plus", "minus"}), frozenset({"unit", "serial"})),
    "plan": (frozenset({"product", "quantity"}), frozenset({"period", "line"})),
    "changeover": (frozenset({"line", "product"}), frozenset()),
}
"""Kind -> fields that it needs, fields that it may have."""


class Session(Body):
    """What a person is on: an order, an indirect activity, or just present."""

    job: Identifier | None = None
    activity: Literal["cleaning", "training", "meeting", "break", "maintenance"] | None = None
    line: Identifier | None = None


class Handover(Remark):
    person: Identifier
    """Who takes over."""


class Note(Body):
    text: Text
    equipment: Identifier | None = None
    job: Identifier | None = None


class Check(Remark):
    result: Literal["pass", "fail"]
    step: Annotated[int, Field(ge=1, le=9999)] | None = None


class Telemetry(Body):
    parameter: Identifier
    value: Number
    unit: AnyUnit | None = None


class Measured(Telemetry):
    equipment: Identifier


class TelemetryBatch(Body):
    """What a gateway has collected from its machines."""

    items: Annotated[list[Measured], Field(min_length=1, max_length=400)]
    """As many as a request may be long."""


class Cycles(Body):
    """What a robot did since it last told."""

    cycles: Annotated[int, Field(ge=1, le=MAX_QUANTITY), BeforeValidator(_whole)]
    run_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


class Intervention(Remark):
    reason: Identifier


class Empty(Body):
    """Nothing more is to be said; the body may also be left out."""
