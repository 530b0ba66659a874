"""Material lots: loaded, unloaded, consumed, held, released."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from voicemes.plant.bodies import Consumption, Deviation, Empty, Hold, Load
    from voicemes.plant.change import Change
    from voicemes.plant.database import Row


def load(change: Change, lot: str, body: Load) -> Row:
    """Onto a machine, from wherever it was."""
    row = _usable(change, lot)
    lookups.need(change, "equipment", body.equipment)
    if row["location"] == body.equipment:
        raise Problem(Code.TRANSITION_REFUSED, f"Lot {lot} is already loaded there.")
    if row["location"]:
        _emit_unloaded(change, row)
    data = {"lot": lot, "material": row["material"], "equipment": body.equipment}
    change.emit("mes.material.loaded", lot, data, body.equipment)
    return lookups.need(change, "lot", lot)


def unload(change: Change, lot: str, _body: Empty) -> Row:
    row = lookups.need(change, "lot", lot)
    if not row["location"]:
        raise Problem(Code.TRANSITION_REFUSED, f"Lot {lot} is not loaded.")
    _emit_unloaded(change, row)
    return lookups.need(change, "lot", lot)


def consume(change: Change, lot: str, body: Consumption) -> Row:
    row = _usable(change, lot)
    lookups.check(change, "job order", body.job)
    lookups.check(change, "unit", body.serial)
    if body.quantity > row["quantity"]:
        raise Problem(Code.LOT_NOT_USABLE, f"Lot {lot} has only {row['quantity']} left.")
    data = {"consumption": str(change.next_id("consumption")), "lot": lot, "material": row["material"]}
    change.emit("mes.material.consumed", lot, {**data, **body.model_dump()}, row["location"])
    return {**lookups.need(change, "lot", lot), "consumed": body.quantity}


def hold(change: Change, lot: str, body: Hold) -> Row:
    row = _usable(change, lot)
    lookups.check(change, "defect", body.defect)
    data = {"lot": lot, "material": row["material"], **body.model_dump()}
    change.emit("mes.material.held", lot, data, row["location"])
    return lookups.need(change, "lot", lot)


def release(change: Change, lot: str, _body: Empty) -> Row:
    row = lookups.need(change, "lot", lot)
    if row["disposition"] == "UnRestricted":
        raise Problem(Code.TRANSITION_REFUSED, f"Lot {lot} is not on hold.")
    change.emit("mes.material.released", lot, {"lot": lot, "material": row["material"]}, row["location"])
    return lookups.need(change, "lot", lot)


def record_deviation(change: Change, lot: str, body: Deviation) -> Row:
    """Something was changed while this lot was in use: whoever follows the lot later must know."""
    row = lookups.need(change, "lot", lot)
    deviation = str(change.next_id("lot_deviation"))
    data = {"deviation": deviation, "lot": lot, "material": row["material"], "text": body.text}
    change.emit("mes.material.deviation-recorded", lot, data, row["location"])
    return {"id": deviation, "lot": lot, "text": body.text, "time": change.time}


def _usable(change: Change, lot: str) -> Row:
    row = lookups.need(change, "lot", lot)
    if row["disposition"] != "UnRestricted":
        raise Problem(Code.LOT_NOT_USABLE, f"Lot {lot} is on hold.")
    return row


def _emit_unloaded(change: Change, row: Row) -> None:
    data = {"lot": row["id"], "material": row["material"], "equipment": row["location"]}
    change.emit("mes.material.unloaded", row["id"], data, row["location"])
