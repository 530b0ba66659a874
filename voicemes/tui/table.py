"""A table that keeps its place: the cursor stays on its row whatever comes and goes around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from rich.text import Text
from textual.cache import LRUCache
from textual.widgets import DataTable
from textual.widgets.data_table import CellKey

Cells: TypeAlias = tuple[str, ...]
CELLS_KEPT, LINES_KEPT = 600, 60
"""Drawn, of a table: what a large screen shows."""


class Rows(DataTable[Text]):
    """Rows by key. `show` changes only what is different."""

    def __init__(self, *columns: str, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, cursor_type="row", zebra_stripes=True)
        # Textual keeps 10,000 drawn cells and 1,000 lines of each table, and a table that changes fills them with what
        # will never be drawn again.
        self._cell_render_cache = LRUCache(CELLS_KEPT)
        self._row_render_cache = LRUCache(LINES_KEPT)
        self._row_renderable_cache = LRUCache(LINES_KEPT)
        self._line_cache = LRUCache(LINES_KEPT)
        self._columns = columns
        self._shown: dict[str, Cells] = {}

    def on_mount(self) -> None:
        for column in self._columns:
            self.add_column(column, key=column)

    def show(self, rows: Sequence[tuple[str, Cells]]) -> None:
        """`rows` are (key, cells), from top to bottom."""
        new = dict(rows)
        if new == self._shown and list(new) == list(self._shown):
            return
        if list(new) == list(self._shown):
            self._update(new)
        else:
            self._rebuild(new)
        self._shown = new

    @property
    def chosen(self) -> str:
        """The key of the row under the cursor; empty where there is none."""
        keys = list(self._shown)
        return keys[self.cursor_row] if 0 <= self.cursor_row < len(keys) else ""

    def _update_column_widths(self, updated_cells: set[CellKey]) -> None:
        """Textual widens columns when it has nothing else to do, and keeps what was drawn before that, cut off."""
        super()._update_column_widths(updated_cells)
        self._clear_caches()

    def _update(self, new: dict[str, Cells]) -> None:
        for key, cells in new.items():
            for column, before, now in zip(self._columns, self._shown[key], cells, strict=True):
                if before != now:
                    self.update_cell(key, column, Text(now), update_width=True)

    def _rebuild(self, new: dict[str, Cells]) -> None:
        chosen, place = self.chosen, self.cursor_row
        self.clear()
        for key, cells in new.items():
            self.add_row(*(Text(cell) for cell in cells), key=key)
        keys = list(new)
        if keys:
            self.move_cursor(row=keys.index(chosen) if chosen in new else min(place, len(keys) - 1))
