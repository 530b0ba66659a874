"""What every MesConnector does; the reference connector does it against the plant, over a line that breaks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count

import httpx
import pytest

from voicemes.config import MesSettings
from voicemes.connectors import open_connector
from voicemes.errors import MesBusy, MesDenied, MesError, MesUncertain, MesUnreachable
from voicemes.model import Accepted, Live, MesCommand, Reference, Rejected, SlotData
from voicemes.plant.process import PlantProcess
from voicemes.ports import MesConnector
from voicemes.testing import FakeMes, Trouble

STATION = "SPP-1"
SCRAP = {"job": "4711", "quantity": 1, "defect": "void"}
"""Each time it is done, one unit more is scrap."""
numbers = count()


@dataclass
class Case:
    connector: MesConnector
    trouble: Callable[[Trouble], None]


class Line(httpx.AsyncBaseTransport):
    """The way to the plant, and what is wrong with it."""

    def __init__(self) -> None:
        self.trouble: Trouble = "none"
        self._way = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        match self.trouble:
            case "unreachable":
                raise httpx.ConnectError("cut", request=request)
            case "busy":
                return httpx.Response(429, headers={"Retry-After": "2"})
            case "denied":
                return httpx.Response(403)
        response = await self._way.handle_async_request(request)
        if self.trouble == "uncertain":
            await response.aread()
            await response.aclose()
            raise httpx.ReadError("lost", request=request)
        return response

    async def aclose(self) -> None:
        await self._way.aclose()


@pytest.fixture(scope="module")
def plant() -> Iterator[PlantProcess]:
    with PlantProcess() as running:
        yield running


@pytest.fixture(params=["fake", "reference"])
async def case(request: pytest.FixtureRequest) -> AsyncIterator[Case]:
    if request.param == "fake":
        totals: list[Mapping[str, SlotData]] = [{"scrap_total": n} for n in range(10)]
        no = "Order 4711 is already running."
        answers = {"scrap.report": totals, "job.next": {"job": "4712"}, "job.start": no}
        mes = FakeMes(answers, Live({"job": (Reference("4711"), Reference("4712"))}, {"job": "4711"}))
        connector: MesConnector = mes
        yield Case(connector, lambda trouble: setattr(mes, "trouble", trouble))
    else:
        line = Line()
        connector = open_connector(MesSettings(url=request.getfixturevalue("plant").url), transport=line)
        yield Case(connector, lambda trouble: setattr(line, "trouble", trouble))
    await connector.aclose()


def command(operation: str, fields: Mapping[str, SlotData], *, is_write: bool = True) -> MesCommand:
    return MesCommand(f"contract-{next(numbers)}", operation, fields, is_write, "Ana", "", 0.0)


async def done(case: Case, sent: MesCommand) -> Accepted:
    reply = await case.connector.execute(sent)
    assert isinstance(reply, Accepted), reply
    return reply


async def test_what_it_can_do_is_in_its_traits(case: Case) -> None:
    assert case.connector.traits.name
    assert {"scrap.report", "job.start", "job.next"} <= case.connector.traits.operations


async def test_an_answer_belongs_to_its_command(case: Case) -> None:
    sent = command("job.next", {"equipment": STATION}, is_write=False)
    reply = await done(case, sent)
    assert reply.command_id == sent.command_id
    assert reply.values["job"] == "4712"


async def test_the_same_id_is_done_once_and_answered_the_same(case: Case) -> None:
    sent = command("scrap.report", SCRAP)
    first, again, other = [await done(case, each) for each in (sent, sent, command("scrap.report", SCRAP))]
    assert again == first
    assert other.values["scrap_total"] == first.values["scrap_total"] + 1


async def test_a_no_is_a_value_with_a_sentence(case: Case) -> None:
    sent = command("job.start", {"job": "4711", "equipment": STATION})
    reply = await case.connector.execute(sent)
    assert isinstance(reply, Rejected)
    assert reply.command_id == sent.command_id
    assert "already running" in reply.reason
    assert reply.reason.endswith(".")


async def test_what_it_cannot_do_is_a_no(case: Case) -> None:
    reply = await case.connector.execute(command("coffee.brew", {}))
    assert isinstance(reply, Rejected)
    assert reply.code == "unsupported"


async def test_the_snapshot_says_what_exists_and_what_is_current(case: Case) -> None:
    live = await case.connector.live(STATION)
    assert live.current["job"] == "4711"
    assert live.knows("job", "4712")
    assert not live.knows("job", "9999")


@pytest.mark.parametrize("trouble", ["unreachable", "busy", "denied"])
async def test_what_did_not_arrive_is_not_done(case: Case, trouble: Trouble) -> None:
    errors = {"unreachable": MesUnreachable, "busy": MesBusy, "denied": MesDenied}
    before = await done(case, command("scrap.report", SCRAP))
    sent = command("scrap.report", SCRAP)
    case.trouble(trouble)
    with pytest.raises(errors[trouble]):
        await case.connector.execute(sent)
    case.trouble("none")
    after = await done(case, sent)
    assert after.values["scrap_total"] == before.values["scrap_total"] + 1


async def test_a_lost_answer_is_uncertain_and_the_same_id_finds_it(case: Case) -> None:
    before = await done(case, command("scrap.report", SCRAP))
    sent = command("scrap.report", SCRAP)
    case.trouble("uncertain")
    with pytest.raises(MesUncertain):
        await case.connector.execute(sent)
    case.trouble("none")
    assert (await done(case, sent)).values["scrap_total"] == before.values["scrap_total"] + 1


@pytest.mark.parametrize("trouble", ["unreachable", "uncertain", "busy", "denied"])
async def test_without_an_answer_there_is_no_snapshot(case: Case, trouble: Trouble) -> None:
    case.trouble(trouble)
    with pytest.raises(MesError):
        await case.connector.live(STATION)


async def test_the_fake_tells_what_it_was_given_and_what_it_did() -> None:
    mes = FakeMes({"note.add": {}})
    first, second = command("note.add", {"text": "a"}), command("note.add", {"text": "b"})
    await mes.execute(first)
    await mes.execute(first)
    mes.trouble = "unreachable"
    with pytest.raises(MesUnreachable):
        await mes.execute(second)
    await mes.aclose()
    assert mes.commands == [first, first, second]
    assert mes.performed == [first]
    assert mes.is_closed


async def test_a_stream_over_a_broken_line_is_an_error(case: Case) -> None:
    case.trouble("unreachable")
    with pytest.raises(MesUnreachable):
        await anext(case.connector.news())
