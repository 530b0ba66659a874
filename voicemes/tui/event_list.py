"""The event stream, newest first. It draws only the lines that can be seen, so it does not care how many there are."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Self

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from voicemes.model import Row
from voicemes.runtime.floor import GAP, MAX_EVENTS, Floor
from voicemes.tui.wording import clock_of, event_line, text_of

WIDTHS = (8, 34, 12, 9, 8)
"""Of time, type, subject, equipment, who."""


@dataclass(frozen=True, slots=True)
class Written:
    """An event, its line, and the line in one case for the filter."""

    row: Row
    line: str
    folded: str

    @classmethod
    def of(cls, row: Row) -> Self:
        line = line_of(row)
        return cls(row, line, line.casefold())


class EventList(ScrollView, can_focus=True):
    BINDINGS = [
        Binding("up", "move(-1)", "Newer", show=False),
        Binding("down", "move(1)", "Older", show=False),
        Binding("pageup", "move(-20)", show=False),
        Binding("pagedown", "move(20)", show=False),
        Binding("home", "move(-100000)", "Newest", show=False),
        Binding("enter", "choose", "Why?"),
    ]
    COMPONENT_CLASSES = {"event-list--cursor", "event-list--gap"}
    place: reactive[int] = reactive(0)
    """The line of the cursor; 0 is the newest."""

    class Chosen(Message):
        def __init__(self, event: Row) -> None:
            super().__init__()
            self.event = event

    def __init__(self) -> None:
        super().__init__(id="event-list")
        self._written: deque[Written] = deque(maxlen=MAX_EVENTS)
        """All, oldest first: written once, as they come, so that a filter has only to look."""
        self._lines: deque[Written] = deque(maxlen=MAX_EVENTS)
        """What fits the filter."""
        self._n_seen = 0
        self._words: list[str] = []

    @property
    def chosen(self) -> Row | None:
        return self._lines[-1 - self.place].row if self.place < len(self._lines) else None

    @property
    def n_lines(self) -> int:
        return len(self._lines)

    def filter(self, text: str) -> None:
        """Shows only events in whose line every word stands."""
        self._words = text.casefold().split()
        self._lines.clear()
        self.place = 0
        self._add(self._written)

    def show(self, floor: Floor) -> None:
        """Takes up what is new."""
        n_new = min(floor.n_events - self._n_seen, len(floor.events))
        self._n_seen = floor.n_events
        if n_new <= 0:
            return
        new = [Written.of(row) for row in islice(floor.events, len(floor.events) - n_new, None)]
        self._written.extend(new)
        self._add(new)

    def _add(self, new: Iterable[Written]) -> None:
        fitting = [one for one in new if all(word in one.folded for word in self._words)]
        self._lines.extend(fitting)
        if self.place and fitting:  # the cursor stays on its event
            self.place = min(self.place + len(fitting), max(0, len(self._lines) - 1))
            self.scroll_to(y=self.scroll_offset.y + len(fitting), animate=False)
        self.virtual_size = Size(self.size.width, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        number = y + self.scroll_offset.y
        width = self.size.width
        if number >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        one = self._lines[-1 - number]
        return Strip([Segment(one.line, self._style(one.row, number))]).adjust_cell_length(width, self.rich_style)

    def action_move(self, lines: int) -> None:
        self.place = max(0, min(len(self._lines) - 1, self.place + lines)) if self._lines else 0
        top, height = self.scroll_offset.y, self.size.height
        if not top <= self.place < top + height:
            self.scroll_to(y=self.place if self.place < top else self.place - height + 1, animate=False)

    def action_choose(self) -> None:
        if self.chosen is not None:
            self.post_message(self.Chosen(self.chosen))

    def on_click(self, event: object) -> None:
        offset = getattr(event, "y", 0) + self.scroll_offset.y
        if offset < len(self._lines):
            self.place = offset

    def _style(self, row: Row, number: int) -> Style:
        if number == self.place and self.has_focus:
            return self.get_component_rich_style("event-list--cursor")
        return self.get_component_rich_style("event-list--gap") if row.get("type") == GAP else self.rich_style


def line_of(row: Row) -> str:
    """An event as one line of text."""
    if row.get("type") == GAP:
        return f"{clock_of(row.get('time'))} ── {row.get('subject')}"
    kind = str(row.get("type", "")).removeprefix("mes.")
    about = (text_of(row.get(name)) for name in ("subject", "equipment", "operator"))
    cells = (clock_of(row.get("time")), kind, *about)
    fixed = " ".join(f"{cell[:width]:<{width}}" for cell, width in zip(cells, WIDTHS, strict=True))
    return f"{fixed} {event_line(row)}"
