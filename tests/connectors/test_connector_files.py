"""A connector file that is wrong says which file and which key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from voicemes.config import MesSettings
from voicemes.connectors import open_connector
from voicemes.connectors.load import FOLDER, load_spec, shipped
from voicemes.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, Any] = {
    "name": "mine",
    "errors": {"code": "code", "reason": "detail", "rules": [{"status": [404], "means": "rejected"}]},
    "operations": {"job.start": {"needs": ["job"], "method": "POST", "path": "/jobs/{job}", "answer": {"job": "id"}}},
}


def write(file: Path, data: object) -> Path:
    file.write_text(yaml.safe_dump(data), encoding="utf-8")
    return file


def with_operation(**changes: object) -> dict[str, Any]:
    return {**GOOD, "operations": {"job.start": {**GOOD["operations"]["job.start"], **changes}}}


def with_table(**changes: object) -> dict[str, Any]:
    table = {"path": "/orders", "rows": "items", "columns": {"id": "id"}, **changes}
    return {**GOOD, "board": {"tables": {"orders": table}}}


@pytest.mark.parametrize("name", shipped())
def test_shipped_files_are_good(name: str) -> None:
    assert load_spec(FOLDER / f"{name}.yaml").name == name


@pytest.mark.parametrize(
    ("data", "key", "words"),
    [
        ({**GOOD, "colour": "red"}, "colour", "not permitted"),
        (with_operation(speed=3), "operations.job.start.speed", "not permitted"),
        (with_operation(path="/jobs/{order}"), "operations.job.start", "{order} is not known here"),
        (with_operation(path="/jobs/{job"), "operations.job.start.path", "belongs to no placeholder"),
        (with_operation(body={"a": "{nope}"}), "operations.job.start", "{nope} is not known here"),
        (with_operation(answer={"job": "items["}), "operations.job.start.answer.job", "is not a JMESPath"),
        (with_operation(answer={"job": 3}), "operations.job.start.answer.job", "must be a JMESPath"),
        (with_operation(may_be_absent=["x"]), "operations.job.start", "which is no answer"),
        (with_operation(method="FETCH"), "operations.job.start.method", "Input should be"),
        (with_operation(method="GET", idempotency="header"), None, "needs no idempotency key"),
        ({**GOOD, "live": {"current": {"job": {"value": "{job}"}}}}, "live.current.job", "{job} is not known here"),
        (with_table(rows="items["), "board.tables.orders.rows", "is not a JMESPath"),
        (with_table(columns={}), "board.tables.orders.columns", "at least 1"),
        (with_table(path="/orders/{line}"), "board.tables.orders", "{line} is not known here"),
        (with_table(limit=3), "board.tables.orders.limit", "not permitted"),
        ({**GOOD, "board": {"tables": {"menu": {}}}}, "board.tables.menu.[key]", "Input should be"),
        ({"name": "mine"}, "errors", "Field required"),
        (["a list"], None, "valid dictionary"),
    ],
)
def test_a_wrong_file_names_its_key(tmp_path: Path, data: object, key: str | None, words: str) -> None:
    file = write(tmp_path / "mine.yaml", data)
    with pytest.raises(ConfigError) as caught:
        load_spec(file)
    assert (caught.value.file, caught.value.key) == (file, key)
    assert words in str(caught.value)


def test_a_file_that_is_not_yaml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: [", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        load_spec(file)


def test_a_connector_of_ones_own_is_opened_by_its_path(tmp_path: Path) -> None:
    file = write(tmp_path / "mine.yaml", GOOD)
    assert open_connector(MesSettings(connector=str(file))).traits.operations == {"job.start"}


def test_an_unknown_connector_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="reference"):
        open_connector(MesSettings(connector="nobody"))


@pytest.mark.parametrize(
    "url", ["plant:8800", "ftp://plant", "http://", "http://me@plant", "http://plant?x=1", "http://[::"]
)
def test_a_url_that_cannot_be_one_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"mes\.url"):
        open_connector(MesSettings(url=url))


async def test_the_token_of_the_settings_goes_with_every_request(tmp_path: Path) -> None:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200, json={"items": [], "line": "LINE-1"})

    token = tmp_path / "token"
    token.write_text("# mine\ns3cret\n", encoding="utf-8")
    token.chmod(0o600)
    connector = open_connector(MesSettings(token_file=token), transport=httpx.MockTransport(handle))
    await connector.live("SPP-1")
    await connector.aclose()
    assert set(seen) == {"Bearer s3cret"}


@pytest.mark.parametrize("text", [None, "", "# nothing\n"])
def test_a_token_file_without_a_token_is_an_error(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "token"
    if text is not None:
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
    with pytest.raises(ConfigError, match=r"mes\.token_file"):
        open_connector(MesSettings(token_file=file))


async def test_a_base_path_of_the_url_is_kept() -> None:
    paths: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(200, json={"items": [], "line": "LINE-1"})

    connector = open_connector(MesSettings(url="http://plant/site7/"), transport=httpx.MockTransport(handle))
    await connector.live("SPP-1")
    await connector.aclose()
    assert paths[0] == "/site7/api/v1/job-orders"
