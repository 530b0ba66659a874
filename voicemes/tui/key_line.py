"""The last line: which keys do what, here and now.

Textual's own footer makes a widget for each key whenever the focus moves, and keeps them: tens of megabytes an hour of
work with keys. This is one line of text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.text import Text
from textual.widgets import Static

if TYPE_CHECKING:
    from textual.binding import ActiveBinding

NAMES = {"slash": "/", "enter": "⏎", "escape": "Esc", "ctrl+p": "^p", "ctrl+q": "^q"}


ANSWERS = frozenset({"press('yes')", "press('no')", "press('cancel')"})


class KeyLine(Static):
    def __init__(self) -> None:
        super().__init__(id="key-line")
        self._shown: tuple[tuple[str, str], ...] = ()

    def show(self, bindings: Mapping[str, ActiveBinding], *, is_asked: bool = True) -> None:
        """Those of what has the focus come first; answers only where something is asked."""
        shown = tuple(
            (_name(one.binding.key), one.binding.description)
            for one in bindings.values()
            if one.binding.show and one.enabled and one.binding.description
            if is_asked or one.binding.action not in ANSWERS
        )
        if shown == self._shown:
            return
        self._shown = shown
        line = Text(no_wrap=True)
        for key, name in shown:
            line.append(f" {key} ", "bold reverse").append(f" {name}  ")
        self.update(line)


def _name(key: str) -> str:
    return NAMES.get(key) or (key if len(key) == 1 else key.upper())
