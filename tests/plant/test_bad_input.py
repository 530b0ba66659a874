"""Whatever is sent, the answer is one that the document declares, and never 500."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from voicemes.plant.server import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("path", "query")
ELSEWHERE = {404, 405}
"""An id such as ".." or one with a colon makes another path of it, where there may be nothing."""
NASTY = [
    *("0", "-1", "1", "99999999999999999999", "9" * 18, "4711", "SPP-1", "LINE-1", "this", "2026-13-45-late"),
    *("' OR 1=1 --", "%00", "\x00", "\ud7ff", "é", "..", "a" * 64, "a" * 65, "*", "null", "true", "1e999"),
]
ids = st.one_of(st.sampled_from(NASTY), st.text(max_size=20))
words = st.one_of(ids, st.sampled_from(["Ana", "88", "123", "void", "cleaning", "quality", "first", "gap"]))
scalars = st.one_of(words, st.none(), st.booleans(), st.integers(), st.floats())
values = st.one_of(scalars, st.lists(scalars, max_size=2), st.dictionaries(words, scalars, max_size=2))
headers = st.fixed_dictionaries(
    {},
    optional={
        "On-Behalf-Of": st.sampled_from(["Farid", "Ana", "Zoe", ""]),
        "Idempotency-Key": st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=201),
        "Causation-Id": st.sampled_from(["1", "0", "x", "9" * 18]),
        "If-Match": st.sampled_from(["*", "x", '"x"']),
        "If-None-Match": st.sampled_from(["*", "x"]),
        "Last-Event-ID": st.sampled_from(["1", "-1", "x"]),
    },
)


DOCUMENT_OF = create_app()
DOCUMENT = DOCUMENT_OF.openapi()
DOCUMENT_OF.state.plant.database.close()
OPERATIONS = [(path, method, one) for path, methods in DOCUMENT["paths"].items() for method, one in methods.items()]


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(), base_url="http://plant", raise_server_exceptions=False) as opened:
        yield opened


def fields_of(operation: dict[str, Any]) -> list[str]:
    """The names that a body may have."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    reference = next((choice["$ref"] for choice in content.get("anyOf", [content]) if "$ref" in choice), "")
    return list(DOCUMENT["components"]["schemas"].get(reference.rpartition("/")[2], {}).get("properties", {}))


@st.composite
def requests(draw: st.DrawFn, path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    names = {kind: [one["name"] for one in operation.get("parameters", []) if one["in"] == kind] for kind in KINDS}
    for name in names["path"]:
        path = path.replace("{" + name + "}", quote(draw(ids), safe="", errors="replace") or "x")
    fields = st.dictionaries(st.sampled_from([*fields_of(operation), "x"]), values, max_size=5)
    return {
        "method": method,
        "url": path,
        "params": {name: draw(words) for name in names["query"] if draw(st.booleans())},
        "headers": draw(headers),
        "content": json.dumps(draw(st.one_of(values, fields))) if method == "post" else None,
    }


@pytest.mark.parametrize(
    ("path", "method", "operation"), OPERATIONS, ids=[f"{method} {path}" for path, method, _ in OPERATIONS]
)
def test_every_answer_is_declared(client: TestClient, path: str, method: str, operation: dict[str, Any]) -> None:
    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(requests(path, method, operation))
    def attempt(request: dict[str, Any]) -> None:
        answer = client.request(**request)
        declared = {int(status) for status in operation["responses"]} - {500}
        assert answer.status_code in declared | ELSEWHERE, (answer.status_code, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json"

    attempt()


def test_a_report_of_nothing_is_refused_with_or_without_a_body(client: TestClient) -> None:
    for body in (None, b"null", b"{}"):
        answer = client.post("/api/v1/job-orders/4711/material-actuals", content=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize("path", ["/equipment/SPP-1/telemetry", "/shifts/this/handover"])
def test_all_methods_of_a_path_are_named(client: TestClient, path: str) -> None:
    answer = client.put(f"/api/v1{path}")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


def test_the_document_says_how_small_a_number_may_be(client: TestClient) -> None:
    schemas = client.get("http://plant/openapi.json").json()["components"]["schemas"]
    assert (
        schemas["Cycles"]["properties"]["cycles"]["minimum"],
        schemas["WorkRequest"]["properties"]["quantity"]["minimum"],
    ) == (1, 1)
