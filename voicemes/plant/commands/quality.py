"""Nonconformances and what becomes of them, measurements and inspections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from voicemes.plant.commands import units
from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from voicemes.plant.bodies import Disposition, Inspection, Nonconformance, TestResult
    from voicemes.plant.change import Change
    from voicemes.plant.database import Row

Verdict: TypeAlias = Literal["pass", "fail", "none"]

UNIT_WORDS = {"um": "microns", "mm": "millimetres", "Nm": "newton metres", "N": "newtons", "degC": "degrees Celsius"}


def open_nonconformance(change: Change, body: Nonconformance) -> Row:
    unit = lookups.need(change, "unit", body.serial)
    lookups.need(change, "defect", body.defect)
    number = str(change.next_id("nonconformance"))
    data = {"nonconformance": number, **body.model_dump(), "equipment": unit["equipment"]}
    change.emit("mes.nonconformance.opened", body.serial, data, unit["equipment"])
    return {"id": number, **body.model_dump(), "status": "Open", "time": change.time}


def disposition(change: Change, nonconformance: str, body: Disposition) -> Row:
    """Decides what becomes of the unit, and does it: rework and return send it away, scrap ends it."""
    row = lookups.need(change, "nonconformance", nonconformance)
    if row["status"] == "Closed":
        raise Problem(Code.ALREADY_CLOSED, f"Nonconformance {nonconformance} is already closed.")
    about = {"nonconformance": nonconformance, "serial": row["serial"], "disposition": body.disposition}
    data = {**about, "defect": row["defect"], "text": body.text}
    change.emit("mes.nonconformance.dispositioned", row["serial"], data, row["equipment"])
    if body.disposition == "scrap":
        units.disqualify(change, row["serial"], row["defect"])
    elif body.disposition in {"rework", "return"}:
        units.send(change, row["serial"], body.disposition, row["defect"])
    if body.disposition != "rework":
        change.emit("mes.nonconformance.closed", row["serial"], about, row["equipment"])
    return {**lookups.need(change, "nonconformance", nonconformance), "id": nonconformance}


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
    lookups.check(change, "equipment", body.equipment)
    unit = body.unit or limits["unit"]
    if unit != limits["unit"]:
        right, wrong = _word(limits["unit"]), _word(unit)
        raise Problem(Code.UNIT_MISMATCH, f"{limits['text'].capitalize()} is measured in {right}, not in {wrong}.")
    result = verdict(body.value, limits["lower"], limits["upper"])
    number = str(change.next_id("test_result"))
    data = {"test_result": number, **body.model_dump(), "unit": unit, "result": result}
    change.emit("mes.test-result.recorded", body.serial or body.characteristic, data, body.equipment)
    measured = {"id": number, **body.model_dump(), "unit": unit, "result": result, "time": change.time}
    return {**measured, "lower": limits["lower"], "upper": limits["upper"]}


def inspect(change: Change, serial: str, body: Inspection) -> Row:
    """A verdict without a measurement: the inspector says pass or fail."""
    unit = lookups.need(change, "unit", serial)
    lookups.check(change, "defect", body.defect)
    number = str(change.next_id("test_result"))
    nothing = {"characteristic": None, "value": None, "unit": None}
    about = {"serial": serial, "equipment": unit["equipment"], "result": body.result, "defect": body.defect}
    data = {"test_result": number, **nothing, **about, "text": body.text}
    change.emit("mes.test-result.recorded", serial, data, unit["equipment"])
    return {"id": number, **about, "time": change.time}


def _word(unit: str) -> str:
    return UNIT_WORDS.get(unit, unit)
