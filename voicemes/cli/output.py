"""How things look: JSON for programs, plain lines for files and screen readers, a little colour for people.

Colour never says anything alone: a mark or a word beside it says the same. NO_COLOR and pipes switch it off.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from voicemes.errors import VoicemesError

GOOD, BAD, QUIET, STRONG = "cyan", "bold yellow", "dim", "bold"
"""Cyan and yellow stay apart for every kind of colour blindness, green and red do not."""


def print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def console(*, plain: bool = False, stderr: bool = False) -> Console:
    screen = Console(highlight=False, soft_wrap=True, no_color=plain or None, stderr=stderr)
    if not screen.no_color:
        return screen
    return Console(highlight=False, soft_wrap=True, color_system=None, stderr=stderr)


def show_table(screen: Console, headers: Sequence[str], rows: Sequence[Sequence[str]], *, plain: bool) -> None:
    """Rows under headers; plain ones are columns separated by two blanks or more."""
    if not plain:
        table = Table(*headers, box=None, pad_edge=False, header_style=QUIET)
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        screen.print(table)
        return
    widths = [max(len(row[column]) for row in [headers, *rows]) for column in range(len(headers))]
    for row in [headers, *rows]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        screen.print(Text(line.rstrip()))


def error_object(exc: VoicemesError) -> dict[str, Mapping[str, str]]:
    return {"error": {"kind": type(exc).__name__, "message": str(exc)}}


def print_error(exc: VoicemesError, *, as_json: bool) -> None:
    """The sentence on standard error, and for programs the object on standard output as well."""
    if as_json:
        print_json(error_object(exc))
    console(stderr=True).print(Text.assemble(("voicemes: ", BAD), str(exc)))


def milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1000:.0f} ms"


def local_time(wall_s: float) -> str:
    """Seconds since 1970 UTC as the clock on the wall had it; empty for what is no time."""
    try:
        return datetime.fromtimestamp(wall_s, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, TypeError, ValueError):
        return ""


def age(seconds: float) -> str:
    """In the largest unit of which there are two or more; a clock that was set back makes nothing younger than new."""
    for unit, size_s in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size_s:
            return f"{seconds / size_s:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
