"""A plant that fails on purpose: what was done, and what the client sees, for each fault; and that it is off."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from voicemes.plant.http.faults import FAULTS, Fault, Faults, Faulty
from voicemes.plant.process import PlantProcess
from voicemes.plant.server import create_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

POST = {"method": "POST", "path": "/api/v1/notes"}
DONE = [
    {"type": "http.response.start", "status": 201, "headers": []},
    {"type": "http.response.body", "body": b"done"},
]


@dataclass
class Work:
    """An application that counts what it is asked to do."""

    bodies: list[bytes] = field(default_factory=list)

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive()).get("more_body", False):
            body += message["body"]
        self.bodies.append(body + message["body"])
        for answer in DONE:
            await send(answer)


async def ask(faulty: Faulty, path: str = POST["path"], headers: list[tuple[bytes, bytes]] | None = None) -> list[Any]:
    """What a server is given to send for one request, whose body comes in two pieces."""
    pieces = [
        {"type": "http.request", "body": b"to ", "more_body": True},
        {"type": "http.request", "body": b"do", "more_body": False},
    ]
    answer: list[Any] = []

    async def receive() -> Any:
        return pieces.pop(0)

    async def send(message: Any) -> None:
        answer.append(message)

    await faulty({"type": "http", **POST, "path": path, "headers": headers or []}, receive, send)
    return answer


def always(fault: Fault, work: Work) -> Faulty:
    return Faulty(work, Faults(share=1.0, delay_s=0.0, kinds=(fault,)))


@pytest.mark.parametrize(
    ("fault", "n_done", "status"),
    [
        ("drop_before", 0, 200),
        ("drop_after", 1, 200),
        ("delay", 1, 201),
        ("double", 2, 201),
        ("fail_before", 0, 500),
        ("fail_after", 1, 500),
    ],
)
async def test_each_fault_does_what_it_says(fault: Fault, n_done: int, status: int) -> None:
    work = Work()
    answer = await ask(always(fault, work))
    assert work.bodies == [b"to do"] * n_done
    assert answer[0]["status"] == status
    is_whole = not answer[-1].get("more_body", False)
    assert is_whole is (not fault.startswith("drop"))


def test_every_fault_is_tried_above() -> None:
    mark = next(mark for mark in test_each_fault_does_what_it_says.pytestmark if mark.name == "parametrize")
    assert {case[0] for case in mark.args[1]} == set(FAULTS)


async def test_the_delay_comes_after_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    work, waited = Work(), []

    async def wait(seconds: float) -> None:
        waited.append((seconds, len(work.bodies)))

    monkeypatch.setattr(asyncio, "sleep", wait)
    assert await ask(Faulty(work, Faults(share=1.0, delay_s=7.0, kinds=("delay",)))) == DONE
    assert waited == [(7.0, 1)]


async def test_the_share_is_kept_and_the_seed_decides() -> None:
    async def met(seed: int) -> list[bool]:
        faulty = Faulty(Work(), Faults(share=1 / 3, seed=seed, delay_s=0.0))
        return [await ask(faulty) != DONE for _ in range(600)]

    first = await met(7)
    assert first == await met(7)
    assert first != await met(8)
    assert 90 < sum(first) < 180  # a third of the faults is not seen here: after a delay or a double all is well


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/v1/health", []),
        ("/docs", []),
        ("/api/v1/events", [(b"accept", b"text/event-stream")]),
    ],
)
async def test_what_is_spared(path: str, headers: list[tuple[bytes, bytes]]) -> None:
    assert await ask(always("fail_before", Work()), path, headers) == DONE


async def test_it_is_off_unless_somebody_asks_for_it() -> None:
    app = create_app()
    app.state.plant.database.close()
    assert Faulty not in [one.cls for one in app.user_middleware]


@pytest.fixture
async def broken(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    """A plant of its own whose every answer fails as the test says."""
    with PlantProcess(faults=Faults(share=1.0, kinds=(request.param,))) as plant:
        async with httpx.AsyncClient(base_url=f"{plant.url}/api/v1", trust_env=False) as client:
            yield client


@pytest.mark.parametrize("broken", ["drop_after"], indirect=True)
async def test_a_client_sees_a_broken_connection_and_the_next_one_is_a_new_one(broken: httpx.AsyncClient) -> None:
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            await broken.post("/notes", json={"text": "squeegee worn"}, headers={"On-Behalf-Of": "Ana"})
    stream = {"Accept": "text/event-stream"}
    async with broken.stream("GET", "/events", params={"type": "mes.note"}, headers=stream) as answer:
        lines = [line async for line in _first(answer, 2)]
    assert len(lines) == 2


async def _first(answer: httpx.Response, n: int) -> AsyncIterator[str]:
    async for line in answer.aiter_lines():
        if line.startswith("data:"):
            yield line
            n -= 1
        if not n:
            return


@pytest.mark.parametrize("broken", ["double"], indirect=True)
async def test_a_request_that_comes_twice_is_done_once_by_its_key(broken: httpx.AsyncClient) -> None:
    headers = {"On-Behalf-Of": "Ana", "Idempotency-Key": "k1"}
    answer = await broken.post("/notes", json={"text": "squeegee worn"}, headers=headers)
    assert (answer.status_code, answer.headers["Idempotency-Replayed"]) == (201, "true")
    assert len((await broken.get("/notes")).json()["items"]) == 1
    again = await broken.post("/notes", json={"text": "squeegee worn"}, headers={"On-Behalf-Of": "Ana"})
    assert again.status_code == 201
    assert len((await broken.get("/notes")).json()["items"]) == 3
