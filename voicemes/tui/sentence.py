"""The line in which anybody may type what they would say, with what can be said as completion."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding
from textual.suggester import Suggester
from textual.widgets import Input

PLACEHOLDER = "/ to type what you would say, as: scrap three solder bridge"


class Sayable(Suggester):
    """Completes from the examples of the catalogue: what can be said here and now."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self.examples: Sequence[str] = ()

    async def get_suggestion(self, value: str) -> str | None:
        typed = value.casefold()
        fits = (one for one in self.examples if one.casefold().startswith(typed) and len(one) > len(value))
        found = min(fits, key=len, default=None) if len(typed) > 1 else None
        return value + found[len(value) :] if found else None


class Sentence(Input):
    BINDINGS = [
        Binding("up", "earlier", "Earlier sentence", show=False),
        Binding("down", "later", "Later sentence", show=False),
        Binding("escape", "app.leave", "Leave the line", show=False),
    ]

    def __init__(self) -> None:
        self.sayable = Sayable()
        super().__init__(placeholder=PLACEHOLDER, suggester=self.sayable, id="sentence", max_length=500, compact=True)
        self._typed: list[str] = []
        self._place = 0

    def sent(self, text: str) -> None:
        """Remembers what was said, unless it is a secret, and is empty again."""
        if not self.password:
            self._typed.append(text)
        self._place = len(self._typed)
        self.value = ""

    def action_earlier(self) -> None:
        self._go(-1)

    def action_later(self) -> None:
        self._go(1)

    def _go(self, step: int) -> None:
        self._place = max(0, min(len(self._typed), self._place + step))
        self.value = self._typed[self._place] if self._place < len(self._typed) else ""
        self.cursor_position = len(self.value)
