"""What is said at other stations, as far as those who work there share it."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import RichLog

from voicemes.events import Event, SessionStarted, TurnEnded
from voicemes.runtime.tail import LOOK_S, TraceTail
from voicemes.tui.line import Line
from voicemes.tui.seen import Seen
from voicemes.tui.wording import BLANK

TURNS_SHOWN = 100


class Elsewhere:
    """A Seen for each session where somebody shares something: one's own, and those whose traces are being written."""

    def __init__(self, own: Seen, tail: TraceTail | None = None) -> None:
        self._own, self._tail = own, tail
        self._sessions: dict[Path, Seen] = {}
        self.revision = 0

    def take(self, news: list[tuple[Path, Event]]) -> None:
        for file, event in news:
            if isinstance(event, SessionStarted):
                self._sessions[file] = Seen()
            if file in self._sessions:
                self._sessions[file].take(event)
                self.revision += 1

    async def follow(self) -> None:
        """Looks at the traces until it is cancelled."""
        if self._tail is None:
            return
        async with aclosing(self._tail.follow()) as news:
            async for new in news:
                self.take(new)

    def at(self, station: str) -> Seen | None:
        """The session at a station: the last one that hears, or else the last one where somebody types."""
        others = [one for one in self._sessions.values() if one.session_id != self._own.session_id]
        there = [one for one in (self._own, *others) if one.station == station and self._is_shared(one)]
        return max(enumerate(there), key=lambda one: (one[1].has_ears, one[0]))[1] if there else None

    def words_of(self, station: str) -> str:
        """What was said last at a station and what it meant; where words are not shared, only that."""
        seen = self.at(station)
        last = next((turn for turn in seen.turns if turn.heard), None) if seen else None
        if seen is None or last is None:
            return BLANK
        meant = last.intent or "nothing"
        return f"{last.heard} → {meant}" if self.has_words(seen) else "(words are not shared)"

    def has_words(self, seen: Seen) -> bool:
        return seen is self._own or seen.shared == "words"

    def _is_shared(self, seen: Seen) -> bool:
        return seen is self._own or seen.shared != "nothing"


class StationScreen(ModalScreen[None]):
    """The dialogue of one station, as it goes on."""

    BINDINGS = [Binding("escape,q", "app.pop_screen", "Back")]

    def __init__(self, station: str, elsewhere: Elsewhere) -> None:
        super().__init__()
        self._station, self._elsewhere = station, elsewhere
        self._seen: Seen | None = None
        self._n_shown = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="dialogue"):
            yield Line(id="consent")
            yield RichLog(id="turns-there", markup=False, wrap=True, max_lines=TURNS_SHOWN * 2)

    def on_mount(self) -> None:
        self._follow()
        self.query_one(RichLog).focus()
        self.set_interval(LOOK_S / 2, self._follow)

    def _follow(self) -> None:
        seen, log = self._elsewhere.at(self._station), self.query_one(RichLog)
        if seen is not self._seen:  # somebody began anew
            self._seen, self._n_shown = seen, 0
            log.clear()
        may_see = seen is not None and self._elsewhere.has_words(seen)
        self.query_one("#consent", Line).show(f"{consent_line(self._station, seen, may_see=may_see)} Esc: back")
        if seen is None or not may_see:
            return
        n_new = min(seen.n_turns - self._n_shown, len(seen.turns))
        self._n_shown = seen.n_turns
        for turn in reversed(list(seen.turns)[:n_new]):
            log.write(Text(turn_text(turn)))


def consent_line(station: str, seen: Seen | None, *, may_see: bool) -> str:
    if seen is None:
        return f"{station}: nobody talks here, or nothing of it is shared."
    if may_see:
        who = seen.operator or "somebody unknown"
        return f"{station}: {who}. What is said here is shared, and its screen says so."
    return f"{station}. Words are not shared from here, only how well they are understood."


def turn_text(turn: TurnEnded) -> str:
    said = f"“{turn.heard}”" if turn.heard else f"({turn.outcome.replace('_', ' ')})"
    return f"{said}\n   → {turn.answer or 'nothing was answered'}{f'  [{turn.mes}]' if turn.mes else ''}"
