"""The plant as an object: what the server, the simulation and the tests share.

In process, a command is called like this:

    with plant.change(Actor("Ana")) as change:
        downtime.start(change, bodies.Downtime(equipment="SPP-1", reason="stencil-clog"))

Everything in one block is one transaction. `cause` is the id of the event that led to it: the chain is kept.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from voicemes.plant.badges import Badges
from voicemes.plant.change import SYSTEM, Actor, Change, Decision
from voicemes.plant.problems import Code, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from voicemes.plant.database import Database, Writer

    Work = Callable[[Change], object]


@dataclass(frozen=True, slots=True)
class Plant:
    """One database, one clock, and those who wait for its events."""

    database: Database
    now: Callable[[], datetime]
    tokens: Mapping[str, str] = field(default_factory=dict)
    """Bearer token -> role; none means that nobody is asked for one."""
    badges: Badges = field(default_factory=lambda: Badges({}))
    _running: set[str] = field(default_factory=set)
    _waiting: set[Callable[[], None]] = field(default_factory=set)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def change(
        self,
        actor: Actor = SYSTEM,
        *,
        key: str | None = None,
        cause: str | None = None,
        decision: Decision | None = None,
    ) -> Iterator[Change]:
        """One transaction of commands; when it is committed, the stream's readers are told."""
        with self.write() as writer:
            yield Change(writer, self.now(), actor, key=key, cause=cause, decision=decision)

    @contextmanager
    def write(self) -> Iterator[Writer]:
        with self.database.write() as writer:
            yield writer
        self.ring()

    def ring(self) -> None:
        """Tells everyone who waits that there may be something new."""
        with self._turn:
            waiting = list(self._waiting)
        for wake in waiting:
            wake()

    @contextmanager
    def listening(self, wake: Callable[[], None]) -> Iterator[None]:
        """Calls `wake`, from any thread, after every commit while the block runs."""
        with self._turn:
            self._waiting.add(wake)
        try:
            yield
        finally:
            with self._turn:
                self._waiting.discard(wake)

    @contextmanager
    def once_at_a_time(self, key: str | None) -> Iterator[None]:
        """Refuses a key whose first request is still running."""
        if key is None:
            yield
            return
        with self._turn:
            if key in self._running:
                raise Problem(Code.REQUEST_IN_PROGRESS, "The same request is still running.")
            self._running.add(key)
        try:
            yield
        finally:
            with self._turn:
                self._running.discard(key)
