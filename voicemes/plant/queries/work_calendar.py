"""Shifts and periods as this plant counts them, and who is on duty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voicemes.plant import periods
from voicemes.plant.database import stamp, unstamp
from voicemes.plant.queries import lookups

if TYPE_CHECKING:
    from datetime import datetime

    from voicemes.plant.database import Row, Tables

HANDOVERS = "SELECT * FROM handover WHERE shift = ? ORDER BY id DESC LIMIT 100"


def anchor(tables: Tables) -> datetime:
    """Where the shift calendar begins."""
    return unstamp(tables.value("SELECT value FROM setting WHERE name = 'shift_anchor'"))


def span(tables: Tables, now: datetime, period: periods.Period) -> periods.Span:
    return periods.span_of(anchor(tables), now, period)


def shift_named(tables: Tables, now: datetime, name: str) -> periods.Span:
    """One shift, by "this", "last", a period or its id; of a longer period it is the shift in which it begins."""
    found = periods.named(anchor(tables), now, name)
    return periods.shift_at(anchor(tables), found.starts)


def shift(tables: Tables, now: datetime, name: str) -> Row:
    found = shift_named(tables, now, name)
    return {
        "id": found.name,
        "from": stamp(found.starts),
        "to": stamp(found.ends),
        "running": found.starts <= now < found.ends,
    }


def handover(tables: Tables, now: datetime, name: str) -> dict[str, Any]:
    """What a shift left to the next one."""
    found = shift_named(tables, now, name)
    rows = [{**row, "id": str(row["id"])} for row in tables.all(HANDOVERS, found.name)]
    return {"shift": found.name, "items": rows}


def calendar(tables: Tables, now: datetime, period: periods.Period, line: str | None) -> dict[str, Any]:
    """The shifts of a period."""
    lookups.need_line(tables, line)
    whole = span(tables, now, period)
    shifts = []
    starts = periods.shift_at(anchor(tables), whole.starts)
    while starts.starts < whole.ends:
        shifts.append({"id": starts.name, "from": stamp(starts.starts), "to": stamp(starts.ends)})
        starts = periods.shift_at(anchor(tables), starts.ends)
    return {"period": period, "line": line, "items": shifts}
