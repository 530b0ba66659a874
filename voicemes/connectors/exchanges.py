"""Questions and answers in a connector file that prove it without its MES."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from voicemes.connectors.parts import Method, Part


class Sent(Part):
    """A request that must be sent. What is not written is not looked at, but for method and path."""

    method: Method = "GET"
    path: str
    """With its leading slash, percent-encoded, without the base path of the settings."""
    query: dict[str, str] | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None


class Came(Part):
    """The answer to it."""

    status: int = 200
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None
    text: str | None = None
    """A body that is not JSON."""
    lost: bool = False
    """The connection broke after the request was sent."""
    unsent: bool = False
    """There was no connection."""


class Pair(Part):
    request: Sent
    response: Came = Came()


class Asked(Part):
    """A command of the dialogue, or `live` for what exists at a station."""

    operation: str = ""
    fields: dict[str, Any] = Field(default_factory=dict)
    operator: str = "Ana"
    said: str = ""
    again: bool = False
    """An earlier attempt may have been done."""
    live: str = ""
    """The station whose snapshot is read."""


class Outcome(Part):
    """What must come of it."""

    accepted: dict[str, Any] | None = None
    rejected: str | None = None
    """The code."""
    reason: str | None = None
    raises: Literal["unreachable", "uncertain", "busy", "denied", "nonsense"] | None = None
    live: dict[str, Any] | None = None
    """Parts of the snapshot: slot type -> ids, and `current`."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        given = (self.accepted, self.rejected, self.raises, self.live)
        if sum(part is not None for part in given) != 1:
            raise ValueError("has one of accepted, rejected, raises and live")
        return self


class Exchange(Part):
    about: str
    ask: Asked
    http: Annotated[tuple[Pair, ...], Field(max_length=40)]
    """In their order. A request that is not here is a fault, and one that is not sent, too."""
    reply: Outcome


class Exchanges(Part):
    source: str
    """Where they come from: recorded from which version and when, or written from which description."""
    secrets: dict[str, str] = Field(default_factory=dict)
    """What stands for the secrets of `auth` when this is proved."""
    cases: tuple[Exchange, ...]
