"""Reads before a write that may refuse it, parts of records, lists and roles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from voicemes.config import MesSettings
from voicemes.connectors import open_connector
from voicemes.model import Accepted, MesCommand, Rejected

SPEC = """
name: small
errors: {code: code, reason: detail, rules: [{status: [404], means: rejected}]}
operations:
  stop.end:
    needs: [machine]
    steps:
      - path: /stops/{machine}
        refuse: [{when: "!stop", code: not_down, reason: "{machine} is not down."}]
        answer: {stop: stop}
    method: POST
    path: /stops/{stop}:end
    body: {plus: "{limits.plus}", unit: "{limits.unit}"}
    takes: [limits]
    answer: {items: "items[].{name: name, what: what}"}
live:
  people: {path: /people, items: items, id: id, roles: "[role, team && 'team'][?@]"}
"""


def open_small(folder: Path, answers: dict[str, Any], seen: list[httpx.Request]) -> Any:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=answers[request.url.path])

    file = folder / "small.yaml"
    file.write_text(SPEC, encoding="utf-8")
    settings = MesSettings(url="http://mes", connector=str(file))
    return open_connector(settings, transport=httpx.MockTransport(answer))


def command(**fields: Any) -> MesCommand:
    return MesCommand("1", "stop.end", fields, is_write=True, operator_id="Ana", spoken_text="", confirmed_s=0.0)


async def test_a_read_that_comes_before_may_refuse_the_write(tmp_path: Path) -> None:
    seen: list[httpx.Request] = []
    connector = open_small(tmp_path, {"/stops/press": {"stop": None}}, seen)
    assert await connector.execute(command(machine="press")) == Rejected("1", "not_down", "press is not down.")
    assert [request.method for request in seen] == ["GET"], "nothing was written"


@pytest.mark.parametrize(
    ("limits", "body"),
    [({"plus": 20, "minus": 20, "unit": "um"}, {"plus": 20, "unit": "um"}), ({"plus": 5}, {"plus": 5}), ("5", {})],
)
async def test_a_part_of_a_record_goes_into_the_body(tmp_path: Path, limits: Any, body: dict[str, Any]) -> None:
    seen: list[httpx.Request] = []
    answers = {"/stops/press": {"stop": 7}, "/stops/7:end": {"items": [{"name": "a", "what": None}, {"name": "b"}]}}
    connector = open_small(tmp_path, answers, seen)
    reply = await connector.execute(command(machine="press", limits=limits))
    assert json.loads(seen[-1].content) == body
    assert reply == Accepted("1", {"items": ({"name": "a"}, {"name": "b"})}), "what is absent is left out"


async def test_people_come_with_their_roles(tmp_path: Path) -> None:
    ana, grace = {"id": "Ana", "role": "operator", "team": None}, {"id": "Grace", "role": "quality", "team": "q"}
    connector = open_small(tmp_path, {"/people": {"items": [ana, grace]}}, [])
    assert (await connector.live("SPP-1")).roles == {"Ana": ("operator",), "Grace": ("quality", "team")}
