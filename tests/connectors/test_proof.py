"""`connector check`: every shipped file is proved, and a proof finds what is not as it is written."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from voicemes.connectors.load import find, shipped
from voicemes.connectors.proof import Proof, prove
from voicemes.errors import ConfigError

GOOD: dict[str, Any] = {
    "name": "mine",
    "auth": {"kind": "header", "send": {"headers": {"X-Key": "${MINE_KEY}"}}},
    "errors": {"code": "code", "reason": "detail", "rules": [{"status": [404], "means": "not_found"}]},
    "operations": {
        "job.start": {
            "needs": ["job"],
            "method": "POST",
            "path": "/jobs/{job}",
            "body": {"by": "{_operator}", "at": "{_now|iso8601}"},
            "answer": {"job": "id"},
        }
    },
    "live": {"references": {"job": {"path": "/jobs", "items": "items", "id": "id"}}},
    "exchanges": {
        "source": "written for this test",
        "secrets": {"MINE_KEY": "k"},
        "cases": [
            {
                "about": "it is started",
                "ask": {"operation": "job.start", "fields": {"job": "47/11"}, "operator": "Ben"},
                "http": [
                    {
                        "request": {
                            "method": "POST",
                            "path": "/jobs/47%2F11",
                            "headers": {"X-Key": "k"},
                            "body": {"by": "Ben", "at": "2026-02-25T06:13:20Z"},
                        },
                        "response": {"body": {"id": "47/11"}},
                    }
                ],
                "reply": {"accepted": {"job": "47/11"}},
            },
            {
                "about": "there is none",
                "ask": {"operation": "job.start", "fields": {"job": "1"}},
                "http": [
                    {
                        "request": {"method": "POST", "path": "/jobs/1"},
                        "response": {"status": 404, "body": {"code": "x", "detail": "No such job."}},
                    }
                ],
                "reply": {"rejected": "not_found", "reason": "No such job."},
            },
            {
                "about": "the line breaks",
                "ask": {"operation": "job.start", "fields": {"job": "1"}},
                "http": [{"request": {"method": "POST", "path": "/jobs/1"}, "response": {"lost": True}}],
                "reply": {"raises": "uncertain"},
            },
            {
                "about": "what exists",
                "ask": {"live": "SPP-1"},
                "http": [{"request": {"path": "/jobs"}, "response": {"body": {"items": [{"id": "1"}]}}}],
                "reply": {"live": {"job": ["1"], "current": {}}},
            },
        ],
    },
}


async def proof_of(folder: Path, data: dict[str, Any]) -> Proof:
    file = folder / "mine.yaml"
    file.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return await prove(file)


@pytest.mark.parametrize("name", shipped())
async def test_every_connector_that_ships_is_proved(name: str) -> None:
    proof = await prove(find(name))
    assert [(case.about, case.fault) for case in proof.cases if case.fault] == []
    assert proof.is_good
    assert proof.source


async def test_a_file_that_does_what_it_says_is_good(tmp_path: Path) -> None:
    proof = await proof_of(tmp_path, GOOD)
    assert [case.fault for case in proof.cases] == ["", "", "", ""]
    assert proof.is_good
    assert proof.unproved == ()


CHANGES: list[tuple[int, tuple[str | int, ...], Any, str]] = [
    (0, ("http", 0, "request", "path"), "/jobs/4711", "/jobs/4711 was to be asked, it was POST /jobs/47%2F11"),
    (0, ("http", 0, "request", "body", "by"), "Ana", "was to have the body"),
    (0, ("http", 0, "request", "headers", "X-Key"), "another", "was to have the header X-Key: another"),
    (0, ("http", 0, "response", "body", "id"), "9", "it was to be accepted with"),
    (0, ("reply", "accepted", "job"), "1", "it was to be accepted with"),
    (0, ("http",), [], "was asked beyond the exchange"),
    (1, ("reply", "rejected"), "forbidden", "it was to be refused as forbidden"),
    (1, ("reply", "reason"), "Something else.", "it was to be refused as not_found"),
    (1, ("http", 0, "response", "status"), 200, "it came out as nonsense"),
    (2, ("reply", "raises"), "busy", "it came out as uncertain"),
    (2, ("http", 0, "response"), {"unsent": True}, "it came out as unreachable"),
    (3, ("reply", "live", "job"), ["2"], "job was to be ['2'], it is ['1']"),
    (3, ("http", 0, "request", "query"), {"a": "b"}, "was to have the query"),
]


@pytest.mark.parametrize(("case", "path", "value", "fault"), CHANGES)
async def test_what_is_not_as_it_is_written_is_found(
    tmp_path: Path, case: int, path: tuple[str | int, ...], value: Any, fault: str
) -> None:
    data = copy.deepcopy(GOOD)
    part: Any = data["exchanges"]["cases"][case]
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    proof = await proof_of(tmp_path, data)
    assert fault in proof.cases[case].fault
    assert not proof.is_good


async def test_a_request_that_was_to_be_sent_and_is_not_is_found(tmp_path: Path) -> None:
    data = copy.deepcopy(GOOD)
    pairs = data["exchanges"]["cases"][1]["http"]
    pairs.append(copy.deepcopy(pairs[0]))
    assert (await proof_of(tmp_path, data)).cases[1].fault == "POST /jobs/1 was not asked"


async def test_a_file_without_exchanges_proves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no exchanges"):
        await proof_of(tmp_path, {name: part for name, part in GOOD.items() if name != "exchanges"})


async def test_an_exchange_for_what_is_no_operation_is_an_error(tmp_path: Path) -> None:
    data = copy.deepcopy(GOOD)
    data["exchanges"]["cases"][0]["ask"]["operation"] = "job.begin"
    with pytest.raises(ConfigError, match=r"'job\.begin', which is no operation"):
        await proof_of(tmp_path, data)


async def test_a_secret_without_a_value_for_the_proof_is_named(tmp_path: Path) -> None:
    data = copy.deepcopy(GOOD)
    data["exchanges"]["secrets"] = {}
    with pytest.raises(ConfigError, match="MINE_KEY"):
        await proof_of(tmp_path, data)


async def test_what_has_no_exchange_is_named(tmp_path: Path) -> None:
    data = copy.deepcopy(GOOD)
    data["operations"]["job.status"] = {"needs": ["job"], "path": "/jobs/{job}", "answer": {"job": "id"}}
    assert (await proof_of(tmp_path, data)).unproved == ("job.status",)
