"""A canary through every kind of login: it reaches the MES, and is in nothing that anybody else could read."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from voicemes.cli.main import main
from voicemes.cli.output import console, print_json
from voicemes.cli.turns import JsonPrinter, TurnPrinter
from voicemes.config import MesSettings, Settings
from voicemes.connectors import open_connector
from voicemes.connectors.auth_spec import AuthSpec
from voicemes.nlu.match import Matcher
from voicemes.ports import Voice
from voicemes.runtime.bus import Bus
from voicemes.runtime.courier import Courier, Route
from voicemes.runtime.session import Session
from voicemes.runtime.speaker import Speaker
from voicemes.runtime.trace import TraceWriter
from voicemes.testing import FakeClock, FakeSink, FakeSynthesizer

CORE, TOKEN = "q7Zk93canary", "t0kenOfTheMes"
CANARY = f"{CORE}+/=?&"
"""With signs that are written otherwise in addresses and forms; its core is not."""
NAMED = "${CANARY}"
AUTHS: dict[str, Any] = {
    "none": "none",
    "bearer": "bearer",
    "basic": {"kind": "basic", "user": "ana", "password": NAMED},
    "header": {
        "kind": "header",
        "send": {"headers": {"X-Key": NAMED}, "query": {"key": NAMED}, "body": {"auth": {"key": NAMED}}},
    },
    "client": {"kind": "oauth2", "path": "/token/${CANARY}", "client": "c", "secret": NAMED},
    "password": {
        "kind": "oauth2", "grant": "password", "path": "/token", "client": "c", "secret": "s", "user": "ben",
        "password": NAMED,
    },
    "login": {
        "kind": "login",
        "request": {
            "method": "POST", "path": "/login/${CANARY}", "query": {"k": NAMED}, "headers": {"X-Key": NAMED},
            "body": {"password": NAMED},
        },
        "answer": {"token": "access_token"},
        "compose": {"pair": "{token}:${CANARY}"},
        "send": {"headers": {"Authorization": "Basic {pair|b64}"}, "query": {"t": "{token}"}},
    },
}  # fmt: skip
PAIRS = (f"ana:{CANARY}", f"c:{CANARY}", f"{TOKEN}:{CANARY}")
ENCODED = [base64.b64encode(pair.encode()).decode()[:20] for pair in PAIRS]
MODES = ("well", "401", "403", "409", "500", "html", "302", "drop", "junk", "late 500")
SPEC: dict[str, Any] = {
    "name": "canary",
    "errors": {
        "code": "code",
        "reason": "detail",
        "rules": [{"status": [401], "means": "unauthenticated"}, {"status": [403], "means": "forbidden"}],
    },
    "operations": {
        "job.next": {"path": "/next", "answer": {"job": "id"}},
        "note.add": {"takes": ["text"], "method": "POST", "path": "/notes", "body": {"text": "{text}"}},
    },
}
OK: dict[str, Any] = {"access_token": TOKEN, "id": "4712"}
BODIES = {"html": b"<html>guest network</html>", "junk": b'{"access_token": [1], "id": {}}'}


class Mes(ThreadingHTTPServer):
    """A MES that does as it is told, and keeps all that it was sent."""

    mode = "well"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.heard = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answering(BaseHTTPRequestHandler):
    server: Mes

    def do_GET(self) -> None:
        """Whatever is asked."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.server.heard += f"{self.path}\n{self.headers}\n{body}\n"
        mode = self.server.mode
        if mode.startswith("late") and self.path.startswith(("/token", "/login")):
            mode = "well"
        mode = mode.removeprefix("late ")
        if mode == "drop":
            self.connection.close()
            return
        data = OK if mode == "well" else {"code": "no", "detail": "It is so."}
        answer = BODIES.get(mode) or json.dumps(data).encode()
        self.send_response(int(mode) if mode.isdigit() else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Set-Cookie", f"sid={TOKEN}; HttpOnly")
        self.send_header("Location", f"http://127.0.0.1:9/?k={TOKEN}")
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET  # noqa: N815 - as the library calls it

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def mes() -> Iterator[Mes]:
    with Mes() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of one's own, and the secret where voicemes looks for it."""
    use(CANARY, tmp_path, monkeypatch)
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    monkeypatch.setenv("VOICEMES_LLM__ENGINE", "none")
    return tmp_path


def use(secret: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "token").write_text(f"{secret}\n")
    (folder / "token").chmod(0o600)
    monkeypatch.setenv("CANARY", secret)


def connector(folder: Path, kind: str) -> Path:
    file = folder / kind
    file.write_text(yaml.safe_dump({**SPEC, "auth": AUTHS[kind]}))
    return file


@contextmanager
def leaks_nothing(folder: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Standard output and error, logs at their most talkative, and every file but where the secret itself stands."""
    caplog.set_level(logging.DEBUG)
    capsys.readouterr()
    yield
    printed = capsys.readouterr()
    files = [file for file in folder.rglob("*") if file.is_file() and file.name != "token"]
    texts = {"out": printed.out, "err": printed.err, "log": caplog.text}
    texts |= {file.name: file.read_bytes().decode("utf-8", "replace") for file in files}
    leaks = {name: secret for name, text in texts.items() for secret in (CORE, TOKEN, *ENCODED) if secret in text}
    assert leaks == {}
    assert printed.out, "nothing was said at all"


def test_every_kind_of_login_is_tried() -> None:
    kinds = {get_args(part.model_fields["kind"].annotation)[0] for part in get_args(get_args(AuthSpec)[0])}
    tried = {auth if isinstance(auth, str) else auth["kind"] for auth in AUTHS.values()}
    assert tried == kinds


async def converse(mes: Mes, folder: Path, kind: str, matcher: Matcher) -> None:
    """A question and a write, with all that listens to a session."""
    settings = Settings(mes=MesSettings(url=mes.url, connector=str(folder / kind), token_file=folder / "token"))
    clock, writer = FakeClock(), TraceWriter(folder / f"{mes.mode}.jsonl", personal=True)
    bus = Bus(writer, JsonPrinter(print_json), TurnPrinter(console()))
    line = open_connector(settings.mes, clock=clock)
    route = Route(folder / f"{mes.mode}.sqlite", "SPP-1", 3600.0)
    courier = Courier(route, line, bus, clock, random.Random(1))
    speaker = Speaker(FakeSynthesizer(), FakeSink(), Voice())
    session = Session(settings, matcher, speaker, line, bus, clock, courier=courier)
    try:
        await session.start("a test")
        for sentence in ("what's my next job", "note squeegee worn", "what's my next job", "say again"):
            await session.type(sentence)
    finally:
        await session.close()
        writer.close()


@pytest.mark.parametrize("kind", AUTHS)
async def test_a_session_tells_it_to_the_mes_alone(
    mes: Mes,
    folder: Path,
    matcher: Matcher,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    kind: str,
) -> None:
    connector(folder, kind)
    mes.heard = ""
    for mode in MODES:
        mes.mode = mode
        with leaks_nothing(folder, capsys, caplog):
            await converse(mes, folder, kind, matcher)
    assert kind == "none" or CORE in mes.heard or any(text in mes.heard for text in ENCODED)


@pytest.mark.parametrize("secret", [f"{CANARY}\n", f"{CANARY}\r\nX-Role: admin", f"{CANARY}\x00", "ü" + CANARY])
@pytest.mark.parametrize("kind", AUTHS)
async def test_one_that_no_header_can_carry_is_not_quoted(
    mes: Mes,
    folder: Path,
    matcher: Matcher,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    kind: str,
    secret: str,
) -> None:
    if "\x00" in secret:  # no environment can hold it, a file can
        monkeypatch.delenv("CANARY")
        (folder / "token").write_text(secret)
        monkeypatch.setenv("CANARY_FILE", str(folder / "token"))
    else:
        use(secret, folder, monkeypatch)
    connector(folder, kind)
    mes.mode, mes.heard = "well", ""
    with leaks_nothing(folder, capsys, caplog):
        await converse(mes, folder, kind, matcher)
    assert not any(line.startswith("X-Role") for line in mes.heard.splitlines())


RECORD = ("connector", "record", "note squeegee worn", "--send")
COMMANDS = [
    *((kind, RECORD) for kind in AUTHS),
    *((kind, ("connector", "dry-run", "note squeegee worn", "--json")) for kind in ("header", "login")),
    ("login", ("connector", "check", "FILE", "--json")),
    ("login", ("check", "--json")),
]


@pytest.mark.parametrize(("kind", "command"), COMMANDS, ids=lambda part: part if isinstance(part, str) else part[1])
def test_no_command_prints_it(
    mes: Mes,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    kind: str,
    command: tuple[str, ...],
) -> None:
    mes.mode = "well"
    if "record" in command:  # what a login of the MES gives is the MES's own secret: see record.py
        monkeypatch.setitem(OK, "access_token", "another")
    file = connector(folder, kind)
    settings = {"URL": mes.url, "CONNECTOR": file, "TOKEN_FILE": folder / "token"}
    for name, value in settings.items():
        monkeypatch.setenv(f"VOICEMES_MES__{name}", str(value))
    arguments = [str(file) if part == "FILE" else part for part in command]
    monkeypatch.setattr("sys.argv", ["voicemes", *arguments])
    with leaks_nothing(folder, capsys, caplog), contextlib.suppress(SystemExit):
        main()
