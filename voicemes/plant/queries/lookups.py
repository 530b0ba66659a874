"""Master data by id: what exists, or one sentence that says it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant.problems import Code, Problem

if TYPE_CHECKING:
    from voicemes.plant.database import Row, Tables

BY_ID = {
    "equipment": "SELECT * FROM equipment WHERE id = ?",
    "person": "SELECT * FROM person WHERE id = ?",
    "team": "SELECT * FROM team WHERE id = ?",
    "defect": "SELECT * FROM defect_code WHERE id = ?",
    "reason": "SELECT * FROM reason_code WHERE id = ?",
    "material": "SELECT * FROM material_definition WHERE id = ?",
    "unit": "SELECT * FROM unit WHERE serial = ?",
    "characteristic": "SELECT * FROM test_specification WHERE characteristic = ?",
    "work master": "SELECT * FROM work_master WHERE id = ?",
    "downtime event": "SELECT * FROM downtime_event WHERE id = ?",
    "alert": "SELECT * FROM work_alert WHERE id = ?",
    "request": "SELECT * FROM material_request WHERE id = ?",
    "maintenance request": "SELECT * FROM maintenance_request WHERE id = ?",
    "change request": "SELECT * FROM change_request WHERE id = ?",
    "work request": "SELECT * FROM work_request WHERE id = ?",
    "job order": "SELECT * FROM job_order WHERE id = ?",
    "lot": "SELECT * FROM material_lot WHERE id = ?",
    "product": "SELECT * FROM product WHERE id = ?",
    "nonconformance": "SELECT * FROM nonconformance WHERE id = ?",
    "session": "SELECT * FROM session WHERE id = ?",
    "handover": "SELECT * FROM handover WHERE id = ?",
    "note": "SELECT * FROM note WHERE id = ?",
}


def need(tables: Tables, kind: str, identifier: str) -> Row:
    """The row, or the problem `not_found`."""
    row = tables.one(BY_ID[kind], identifier)
    if row is None:
        raise Problem(Code.NOT_FOUND, f"There is no {kind} {identifier} in the MES.")
    return row


def check(tables: Tables, kind: str, identifier: str | None) -> None:
    """Refuses an id that was given and does not exist."""
    if identifier is not None:
        need(tables, kind, identifier)


def need_line(tables: Tables, identifier: str | None) -> None:
    if identifier is not None and need(tables, "equipment", identifier)["level"] != "ProductionLine":
        raise Problem(Code.NOT_FOUND, f"{identifier} is not a line.")


def spoken(equipment: Row) -> str:
    """What people call it, to begin a sentence with: the first alias, or the id."""
    name = str((equipment["aliases"] or [equipment["id"]])[0])
    return name[0].upper() + name[1:]


EQUIPMENT = "id, level, line, text, aliases, state, state_since, state_reason, locked, lock_reason"
"""What others see of a machine; the rest of the table is the plant's own bookkeeping."""


def equipment(tables: Tables, identifier: str) -> Row:
    machine = need(tables, "equipment", identifier)
    return {name: machine[name] for name in EQUIPMENT.split(", ")}


def equipment_state(tables: Tables, identifier: str) -> Row:
    """The SEMI E10 state with its words, and the downtime event that is open, if there is one."""
    machine = need(tables, "equipment", identifier)
    state = tables.one("SELECT * FROM e10_state WHERE code = ?", machine["state"])
    down = tables.one("SELECT id FROM downtime_event WHERE equipment = ? AND status = 'Open'", identifier)
    return {
        "equipment": identifier,
        "code": machine["state"],
        "state": state["state"] if state else None,
        "text": state["text"] if state else None,
        "since": machine["state_since"],
        "reason": machine["state_reason"],
        "downtime_event": str(down["id"]) if down else None,
        "locked": bool(machine["locked"]),
        "lock_reason": machine["lock_reason"],
    }


def work_step(tables: Tables, work_master: str, number: int) -> Row:
    need(tables, "work master", work_master)
    total = tables.one("SELECT count(*) AS n FROM work_step WHERE work_master = ?", work_master)
    step = tables.one("SELECT * FROM work_step WHERE work_master = ? AND number = ?", work_master, number)
    n_steps = total["n"] if total else 0
    if step is None:
        raise Problem(Code.NOT_FOUND, f"There is no step {number}; this work has {n_steps} steps.")
    return {**step, "total": n_steps}
