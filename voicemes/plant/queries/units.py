"""Where a unit has been, and what is in it: genealogy backward from a unit, forward from a lot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from voicemes.plant.database import Row, Tables

MAX_UNITS = 1000
"""A lot of solder paste is on thousands of boards; the count says how many there are."""

DEFECTS = "SELECT id, defect, component, status, time, disposition FROM nonconformance WHERE serial = ? ORDER BY id"
RESULTS = "SELECT characteristic, value, unit, result, time FROM test_result WHERE serial = ? ORDER BY id"
DEVIATIONS = "SELECT id, text, operator, time FROM lot_deviation WHERE lot = ? ORDER BY id"
HISTORY = "SELECT type, equipment, target, text, operator, time FROM unit_history WHERE serial = ? ORDER BY id"
ROUTE = "SELECT id, position FROM equipment WHERE line = ? AND level = 'WorkUnit' ORDER BY position"

BACKWARD = """
    SELECT DISTINCT material_lot.id AS lot, material, how FROM material_lot JOIN (
        SELECT lot, 'consumed' AS how FROM consumption WHERE serial = ?1
        UNION SELECT lot_load.lot, 'loaded' FROM unit_history JOIN lot_load USING (equipment)
        WHERE unit_history.serial = ?1 AND unit_history.type = 'arrived' AND unit_history.time >= loaded
        AND (unloaded IS NULL OR unit_history.time < unloaded)
    ) AS used ON used.lot = material_lot.id ORDER BY lot, how
"""
FORWARD = """
    SELECT serial FROM consumption WHERE lot = ?1 AND serial IS NOT NULL
    UNION SELECT unit_history.serial FROM lot_load JOIN unit_history USING (equipment)
    WHERE lot_load.lot = ?1 AND unit_history.type = 'arrived' AND unit_history.time >= loaded
    AND (unloaded IS NULL OR unit_history.time < unloaded)
"""
JOBS = "SELECT DISTINCT job FROM consumption WHERE lot = ? AND job IS NOT NULL ORDER BY job LIMIT 1000"


def record(tables: Tables, serial: str) -> Row:
    """The unit with its history, its place on the route, and what was found and measured."""
    unit = lookups.need(tables, "unit", serial)
    machine = lookups.need(tables, "equipment", unit["equipment"])
    route = [row["id"] for row in tables.all(ROUTE, machine["line"])]
    place = route.index(machine["id"]) if machine["id"] in route else -1
    return {
        **unit,
        "line": machine["line"],
        "nonconformances": tables.all(DEFECTS, serial),
        "test_results": tables.all(RESULTS, serial),
        "history": tables.all(HISTORY, serial),
        "route": {"steps": route, "position": place + 1, "next": route[place + 1] if place + 1 < len(route) else None},
    }


def backward(tables: Tables, serial: str) -> Row:
    """The lots that went into a unit: consumed for it, or loaded where it was worked on."""
    lookups.need(tables, "unit", serial)
    return {"serial": serial, "direction": "backward", "lots": tables.all(BACKWARD, serial)}


def forward(tables: Tables, lot: str) -> Row:
    """The units that hold some of a lot, the orders that it was consumed on, and what deviated meanwhile."""
    row = lookups.need(tables, "lot", lot)
    serials = tables.all(f"{FORWARD} ORDER BY serial LIMIT {MAX_UNITS}", lot)
    return {
        "lot": lot,
        "material": row["material"],
        "direction": "forward",
        "n_units": tables.value(f"SELECT count(*) FROM ({FORWARD})", lot),  # noqa: S608 - our own SQL
        "units": [row["serial"] for row in serials],
        "jobs": [row["job"] for row in tables.all(JOBS, lot)],
        "deviations": tables.all(DEVIATIONS, lot),
    }
