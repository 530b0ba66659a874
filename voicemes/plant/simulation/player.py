"""Plays scenarios, alone or mixed: whichever is due first takes its next step."""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from voicemes.errors import ConfigError
from voicemes.plant import event_store
from voicemes.plant.database import unstamp
from voicemes.plant.event_store import Event
from voicemes.plant.problems import Problem
from voicemes.plant.simulation.factory import Factory
from voicemes.plant.simulation.scenarios import SCENARIOS

if TYPE_CHECKING:
    from voicemes.plant.plant import Plant
    from voicemes.plant.simulation.clock import Clock, RunningClock

ALL = "all"
PAUSE = timedelta(minutes=5)
"""Between two rounds of a factory that is served."""
BATCH = 500
log = logging.getLogger(__name__)


def names_of(scenario: str) -> list[str]:
    """The scenarios that a name stands for. Raises ConfigError."""
    if scenario == ALL:
        return list(SCENARIOS)
    if scenario not in SCENARIOS:
        known = ", ".join([*SCENARIOS, ALL])
        raise ConfigError(f"There is no scenario {scenario}. Known: {known}.", key="scenario")
    return [scenario]


def play(plant: Plant, clock: Clock, names: Sequence[str], seed: int) -> Iterator[str]:
    """Takes the steps in the order of time; yields the scenario after each of its steps, until all have ended.

    Each scenario has dice of its own, so that mixing them changes none. Raises Problem when a step is refused.
    """
    due: list[tuple[datetime, int, str, Iterator[float]]] = []
    for number, name in enumerate(names):
        steps = SCENARIOS[name](Factory(plant, Random(f"{seed}/{name}")))  # noqa: S311 - dice, no secret
        heapq.heappush(due, (plant.now(), number, name, steps))
    while due:
        time, number, name, steps = heapq.heappop(due)
        if not clock.wait_until(time):
            return
        wait_s = next(steps, None)
        if wait_s is not None:
            heapq.heappush(due, (time + timedelta(seconds=wait_s), number, name, steps))
        yield name


def events(plant: Plant, clock: Clock, names: Sequence[str], seed: int) -> Iterator[Event]:
    """The events of a played factory, as they come."""
    last = event_store.SEED_SEQUENCE
    with plant.database.read() as tables:
        last = event_store.head(tables)[0]
    for _ in play(plant, clock, names, seed):
        with plant.database.read() as tables:
            new = event_store.page(tables, last, BATCH)
        while new:
            yield from new
            last = new[-1].sequence
            with plant.database.read() as tables:
                new = event_store.page(tables, last, BATCH)


@dataclass(frozen=True, slots=True)
class Living:
    """A factory that lives while it is served: its scenarios are played again and again, each round with other dice."""

    clock: RunningClock
    names: Sequence[str]
    seed: int = 1

    @contextmanager
    def running(self, plant: Plant) -> Iterator[None]:
        with plant.database.read() as tables:
            newest = tables.value("SELECT time FROM event ORDER BY sequence DESC LIMIT 1")
        self.clock.begin_after(unstamp(newest))
        thread = threading.Thread(target=self.live, args=(plant,), name="factory", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.clock.stop()
            thread.join()

    def live(self, plant: Plant) -> None:
        """Until the clock is stopped. What people did may leave a scenario nothing to do: then its round is over."""
        rounds = [_Round(name, plant.now(), self.seed) for name in self.names]
        while True:
            upcoming = min(rounds, key=lambda one: one.due)
            if not self.clock.wait_until(upcoming.due):
                return
            upcoming.step(plant)


class _Round:
    """One scenario, again and again."""

    def __init__(self, name: str, due: datetime, seed: int) -> None:
        self.due = due
        self._name, self._seed = name, seed
        self._steps: Iterator[float] | None = None
        self._refusal = ""
        """The last one: the same is told once."""

    def step(self, plant: Plant) -> None:
        if self._steps is None:
            dice = Random(f"{self._seed}/{self._name}")  # noqa: S311 - dice, no secret
            self._steps, self._seed = SCENARIOS[self._name](Factory(plant, dice)), self._seed + 1
        try:
            wait_s = next(self._steps, None)
        except Problem as problem:
            wait_s = None
            if problem.detail != self._refusal:
                log.warning("The scenario %s ends early: %s", self._name, problem.detail)
                self._refusal = problem.detail
        if wait_s is None:
            self._steps, wait_s = None, PAUSE.total_seconds()
        self.due += timedelta(seconds=wait_s)
