"""What a command would send, without sending it. What only an answer could tell stands in angle brackets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voicemes.connectors.exchange import Exchange
from voicemes.connectors.perform import Performer
from voicemes.errors import ConfigError

if TYPE_CHECKING:
    from voicemes.clock import Clock
    from voicemes.connectors.messages import Request
    from voicemes.connectors.spec import ConnectorSpec
    from voicemes.model import MesCommand


@dataclass(frozen=True, slots=True)
class Planned:
    """One request that would be sent."""

    what: str
    """resolve, act, verify or poll; `if …` where it depends on an answer."""
    method: str
    path: str
    query: dict[str, Any]
    headers: dict[str, str]
    body: Any

    def __str__(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        head = f"{self.method} /{self.path.removeprefix('/')}{f'?{query}' if query else ''}"
        headers = "".join(f"\n    {name}: {value}" for name, value in self.headers.items())
        body = f"\n    {json.dumps(self.body, ensure_ascii=False)}" if self.body is not None else ""
        return f"{head}{headers}{body}"


def plan(spec: ConnectorSpec, exchange: Exchange, clock: Clock, command: MesCommand) -> Iterator[Planned]:
    """In their order. Raises ConfigError for what this MES cannot do, MissingValueError for what lacks a value."""
    operation = spec.operations.get(command.operation)
    if operation is None:
        why = spec.cannot.get(command.operation, "This MES cannot do that.")
        raise ConfigError(f"{spec.name} cannot do {command.operation}. {why}")
    performer = Performer(spec, exchange, clock)
    values = performer.values(operation, command)
    for step in operation.steps:
        condition = f", if {step.when.expression}" if step.when is not None else ""
        what = ("change" if step.writes else "resolve") + condition
        yield _planned(what, performer.request(step, values), spec)
        values |= {name: f"<{name}>" for name in step.gives}
    acting = performer.acting(operation, command, values)
    yield _planned("act" if operation.is_write else "ask", acting, spec)
    values |= {name: f"<{name}>" for name in operation.answer if name not in values}
    if operation.poll is not None:
        yield _planned("poll", performer.request(operation.poll.ask, values), spec)
    if operation.verify is not None:
        yield _planned("verify", performer.request(operation.verify, values), spec)


def _planned(what: str, request: Request, spec: ConnectorSpec) -> Planned:
    path = f"{spec.base_path}/{request.path.removeprefix('/')}"
    return Planned(what, request.method, path, dict(request.query), dict(request.headers), request.body)
