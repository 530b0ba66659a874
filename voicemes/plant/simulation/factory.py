"""What a scenario works with: the plant's commands, the plant's questions, and dice of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, TypeAlias

from voicemes.plant.change import Actor, Decision
from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import work_calendar

if TYPE_CHECKING:
    from voicemes.plant.change import Change
    from voicemes.plant.database import Row, Tables
    from voicemes.plant.event_store import Event
    from voicemes.plant.plant import Plant

AGENT = Actor(kind="agent")
"""The plant's own planning and quality rules."""
MACHINE = Actor(kind="remotesystem")
ROBOT = Actor(kind="robot")

Scenario: TypeAlias = Callable[["Factory"], Iterator[float]]
"""Yields the seconds until its next step."""

RUNNING = "SELECT job_order.id FROM job_order JOIN equipment ON equipment.id = equipment"
RUNNING += " WHERE line = ? AND status = 'Running' ORDER BY job_order.position LIMIT 1"


@dataclass(frozen=True, slots=True)
class Done:
    """What a command answered, and the events that it made."""

    row: Row
    events: tuple[Event, ...]

    @property
    def id(self) -> str:
        """Of its first event."""
        return str(self.events[0].sequence)

    def __getitem__(self, event_type: str) -> str:
        """The id of its last event of a type. Raises KeyError."""
        for event in reversed(self.events):
            if event.type == event_type:
                return str(event.sequence)
        raise KeyError(event_type)


@dataclass(frozen=True, slots=True)
class Factory:
    plant: Plant
    random: Random

    def do(
        self,
        command: Callable[..., Any],
        *arguments: object,
        by: Actor = AGENT,
        why: str | None = None,
        decision: Decision | None = None,
    ) -> Done:
        """One command in a transaction of its own, caused by the event `why`. Raises Problem when it is refused."""
        with self.plant.change(by, cause=why, decision=decision) as change:
            row = command(change, *arguments)
            return Done(row, tuple(change.events))

    def ask(self, query: Callable[..., Any], *arguments: object) -> Any:
        with self.plant.database.read() as tables:
            return query(tables, *arguments)

    def job_on(self, line: str) -> str:
        """The order that runs on a line. Raises Problem when none does."""
        job = self.ask(_running, line)
        if job is None:
            raise Problem(Code.NO_DATA, f"No order runs on {line}.")
        return str(job)

    def serial(self, letter: str) -> str:
        """A unit that nobody has seen before."""
        while True:
            serial = f"{letter}{self.random.randrange(100_000, 1_000_000)}"
            if not self.ask(_is_known, serial):
                return serial

    def seconds_to_shift_end(self) -> float:
        now = self.plant.now()
        shift = self.ask(work_calendar.shift_named, now, "this")
        return float((shift.ends - now).total_seconds())


def _running(tables: Tables, line: str) -> str | None:
    job: str | None = tables.value(RUNNING, line)
    return job


def _is_known(tables: Tables, serial: str) -> bool:
    return tables.one("SELECT 1 FROM unit WHERE serial = ?", serial) is not None


def note(change: Change, event_type: str, subject: str, data: Row, equipment: str | None = None) -> Row:
    """A fact for which no command is needed: nobody could refuse it."""
    change.emit(event_type, subject, data, equipment)
    return data
