"""How a MES is treated: when it is left alone, how often it is asked, how much it may say, and whom to trust."""

from __future__ import annotations

import contextlib
import http.server
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from lab import DEAD, HTML, LOST, Answer, laboratory, operation, refusal, write

from voicemes.config import MesSettings
from voicemes.connectors import open_connector
from voicemes.connectors.breaker import FIRST_OPEN_S, LONGEST_OPEN_S, N_FAILURES, SPREAD, Breaker
from voicemes.errors import ConfigError, MesBusy, MesProtocolError, MesUnreachable
from voicemes.model import Accepted, MesCommand

ROUNDING_S = 1e-6
LONGEST_S = LONGEST_OPEN_S * (1 + SPREAD) + ROUNDING_S


class Circuit(RuleBasedStateMachine):
    """Requests that overlap, end well, badly or not at all, at any time: who is let through, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker, self.now_s = Breaker(), 0.0
        self.under_way = 0
        """Requests that were let through and have not been reported."""
        self.n_failures = 0
        self.is_open = False
        self.tries = 0
        """Of those under way, the ones that were let through although the circuit was open."""
        self.opened_s = 0.0

    @rule(seconds=st.floats(0, 2 * LONGEST_OPEN_S))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    @rule()
    def ask(self) -> None:
        wait_s = self.breaker.wait_s(self.now_s)
        assert 0 <= wait_s <= LONGEST_S
        if not self.is_open:
            assert wait_s == 0, "fewer failures in a row open nothing"
        if self.is_open and self.tries:
            assert wait_s > 0, "one may try, not two"
        if self.is_open and self.now_s >= self.opened_s + LONGEST_S and not self.tries:
            assert wait_s == 0, "in the end somebody may try"
        if wait_s == 0:
            self.under_way += 1
            self.tries += self.is_open

    @precondition(lambda self: self.under_way)
    @rule()
    def work(self) -> None:
        self._ended()
        self.breaker.worked()
        self.n_failures, self.is_open, self.tries = 0, False, 0

    @precondition(lambda self: self.under_way)
    @rule(dice=st.floats(0, 1))
    def fail(self, dice: float) -> None:
        self._ended()
        self.breaker.failed(self.now_s, dice)
        self.n_failures += 1
        self.is_open = self.n_failures >= N_FAILURES
        self.opened_s, self.tries = self.now_s, 0
        if self.is_open:
            wait_s = self.breaker.wait_s(self.now_s)
            assert FIRST_OPEN_S * (1 - SPREAD) - ROUNDING_S <= wait_s <= LONGEST_S

    @precondition(lambda self: self.under_way)
    @rule()
    def give_up(self) -> None:
        self._ended()
        self.breaker.gave_up()
        self.tries = 0

    def _ended(self) -> None:
        self.under_way -= 1

    @invariant()
    def it_is_as_open_as_it_failed(self) -> None:
        assert self.is_open == (self.n_failures >= N_FAILURES)


TestCircuit = Circuit.TestCase


def test_a_trial_that_is_given_up_leaves_its_place_to_another() -> None:
    breaker = Breaker()
    for _ in range(N_FAILURES):
        breaker.failed(0.0, 0.5)
    assert [breaker.wait_s(2.0) for _ in range(2)] == [0.0, FIRST_OPEN_S]
    breaker.gave_up()
    assert breaker.wait_s(2.0) == 0.0


def test_a_circuit_stays_open_longer_each_time() -> None:
    breaker, waits = Breaker(), []
    for _ in range(N_FAILURES + 6):
        breaker.failed(0.0, 0.5)
        waits.append(breaker.wait_s(0.0))
    assert waits == [0, 0, 1, 2, 4, 8, 15, 15, 15]


async def test_a_mes_that_is_not_there_is_left_alone_tried_once_and_asked_again(tmp_path: Path) -> None:
    async with laboratory(tmp_path, operation(), *[DEAD] * 4, {}, {}) as lab:
        outcomes = [await lab.ask() for _ in range(5)]
        assert [type(outcome) for outcome in outcomes] == [MesUnreachable] * 5
        assert len(lab.requests) == 3, "the fourth and the fifth were not sent"
        lab.clock.advance(FIRST_OPEN_S * (1 + SPREAD))
        assert type(await lab.ask()) is MesUnreachable, "the trial fails"
        assert type(await lab.ask()) is MesUnreachable
        assert len(lab.requests) == 4
        lab.clock.advance(2 * FIRST_OPEN_S * (1 + SPREAD))
        assert [type(await lab.ask()) for _ in range(2)] == [Accepted, Accepted]


@pytest.mark.parametrize("answer", [{}, refusal(409), 429, 404], ids=str)
async def test_every_answer_shows_that_it_is_there(tmp_path: Path, answer: Answer) -> None:
    async with laboratory(tmp_path, operation(), DEAD, DEAD, answer, DEAD, DEAD, {}) as lab:
        for _ in range(6):
            await lab.ask()
    assert len(lab.requests) == 6


@pytest.mark.parametrize("failure", [DEAD, LOST, 500])
async def test_every_way_of_not_answering_counts(tmp_path: Path, failure: Answer) -> None:
    async with laboratory(tmp_path, operation(reads=True), *[failure] * 3) as lab:
        for _ in range(5):
            await lab.ask()
    assert len(lab.requests) == 3


async def test_a_mes_is_not_asked_more_often_than_it_can_stand(tmp_path: Path) -> None:
    at_s: list[float] = []
    spec = {**operation(), "limits": {"per_second": 2}}

    async with laboratory(tmp_path, spec) as lab:
        lab.answers += [lambda _: at_s.append(lab.clock.now_s()) or {}] * 5
        for _ in range(4):
            await lab.ask()
        lab.clock.advance(10)
        await lab.ask()
    assert at_s == [0, 0.5, 1, 1.5, 11.5], "after a pause it need not wait"


async def test_without_a_limit_nobody_waits(tmp_path: Path) -> None:
    async with laboratory(tmp_path, operation(), {}, {}, {}) as lab:
        for _ in range(3):
            await lab.ask()
        assert lab.clock.now_s() == 0


@pytest.mark.parametrize(("depth", "expected"), [(49, Accepted), (50, MesProtocolError), (5_000, MesProtocolError)])
async def test_an_answer_that_is_too_deep_makes_no_sense(tmp_path: Path, depth: int, expected: type) -> None:
    text = '{"a":' * depth + "1" + "}" * depth
    async with laboratory(tmp_path, operation(), text) as lab:
        assert type(await lab.ask()) is expected


@pytest.mark.parametrize(("n_bytes", "expected"), [(2_000, Accepted), (2_001, MesProtocolError)])
async def test_an_answer_that_is_too_large_makes_no_sense(tmp_path: Path, n_bytes: int, expected: type) -> None:
    spec = {**operation(), "limits": {"max_answer_kb": 2}}
    text = '{"a":"' + "x" * (n_bytes - 8) + '"}'
    async with laboratory(tmp_path, spec, text) as lab:
        assert type(await lab.ask()) is expected


NO_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("content", [None, "", "no certificate", NO_CERTIFICATE])
async def test_a_file_without_certificates_is_an_error_of_the_settings(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match="has no certificates") as caught:
        async with laboratory(tmp_path, operation(), ca_file=file):
            raise AssertionError
    assert (caught.value.file, caught.value.key) == (file, "mes.ca_file")


class Yes(http.server.BaseHTTPRequestHandler):
    """Says yes to everything, and remembers what it was asked for."""

    asked: list[str]

    def do_POST(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Nothing on the screen of the tests."""


