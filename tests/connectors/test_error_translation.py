"""What the connector makes of everything that can go wrong on the way to a MES and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import httpx
import pytest

from voicemes.config import MesSettings
from voicemes.connectors import open_connector
from voicemes.errors import MesBusy, MesDenied, MesError, MesProtocolError, MesUncertain, MesUnreachable
from voicemes.model import Accepted, MesCommand, Rejected

if TYPE_CHECKING:
    from pathlib import Path

Handler: TypeAlias = Callable[[httpx.Request], httpx.Response]

READ = MesCommand("id-1", "kpi.get", {"kpi": "oee"}, False, "Ana", "", 0.0)
WRITE = MesCommand("id-2", "job.start", {"job": "4711"}, True, "Ana", "", 0.0)
STARTED = {"id": "4711", "product": "flip", "quantity": 5, "equipment": "SPP-1"}


def answer(status: int, content: bytes = b"", **headers: str) -> Handler:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _request: httpx.Response(status, content=content, headers=named)


def problem(status: int, code: str) -> Handler:
    return lambda _request: httpx.Response(status, json={"code": code, "detail": "It is so."})


def breaking(error: type[httpx.RequestError]) -> Handler:
    def handle(request: httpx.Request) -> httpx.Response:
        raise error("broken", request=request)

    return handle


def in_turn(*handlers: Handler) -> Handler:
    rest = list(handlers)

    def handle(request: httpx.Request) -> httpx.Response:
        return rest.pop(0)(request)

    return handle


async def ask(
    handler: Handler, command: MesCommand, connector: str = "reference"
) -> tuple[object, list[httpx.Request]]:
    """What came of it, as a reply or an error, and the requests that were sent."""
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return handler(request)

    opened = open_connector(MesSettings(connector=connector), transport=httpx.MockTransport(handle))
    try:
        return await opened.execute(command), requests
    except MesError as error:
        return error, requests
    finally:
        await opened.aclose()


HTML = b"<html><body>Welcome to the guest network</body></html>"
TABLE: dict[str, tuple[Handler, type, type, int]] = {
    # what happens: how, what a read makes of it, what a write makes of it, how often the write was sent
    "refused": (breaking(httpx.ConnectError), MesUnreachable, MesUnreachable, 1),
    "connect timeout": (breaking(httpx.ConnectTimeout), MesUnreachable, MesUnreachable, 1),
    "read timeout": (breaking(httpx.ReadTimeout), MesUnreachable, MesUncertain, 2),
    "write timeout": (breaking(httpx.WriteTimeout), MesUnreachable, MesUncertain, 2),
    "connection lost": (breaking(httpx.RemoteProtocolError), MesUnreachable, MesUncertain, 2),
    "500": (problem(500, "internal"), MesUnreachable, MesUncertain, 2),
    "503": (answer(503, HTML), MesUnreachable, MesUncertain, 2),
    "html": (answer(200, HTML), MesProtocolError, MesProtocolError, 2),
    "not a number": (answer(200, b'{"value": NaN, "id": NaN}'), MesProtocolError, MesProtocolError, 2),
    "too deep": (answer(200, b"[" * 200_000), MesProtocolError, MesProtocolError, 2),
    "too large": (answer(200, b" " * 1_000_001), MesProtocolError, MesProtocolError, 2),
    "not utf-8": (answer(200, b'{"id": "\xff"}'), MesProtocolError, MesProtocolError, 2),
    "nothing in it": (answer(200, b"{}"), MesProtocolError, MesProtocolError, 2),
    "empty": (answer(204), MesProtocolError, MesProtocolError, 2),
    "another shape": (answer(200, b'["yes"]'), MesProtocolError, MesProtocolError, 2),
    "redirect": (answer(302, location="http://evil/"), MesProtocolError, MesProtocolError, 2),
    "404 of a proxy": (answer(404, HTML), MesProtocolError, MesProtocolError, 2),
    "418": (problem(418, "teapot"), MesProtocolError, MesProtocolError, 2),
    "401": (answer(401, HTML), MesDenied, MesDenied, 1),
    "403": (problem(403, "forbidden"), MesDenied, MesDenied, 1),
    "404": (problem(404, "not_found"), Rejected, Rejected, 1),
    "409": (problem(409, "transition_refused"), Rejected, Rejected, 1),
    "422": (problem(422, "invalid_input"), Rejected, Rejected, 1),
    "429": (answer(429, retry_after="7"), MesBusy, MesBusy, 1),
    "still running": (problem(409, "request_in_progress"), MesUncertain, MesUncertain, 1),
}


@pytest.mark.parametrize("name", TABLE)
async def test_a_read_that_fails_changed_nothing(name: str) -> None:
    handler, expected, _, _ = TABLE[name]
    outcome, requests = await ask(handler, READ)
    assert type(outcome) is expected
    assert len(requests) == 1


@pytest.mark.parametrize("name", TABLE)
async def test_a_write_is_sent_again_only_when_nobody_can_tell(name: str) -> None:
    handler, _, expected, n_requests = TABLE[name]
    outcome, requests = await ask(handler, WRITE)
    assert type(outcome) is expected
    assert [request.headers["Idempotency-Key"] for request in requests] == ["id-2"] * n_requests
    assert {request.headers["On-Behalf-Of"] for request in requests} == {"Ana"}
    assert {request.url.host for request in requests} == {"127.0.0.1"}


def concrete(error: type[httpx.RequestError]) -> set[type[httpx.RequestError]]:
    below = {leaf for child in error.__subclasses__() for leaf in concrete(child)}
    return below | {error}


@pytest.mark.parametrize("error", sorted(concrete(httpx.RequestError), key=str))
async def test_no_exception_of_the_library_comes_through(error: type[httpx.RequestError]) -> None:
    outcome, _ = await ask(breaking(error), WRITE)
    assert isinstance(outcome, MesError)
    assert outcome.__cause__ is not None


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (answer(200, b'{"id": "4711", "product": "flip", "quantity": 5, "equipment": "SPP-1"}'), Accepted),
        (problem(409, "transition_refused"), Rejected),
        (breaking(httpx.ConnectError), MesUncertain),
        (answer(401), MesUncertain),
        (answer(429), MesUncertain),
        (problem(409, "request_in_progress"), MesUncertain),
        (answer(200, HTML), MesProtocolError),
    ],
)
async def test_after_a_lost_answer_only_a_clear_one_counts(second: Handler, expected: type) -> None:
    outcome, requests = await ask(in_turn(breaking(httpx.ReadTimeout), second), WRITE)
    assert type(outcome) is expected
    assert len(requests) == 2


async def test_a_rejection_carries_code_and_sentence() -> None:
    outcome, _ = await ask(problem(409, "equipment_busy"), WRITE)
    assert outcome == Rejected("id-2", "equipment_busy", "It is so.")


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("999999", 3600.0), ("soon", 5.0), ("-1", 5.0), ("²", 5.0)]
)
async def test_a_busy_mes_says_for_how_long(header: str, seconds: float) -> None:
    outcome, _ = await ask(lambda _: httpx.Response(429, headers={b"Retry-After": header.encode()}), WRITE)
    assert isinstance(outcome, MesBusy)
    assert outcome.retry_after_s == seconds


async def test_a_busy_mes_that_says_nothing_is_left_alone_for_five_seconds() -> None:
    outcome, _ = await ask(answer(429), WRITE)
    assert isinstance(outcome, MesBusy)
    assert outcome.retry_after_s == 5.0


@pytest.fixture
def without_keys(tmp_path: Path) -> str:
    """A MES that does not honour idempotency keys, and whose start needs a read before."""
    file = tmp_path / "mine.yaml"
    file.write_text(
        "name: mine\n"
        "errors: {code: code, reason: detail, rules: [{status: [404], means: rejected}]}\n"
        "operations:\n"
        "  job.start:\n"
        "    needs: [job]\n"
        "    steps: [{path: '/find/{job}', answer: {number: number}}]\n"
        "    method: POST\n"
        "    path: /start/{number}\n",
        encoding="utf-8",
    )
    return str(file)


FOUND = answer(200, b'{"number": 3}')


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (breaking(httpx.ReadTimeout), MesUncertain),
        (answer(500), MesUncertain),
        (answer(200, HTML), MesProtocolError),
        (breaking(httpx.ConnectError), MesUnreachable),
        (answer(204), Accepted),
    ],
)
async def test_without_a_key_a_write_is_never_sent_twice(without_keys: str, second: Handler, expected: type) -> None:
    outcome, requests = await ask(in_turn(FOUND, second), WRITE, without_keys)
    assert type(outcome) is expected
    assert [str(request.url.path) for request in requests] == ["/find/4711", "/start/3"]
    assert all("Idempotency-Key" not in request.headers for request in requests)


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (breaking(httpx.ReadTimeout), MesUnreachable),
        (answer(200, b"{}"), MesProtocolError),
        (problem(404, "not_found"), Rejected),
    ],
)
async def test_when_the_read_before_a_write_fails_nothing_was_changed(
    without_keys: str, first: Handler, expected: type
) -> None:
    outcome, requests = await ask(first, WRITE, without_keys)
    assert type(outcome) is expected
    assert len(requests) == 1


async def test_a_mes_that_never_answers_is_not_waited_for() -> None:
    async def hang(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    settings = MesSettings(timeout_s=0.05)
    connector = open_connector(settings, transport=httpx.MockTransport(hang))
    with pytest.raises(MesUncertain):
        await connector.execute(WRITE)
    with pytest.raises(MesUnreachable):
        await connector.live("SPP-1")
    await connector.aclose()


async def test_a_mes_that_answers_drop_by_drop_is_not_waited_for() -> None:
    async def drops() -> object:
        while True:
            await asyncio.sleep(0)
            yield b" "

    def drip(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=drops())  # type: ignore[arg-type]

    connector = open_connector(MesSettings(timeout_s=0.05), transport=httpx.MockTransport(drip))
    with pytest.raises(MesUncertain):
        await connector.execute(WRITE)
    await connector.aclose()


@pytest.mark.parametrize("operator", ["Ana\r\nX-Evil: 1", "\ud800"])
async def test_a_name_that_no_header_can_carry_is_not_sent(operator: str) -> None:
    command = MesCommand("id-3", "job.start", {"job": "4711"}, True, operator, "", 0.0)
    connector = open_connector(MesSettings(url="http://127.0.0.1:9"))
    with pytest.raises(MesUnreachable):
        await connector.execute(command)
    await connector.aclose()


async def test_fields_that_the_operation_does_not_name_are_not_sent() -> None:
    command = MesCommand("id-4", "job.start", {"job": "4711", "mood": "good"}, True, "", "", 0.0)
    outcome, requests = await ask(lambda _: httpx.Response(200, json=STARTED), command)
    assert type(outcome) is Accepted
    assert requests[0].content == b'{"command":"Start"}'
    assert "On-Behalf-Of" not in requests[0].headers


@pytest.mark.parametrize("fields", [{}, {"job": ""}])
async def test_a_command_without_what_it_needs_is_not_sent(fields: dict[str, str]) -> None:
    command = MesCommand("id-5", "job.start", fields, True, "Ana", "", 0.0)
    outcome, requests = await ask(answer(200), command)
    assert outcome == Rejected("id-5", "missing_field", "The job is missing.")
    assert requests == []


async def test_what_the_file_does_not_name_this_mes_cannot_do() -> None:
    command = MesCommand("id-6", "robot.dance", {}, True, "Ana", "", 0.0)
    outcome, _ = await ask(answer(200), command)
    assert outcome == Rejected("id-6", "unsupported", "This MES cannot do that.")


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (breaking(httpx.ConnectError), MesUnreachable),
        (answer(200, HTML), MesProtocolError),
        (answer(200, b'{"items": [{}]}'), MesProtocolError),
        (answer(200, b'{"items": 3}'), MesProtocolError),
        (problem(404, "not_found"), MesProtocolError),
        (answer(401), MesDenied),
    ],
)
async def test_a_snapshot_that_fails_is_an_error(handler: Handler, expected: type[MesError]) -> None:
    connector = open_connector(MesSettings(), transport=httpx.MockTransport(handler))
    with pytest.raises(expected):
        await connector.live("SPP-1")
    await connector.aclose()
