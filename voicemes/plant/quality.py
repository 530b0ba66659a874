"""Nonconformances and measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from voicemes.plant import lookups
from voicemes.plant.problems import Code, Problem

if TYPE_CHECKING:
    from voicemes.plant.bodies import Nonconformance, TestResult
    from voicemes.plant.database import Change, Row

Verdict: TypeAlias = Literal["pass", "fail", "none"]

UNIT_WORDS = {"um": "microns", "mm": "millimetres", "Nm": "newton metres", "N": "newtons", "degC": "degrees Celsius"}


def open_nonconformance(change: Change, body: Nonconformance) -> Row:
    lookups.need(change, "unit", body.serial)
    lookups.need(change, "defect", body.defect)
    number = change.run(
        "INSERT INTO nonconformance (defect, serial, component, status, operator, time) VALUES (?, ?, ?, 'Open', ?, ?)",
        *(body.defect, body.serial, body.component, change.operator, change.time),
    )
    change.record("mes.nonconformance.opened", body.serial, {"nonconformance": str(number), **body.model_dump()})
    return {"id": str(number), **body.model_dump(), "status": "Open", "time": change.time}


def verdict(value: float, lower: float | None, upper: float | None) -> Verdict:
    """The limits themselves pass; without any limit there is no verdict."""
    if lower is None and upper is None:
        return "none"
    is_low = lower is not None and value < lower
    is_high = upper is not None and value > upper
    return "fail" if is_low or is_high else "pass"


def record_test(change: Change, body: TestResult) -> Row:
    """Keeps a measurement with its verdict. A unit other than the specification's is refused, never converted."""
    limits = lookups.need(change, "characteristic", body.characteristic)
    lookups.check(change, "unit", body.serial)
    unit = body.unit or limits["unit"]
    if unit != limits["unit"]:
        right, wrong = _word(limits["unit"]), _word(unit)
        raise Problem(Code.UNIT_MISMATCH, f"{limits['text'].capitalize()} is measured in {right}, not in {wrong}.")
    result = verdict(body.value, limits["lower"], limits["upper"])
    number = change.run(
        "INSERT INTO test_result (characteristic, value, unit, serial, result, operator, time)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        *(body.characteristic, body.value, unit, body.serial, result, change.operator, change.time),
    )
    data = {"test_result": str(number), **body.model_dump(), "unit": unit, "result": result}
    change.record("mes.test-result.recorded", body.serial or body.characteristic, data)
    measured = {"id": str(number), **body.model_dump(), "unit": unit, "result": result, "time": change.time}
    return {**measured, "lower": limits["lower"], "upper": limits["upper"]}


def _word(unit: str) -> str:
    return UNIT_WORDS.get(unit, unit)
