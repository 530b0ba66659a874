"""What goes over the line to a MES, what comes back, and what can happen instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_MESSAGE_CHARS = 500
"""A MES may answer anything, and an error quotes it."""


class ExchangeError(Exception):
    """Root of what can happen instead of an answer; the message says it to an engineer."""

    def __init__(self, message: str) -> None:
        super().__init__(message[:MAX_MESSAGE_CHARS])


class NotSentError(ExchangeError):
    """The MES never got the request."""


class LostError(ExchangeError):
    """It may have got the request, and no answer came."""


class NonsenseError(ExchangeError):
    """An answer came that is not to be trusted."""


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """Relative to the base path, without a slash in front, percent-encoded."""
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    """In place of a JSON body."""
    shown: str = ""
    """How errors call it, where its path may hold a secret."""

    def __str__(self) -> str:
        """Without its query, in which a MES may want who we are."""
        return self.shown or f"{self.method} /{self.path.partition('?')[0]}".replace(" //", " /")


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    data: Any
    """The JSON, or None where the body was empty or, with a status that refuses, was something else."""
    retry_after: str | None = None
    content_range: str | None = None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300
