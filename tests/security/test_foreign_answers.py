"""A MES may answer anything: what comes of it can be said, shown and written down, and nobody is sent elsewhere."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from voicemes.cli.output import show_table
from voicemes.cli.turns import TurnPrinter
from voicemes.config import MesSettings, Settings
from voicemes.connectors import open_board, open_connector
from voicemes.connectors.load import find, load_spec
from voicemes.errors import MesError, MesProtocolError
from voicemes.intents import Catalog
from voicemes.model import Accepted, MesCommand, Rejected, Reply
from voicemes.nlu.match import Matcher
from voicemes.ports import Voice
from voicemes.respond import MAX_SAID_CHARS, MAX_SHOWN_CHARS, respond
from voicemes.runtime.bus import Bus
from voicemes.runtime.session import Session
from voicemes.runtime.speaker import Speaker
from voicemes.runtime.trace import TraceWriter, read_trace
from voicemes.testing import FakeClock, FakeSink, FakeSynthesizer
from voicemes.tui.wording import text_of

HOSTILE = "\x1b]0;owned\x07\x1b[31mred\x9b2J\u202e\ud800\x00<script>alert(1)</script>{quantity}[/bold][x]\r\n"
LONG = HOSTILE + "la " * 100_000
UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
SPECS = {name: load_spec(find(name)) for name in ("reference", "tryton")}
READS = [
    (name, case)
    for name, spec in SPECS.items()
    for case in (spec.exchanges.cases if spec.exchanges else ())
    if case.reply.accepted is not None and not case.ask.live
]
WELL = {"id": "4711", "items": [{"id": "x"}]}
Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for spec in SPECS.values():
        for name, value in spec.exchanges.secrets.items() if spec.exchanges else ():
            monkeypatch.setenv(name, value)


def spoiled(data: Any, text: str) -> Any:
    """The same, with something hostile behind every text."""
    if isinstance(data, dict):
        return {name: spoiled(value, text) for name, value in data.items()}
    if isinstance(data, list):
        return [spoiled(item, text) for item in data]
    return data + text if isinstance(data, str) else data


def raw(data: Any) -> bytes:
    return json.dumps(data).encode()


def played(case: Any, text: str) -> Answer:
    """What was answered once, in its order, spoiled."""
    bodies = [pair.response.body for pair in case.http]

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=raw(spoiled(bodies.pop(0) if bodies else WELL, text)))

    return answer


async def ask(name: str, case: Any, answer: Answer) -> Accepted | Rejected | MesError:
    settings = MesSettings(url="http://mes", connector=name)
    connector = open_connector(settings, transport=httpx.MockTransport(answer), clock=FakeClock())
    operation = case.ask.operation
    try:
        return await connector.execute(MesCommand("id-1", operation, case.ask.fields, True, "Ana", "words", 0.0))
    except MesError as exc:
        return exc
    finally:
        await connector.aclose()


def told(came: Accepted | Rejected | MesError, operation: str, catalog: Catalog) -> Iterator[str]:
    match came:
        case Accepted(_, values):
            spoken = respond(Reply(f"{operation}/done", values), catalog)
        case Rejected(_, code, reason):
            yield from (code, reason)
            spoken = respond(Reply("rejected", {"reason": reason}), catalog)
        case _:
            yield str(came)
            return
    assert len(spoken.shown) <= MAX_SHOWN_CHARS
    assert len(spoken.said) <= MAX_SAID_CHARS
    yield from (spoken.shown, spoken.said)


@pytest.mark.parametrize("text", [HOSTILE, LONG], ids=["signs", "long"])
@pytest.mark.parametrize(("name", "case"), READS, ids=lambda part: part if isinstance(part, str) else part.about[:40])
async def test_whatever_a_mes_answers_is_text_for_people(name: str, case: Any, text: str, catalog: Catalog) -> None:
    text = text if sum(len(raw(pair.response.body)) for pair in case.http) < 5_000 else HOSTILE
    came = await ask(name, case, played(case, text))
    for shown in told(came, case.ask.operation, catalog):
        assert not UNSPEAKABLE.search(shown), shown
        assert len(shown) <= MAX_SHOWN_CHARS


async def test_signs_of_a_terminal_do_reach_the_connector(catalog: Catalog) -> None:
    """Else the test above would show nothing."""
    name, case = next((name, case) for name, case in READS if case.ask.operation == "person.on_duty")
    came = await ask(name, case, played(case, HOSTILE))
    assert isinstance(came, Accepted)
    (shown, _) = told(came, "person.on_duty", catalog)
    assert "red2J" in shown
    assert "<script>" in shown, "it is shown as it is, and nothing runs it"


async def test_a_session_survives_it_and_its_trace_can_be_read(matcher: Matcher, tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        alert = {"id": "7", "team": "quality", "equipment": "SPP-1", "text": "x", "status": "Open"}
        people = {"id": "Ana", "role": "operator", "qualifications": [], "aliases": ["Ana"], "team": None}
        items = [alert] if "alert" in request.url.path else [people] if "person" in request.url.path else []
        return httpx.Response(200, content=raw(spoiled({"items": items, "next": None}, HOSTILE)))

    settings, clock = Settings(mes=MesSettings(url="http://mes")), FakeClock()
    screen = io.StringIO()
    writer = TraceWriter(tmp_path / "trace.jsonl", personal=True)
    printer = TurnPrinter(Console(file=screen, force_terminal=True, color_system=None))
    synthesizer = FakeSynthesizer()
    session = Session(
        settings, matcher, Speaker(synthesizer, FakeSink(), Voice()),
        open_connector(settings.mes, transport=httpx.MockTransport(answer), clock=clock),
        Bus(writer, printer), clock,
    )  # fmt: skip
    try:
        await session.start("a test")
        for sentence in ("any open calls", "who is on duty", "what's my next job", "say again"):
            await session.type(sentence)
            await session.speaker.finish()
    finally:
        await session.close()
        writer.close()
    assert "red2J" in screen.getvalue()
    assert not UNSPEAKABLE.search(screen.getvalue())
    assert not any(UNSPEAKABLE.search(text) for text in synthesizer.asked)
    assert not UNSPEAKABLE.search(writer.file.read_text(encoding="utf-8"))
    assert [event["event"] for _, event in read_trace(writer.file)].count("turn_ended") == 4


@pytest.mark.parametrize("table", sorted(SPECS["reference"].board.tables))
async def test_a_screen_shows_it_as_text(table: str) -> None:
    row = {"id": "1", "status": "Open", "text": "x", "type": "x", "equipment": "SPP-1", "unit": "x", "data": {"a": "x"}}
    text = HOSTILE + "la " * 1_000
    body = spoiled({"items": [row] * 3, "id": "x", "unit": "x", "value": "x", "top_stops": ["x"] * 100}, text)
    for item in body["items"]:
        item["level"] = "WorkUnit"
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=raw(body)))
    board = open_board(MesSettings(url="http://mes"), transport=transport)
    try:
        rows = await board.read(table, dict.fromkeys(SPECS["reference"].board.tables[table].takes, "x"))
    finally:
        await board.aclose()
    cells = [[text_of(value) for value in row.values()] for row in rows]
    assert any("red2J" in cell for row in cells for cell in row)
    out = io.StringIO()
    show_table(Console(file=out, force_terminal=True, color_system=None), ["x"] * len(cells[0]), cells, plain=False)
    assert not UNSPEAKABLE.search(out.getvalue())
    assert max(len(cell) for row in cells for cell in row) <= 60_000, "a cell has items, and each a part of its text"


@pytest.mark.parametrize("body", [b"[" * 10_000_000, b'{"id": "' + b"x" * 10_000_000, b" " * 10_000_000])
async def test_of_ten_megabytes_only_the_first_is_read(body: bytes) -> None:
    taken = 0

    async def chunks() -> Any:
        nonlocal taken
        for start in range(0, len(body), 65_536):
            taken += 65_536
            yield body[start : start + 65_536]

    _, case = next((name, case) for name, case in READS if case.ask.operation == "job.next")
    came = await ask("reference", case, lambda _: httpx.Response(200, content=chunks()))
    assert isinstance(came, MesProtocolError)
    assert taken < 1_200_000


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": 1e999, "quantity": 1e999, "product": "x"}',
        b'{"id": ' + b"9" * 5_000 + b"}",
        b'{"id": ' + b'{"a":' * 60 + b"1" + b"}" * 61,
        b'{"id": ' + b"[" * 100_000,
        b'\xff\xfe{"id": 1}',
        b"null",
        b"true",
        b'"4711"',
        b'{"__class__": {"__init__": 1}, "id": null, "id": []}',
        json.dumps({"id": "x"}).encode("utf-16"),
    ],
    ids=range(10),
)
@pytest.mark.parametrize("status", [200, 201, 204, 206, 400, 401, 404, 409, 429, 500, 599, 999])
async def test_no_shape_of_an_answer_breaks_anything(body: bytes, status: int, catalog: Catalog) -> None:
    for name, operation in (("reference", "job.next"), ("tryton", "job.status")):
        case = next(case for own, case in READS if own == name and case.ask.operation == operation)
        came = await ask(name, case, lambda _: httpx.Response(status, content=body))
        assert isinstance(came, (Accepted, Rejected, MesError))
        assert all(len(text) <= MAX_SHOWN_CHARS for text in told(came, operation, catalog))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    hosts = []

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(status, headers={"Location": "http://evil/"}, content=raw(WELL))

    _, case = next((name, case) for name, case in READS if case.ask.operation == "job.next")
    assert isinstance(await ask("reference", case, answer), MesProtocolError)
    assert set(hosts) == {"mes"}
