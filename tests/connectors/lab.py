"""A connector file of a test, and the other side of its line: it answers in order, and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import yaml

from voicemes.config import MesSettings
from voicemes.connectors import open_connector
from voicemes.connectors.declarative import DeclarativeConnector
from voicemes.errors import MesError
from voicemes.model import Accepted, Live, MesCommand, Rejected
from voicemes.testing import FakeClock

Answer: TypeAlias = (
    "int | str | Mapping[str, Any] | list[Any] | httpx.Response | type[Exception] | Callable[[httpx.Request], Any]"
)
"""A status, JSON, another text, a whole response, an error of the line, or what makes one of these of a request."""
WALL_S = 1_772_000_000.0
"""25 Feb 2026, 06:13:20 UTC."""
LOST, DEAD = httpx.ReadTimeout, httpx.ConnectError
HTML = "<html>the guest network</html>"
ERRORS: dict[str, Any] = {
    "code": "code",
    "reason": "detail",
    "rules": [
        {"status": [401], "means": "unauthenticated"},
        {"status": [429], "means": "rate_limited"},
        {"status": [404], "means": "not_found"},
        {"status": [409], "means": "precondition_failed"},
    ],
}
NO = {"code": "no", "detail": "It is so."}


def refusal(status: int, **body: Any) -> httpx.Response:
    return httpx.Response(status, json={**NO, **body})


class Lab:
    """One connector whose MES is a script."""

    connector: DeclarativeConnector

    def __init__(self, clock: FakeClock, answers: list[Answer]) -> None:
        self.clock, self.answers = clock, answers
        self.requests: list[httpx.Request] = []

    async def ask(self, operation: str = "x", *, again: bool = False, **fields: Any) -> Accepted | Rejected | MesError:
        """What came of it; an error is a value here."""
        command = MesCommand("id-1", operation, fields, True, "Ana", "words", 0.0, may_have_been_sent=again)
        try:
            return await self.connector.execute(command)
        except MesError as error:
            return error

    async def live(self, station: str = "SPP-1") -> Live:
        return await self.connector.live(station)

    @property
    def asked(self) -> list[str]:
        """Method and path of every request."""
        return [f"{request.method} {request.url.path}" for request in self.requests]

    def body(self, number: int = -1) -> Any:
        content = self.requests[number].content
        return json.loads(content) if content else None

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        assert self.answers, f"{request.method} {request.url} was asked beyond the script"
        return respond(self.answers.pop(0), request)


def respond(answer: Answer, request: httpx.Request) -> httpx.Response:
    if isinstance(answer, type):
        raise answer("broken", request=request)  # type: ignore[call-arg]
    if isinstance(answer, httpx.Response):
        return answer
    if isinstance(answer, int):
        return httpx.Response(answer)
    if isinstance(answer, str):
        return httpx.Response(200, text=answer)
    return respond(answer(request), request) if callable(answer) else httpx.Response(200, json=answer)


def write(folder: Path, spec: Mapping[str, Any]) -> Path:
    file = folder / "lab.yaml"
    file.write_text(yaml.safe_dump({"name": "lab", "errors": ERRORS, **spec}, sort_keys=False), encoding="utf-8")
    return file


def operation(**parts: Any) -> dict[str, Any]:
    """A file with one operation, `x`; a write where it says nothing else."""
    return {"operations": {"x": {"method": "POST", "path": "/act", **parts}}}


@asynccontextmanager
async def laboratory(folder: Path, spec: Mapping[str, Any], *answers: Answer, **settings: Any) -> AsyncIterator[Lab]:
    """Every answer must be asked for. `settings` are those of the MES."""
    clock, script = FakeClock(wall_s=WALL_S), list(answers)
    lab = Lab(clock, script)
    lab.connector = open_connector(
        MesSettings(**{"url": "http://mes", **settings, "connector": str(write(folder, spec))}),
        transport=httpx.MockTransport(lab.answer),
        clock=clock,
    )
    try:
        yield lab
    finally:
        await lab.connector.aclose()
    assert not script, f"{len(script)} answers were not asked for"


async def play(folder: Path, spec: Mapping[str, Any], *answers: Answer, **fields: Any) -> tuple[Any, list[str]]:
    """What comes of one command, and what was asked for it."""
    async with laboratory(folder, spec, *answers) as lab:
        return await lab.ask(**fields), lab.asked
