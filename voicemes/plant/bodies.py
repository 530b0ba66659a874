"""What a POST may contain. Unknown keys are refused; numbers must be numbers, text must be text."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

MAX_QUANTITY = 9999
"""More than anyone reports by voice in one go; a larger number was misheard."""


def _whole(value: Any) -> Any:
    """A number such as 2.0 is the quantity 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Quantity = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=MAX_QUANTITY)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]

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


class JobCommand(Quantities):
    """An ISA-95 JobOrderCommand. `equipment` goes with Start, the quantities with Stop, which completes the order."""

    command: CommandName
    equipment: Identifier | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.command != "Stop" and (self.total or self.defect):
            raise ValueError("Quantities can only be given when an order is completed.")
        if self.command != "Start" and self.equipment:
            raise ValueError("Equipment can only be given when an order is started.")
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


class MaterialRequest(Body):
    material: Identifier
    quantity: Annotated[int, BeforeValidator(_whole), Field(ge=1, le=MAX_QUANTITY)]
    unit: Literal["pieces", "rolls"] | None = None
    """Absent: the unit in which the material is kept."""
    line: Identifier | None = None


class TestResult(Body):
    __test__ = False
    """Not a test class, whatever its name makes pytest believe."""

    characteristic: Identifier
    value: Annotated[float, Field(allow_inf_nan=False)]
    unit: Literal["um", "mm", "Nm", "N", "degC", "percent", "bar", "kPa", "pieces", "rolls"] | None = None
    """Absent: the unit of the specification."""
    serial: Identifier | None = None


class Empty(Body):
    """The body of a cancellation, which may also be left out."""
