"""The contract of a MesConnector, proved by the reference connector against the plant that runs beside it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from voicemes.config import MesSettings
from voicemes.connectors import open_connector
from voicemes.model import Accepted, MesCommand, Reference, Rejected
from voicemes.plant.process import PlantProcess
from voicemes.plant.server import create_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from voicemes.connectors.declarative import DeclarativeConnector
    from voicemes.ports import MesConnector



@dataclass(frozen=True)
class Case:
    """Each case has orders and machines of its own, so that all can run against one plant in any order."""

    fields: Mapping[str, Any]
    values: Mapping[str, Any]
    """What must come back; `...` stands for anything."""
    before: tuple[str, Mapping[str, Any]] | None = None
    """An operation that goes before; what it answers is added to the fields."""


DOWN = {"equipment": "ROB-1", "reason": "power-loss"}
CASES = {
    "person.identify": Case({"badge": "2107", "pin": "1685"}, {"person": "Grace", "role": "quality"}),
    "report.station": Case(
        {"equipment": "PRS-3"}, {"equipment": "PRS-3", "good": ..., "scrap": ..., "stop_minutes": ..., "items": ...}
    ),
    "job.start": Case({"job": "4902"}, {"job": "4902", "product": "door-module", "quantity": 60, "equipment": "ROB-2"}),
    "job.start.undo": Case({}, {"job": "4903"}, before=("job.start", {"job": "4903"})),
    "job.complete": Case(
        {"job": "4801", "quantity": 50, "scrap": 2, "defect": "leak"},
        {"job": "4801", "good_total": 460, "scrap_total": 7, "remaining": 140},
    ),
    "scrap.report": Case(
        {"job": "4901", "quantity": 2, "defect": "dent"}, {"job": "4901", "scrap_total": 3, "remaining": 49}
    ),
    "defect.record": Case(
        {"defect": "tombstone", "serial": "123", "component": "U7"}, {"nonconformance": ..., "serial": "123"}
    ),
    "downtime.start": Case(
        {"equipment": "SPP-1", "reason": "stencil-clog"}, {"event": ..., "equipment": "SPP-1", "since": ...}
    ),
    "downtime.start.undo": Case({}, {"event": ...}, before=("downtime.start", DOWN)),
    "andon.call": Case(
        {"team": "maintenance", "equipment": "PRS-3", "text": "oil"}, {"alert": ..., "team": "maintenance"}
    ),
    "andon.call.undo": Case({}, {"alert": ...}, before=("andon.call", {"team": "safety"})),
    "material.request": Case(
        {"material": "r0402", "quantity": 2, "unit": "rolls", "line": "LINE-1"},
        {"request": ..., "material": "r0402", "quantity": 2},
    ),
    "material.request.undo": Case(
        {}, {"request": ...}, before=("material.request", {"material": "flux", "quantity": 1})
    ),
    "measurement.record": Case(
        {"characteristic": "paste-height", "value": 142, "unit": "um", "serial": "124"},
        {"result": "pass", "lower": 120, "upper": 160, "unit": "um"},
    ),
    "job.next": Case({"equipment": "PRS-3"}, {"job": "4802", "product": "flip", "quantity": 600}),
    "instruction.step": Case({"job": "4711", "step": 2}, {"number": 2, "total": 6, "text": ...}),
    "kpi.get": Case(
        {"kpi": "availability", "line": "LINE-2", "period": "last-shift"},
        {"value": 82.5, "unit": "percent", "elements": {"APT": 396, "PBT": 480}, "scope": "LINE-2"},
    ),
    "report.shift": Case(
        {},
        {
            "orders_completed": 3,
            "good": 3775,
            "scrap": 45,
            "rework": 32,
            "nonconformances": 1,
            "top_stop": "stencil-clog",
            "top_stop_minutes": 45,
            "open_alerts": ...,
        },
    ),
}


@pytest.fixture(scope="module")
def plant() -> Iterator[PlantProcess]:
    with PlantProcess() as running:
        yield running


@pytest.fixture
async def connector(plant: PlantProcess) -> AsyncIterator[DeclarativeConnector]:
    opened = open_connector(MesSettings(url=plant.url))
    yield opened
    await opened.aclose()


numbers = count()


def command(operation: str, fields: Mapping[str, Any], command_id: str = "") -> MesCommand:
    command_id = command_id or f"test-{next(numbers)}"
    return MesCommand(command_id, operation, fields, is_write=True, operator_id="Ana", spoken_text="", confirmed_s=0.0)


async def accepted(connector: MesConnector, operation: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    sent = command(operation, fields)
    reply = await connector.execute(sent)
    assert isinstance(reply, Accepted), reply
    assert reply.command_id == sent.command_id
    return reply.values


@pytest.mark.parametrize("operation", sorted(CASES))
async def test_every_operation_answers_with_its_values(connector: DeclarativeConnector, operation: str) -> None:
    case = CASES[operation]
    fields = dict(case.fields)
    if case.before:
        fields |= await accepted(connector, *case.before)
    values = await accepted(connector, operation, fields)
    known = {name: ... if case.values.get(name) is ... else value for name, value in values.items()}
    assert known == case.values


def test_the_core_operations_are_there(connector: DeclarativeConnector) -> None:
    assert connector.traits.name == "reference"
    assert connector.traits.operations > set(CASES), "the others are proved by tests/catalog/test_every_intent.py"


@pytest.mark.parametrize(
    ("operation", "fields", "code", "words"),
    [
        ("job.start", {"job": "4711"}, "transition_refused", "already running"),
        ("job.start", {"job": "4712"}, "equipment_busy", "still running order 4711"),
        ("job.start", {"job": "99/../99"}, "not_found", "no"),
        ("job.start.undo", {"job": "4711"}, "transition_refused", "cannot be taken back"),
        ("job.next", {"equipment": "OVN-2"}, "nothing_waiting", "No order is waiting."),
        ("kpi.get", {"kpi": "oee", "equipment": "ROB-2"}, "no_data", "no data for OEE"),
        ("instruction.step", {"job": "4711", "step": 9}, "not_found", "this work has 6 steps"),
        ("instruction.step", {"job": "9999", "step": 1}, "not_found", "no order 9999"),
        ("scrap.report", {"job": "4711", "quantity": 10_000, "defect": "void"}, "invalid_input", "at most 9999"),
        ("measurement.record", {"characteristic": "torque", "value": 1, "unit": "mm"}, "unit_mismatch", "Torque"),
        ("downtime.start", {"equipment": "AOI-2", "reason": "cleaning"}, "already_down", "already down"),
    ],
)
async def test_a_no_comes_with_a_code_and_a_sentence(
    connector: DeclarativeConnector, operation: str, fields: Mapping[str, Any], code: str, words: str
) -> None:
    reply = await connector.execute(command(operation, fields))
    assert isinstance(reply, Rejected)
    assert reply.code == code
    assert words in reply.reason
    assert reply.reason.endswith(".")


async def test_without_limits_a_measurement_has_no_verdict(connector: DeclarativeConnector) -> None:
    values = await accepted(connector, "measurement.record", {"characteristic": "speed", "value": 80})
    assert values == {"result": "none", "unit": "percent"}


async def test_the_snapshot_names_what_exists_for_the_station(connector: DeclarativeConnector) -> None:
    live = await connector.live("SPP-1")
    current = {name: value for name, value in live.current.items() if name != "alert"}  # other tests raise some
    assert current == {"job": "4711", "equipment": "SPP-1", "line": "LINE-1"}
    assert set(live.references) == {
        *("job", "lot", "equipment", "person", "serial", "material"),
        *("product", "defect", "reason", "request", "alert"),
    }
    assert (live.roles["Ana"], live.roles["Grace"]) == (("operator", "rework"), ("quality", "team", "quality"))
    assert live.knows("job", "4712")
    assert not live.knows("job", "4708"), "a completed order is not open"
    for slot_type, known in (("lot", "B203"), ("person", "Ana"), ("serial", "123"), ("material", "solder-paste")):
        assert live.knows(slot_type, known)
    robots = [reference for reference in live.references["equipment"] if reference.id.startswith("ROB")]
    assert robots == [Reference("ROB-1", ("robot one",)), Reference("ROB-2", ("robot two",))]


async def test_a_station_without_a_running_order_has_no_current_job(connector: DeclarativeConnector) -> None:
    current = (await connector.live("OVN-1")).current
    assert (current["equipment"], current["line"], current.get("job")) == ("OVN-1", "LINE-1", None)


class LosesFirstAnswer(httpx.AsyncBaseTransport):
    """Lets the MES do the first write, and loses what it answers."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.n_posts = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        self.n_posts += request.method == "POST"
        if request.method == "POST" and self.n_posts == 1:
            raise httpx.ReadTimeout("lost", request=request)
        return response


async def test_a_write_whose_answer_was_lost_is_done_once() -> None:
    app = create_app()
    transport = LosesFirstAnswer(httpx.ASGITransport(app))
    connector = open_connector(MesSettings(), transport=transport)
    fields = {"job": "4711", "quantity": 2, "defect": "void"}
    reply = await connector.execute(command("scrap.report", fields, "the-one"))
    await connector.aclose()
    assert reply == Accepted("the-one", {"job": "4711", "scrap_total": 5, "remaining": 80})
    assert transport.n_posts == 2
    with app.state.plant.database.read() as tables:
        (event,) = tables.all("SELECT * FROM event WHERE type <> 'mes.plant.seeded'")
        assert len(tables.all("SELECT * FROM material_actual")) == 1
    assert (event["operator"], event["idempotencykey"]) == ("Ana", "the-one")
    app.state.plant.database.close()
