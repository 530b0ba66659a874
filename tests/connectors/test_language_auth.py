"""Who a connector says it is: every kind of login, where secrets come from, and that nobody gets to read one."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from lab import DEAD, HTML, LOST, Answer, laboratory, operation

from voicemes.errors import ConfigError, MesDenied, MesError, MesUnreachable
from voicemes.model import Accepted, Rejected

SECRET = "hunter-2-and-a-half"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_USER", "ana")
    monkeypatch.setenv("LAB_SECRET", SECRET)


def with_auth(auth: Any, **parts: Any) -> dict[str, Any]:
    return {"auth": auth, **operation(**parts)}


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def form(request: httpx.Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.content.decode()).items()}


async def test_with_none_nothing_is_said(tmp_path: Path) -> None:
    async with laboratory(tmp_path, with_auth("none"), {}) as lab:
        await lab.ask()
    assert "Authorization" not in lab.requests[0].headers


@pytest.mark.parametrize("has_token", [True, False])
async def test_a_bearer_token_is_that_of_the_settings(tmp_path: Path, has_token: bool) -> None:
    file = tmp_path / "token"
    file.write_text("t0ken\n")
    file.chmod(0o600)
    settings = {"token_file": file} if has_token else {}
    async with laboratory(tmp_path, with_auth("bearer"), {}, **settings) as lab:
        await lab.ask()
    assert lab.requests[0].headers.get("Authorization") == ("Bearer t0ken" if has_token else None)


async def test_basic(tmp_path: Path) -> None:
    auth = {"kind": "basic", "user": "${LAB_USER}", "password": "${LAB_SECRET}"}
    async with laboratory(tmp_path, with_auth(auth), {}) as lab:
        await lab.ask()
    assert lab.requests[0].headers["Authorization"] == basic("ana", SECRET)


async def test_a_fixed_key_goes_into_header_query_and_body(tmp_path: Path) -> None:
    send = {
        "headers": {"Authorization": "token ${LAB_USER}:${LAB_SECRET}"},
        "query": {"key": "${LAB_SECRET}"},
        "body": {"auth": {"who": "${LAB_USER}"}},
    }
    spec = with_auth({"kind": "header", "send": send}, query={"a": "b"}, body={"c": 1})
    async with laboratory(tmp_path, spec, {}) as lab:
        await lab.ask()
    assert lab.requests[0].headers["Authorization"] == f"token ana:{SECRET}"
    assert dict(lab.requests[0].url.params) == {"a": "b", "key": SECRET}
    assert lab.body() == {"c": 1, "auth": {"who": "ana"}}


OAUTH = {"kind": "oauth2", "path": "/token", "client": "${LAB_USER}", "secret": "${LAB_SECRET}", "scope": "mes"}
PASSWORD = {**OAUTH, "grant": "password", "user": "ben", "password": "${LAB_SECRET}", "scope": ""}


def token(name: str, **more: str) -> dict[str, str]:
    return {"access_token": name, **more}


async def test_client_credentials_are_exchanged_once_for_a_token(tmp_path: Path) -> None:
    async with laboratory(tmp_path, with_auth(OAUTH), token("t1"), {}, {}) as lab:
        await lab.ask()
        await lab.ask()
    assert lab.asked == ["POST /token", "POST /act", "POST /act"]
    assert lab.requests[0].headers["Authorization"] == basic("ana", SECRET)
    assert form(lab.requests[0]) == {"grant_type": "client_credentials", "scope": "mes"}
    assert [request.headers["Authorization"] for request in lab.requests[1:]] == ["Bearer t1", "Bearer t1"]


async def test_user_and_password_are_exchanged_for_a_token(tmp_path: Path) -> None:
    async with laboratory(tmp_path, with_auth(PASSWORD), token("t1"), {}) as lab:
        await lab.ask()
    assert form(lab.requests[0]) == {"grant_type": "password", "username": "ben", "password": SECRET}


async def test_a_token_that_is_over_is_renewed_once_with_what_it_came_with(tmp_path: Path) -> None:
    answers = [token("t1", refresh_token="r1"), 401, token("t2", refresh_token="r2"), {}]
    async with laboratory(tmp_path, with_auth(PASSWORD), *answers) as lab:
        assert isinstance(await lab.ask(), Accepted)
    assert form(lab.requests[2]) == {"grant_type": "refresh_token", "refresh_token": "r1"}
    assert lab.requests[3].headers["Authorization"] == "Bearer t2"


async def test_where_a_token_cannot_be_refreshed_the_password_is_used_again(tmp_path: Path) -> None:
    answers = [token("t1", refresh_token="r1"), 401, 400, token("t2"), {}]
    async with laboratory(tmp_path, with_auth(PASSWORD), *answers) as lab:
        assert isinstance(await lab.ask(), Accepted)
    assert [form(lab.requests[n])["grant_type"] for n in (2, 3)] == ["refresh_token", "password"]


async def test_a_new_token_that_is_refused_too_is_the_end(tmp_path: Path) -> None:
    async with laboratory(tmp_path, with_auth(OAUTH), token("t1"), 401, token("t2"), 401) as lab:
        assert isinstance(await lab.ask(), MesDenied)


@pytest.mark.parametrize(("answer", "error"), [(401, "MesDenied"), (400, "MesDenied"), ({}, "MesProtocolError")])
async def test_no_token_is_no_request(tmp_path: Path, answer: Answer, error: str) -> None:
    async with laboratory(tmp_path, with_auth(OAUTH), answer) as lab:
        assert type(await lab.ask()).__name__ == error
    assert lab.asked == ["POST /token"]


LOGIN: dict[str, Any] = {
    "kind": "login",
    "request": {"method": "POST", "path": "/login", "body": {"user": "${LAB_USER}", "password": "${LAB_SECRET}"}},
    "answer": {"session": "session.id"},
    "failed_when": "wrong",
}
SESSION = {"session": {"id": "s-1"}}


@pytest.mark.parametrize(
    ("send", "seen"),
    [
        ({"headers": {"X-Session": "{session}"}}, lambda sent: sent.headers["X-Session"] == "s-1"),
        ({"query": {"sid": "{session}"}}, lambda sent: sent.url.params["sid"] == "s-1"),
        ({"body": {"sid": "{session}"}}, lambda sent: sent.content == b'{"a":1,"sid":"s-1"}'),
    ],
)
async def test_a_login_gives_what_every_request_sends(
    tmp_path: Path, send: Any, seen: Callable[[httpx.Request], bool]
) -> None:
    spec = with_auth({**LOGIN, "send": send}, body={"a": 1})
    async with laboratory(tmp_path, spec, SESSION, {}, {}) as lab:
        await lab.ask()
        await lab.ask()
    assert lab.asked == ["POST /login", "POST /act", "POST /act"]
    assert lab.body(0) == {"user": "ana", "password": SECRET}
    assert all(seen(request) for request in lab.requests[1:])


async def test_a_cookie_of_the_login_is_kept(tmp_path: Path) -> None:
    came = httpx.Response(200, json=SESSION, headers={"Set-Cookie": "sid=c-1; Path=/; HttpOnly"})
    async with laboratory(tmp_path, with_auth(LOGIN), came, {}) as lab:
        await lab.ask()
    assert lab.requests[1].headers["Cookie"] == "sid=c-1"


async def test_what_is_sent_can_be_composed_of_answers_and_secrets(tmp_path: Path) -> None:
    composed = {"compose": {"pair": "${LAB_USER}:{session}"}, "send": {"headers": {"Authorization": "S {pair|b64}"}}}
    async with laboratory(tmp_path, with_auth({**LOGIN, **composed}), SESSION, {}) as lab:
        await lab.ask()
    assert lab.requests[1].headers["Authorization"] == "S " + base64.b64encode(b"ana:s-1").decode()


async def test_a_login_that_is_over_by_a_named_condition_is_made_again(tmp_path: Path) -> None:
    auth = {**LOGIN, "refused": {"status": [], "when": "error == 'session expired'"}}
    async with laboratory(tmp_path, with_auth(auth), SESSION, {"error": "session expired"}, SESSION, {}) as lab:
        assert isinstance(await lab.ask(), Accepted)
    assert lab.asked == ["POST /login", "POST /act"] * 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (401, MesDenied),
        ({"wrong": 1}, MesDenied),
        (DEAD, MesUnreachable),
        (LOST, MesUnreachable),
        (503, MesUnreachable),
    ],
)
async def test_a_login_without_an_answer_leaves_the_write_unsent(
    tmp_path: Path, answer: Answer, error: type[MesError]
) -> None:
    async with laboratory(tmp_path, with_auth(LOGIN), answer) as lab:
        assert type(await lab.ask()) is error
    assert lab.asked == ["POST /login"]


def private(folder: Path, mode: int) -> Path:
    file = folder / "secret"
    file.write_text("# of the station\nfrom-a-file\n")
    file.chmod(mode)
    return file


async def test_a_secret_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAB_SECRET")
    monkeypatch.setenv("LAB_SECRET_FILE", str(private(tmp_path, 0o600)))
    async with laboratory(tmp_path, with_auth({"kind": "basic", "user": "u", "password": "${LAB_SECRET}"}), {}) as lab:
        await lab.ask()
    assert lab.requests[0].headers["Authorization"] == basic("u", "from-a-file")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
async def test_a_secret_that_others_may_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    monkeypatch.delenv("LAB_SECRET")
    monkeypatch.setenv("LAB_SECRET_FILE", str(private(tmp_path, mode)))
    with pytest.raises(ConfigError, match="may be read by others") as caught:
        async with laboratory(tmp_path, with_auth(LOGIN)):
            raise AssertionError
    assert "from-a-file" not in str(caught.value)


async def test_a_secret_that_is_not_set_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LAB_SECRET")
    with pytest.raises(ConfigError, match="LAB_SECRET_FILE") as caught:
        async with laboratory(tmp_path, with_auth(LOGIN)):
            raise AssertionError
    assert caught.value.key == "LAB_SECRET"


FIXED = {"kind": "header", "send": {"query": {"k": "${LAB_SECRET}"}}}
FAILURES: list[Answer] = [401, 403, 409, 418, 500, 302, DEAD, LOST, httpx.DecodingError, HTML, [], {}, " " * 1_000_001]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: str(failure)[:30])
@pytest.mark.parametrize("auth", [OAUTH, PASSWORD, LOGIN, FIXED])
async def test_no_error_has_a_secret_in_it(tmp_path: Path, auth: dict[str, Any], failure: Answer) -> None:
    """At the login, and at the request after it."""
    logged_in = {**SESSION, **token(SECRET)}
    for first in [[]] if auth is FIXED else [[], [logged_in]]:
        async with laboratory(tmp_path, with_auth(auth, answer={"a": "a"}), *first, *[failure] * 3) as lab:
            outcome = await lab.ask()
            lab.answers.clear()
        assert isinstance(outcome, MesError | Rejected)
        told = [str(outcome), repr(outcome), str(getattr(outcome, "__cause__", ""))]
        assert not any(SECRET in text for text in told)
