"""Fills a new database from a seed file: a table name, then its rows.

Two columns are written for people: `steps` of a work master is a list of texts, and a time is `{ago: 1, minute: 45}`,
the 45th minute of the shift before the one that is running. `hours` are KPI elements for whole shifts; they are spread
evenly over the hours.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import yaml

from voicemes.errors import ConfigError
from voicemes.plant import periods
from voicemes.plant.database import Change, Row, stamp

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from voicemes.plant.database import Database

TABLES = (
    *("e10_state", "equipment", "product", "team", "person", "defect_code", "reason_code", "material_definition"),
    *("material_lot", "test_specification", "work_master", "job_order", "unit", "nonconformance", "downtime_event"),
    *("work_alert", "material_request"),
)
"""In the order in which they refer to each other."""
SHIFT_TABLE = "shift_results"
COUNTED = frozenset({"pq", "gq", "sq", "rq", "gp", "ip", "fe"})
"""Elements that stay whole numbers when a shift is spread over its hours."""
SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times as fast where PyYAML was built with libyaml, as its wheels are."""
HOURS_SO_FAR = 5
HOURS_PER_SHIFT = 8


def seed(database: Database, file: Path, now: datetime) -> None:
    """Creates and fills all tables in one transaction. Raises ConfigError that names file and section."""
    data = _read(file)
    anchor = periods.anchor_at(now)
    with database.change(now) as change:
        database.create_tables(change)
        change.run("INSERT INTO setting (name, value) VALUES ('shift_anchor', ?)", stamp(anchor))
        for section in (*TABLES, SHIFT_TABLE):
            try:
                for row in data.get(section, []):
                    _add(change, section, row, anchor)
            except (sqlite3.Error, KeyError, TypeError, AttributeError) as error:
                raise ConfigError(f"does not fit the plant's tables: {error!r}.", file=file, key=section) from error


def _read(file: Path) -> dict[str, list[Row]]:
    try:
        data = yaml.load(file.read_text(encoding="utf-8"), Loader=SafeLoader)  # noqa: S506 - a safe loader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from error
    if not isinstance(data, dict):
        raise ConfigError("is not a seed file; it must name tables.", file=file)
    unknown = sorted(set(data) - {*TABLES, SHIFT_TABLE})
    if unknown:
        raise ConfigError(f"is not a table. Known: {', '.join((*TABLES, SHIFT_TABLE))}.", file=file, key=unknown[0])
    return data


def _add(change: Change, section: str, row: Row, anchor: datetime) -> None:
    if section == SHIFT_TABLE:
        _add_shift(change, row, anchor)
        return
    steps = row.get("steps", [])
    _insert(change, section, {name: _cell(change, value, anchor) for name, value in row.items() if name != "steps"})
    for number, text in enumerate(steps, start=1):
        _insert(change, "work_step", {"work_master": row["id"], "number": number, "text": text})


def _cell(change: Change, value: Any, anchor: datetime) -> Any:
    if isinstance(value, list):
        return json.dumps(value)
    if isinstance(value, dict):
        shift = periods.shift_at(anchor, change.now, value["ago"])
        return stamp(min(shift.starts + timedelta(minutes=value["minute"]), change.now))
    return value


def _add_shift(change: Change, row: Row, anchor: datetime) -> None:
    """Spreads one row of shift results over the hours of each shift it stands for."""
    elements = {name: value for name, value in row.items() if name not in {"equipment", "ago"}}
    for ago in row["ago"]:
        n_hours = HOURS_SO_FAR if ago == 0 else HOURS_PER_SHIFT
        starts = periods.shift_at(anchor, change.now, ago).starts
        for hour in range(n_hours):
            share = {name: _share(name, value, hour, n_hours) for name, value in elements.items()}
            time = stamp(starts + timedelta(hours=hour))
            _insert(change, "kpi_element", {"equipment": row["equipment"], "hour": time, **share})


def _share(name: str, total: float, hour: int, n_hours: int) -> float:
    """What falls into one hour; the time per item is the same in all."""
    if name == "pri":
        return total
    if name not in COUNTED:
        return total / n_hours
    each, rest = divmod(int(total), n_hours)
    return each + (1 if hour < rest else 0)


def _insert(change: Change, table: str, row: Row) -> None:
    """Table and columns come from the seed file, so they are quoted as names."""
    columns = ", ".join('"' + column.replace('"', "") + '"' for column in row)
    marks = ", ".join("?" for _ in row)
    change.run(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', *row.values())  # noqa: S608
