"""Everything that is refused is problem+json with a code of the closed list and one sentence for the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from voicemes.errors import ConfigError
from voicemes.plant.problems import STATUS, Code
from voicemes.plant.server import create_app, read_tokens

if TYPE_CHECKING:
    from pathlib import Path

START = {"command": "Start"}
DOWN = {"equipment": "AOI-2", "reason": "cleaning"}
UNIT_120 = {"scrap": 1, "defect": "void", "serial": "120"}

REFUSED: list[tuple[Code, str, dict[str, Any] | None]] = [
    (Code.NOT_FOUND, "/job-orders/9999/commands", START),
    (Code.NOT_FOUND, "/job-orders/4711/material-actuals", {"scrap": 1, "defect": "gremlins"}),
    (Code.NOT_FOUND, "/nonconformances", {"defect": "void", "serial": "99999"}),
    (Code.NOT_FOUND, "/nonconformances", {"defect": "gremlins", "serial": "123"}),
    (Code.NOT_FOUND, "/downtime-events", {"equipment": "SPP-9", "reason": "cleaning"}),
    (Code.NOT_FOUND, "/downtime-events", {"equipment": "SPP-1", "reason": "gremlins"}),
    (Code.NOT_FOUND, "/downtime-events/999:cancel", None),
    (Code.NOT_FOUND, "/work-alerts", {"team": "gremlins"}),
    (Code.NOT_FOUND, "/work-alerts/999:cancel", None),
    (Code.NOT_FOUND, "/material-requests", {"material": "gremlins", "quantity": 1}),
    (Code.NOT_FOUND, "/material-requests", {"material": "flux", "quantity": 1, "line": "SPP-1"}),
    (Code.NOT_FOUND, "/test-results", {"characteristic": "luck", "value": 1}),
    (Code.NOT_FOUND, "/nowhere/at/all", {}),
    (Code.METHOD_NOT_ALLOWED, "/health", {}),
    (Code.TRANSITION_REFUSED, "/job-orders/4711/commands", START),
    (Code.EQUIPMENT_BUSY, "/job-orders/4712/commands", START),
    (Code.ALREADY_DOWN, "/downtime-events", DOWN),
    (Code.ALREADY_CLOSED, "/work-alerts/1:cancel", None),
    (Code.LOT_NOT_USABLE, "/material-lots/A18:load", {"equipment": "SPP-1"}),
    (Code.LOT_NOT_USABLE, "/material-lots/88:consume", {"quantity": 900}),
    (Code.ROLE_REQUIRED, "/material-lots/A18:release", None),
    (Code.ROLE_REQUIRED, "/job-orders/4711/commands", {"command": "Abort"}),
    (Code.ROLE_REQUIRED, "/change-requests/2:approve", None),
    (Code.INVALID_INPUT, "/change-requests", {"kind": "parameter", "equipment": "SPP-1", "parameter": "offset"}),
    (Code.INVALID_INPUT, "/change-requests", {"kind": "changeover", "line": "LINE-1", "product": "flip", "delta": 1}),
    (Code.INVALID_INPUT, "/units/123:move", {"target": "elsewhere"}),
    (Code.NOT_FOUND, "/units/123:move", {"target": "SPP-9"}),
    (Code.NOT_FOUND, "/units", {"serial": "900", "equipment": "SPP-1"}),
    (Code.INVALID_INPUT, "/job-orders/4713:move", {"position": {"before": "4711", "after": "4712"}}),
    (Code.ALREADY_SCRAPPED, "/job-orders/4711/material-actuals", UNIT_120),
    (Code.UNIT_MISMATCH, "/test-results", {"characteristic": "torque", "value": 1, "unit": "mm"}),
    (Code.INVALID_INPUT, "/work-alerts", None),
    (Code.INVALID_INPUT, "/work-alerts", {"team": "quality", "mood": "bad"}),
    (Code.INVALID_INPUT, "/work-alerts", {"team": ""}),
    (Code.INVALID_INPUT, "/work-alerts", {"team": 7}),
    (Code.INVALID_INPUT, "/work-alerts/x:cancel", None),
    (Code.INVALID_INPUT, "/material-requests", {"material": "flux", "quantity": 0}),
    (Code.INVALID_INPUT, "/material-requests", {"material": "flux", "quantity": 1, "unit": "buckets"}),
    (Code.INVALID_INPUT, "/job-orders/4711/commands", {"command": "Dance"}),
]
ELSEWHERE = {
    *(Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.NO_DATA, Code.REQUEST_IN_PROGRESS),
    *(Code.TOO_LARGE, Code.KEY_REUSED, Code.INTERNAL, Code.RATE_LIMITED, Code.PRECONDITION_FAILED),
    Code.EQUIPMENT_LOCKED,
    Code.IDENTITY_REFUSED,
}
"""Codes with tests of their own, here and in the files beside."""


def check_problem(answer: httpx.Response, code: Code) -> None:
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, body["status"], body["code"]) == (STATUS[code], STATUS[code], code)
    assert body["detail"][0].isupper()
    assert body["detail"].count(".") == 1
    assert body["detail"].endswith(".")


@pytest.mark.parametrize(("code", "path", "body"), REFUSED)
async def test_what_is_refused_says_why(
    client: httpx.AsyncClient, code: Code, path: str, body: dict[str, Any] | None
) -> None:
    check_problem(await client.post(path, json=body), code)
    assert (await client.get("/events")).json()["items"] == []


def test_every_code_is_tested() -> None:
    assert {code for code, _, _ in REFUSED} | ELSEWHERE == set(Code)


@pytest.mark.parametrize("path", ["/gremlins", "/equipment/SPP-9", "/units/0", "/shifts/2026-02-30-late/report"])
async def test_what_does_not_exist_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    check_problem(await client.get(path), Code.NOT_FOUND)


@pytest.mark.parametrize(
    "query", ["/kpis", "/kpis?kpi=joy", "/kpis?kpi=oee&period=never", "/events?limit=0", "/job-orders?status=Happy"]
)
async def test_a_query_that_makes_no_sense_is_refused(client: httpx.AsyncClient, query: str) -> None:
    check_problem(await client.get(query), Code.INVALID_INPUT)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"characteristic": "torque", "value": NaN}', b'{"characteristic": "\\ud800", "value": 1}', b"[]"],
)
async def test_a_body_that_cannot_be_read_is_refused(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post("/test-results", content=content, headers={"Content-Type": "application/json"})
    check_problem(answer, Code.INVALID_INPUT)


async def test_an_operator_whom_the_mes_does_not_know_may_not_write(client: httpx.AsyncClient) -> None:
    answer = await client.post("/work-alerts", json={"team": "quality"}, headers={b"On-Behalf-Of": "Zoë".encode()})
    check_problem(answer, Code.FORBIDDEN)
    assert (await client.get("/work-alerts")).json()["items"][0]["id"] == "2"


@pytest.mark.parametrize("is_chunked", [True, False])
async def test_a_body_over_64_kb_is_refused(client: httpx.AsyncClient, *, is_chunked: bool) -> None:
    async def chunks() -> Any:
        for _ in range(70):
            yield b" " * 1024

    content = chunks() if is_chunked else b" " * 70 * 1024
    check_problem(await client.post("/work-alerts", content=content), Code.TOO_LARGE)


async def test_where_tokens_are_configured_one_must_come_with_every_request() -> None:
    app = create_app(tokens={"s3cret": "operator"})
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://plant/api/v1", trust_env=False
    ) as client:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic s3cret"}):
            answer = await client.get("/persons", headers=headers)
            check_problem(answer, Code.UNAUTHENTICATED)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert (await client.get("/persons", headers={"Authorization": "Bearer s3cret"})).status_code == 200
        assert (await client.get("/health")).status_code == 200
    app.state.plant.database.close()


def test_a_token_file_has_one_token_and_its_role_a_line(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text("# stations\none operator\n\n  two process-engineer \n", encoding="utf-8")
    assert read_tokens(file) == {"one": "operator", "two": "engineer"}


def test_an_empty_token_file_does_not_open_the_plant(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text("# none yet\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="no token"):
        read_tokens(file)
