"""What "this shift" and "yesterday" mean here: shifts of eight hours, three to a production day, around the clock.

The shift calendar is anchored when the plant is seeded, so that a fresh plant always stands five hours into the second
shift of its day; from then on it runs with the clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, get_args

from voicemes.plant.problems import Code, Problem

SHIFT = timedelta(hours=8)
DAY = 3 * SHIFT
NAMES = ("early", "late", "night")
SEEDED_INTO_DAY = SHIFT + timedelta(hours=5)

Period: TypeAlias = Literal["today", "yesterday", "this-shift", "last-shift", "this-week", "last-hour", "tonight"]
PERIODS: tuple[Period, ...] = get_args(Period)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time; `ends` is not part of it."""

    name: str
    starts: datetime
    ends: datetime


def floor_hour(time: datetime) -> datetime:
    return time.replace(minute=0, second=0, microsecond=0)


def anchor_at(seeded: datetime) -> datetime:
    """The start of the production day that is running when the plant is seeded."""
    return floor_hour(seeded) - SEEDED_INTO_DAY


def shift_at(anchor: datetime, time: datetime, ago: int = 0) -> Span:
    """The shift that runs at `time`, or the one that many shifts before it; its name is date and shift name."""
    number = (time - anchor) // SHIFT - ago
    starts = anchor + number * SHIFT
    return Span(f"{starts:%Y-%m-%d}-{NAMES[number % 3]}", starts, starts + SHIFT)


def span_of(anchor: datetime, now: datetime, period: Period) -> Span:
    """A period of mes.md. What is still running ends now; this week is the last seven production days."""
    shift = shift_at(anchor, now)
    day = anchor + (now - anchor) // DAY * DAY
    last = shift_at(anchor, now, ago=1)
    night = day + 2 * SHIFT
    bounds: dict[Period, tuple[datetime, datetime]] = {
        "this-shift": (shift.starts, now),
        "last-shift": (last.starts, last.ends),
        "today": (day, now),
        "yesterday": (day - DAY, day),
        "this-week": (day - 6 * DAY, now),
        "last-hour": (floor_hour(now - timedelta(hours=1)), now),
        "tonight": (night, night + SHIFT),
    }
    return Span(period, *bounds[period])


def named(anchor: datetime, now: datetime, name: str) -> Span:
    """A shift by "this", "last", its id (2026-11-20-late) or any period of mes.md."""
    aliases: dict[str, Period] = {"this": "this-shift", "last": "last-shift", **{period: period for period in PERIODS}}
    if name in aliases:
        return span_of(anchor, now, aliases[name])
    match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})-(early|late|night)", name)
    for ago in range(-3, 3 * 400):
        shift = shift_at(anchor, now, ago)
        if match and shift.name == name:
            return shift
    raise Problem(Code.NOT_FOUND, f"There is no shift {name}.")
