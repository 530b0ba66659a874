"""A MES that answers anything, to any question and any write: an answer, a refusal or an error of ours, in no time.

VOICEMES_FUZZ_EXAMPLES=2000 pytest tests/fuzz -n 0 --hypothesis-show-statistics
"""

from __future__ import annotations

import asyncio
import gzip
import json

import httpx
from fuzzing import JSON, TEXTS, patient, some, spoiled_data, within
from hypothesis import event, given
from hypothesis import strategies as st

from voicemes.config import MesSettings
from voicemes.connectors.board import DeclarativeBoard
from voicemes.connectors.declarative import DeclarativeConnector
from voicemes.connectors.load import find, load_spec, open_exchange
from voicemes.connectors.spec import ConnectorSpec
from voicemes.errors import MesError
from voicemes.intents import Catalog
from voicemes.model import Accepted, Live, MesCommand, Rejected, Reply
from voicemes.respond import respond
from voicemes.runtime.codec import to_json
from voicemes.testing import FakeClock

pytestmark = patient
SPECS = {name: load_spec(find(name)) for name in ("reference", "tryton")}
BODIES = {
    name: [pair.response.body for case in spec.exchanges.cases for pair in case.http] if spec.exchanges else []
    for name, spec in SPECS.items()
}
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Retry-After", "Content-Range", "Content-Type", "Content-Encoding", "Set-Cookie", "Location", "Content-Length"]
    ),
    st.one_of(
        st.sampled_from(["gzip", "br", "-1", "9" * 50, "items 0-1/9", "items 0-1/*", "http://evil/", "//"]),
        st.sampled_from(["x=y; Domain=.evil", "application/json; charset=utf-7", "Wed, 99 Xyz 9999 99:99:99 GMT"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
    ),
    max_size=3,
)
REFUSALS = st.sampled_from([201, 204, 401, 403, 404, 409, 429, 500])
STATUS = st.one_of(st.just(200), st.just(200), REFUSALS, st.integers(100, 999))
Sent = tuple[int, dict[str, str], bytes]


@st.composite
def answers(draw: st.DrawFn, name: str) -> list[Sent]:
    """What the MES answers, in its order, and the last one for ever."""
    real = st.sampled_from(BODIES[name])
    data = st.one_of(JSON, real, real, real.flatmap(spoiled_data)).map(lambda body: json.dumps(body).encode())
    body = st.one_of(data, data, data, st.binary(max_size=60), st.binary(max_size=60).map(gzip.compress))
    return draw(st.lists(st.tuples(STATUS, HEADERS, body), min_size=1, max_size=4))


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, MesCommand, list[Sent]]:
    name = draw(st.sampled_from(sorted(SPECS)))
    operation = draw(st.sampled_from(sorted(SPECS[name].operations)))
    part = SPECS[name].operations[operation]
    records = [{"before": "4711"}, {"plus": 1, "minus": 2}]
    plain = st.sampled_from(["4711", 3, "x", 1.5, "solder-bridge", "SPP-1", *records])
    fields = {field: draw(st.one_of(plain, plain, JSON)) for field in (*part.needs, *part.takes)}
    again = draw(st.booleans())
    command = MesCommand("id", operation, fields, True, draw(TEXTS), draw(TEXTS), 0.0, may_have_been_sent=again)
    return name, command, draw(answers(name))


def answering(sent: list[Sent]) -> httpx.MockTransport:
    rest = list(sent)

    def answer(_: httpx.Request) -> httpx.Response:
        status, headers, body = rest.pop(0) if len(rest) > 1 else rest[0]
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))

    return httpx.MockTransport(answer)


async def execute(spec: ConnectorSpec, command: MesCommand, sent: list[Sent]) -> Accepted | Rejected | MesError:
    clock = FakeClock()
    exchange = open_exchange(spec, MesSettings(url="http://mes"), answering(sent), clock, lambda _: "secret")
    connector = DeclarativeConnector(spec, exchange, clock)
    try:
        return await connector.execute(command)
    except MesError as exc:
        return exc
    finally:
        await connector.aclose()


@some
@given(made=asked())
def test_no_answer_breaks_a_connector(catalog: Catalog, made: tuple[str, MesCommand, list[Sent]]) -> None:
    name, command, sent = made
    with within():
        came = asyncio.run(execute(SPECS[name], command, sent))
        event(type(came).__name__)
        if isinstance(came, Accepted):
            spoken = respond(Reply(f"{command.operation}/done", {**command.fields, **came.values}), catalog)
        else:
            spoken = respond(Reply("rejected", {"reason": getattr(came, "reason", str(came))}), catalog)
        line = json.dumps([to_json(came) if not isinstance(came, MesError) else str(came), spoken.shown, spoken.said])
        assert len(line) < 5_000_000


async def look(name: str, sent: list[Sent]) -> Live | MesError:
    clock, spec = FakeClock(), SPECS[name]
    exchange = open_exchange(spec, MesSettings(url="http://mes"), answering(sent), clock, lambda _: "secret")
    connector, board = DeclarativeConnector(spec, exchange, clock), DeclarativeBoard(spec, exchange)
    try:
        for table in sorted(board.tables):
            try:
                await board.read(table, dict.fromkeys(spec.board.tables[table].takes, "x"))  # type: ignore[index]
            except MesError:
                event("no table")
        return await connector.live("SPP-1")
    except MesError as exc:
        return exc
    finally:
        await connector.aclose()


@some
@given(made=st.sampled_from(sorted(SPECS)).flatmap(lambda name: st.tuples(st.just(name), answers(name))))
def test_no_answer_breaks_what_is_known_and_shown(made: tuple[str, list[Sent]]) -> None:
    name, sent = made
    with within():
        event(type(asyncio.run(look(name, sent))).__name__)


async def follow(sent: Sent) -> int:
    """Until the stream ends."""
    clock, spec = FakeClock(), SPECS["reference"]
    exchange = open_exchange(spec, MesSettings(url="http://mes"), answering([sent]), clock, lambda _: "secret")
    connector, n_told = DeclarativeConnector(spec, exchange, clock), 0
    try:
        async for _ in connector.news():
            n_told += 1
    except MesError:
        return n_told
    finally:
        await connector.aclose()
    raise AssertionError("a stream does not just end")


KINDS = [rule.event for rule in SPECS["reference"].stream.news] if SPECS["reference"].stream else []
EVENTS = st.fixed_dictionaries({"type": st.sampled_from(KINDS), "data": JSON, "equipment": JSON, "line": JSON})
FRAMES = st.one_of(
    EVENTS.map(lambda data: f"id: 1\ndata: {json.dumps(data)}\n\n".encode()),
    st.binary(max_size=40),
    st.sampled_from([b"\n\n", b"data:", b": beat\n\n", b"\r\n\r\n", b"id: \x00\n\n", b"data: [[[[[[[[\n\n"]),
    st.just(b"data: " + b"[" * 3_000 + b"\n\n"),
)


@some
@given(status=STATUS, frames=st.lists(FRAMES, max_size=6))
def test_no_stream_breaks_the_news(status: int, frames: list[bytes]) -> None:
    with within():
        n_told = asyncio.run(follow((status, {}, b"".join(frames))))
        event("told" if n_told else "nothing told")
