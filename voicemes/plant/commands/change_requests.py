"""Change requests: a parameter, a tolerance, the plan, a changeover. Voice opens them; it never writes to a machine.

A bounded policy decides at once what lies within its bounds, and says from which inputs and by which rule; everything
else waits for a person. What is approved is done here, and the machine follows on its next cycle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voicemes.plant import bodies
from voicemes.plant.commands import downtime, planning
from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from voicemes.plant.change import Change
    from voicemes.plant.database import Row

MAY_OPEN = {"parameter": "engineer", "tolerance": "engineer", "plan": "planner", "changeover": "line-lead"}
MAY_DECIDE = {"parameter": "engineer", "tolerance": "quality", "plan": "planner", "changeover": "line-lead"}
"""Kind -> who may beside the supervisor."""


def submit(change: Change, body: bodies.ChangeRequest) -> Row:
    """Opens a request; a policy may decide it in the same breath."""
    change.require(MAY_OPEN[body.kind])
    line, equipment = _place(change, body)
    details = {name: value for name, value in body.model_dump().items() if value is not None and name != "kind"}
    now = _now(change, body)
    then = _then(body, now)
    details |= ({"now": now} if now else {}) | ({"then": then} if then else {})
    request = str(change.next_id("change_request"))
    data = {"change_request": request, "kind": body.kind, "line": line, "equipment": equipment, "details": details}
    change.emit("mes.change-request.submitted", request, data, equipment or line)
    rule = _rule(change, body)
    if rule is not None:
        _decide(change, _found(change, request), "approved", rule["id"], reason=rule["text"], rule=rule)
    return _found(change, request)


def approve(change: Change, request: str, body: bodies.Remark) -> Row:
    row = _open(change, request)
    _decide(change, row, "approved", change.operator or change.actor.kind, reason=body.text)
    return _found(change, request)


def reject(change: Change, request: str, body: bodies.Remark) -> Row:
    row = _open(change, request)
    _decide(change, row, "rejected", change.operator or change.actor.kind, reason=body.text)
    return _found(change, request)


def _place(change: Change, body: bodies.ChangeRequest) -> tuple[str | None, str | None]:
    """Checks what the request is about; returns its line and its machine."""
    for kind, value in (("product", body.product), ("unit", body.serial), ("lot", body.lot)):
        lookups.check(change, kind, value)
    lookups.check(change, "characteristic", body.characteristic or body.parameter)
    lookups.need_line(change, body.line)
    if body.equipment is None:
        return body.line, None
    return str(lookups.need(change, "equipment", body.equipment)["line"]), body.equipment


def _now(change: Change, body: bodies.ChangeRequest) -> Row:
    """What is in force today: whoever decides compares with it."""
    if body.kind == "tolerance":
        limits = lookups.need(change, "characteristic", str(body.characteristic))
        known = {name: limits[name] for name in ("lower", "upper", "unit")}
    elif body.kind == "parameter":
        known = _parameter(change, body.equipment, body.parameter) or {}
    else:
        return {}
    return {name: value for name, value in known.items() if value is not None}


def _then(body: bodies.ChangeRequest, now: Row) -> Row:
    """What will be in force when it is approved; nothing where it is for one unit only, or where there is no now."""
    unit = {"unit": now["unit"]} if "unit" in now else {}
    if body.kind == "parameter" and body.delta is not None and "value" in now:
        return {"value": now["value"] + body.delta, **unit}
    is_for_all = body.kind == "tolerance" and body.serial is None and body.plus is not None and body.minus is not None
    if is_for_all and {"lower", "upper"} <= now.keys():
        return {**_widened(now, body.minus or 0.0, body.plus or 0.0), **unit}
    return {}


def _widened(limits: Row, minus: float, plus: float) -> Row:
    """Limits around the middle of those there are, to a millionth: sums of decimals are not exact."""
    middle = (limits["lower"] + limits["upper"]) / 2
    return {"lower": round(middle - minus, 6), "upper": round(middle + plus, 6)}


def _parameter(change: Change, equipment: str | None, parameter: str | None) -> Row | None:
    sql = "SELECT value, unit FROM equipment_parameter WHERE equipment = ? AND parameter = ?"
    return change.one(sql, equipment, parameter)


def _rule(change: Change, body: bodies.ChangeRequest) -> Row | None:
    """The policy that covers the whole request, or None: then a person decides."""
    subject = body.parameter or body.characteristic
    rule = change.one("SELECT * FROM policy WHERE kind = ? AND subject = ?", body.kind, subject)
    if rule is None:
        return None
    asked = [body.delta] if body.kind == "parameter" else [body.plus, -(body.minus or 0.0)]
    within = all(value is not None and rule["lower"] <= value <= rule["upper"] for value in asked)
    return {**rule, "asked": asked} if within else None


def _decide(
    change: Change, row: Row, outcome: str, decided_by: str, *, reason: str | None, rule: Row | None = None
) -> None:
    request = str(row["id"])
    data: dict[str, Any] = {"change_request": request, "kind": row["kind"], "decided_by": decided_by, "reason": reason}
    if rule is not None:
        inputs = {"asked": rule["asked"], "lower": rule["lower"], "upper": rule["upper"], **row["details"]}
        why = {"rule": rule["id"], "inputs": inputs, "outcome": outcome, "reason": rule["text"]}
        data["decision"] = why
    decided = change.emit(f"mes.change-request.{outcome}", request, data, row["equipment"] or row["line"])
    if outcome == "approved":
        with change.because(decided):
            DO[row["kind"]](change, row)


def _change_parameter(change: Change, row: Row) -> None:
    wanted = row["details"]
    before = _parameter(change, row["equipment"], wanted["parameter"])
    unit = wanted.get("unit") or lookups.need(change, "characteristic", wanted["parameter"])["unit"]
    old = before["value"] if before else 0.0
    about = {"equipment": row["equipment"], "parameter": wanted["parameter"], "unit": unit, "lot": wanted.get("lot")}
    data = {**about, "value": old + wanted["delta"], "before": old, "change_request": str(row["id"])}
    change.emit("mes.equipment.parameter-changed", row["equipment"], data, row["equipment"])


def _change_tolerance(change: Change, row: Row) -> None:
    """Widens the limits around their middle; for one unit it is only on record, the specification stays."""
    wanted = row["details"]
    limits = lookups.need(change, "characteristic", wanted["characteristic"])
    if "serial" in wanted or limits["lower"] is None or limits["upper"] is None:
        return
    data = {"characteristic": wanted["characteristic"], "change_request": str(row["id"])}
    bounds = _widened(limits, wanted["minus"], wanted["plus"])
    change.emit("mes.test-specification.changed", wanted["characteristic"], {**data, **bounds})


def _change_plan(change: Change, row: Row) -> None:
    wanted = row["details"]
    demand = {"product": wanted["product"], "quantity": wanted["quantity"], "period": wanted.get("period")}
    planning.receive(change, bodies.WorkRequest(**demand))


def _change_over(change: Change, row: Row) -> None:
    """Signals the changeover to the line."""
    downtime.set_state(change, row["line"], downtime.SETUP, "changeover", 0)


DO = {
    "parameter": _change_parameter,
    "tolerance": _change_tolerance,
    "plan": _change_plan,
    "changeover": _change_over,
}


def _open(change: Change, request: str) -> Row:
    row = lookups.need(change, "change request", request)
    change.require(MAY_DECIDE[row["kind"]])
    if row["status"] != "Open":
        raise Problem(Code.ALREADY_CLOSED, f"Request {request} is already {row['status'].lower()}.")
    return row


def _found(change: Change, request: str) -> Row:
    return {**lookups.need(change, "change request", request), "id": request}
