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
}

LISTS = {
    "persons": "SELECT * FROM person ORDER BY id",
    "products": "SELECT * FROM product ORDER BY id",
    "teams": "SELECT * FROM team ORDER BY id",
    "defect-codes": "SELECT * FROM defect_code ORDER BY id",
    "reason-codes": "SELECT * FROM reason_code ORDER BY id",
    "material-definitions": "SELECT * FROM material_definition ORDER BY id",
    "material-lots": "SELECT * FROM material_lot ORDER BY id",
    "units": "SELECT * FROM unit ORDER BY serial",
    "work-masters": "SELECT * FROM work_master ORDER BY id",
    "test-specifications": "SELECT * FROM test_specification ORDER BY characteristic",
    "nonconformances": "SELECT * FROM nonconformance ORDER BY id DESC LIMIT 1000",
    "downtime-events": "SELECT * FROM downtime_event ORDER BY id DESC LIMIT 1000",
    "work-alerts": "SELECT * FROM work_alert ORDER BY id DESC LIMIT 1000",
    "material-requests": "SELECT * FROM material_request ORDER BY id DESC LIMIT 1000",
}
"""Resource -> its list. What grows with time is cut to its newest 1000 rows."""

NUMBERED = frozenset({"nonconformances", "downtime-events", "work-alerts", "material-requests"})
"""Resources whose ids are counted; JSON shows them as strings, as all ids."""


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


def listed(tables: Tables, resource: str) -> dict[str, list[Row]]:
    rows = tables.all(LISTS[resource])
    if resource in NUMBERED:
        rows = [{**row, "id": str(row["id"])} for row in rows]
    return {"items": rows}


def spoken(equipment: Row) -> str:
    """What people call it, to begin a sentence with: the first alias, or the id."""
    name = str((equipment["aliases"] or [equipment["id"]])[0])
    return name[0].upper() + name[1:]


def equipment_list(tables: Tables, level: str | None, line: str | None) -> dict[str, list[Row]]:
    sql = "SELECT * FROM equipment WHERE level = coalesce(?, level) AND line = coalesce(?, line) ORDER BY line, id"
    return {"items": tables.all(sql, level, line)}


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
    }


def unit_record(tables: Tables, serial: str) -> Row:
    unit = need(tables, "unit", serial)
    defects = "SELECT id, defect, component, status, time FROM nonconformance WHERE serial = ? ORDER BY id"
    results = "SELECT characteristic, value, unit, result, time FROM test_result WHERE serial = ? ORDER BY id"
    return {**unit, "nonconformances": tables.all(defects, serial), "test_results": tables.all(results, serial)}


def work_step(tables: Tables, work_master: str, number: int) -> Row:
    need(tables, "work master", work_master)
    total = tables.one("SELECT count(*) AS n FROM work_step WHERE work_master = ?", work_master)
    step = tables.one("SELECT * FROM work_step WHERE work_master = ? AND number = ?", work_master, number)
    n_steps = total["n"] if total else 0
    if step is None:
        raise Problem(Code.NOT_FOUND, f"There is no step {number}; this work has {n_steps} steps.")
    return {**step, "total": n_steps}


def events(tables: Tables, after: int, limit: int) -> Row:
    """A page of the stream as CloudEvents; `last` goes into `after` for the next page."""
    rows = tables.all("SELECT * FROM event WHERE id > ? ORDER BY id LIMIT ?", after, limit)
    return {"items": [_cloud_event(row) for row in rows], "last": rows[-1]["id"] if rows else after}


def _cloud_event(row: Row) -> Row:
    return {
        "specversion": "1.0",
        "id": str(row["id"]),
        "source": "/api/v1",
        "type": row["type"],
        "time": row["time"],
        "subject": row["subject"],
        "datacontenttype": "application/json",
        "operator": row["operator"],
        "actortype": "human" if row["operator"] else "remotesystem",
        "idempotencykey": row["idempotency_key"],
        "data": row["data"],
    }
