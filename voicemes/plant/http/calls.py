"""One POST: who asks, in whose name, and exactly once.

A key is answered once and for ever: a refusal is stored like a success, so that an operator who heard "no" is not
overtaken by a repeated request that meanwhile would succeed. Bodies that cannot be read, and callers who are not
allowed, are not stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from fastapi import Response

from voicemes.plant.change import Actor, Change
from voicemes.plant.database import Row, stamp
from voicemes.plant.http import etags
from voicemes.plant.problems import MEDIA_TYPE, Code, Problem

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import BaseModel

    from voicemes.plant.database import Writer
    from voicemes.plant.plant import Plant

Work: TypeAlias = Callable[[Change], Row]

ERRORS_FROM = 400


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
    actor: Actor
    key: str | None
    cause: str | None
    """From Causation-Id: the event that led to this."""
    if_match: str | None

    def perform(
        self, body: BaseModel, work: Work, *, status: int = 201, about: tuple[str, str] | None = None
    ) -> Response:
        """Runs `work` in one transaction and answers `status` with what it returns, or with its Problem.

        `about` is the resource and id that If-Match speaks of.
        """
        fingerprint = self._fingerprint(body)
        now = self.plant.now()
        with self.plant.once_at_a_time(self.key), self.plant.write() as writer:
            self._check_operator(writer)
            answer = self._stored(writer, fingerprint)
            if answer is None:
                answer = _attempt(writer, lambda: self._do(writer, now, work, about), status)
                self._store(writer, fingerprint, answer, stamp(now))
        return answer.response()

    def _do(self, writer: Writer, now: datetime, work: Work, about: tuple[str, str] | None) -> Row:
        change = Change(writer, now, self.actor, key=self.key, cause=self.cause)
        if about is not None and self.if_match is not None:
            etags.check(self.if_match, etags.found(change, *about))
        return work(change)

    def _fingerprint(self, body: BaseModel) -> str:
        parts = [self.path, self.actor.operator, body.model_dump(mode="json")]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _check_operator(self, writer: Writer) -> None:
        operator = self.actor.operator
        if operator is not None and writer.one("SELECT id FROM person WHERE id = ?", operator) is None:
            raise Problem(Code.FORBIDDEN, "The MES does not know the operator who asks.")

    def _stored(self, writer: Writer, fingerprint: str) -> Answer | None:
        if self.key is None:
            return None
        row = writer.one("SELECT * FROM idempotency WHERE key = ?", self.key)
        if row is None:
            return None
        if row["fingerprint"] != fingerprint:
            raise Problem(Code.KEY_REUSED, "This request has the number of another one and was not done.")
        return Answer(row["status"], row["body"], is_replayed=True)

    def _store(self, writer: Writer, fingerprint: str, answer: Answer, time: str) -> None:
        if self.key is not None:
            row = {"key": self.key, "fingerprint": fingerprint, "status": answer.status, "body": answer.body}
            writer.insert("idempotency", {**row, "time": time})


def _attempt(writer: Writer, work: Callable[[], Row], status: int) -> Answer:
    """A Problem undoes what `work` did and is an answer like any other; the transaction goes on to store it."""
    writer.run("SAVEPOINT attempt")
    try:
        answer = Answer(status, json.dumps(work()))
    except Problem as problem:
        writer.run("ROLLBACK TO attempt")
        answer = Answer(problem.status, json.dumps(problem.body()))
    writer.run("RELEASE attempt")
    return answer
