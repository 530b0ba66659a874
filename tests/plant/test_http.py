"""What every resource has in common: tags, pages, tokens and roles, rates, and a document that tells all of it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from voicemes.errors import ConfigError
from voicemes.plant.http.commands import COMMANDS
from voicemes.plant.http.rates import Rates
from voicemes.plant.problems import STATUS, Code, Problem
from voicemes.plant.queries.details import DETAILS
from voicemes.plant.queries.listings import LISTINGS
from voicemes.plant.server import create_app, read_tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from fastapi import FastAPI

TOKENS = {"station": "operator", "desk": "supervisor", "lab": "quality"}


@asynccontextmanager
async def opened(tokens: Mapping[str, str], rates: Rates | None = None) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(tokens=tokens, rates=rates)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://plant/api/v1", trust_env=False) as client:
        yield client
    app.state.plant.database.close()


# --- tags ------------------------------------------------------------------------------------------------------------

CHANGES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "job-orders": ("4712", "/commands", {"command": "Start", "equipment": "SPP-2"}),
    "units": ("123", ":move", {"target": "test"}),
    "material-lots": ("88", ":consume", {"quantity": 1}),
    "equipment": ("AOI-1", ":lock", {}),
    "work-alerts": ("2", ":acknowledge", {}),
    "downtime-events": ("7", ":end", {}),
    "material-requests": ("2", ":cancel", {}),
    "maintenance-requests": ("1", ":complete", {}),
}


@pytest.mark.parametrize("resource", CHANGES)
async def test_whoever_changes_what_has_changed_since_is_refused(client: httpx.AsyncClient, resource: str) -> None:
    identifier, command, body = CHANGES[resource]
    await client.post("/material-requests", json={"material": "flux", "quantity": 1})
    seen = (await client.get(f"/{resource}/{identifier}")).headers["ETag"]
    done = await client.post(f"/{resource}/{identifier}{command}", json=body, headers={"If-Match": seen})
    late = await client.post(f"/{resource}/{identifier}{command}", json=body, headers={"If-Match": seen})
    assert done.is_success, done.text
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")


async def test_any_state_matches_a_star(client: httpx.AsyncClient) -> None:
    answer = await client.post("/work-alerts/2:acknowledge", headers={"If-Match": "*"})
    assert answer.status_code == 200


async def test_what_has_not_changed_is_not_sent_again(client: httpx.AsyncClient) -> None:
    tag = (await client.get("/job-orders/4711")).headers["ETag"]
    again = await client.get("/job-orders/4711", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    await client.post("/job-orders/4711/material-actuals", json={"good": 1})
    assert (await client.get("/job-orders/4711", headers={"If-None-Match": tag})).status_code == 200


# --- pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resource", LISTINGS)
async def test_pages_together_are_the_whole_list(client: httpx.AsyncClient, resource: str) -> None:
    whole = (await client.get(f"/{resource}")).json()
    assert whole["next"] is None
    items: list[Any] = []
    query: dict[str, Any] = {"limit": 3}
    while query:
        page = (await client.get(f"/{resource}", params=query)).json()
        assert len(page["items"]) <= 3
        items += page["items"]
        query = {"limit": 3, "cursor": page["next"]} if page["next"] else {}
    assert items == whole["items"]


async def test_what_comes_while_one_reads_does_not_move_the_pages(client: httpx.AsyncClient) -> None:
    first = (await client.get("/work-alerts", params={"limit": 1})).json()
    await client.post("/work-alerts", json={"team": "safety"})
    second = (await client.get("/work-alerts", params={"limit": 1, "cursor": first["next"]})).json()
    assert [item["id"] for item in first["items"] + second["items"]] == ["2", "1"]


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "W10", "W1tdXQ", "WzFd" * 50, "é"])
async def test_a_cursor_that_no_list_gave_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    answer = await client.get("/job-orders", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize(
    ("resource", "query", "ids"),
    [
        ("material-lots", {"material": "solder-paste"}, ["88", "89"]),
        ("work-alerts", {"status": "open", "line": "LINE-2"}, ["2"]),
        ("work-alerts", {"status": "open", "line": "LINE-1"}, []),
        ("persons", {"on_duty": "true", "line": "LINE-2"}, ["Chen"]),
        ("change-requests", {"status": "Open"}, ["2"]),
        ("job-orders", {"status": "open", "equipment": "LINE-4"}, ["4901", "4902", "4903"]),
        ("job-responses", {"state": "Paused"}, ["4804"]),
        ("downtime-events", {"equipment": "SPP-1"}, ["3", "1"]),
    ],
)
async def test_lists_are_filtered(
    client: httpx.AsyncClient, resource: str, query: dict[str, str], ids: list[str]
) -> None:
    items = (await client.get(f"/{resource}", params=query)).json()["items"]
    assert [item["id"] for item in items] == ids


@pytest.mark.parametrize("query", [{"colour": "red"}, {"status": "open", "mood": "bad"}])
async def test_a_filter_that_a_list_has_not_is_refused(client: httpx.AsyncClient, query: dict[str, str]) -> None:
    assert (await client.get("/work-alerts", params=query)).json()["code"] == "invalid_input"


@pytest.mark.parametrize("resource", sorted(set(LISTINGS) & set(DETAILS)))
async def test_everything_in_a_list_has_a_page_of_its_own(client: httpx.AsyncClient, resource: str) -> None:
    key = LISTINGS[resource].key[-1]
    for item in (await client.get(f"/{resource}")).json()["items"]:
        assert (await client.get(f"/{resource}/{item[key]}")).json()[key] == item[key]


# --- tokens and roles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "operator", "status"),
    [
        ("desk", None, 200),
        ("desk", "Grace", 200),
        ("desk", "Ana", 403),  # the person may not
        ("station", "Grace", 403),  # the station may not
        ("lab", "Grace", 200),
        ("lab", "Farid", 200),
        ("lab", None, 200),
        ("station", None, 403),
        ("nobody", "Grace", 401),
    ],
)
async def test_token_and_person_must_both_be_allowed(token: str, operator: str | None, status: int) -> None:
    headers = {"Authorization": f"Bearer {token}"} | ({"On-Behalf-Of": operator} if operator else {})
    async with opened(TOKENS) as client:
        assert (await client.post("/material-lots/A18:release", headers=headers)).status_code == status


PERSON_OF = {"quality": "Grace", "planner": "Ines", "line-lead": "Farid", "supervisor": "Farid"}
RESTRICTED = [command for command in COMMANDS if command.role != "operator"]


@pytest.mark.parametrize("command", RESTRICTED, ids=lambda command: command.path)
async def test_what_is_not_the_operators_work_needs_its_role(client: httpx.AsyncClient, command: Any) -> None:
    path = command.path.replace("{id}", "1")
    body = {name: example(field) for name, field in required(command.body).items()}
    for operator, is_allowed in (("Ana", False), (PERSON_OF[command.role], True), ("Farid", True)):
        answer = await client.post(path, json=body, headers={"On-Behalf-Of": operator})
        assert (answer.status_code != 403) is is_allowed, answer.text
    refused = await client.post(path, json=body, headers={"On-Behalf-Of": "Ana"})
    assert refused.json()["code"] == "role_required"
    assert refused.json()["detail"] == f"Only a {command.role.replace('-', ' ')} may do this."


def required(body: Any) -> dict[str, Any]:
    schema = body.model_json_schema()
    return {name: schema["properties"][name] for name in schema.get("required", [])}


def example(field: dict[str, Any]) -> Any:
    kinds = field.get("anyOf", [field])
    return kinds[0]["enum"][0] if "enum" in kinds[0] else 1 if kinds[0].get("type") == "integer" else "Ana"


@pytest.mark.parametrize("text", ["one", "one boss", "one operator extra"])
def test_a_token_without_a_known_role_does_not_open_the_plant(tmp_path: Path, text: str) -> None:
    file = tmp_path / "tokens"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="line 1"):
        read_tokens(file)


# --- rates -----------------------------------------------------------------------------------------------------------


def test_a_bucket_fills_again_with_time() -> None:
    time_s = 0.0
    rates = Rates(per_s=2, burst=3, now_s=lambda: time_s)
    for _ in range(3):
        rates.check("station")
    with pytest.raises(Problem):
        rates.check("station")
    rates.check("another")
    time_s = 0.5
    rates.check("station")
    with pytest.raises(Problem):
        rates.check("station")


async def test_a_station_in_a_loop_is_told_to_wait() -> None:
    async with opened(TOKENS, Rates(per_s=0, burst=2)) as client:
        answers = [await client.get("/teams", headers={"Authorization": "Bearer desk"}) for _ in range(3)]
        other = await client.get("/teams", headers={"Authorization": "Bearer lab"})
    assert [answer.status_code for answer in (*answers, other)] == [200, 200, 429, 200]
    assert (answers[2].json()["code"], answers[2].headers["Retry-After"]) == ("rate_limited", "1")


# --- the document ----------------------------------------------------------------------------------------------------


def test_every_refusal_is_declared(routes: FastAPI) -> None:
    document = routes.openapi()
    schema = document["components"]["schemas"]["ProblemBody"]
    assert set(schema["properties"]["code"]["enum"]) == set(Code)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            declared = {int(status) for status in operation["responses"]}
            codes = set(Code) - {Code.METHOD_NOT_ALLOWED} if method == "post" else {Code.INTERNAL, Code.TOO_LARGE}
            assert {STATUS[code].value for code in codes} <= declared, path
            for status, answer in operation["responses"].items():
                assert int(status) < 400 or list(answer["content"]) == ["application/problem+json"], path


async def test_what_is_allowed_is_told_where_something_is_not(client: httpx.AsyncClient) -> None:
    answer = await client.put("/work-alerts/2:acknowledge")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


async def test_the_newest_events_and_a_chain_can_be_asked_for(client: httpx.AsyncClient) -> None:
    for text in ("one", "two", "three"):
        (await client.post("/work-alerts", json={"team": "quality", "text": text})).raise_for_status()
    newest = (await client.get("/events", params={"tail": 2})).json()["items"]
    assert [event["data"]["text"] for event in newest] == ["two", "three"]
    first = newest[0]
    chain = (await client.get("/events", params={"correlation": first["correlationid"]})).json()["items"]
    assert [event["id"] for event in chain] == [first["id"]]
    assert (await client.get("/events", params={"tail": 0})).status_code == 422
