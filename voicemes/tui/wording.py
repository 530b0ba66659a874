"""Values of the MES as people read them on a screen. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from voicemes.model import Row

BLANK = "–"
STATES = {1: "productive", 2: "standby", 3: "engineering", 4: "planned stop", 5: "down", 6: "not scheduled"}
"""SEMI E10, by the thousands of the code that CFX gives."""
SIGNS = {1: "▶", 2: "◇", 3: "◇", 4: "■", 5: "▲", 6: "·"}
"""Shapes, so that no state is told by its colour alone."""
BARS = " ▁▂▃▄▅▆▇█"


def text_of(value: Any) -> str:
    """One value: a mapping as "name value" pairs, a list with commas."""
    if value is None or value == "":
        return BLANK
    if isinstance(value, Mapping):
        return " · ".join(f"{name_of(name)} {text_of(part)}" for name, part in value.items()) or BLANK
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return ", ".join(text_of(part) for part in value) or BLANK
    return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)


def name_of(name: object) -> str:
    return str(name).replace("_", " ").replace("-", " ")


def state_of(row: Row | None) -> str:
    """Of a station, with its sign: "▲ down, feeder-jam"."""
    code = row.get("code") if row else None
    if row is None or not isinstance(code, int):
        return BLANK
    group = code // 1000
    parts = [f"{SIGNS.get(group, '?')} {STATES.get(group, str(code))}"]
    if row.get("reason"):
        parts.append(str(row["reason"]))
    if row.get("locked"):
        parts.append("LOCKED")
    return ", ".join(parts)


def change_of(row: Row) -> str:
    """What a change request asks for, in a few words."""
    details = row.get("details")
    if not isinstance(details, Mapping):
        return text_of(details)
    rest = dict(details)
    now, then = rest.pop("now", None), rest.pop("then", None)
    parts = [text_of(rest.pop(name)) for name in ("characteristic", "parameter", "product") if rest.get(name)]
    unit = f" {rest.pop('unit')}" if rest.get("unit") else ""
    if "plus" in rest and "minus" in rest:
        parts.append(f"+{text_of(rest.pop('plus'))} / −{text_of(rest.pop('minus'))}{unit}")
    if isinstance(rest.get("delta"), int | float):
        parts.append(f"by {rest.pop('delta'):+g}{unit}")
    if rest.get("serial"):
        parts.append(f"for board {rest.pop('serial')}")
    if rest.get("equipment") == row.get("equipment"):
        rest.pop("equipment", None)
    parts += [f"{name_of(name)} {text_of(value)}" for name, value in rest.items()]
    if isinstance(now, Mapping):
        parts.append(f"({force_of(now)} → {force_of(then)})" if isinstance(then, Mapping) else f"(now {force_of(now)})")
    return " ".join(parts) or BLANK


def force_of(values: Mapping[str, Any]) -> str:
    """What is in force, before a change or after it: "49.8 to 50.2 mm"."""
    bounds = [text_of(values[name]) for name in ("lower", "upper", "value") if name in values]
    return f"{' to '.join(bounds)} {values.get('unit', '')}".rstrip()


def moment_of(text: Any) -> datetime | None:
    """A time of the MES; None for what is none."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return None


def clock_of(text: Any) -> str:
    """The time of day, as the clock on the wall of this machine shows it."""
    moment = moment_of(text)
    return moment.astimezone().strftime("%H:%M:%S") if moment else BLANK


def age_of(text: Any, wall_s: float) -> str:
    """How long ago: "40 s", "12 min", "3 h 05". Nothing that lies ahead has an age."""
    moment = moment_of(text)
    seconds = int(wall_s - moment.timestamp()) if moment else -1
    if seconds < 0:
        return BLANK
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    hours = seconds // 3600
    return f"{hours} h {seconds % 3600 // 60:02d}" if hours < 48 else f"{hours // 24} days"


def progress_of(order: Row | None, width: int = 10) -> str:
    """"▓▓▓▓░░░░ 312 of 500"."""
    if order is None or not isinstance(order.get("quantity"), int | float):
        return BLANK
    quantity, good = float(str(order["quantity"])), float(str(order.get("good") or 0))
    done = min(1.0, good / quantity) if quantity > 0 else 0.0
    n_full = round(done * width)
    return f"{'▓' * n_full}{'░' * (width - n_full)} {good:g} of {quantity:g}"


def spark_of(values: Sequence[float]) -> str:
    """A line of bars from the least value to the greatest."""
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(BARS[1 + int((value - low) / span * (len(BARS) - 2))] for value in values)


def meter_of(level_db: float, width: int = 12) -> str:
    """Loudness from -60 dB (nothing) to 0 (full scale)."""
    n_full = round(max(0.0, min(1.0, (level_db + 60) / 60)) * width)
    return "█" * n_full + "░" * (width - n_full)


def event_line(row: Row) -> str:
    """An event in words: what happened to whom, and the data that are not empty."""
    data = row.get("data")
    known = {str(row.get(name)) for name in ("subject", "equipment", "line", "operator")}
    rest = (
        {name: value for name, value in data.items() if value not in (None, "") and str(value) not in known}
        if isinstance(data, Mapping)
        else data
    )
    return text_of(rest) if rest else ""


def what_counts(values: Mapping[str, Any]) -> tuple[str, str]:
    """(the number that counts, the item that counts) of a read-back."""
    numbers = [name for name in ("quantity", "value", "delta") if isinstance(values.get(name), int | float)]
    items = [name for name in ("job", "serial", "lot", "request", "alert", "equipment") if values.get(name)]
    number = text_of(values[numbers[0]]) if numbers else ""
    if not number and isinstance(values.get("limits"), Mapping):
        number = text_of(values["limits"].get("plus"))
    named = "call" if items[:1] == ["alert"] else name_of(items[0]) if items else ""
    item = f"{named} {text_of(values[items[0]])}" if items else ""
    return number, item
