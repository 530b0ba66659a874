"""One POST: who asks, in whose name, and exactly once.

A key is answered once and for ever: a refusal is stored like a success, so that an operator who heard "no" is not
overtaken by a repeated request that meanwhile would succeed. Bodies that cannot be read, and callers who are not
allowed, are not stored.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from fastapi import Response

from voicemes.plant.database import Change, Row, unstamp
from voicemes.plant.problems import MEDIA_TYPE, Code, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pydantic import BaseModel

    from voicemes.plant.database import Database, Tables

Work: TypeAlias = Callable[[Change], Row]

ERRORS_FROM = 400


@dataclass(frozen=True, slots=True)
class Plant:
    """What all requests share."""

    database: Database
    now: Callable[[], datetime]
    tokens: frozenset[str] = frozenset()
    """Bearer tokens that may come in; none means that nobody is asked for one."""
    _running: set[str] = field(default_factory=set)
    _turn: threading.Lock = field(default_factory=threading.Lock)

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

    def anchor(self, tables: Tables) -> datetime:
        """Where the shift calendar begins."""
        row = tables.one("SELECT value FROM setting WHERE name = 'shift_anchor'")
        assert row is not None, "a seeded plant has a shift calendar"
        return unstamp(row["value"])


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    is_replayed: bool = False

    def response(self) -> Response:
        media = MEDIA_TYPE if self.status >= ERRORS_FROM else "application/json"
        headers = {"Idempotency-Replayed": "true"} if self.is_replayed else None
        return Response(self.body, self.status, headers, media)


@dataclass(frozen=True, slots=True)
class Call:
    """One POST on its way through."""

    plant: Plant
    path: str
    operator: str | None
    """From On-Behalf-Of; None where a machine asks for itself."""
    key: str | None

    def perform(self, body: BaseModel, work: Work, *, status: int = 201) -> Response:
        """Runs `work` in one transaction and answers `status` with what it returns, or with its Problem."""
        fingerprint = self._fingerprint(body)
        with (
            self.plant.once_at_a_time(self.key),
            self.plant.database.change(self.plant.now(), self.operator, self.key) as change,
        ):
            self._check_operator(change)
            answer = self._stored(change, fingerprint)
            if answer is None:
                answer = _attempt(change, work, status)
                self._store(change, fingerprint, answer)
        return answer.response()

    def _fingerprint(self, body: BaseModel) -> str:
        parts = [self.path, self.operator, body.model_dump(mode="json")]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _check_operator(self, change: Change) -> None:
        if self.operator is None:
            return
        if change.one("SELECT id FROM person WHERE id = ?", self.operator) is None:
            raise Problem(Code.FORBIDDEN, "The MES does not know the operator who asks.")

    def _stored(self, change: Change, fingerprint: str) -> Answer | None:
        if self.key is None:
            return None
        row = change.one("SELECT * FROM idempotency WHERE key = ?", self.key)
        if row is None:
            return None
        if row["fingerprint"] != fingerprint:
            raise Problem(Code.KEY_REUSED, "This request has the number of another one and was not done.")
        return Answer(row["status"], row["body"], is_replayed=True)

    def _store(self, change: Change, fingerprint: str, answer: Answer) -> None:
        if self.key is None:
            return
        change.run(
            "INSERT INTO idempotency (key, fingerprint, status, body, time) VALUES (?, ?, ?, ?, ?)",
            *(self.key, fingerprint, answer.status, answer.body, change.time),
        )


def _attempt(change: Change, work: Work, status: int) -> Answer:
    """A Problem undoes what `work` did and is an answer like any other; the transaction goes on to store it."""
    change.run("SAVEPOINT attempt")
    try:
        answer = Answer(status, json.dumps(work(change)))
    except Problem as problem:
        change.run("ROLLBACK TO attempt")
        answer = Answer(problem.status, json.dumps(problem.body()))
    change.run("RELEASE attempt")
    return answer