@contextlib.contextmanager
def answering(context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[str]]]:
    """The port of a server, and what it was asked for."""
    asked: list[str] = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("OwnYes", (Yes,), {"asked": asked}))
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def outcome_of(folder: Path, **settings: Any) -> object:
    connector = open_connector(MesSettings(**settings, connector=str(write(folder, operation())), timeout_s=20))
    try:
        return await connector.execute(MesCommand("id-1", "x", {}, True, "Ana", "", 0.0))
    except MesUnreachable as error:
        return error
    finally:
        await connector.aclose()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that a plant signed itself, with its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed, so there is no certificate to try")
    folder = tmp_path_factory.mktemp("tls")
    made = ["-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=mes"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([openssl, "req", "-x509", *kind, *made, *names], cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem"


@pytest.mark.parametrize(("trusts", "expected"), [(True, Accepted), (False, MesUnreachable)])
async def test_only_a_server_that_can_be_trusted_is_spoken_to(
    tmp_path: Path, certificate: Path, trusts: bool, expected: type
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with answering(context) as (port, asked):
        outcome = await outcome_of(tmp_path, url=f"https://127.0.0.1:{port}", ca_file=certificate if trusts else None)
    assert type(outcome) is expected
    assert asked == (["/act"] if trusts else []), "not a byte before it is known who listens"


async def test_a_proxy_is_that_of_the_settings(tmp_path: Path) -> None:
    with answering() as (port, asked):
        outcome = await outcome_of(tmp_path, url="http://mes.invalid", proxy=f"http://127.0.0.1:{port}")
    assert type(outcome) is Accepted
    assert asked == ["http://mes.invalid/act"]


async def test_a_proxy_of_the_environment_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering() as (proxy, to_proxy), answering() as (port, asked):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
        assert type(await outcome_of(tmp_path, url=f"http://127.0.0.1:{port}")) is Accepted
    assert (to_proxy, asked) == ([], ["/act"])


async def test_a_signer_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no signer 'plant'"):
        async with laboratory(tmp_path, {**operation(), "signer": "plant"}):
            raise AssertionError


@pytest.mark.parametrize("answer", [HTML, 302])
async def test_nonsense_is_an_answer(tmp_path: Path, answer: Answer) -> None:
    """Somebody is there: what cannot be understood opens no circuit."""
    async with laboratory(tmp_path, operation(), *[answer] * 4) as lab:
        assert [type(await lab.ask()) for _ in range(4)] == [MesProtocolError] * 4


async def test_who_is_busy_says_so_to_everybody(tmp_path: Path) -> None:
    async with laboratory(tmp_path, operation(), 429) as lab:
        assert isinstance(await lab.ask(), MesBusy)
