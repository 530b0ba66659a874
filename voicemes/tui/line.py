"""A text that is drawn again only when it changed."""

from __future__ import annotations

from textual.widgets import Static


class Line(Static):
    """Plain text, never markup: it shows what people said."""

    def __init__(self, *, id: str, hides: bool = False) -> None:  # noqa: A002 - Textual's name
        """`hides`: takes no place while there is nothing to say."""
        super().__init__(id=id, markup=False)
        self._hides, self._shown = hides, ""

    def show(self, text: str) -> None:
        if self._hides:
            self.display = bool(text)
        if text != self._shown:
            self._shown = text
            self.update(text)
