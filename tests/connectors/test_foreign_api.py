"""A MES that nobody has seen before is one YAML file: it logs in, resolves, refuses, polls, pages, and is spoken to."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from foreign_mes import CALLS_PER_TOKEN, CLIENT, N_ORDERS, POLLS, ForeignMes, served

from voicemes.config import MesSettings, OutboxSettings, Settings, StationSettings
from voicemes.connectors import open_connector
from voicemes.connectors.declarative import DeclarativeConnector
from voicemes.errors import MesDenied, MesProtocolError, MesUncertain
from voicemes.model import Accepted, MesCommand, Rejected
from voicemes.runtime.wiring import open_session
from voicemes.testing import FakeClock

FILE = Path(__file__).with_name("foreign.yaml")
NOW_S = 1_772_000_000.5


@pytest.fixture
def mes(monkeypatch: pytest.MonkeyPatch) -> Iterator[ForeignMes]:
    client, _, secret = CLIENT.partition(":")
    monkeypatch.setenv("FOREIGN_CLIENT", client)
    monkeypatch.setenv("FOREIGN_SECRET", secret)
    with served() as mes:
        yield mes


@contextlib.asynccontextmanager
async def connected(mes: ForeignMes, timeout_s: float = 20.0) -> AsyncIterator[DeclarativeConnector]:
    clock = FakeClock(wall_s=NOW_S)
    connector = open_connector(MesSettings(url=mes.url, connector=str(FILE), timeout_s=timeout_s), clock=clock)
    try:
        yield connector
    finally:
        await connector.aclose()


async def ask(mes: ForeignMes, operation: str, **fields: Any) -> object:
    async with connected(mes) as connector:
        return await connector.execute(command(operation, **fields))


def command(operation: str, *, again: bool = False, **fields: Any) -> MesCommand:
    return MesCommand("c-1", operation, fields, True, "Ana", "", 0.0, may_have_been_sent=again)


async def test_an_order_is_started_in_its_words(mes: ForeignMes) -> None:
    reply = await ask(mes, "job.start", job="10000")
    assert reply == Accepted(
        "c-1", {"job": "10000", "status": "running", "product": "controller-board", "quantity": 50}
    )
    order = mes.orders["o10000"]
    assert (order["state"], order["by"], order["begun"]) == ("LAEUFT", "p-Ana", "1772000000500"), "times in ms"


async def test_what_runs_already_is_not_started_again(mes: ForeignMes) -> None:
    async with connected(mes) as connector:
        await connector.execute(command("job.start", job="10000"))
        assert isinstance(await connector.execute(command("job.start", again=True, job="10000")), Accepted)
    assert [name for name, _ in mes.requests].count("order.begin") == 1


async def test_a_time_comes_back_in_seconds_and_a_number_as_a_number(mes: ForeignMes) -> None:
    mes.orders["o10000"] |= {"state": "FERTIG", "begun": "1772000000500"}
    assert await ask(mes, "job.status", job="10000") == Accepted(
        "c-1", {"job": "10000", "status": "complete", "quantity": 50, "since": NOW_S}
    )


async def test_a_refusal_with_status_200_is_read_without_its_html(mes: ForeignMes) -> None:
    refused = await ask(mes, "job.start", job="10001")
    assert isinstance(refused, Rejected)
    assert refused.code == "precondition_failed"
    assert refused.reason == "Order 10001 waits for material & a fixture. x()"
    assert mes.orders["o10001"]["state"] == "ANGELEGT"


async def test_an_ambiguous_name_is_asked_about_with_what_people_call_it(mes: ForeignMes) -> None:
    refused = await ask(mes, "job.start", job="10002")
    assert refused == Rejected("c-1", "ambiguous", "There are several: 10002 of Werk 1, 10002 of Werk 9.")
    assert [name for name, _ in mes.requests] == ["order.find"], "nothing was changed"


async def test_a_name_that_nothing_has_is_not_found(mes: ForeignMes) -> None:
    assert await ask(mes, "job.start", job="77") == Rejected("c-1", "not_found", "There is no such order.")


async def test_a_defect_goes_over_the_line_in_its_code(mes: ForeignMes) -> None:
    reply = await ask(mes, "scrap.report", job="10000", quantity=2, defect="solder-bridge")
    assert reply == Accepted("c-1", {"scrap_total": 2})
    assert mes.scrap == [{"order": "o10000", "pieces": "2", "reason": "LB-03"}]


async def test_a_defect_that_it_has_no_code_for_is_not_sent(mes: ForeignMes) -> None:
    refused = await ask(mes, "scrap.report", job="10000", quantity=2, defect="dent")
    assert isinstance(refused, Rejected)
    assert refused.code == "invalid_input"
    assert mes.scrap == []


async def test_an_order_is_complete_when_its_ticket_says_so(mes: ForeignMes) -> None:
    reply = await ask(mes, "job.complete", job="10000", quantity=48, scrap=2)
    assert reply == Accepted("c-1", {"ticket": "T1", "phase": "ENDE", "good_total": 48, "scrap_total": 2})
    assert mes.orders["o10000"]["state"] == "FERTIG"
    assert [name for name, _ in mes.requests].count("ticket.get") == POLLS + 1


async def test_a_ticket_that_takes_too_long_is_neither_done_nor_failed(mes: ForeignMes) -> None:
    async with connected(mes, timeout_s=0.4) as connector:
        with pytest.raises(MesUncertain):
            await connector.execute(command("job.complete", job="10000", quantity=48))


async def test_a_token_that_is_over_is_renewed(mes: ForeignMes) -> None:
    async with connected(mes) as connector:
        for number in range(10_003, 10_003 + 2 * CALLS_PER_TOKEN):
            assert isinstance(await connector.execute(command("job.status", job=str(number))), Accepted)
    assert mes.tokens_given == 2
    assert len(mes.requests) == 2 * CALLS_PER_TOKEN, "what was refused for its token is sent once more, and only once"


async def test_a_client_that_it_does_not_know_is_denied(mes: ForeignMes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOREIGN_SECRET", "guessed")
    with pytest.raises(MesDenied) as caught:
        await ask(mes, "job.status", job="10000")
    assert "guessed" not in str(caught.value)
    assert mes.requests == []


async def test_every_page_of_a_list_is_read(mes: ForeignMes) -> None:
    async with connected(mes) as connector:
        live = await connector.live("SPP-1")
    numbers = [reference.id for reference in live.references["job"]]
    assert len(numbers) == N_ORDERS + 1
    assert set(numbers) == {order["number"] for order in mes.orders.values()}
    pages = [int(data["page"]) for name, data in mes.requests if name == "order.list"]
    assert pages == list(range(1, 14))


async def test_a_link_to_another_host_is_not_followed(mes: ForeignMes) -> None:
    with served() as other:
        mes.elsewhere = other.url
        async with connected(mes) as connector:
            with pytest.raises(MesProtocolError, match="another host"):
                await connector.live("SPP-1")
        assert other.requests == []
        assert other.tokens_given == 0


@pytest.mark.parametrize(
    ("operation", "code", "sentence"),
    [
        ("job.pause", "unsupported", "Here nothing is paused. Complete the order."),
        ("robot.dance", "unsupported", "This MES cannot do that."),
        ("job.abort", "unsupported", "order.annul: no such command"),
    ],
)
async def test_what_it_cannot_do_is_said(mes: ForeignMes, operation: str, code: str, sentence: str) -> None:
    assert await ask(mes, operation, job="10000") == Rejected("c-1", code, sentence)


async def test_it_is_spoken_to_like_every_other(mes: ForeignMes, tmp_path: Path) -> None:
    settings = Settings(
        station=StationSettings(operator="Ana"),
        mes=MesSettings(url=mes.url, connector=str(FILE), timeout_s=20),
        outbox=OutboxSettings(folder=tmp_path),
    )
    async with open_session(settings, with_ears=False) as session:
        await session.start("keyboard")
        assert (await session.type("start order 10000")).answer == "Order 10000 started, 50 controller boards."
        assert (await session.type("how far is order 10005")).mes == "accepted"
        assert (await session.type("pause order 10000")).answer.endswith("Here nothing is paused. Complete the order.")
        refused = await session.type("start order 10001")
    assert refused.answer.startswith("Not done: Order 10001 waits for material & a fixture.")
    assert mes.orders["o10000"]["by"] == "p-Ana"
