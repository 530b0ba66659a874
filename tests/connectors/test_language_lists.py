"""Lists page by page, how long they are kept, and that a snapshot does not ask the same twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from lab import LOST, Answer, Lab, laboratory

from voicemes.connectors.snapshot import MAX_ITEMS
from voicemes.errors import ConfigError, MesProtocolError, MesUnreachable
from voicemes.model import Live


def rows(first: int, n: int) -> list[dict[str, int]]:
    return [{"id": number} for number in range(first, first + n)]


def listing(paging: dict[str, Any] | None, **parts: Any) -> dict[str, Any]:
    part = {"path": "/orders", "items": "items", "id": "id", **parts}
    return {"operations": {}, "live": {"references": {"job": {**part, **({"paging": paging} if paging else {})}}}}


def ids(live: Live) -> list[int]:
    return [int(reference.id) for reference in live.references["job"]]


async def read(folder: Path, spec: dict[str, Any], *answers: Answer) -> tuple[list[int], Lab]:
    async with laboratory(folder, spec, *answers) as lab:
        return ids(await lab.live()), lab


AT = {"offset": "{_offset}", "limit": "{_limit}", "page": "{_page}"}


@pytest.mark.parametrize(("last", "n_asked"), [(1, 3), (0, 3)])
async def test_a_page_that_is_not_full_is_the_last(tmp_path: Path, last: int, n_asked: int) -> None:
    spec = listing({"size": 2, "first_page": 0}, query=AT)
    found, lab = await read(tmp_path, spec, {"items": rows(0, 2)}, {"items": rows(2, 2)}, {"items": rows(4, last)})
    assert found == list(range(4 + last))
    asked = [tuple(request.url.params.values()) for request in lab.requests]
    assert asked == [("0", "2", "0"), ("2", "2", "1"), ("4", "2", "2")][:n_asked]


async def test_where_a_page_is_in_the_body_its_numbers_are_numbers(tmp_path: Path) -> None:
    spec = listing({"size": 2}, method="POST", body={"at": AT})
    _, lab = await read(tmp_path, spec, {"items": rows(0, 2)}, {"items": []})
    assert [lab.body(n) for n in (0, 1)] == [
        {"at": {"offset": 0, "limit": 2, "page": 1}},
        {"at": {"offset": 2, "limit": 2, "page": 2}},
    ]


async def test_an_answer_may_say_whether_there_is_more(tmp_path: Path) -> None:
    spec = listing({"size": 2, "more": "more"}, query=AT)
    answers = [{"items": rows(0, 1), "more": True}, {"items": rows(1, 2), "more": False}]
    found, _ = await read(tmp_path, spec, *answers)
    assert found == [0, 1, 2], "a page that is not full is not the last, and a full one may be"


@pytest.mark.parametrize("link", ["/orders?after=1&n=2", "http://mes/orders?after=1&n=2", "?after=1&n=2"])
async def test_a_link_leads_to_the_next_page(tmp_path: Path, link: str) -> None:
    spec = listing({"next": "links.next"}, query={"first": "yes"})
    first = {"items": rows(0, 2), "links": {"next": link}}
    found, lab = await read(tmp_path, spec, first, {"items": rows(2, 1), "links": {"next": None}})
    assert found == [0, 1, 2]
    assert dict(lab.requests[1].url.params) == {"after": "1", "n": "2"}, "the link says all"


@pytest.mark.parametrize(
    "link", ["http://evil/orders", "https://mes/orders", "http://mes:81/orders", "//evil/orders", "http://mes@evil/"]
)
async def test_a_link_to_another_host_is_not_followed(tmp_path: Path, link: str) -> None:
    first = {"items": rows(0, 2), "links": {"next": link}}
    async with laboratory(tmp_path, listing({"next": "links.next"}), first) as lab:
        with pytest.raises(MesProtocolError, match="another host"):
            await lab.live()
    assert len(lab.requests) == 1


def part(first: int, n: int, of: str) -> httpx.Response:
    content_range = f"items {first}-{first + n - 1}/{of}"
    return httpx.Response(206, json={"items": rows(first, n)}, headers={"Content-Range": content_range})


@pytest.mark.parametrize(
    ("answers", "n"),
    [([part(0, 2, "5"), part(2, 2, "5"), part(4, 1, "5")], 5), ([part(0, 2, "2")], 2), ([part(0, 1, "*")], 1)],
)
async def test_a_range_is_asked_for_until_it_is_whole(tmp_path: Path, answers: list[Answer], n: int) -> None:
    found, lab = await read(tmp_path, listing({"size": 2, "ranges": True}), *answers)
    assert found == list(range(n))
    asked = [request.headers["Range"] for request in lab.requests]
    assert asked == ["items=0-1", "items=2-3", "items=4-5"][: len(answers)]


async def test_a_list_without_an_end_is_cut(tmp_path: Path) -> None:
    spec = listing({"size": 1, "max_pages": 3, "more": "`true`"}, query=AT)
    found, _ = await read(tmp_path, spec, *({"items": rows(n, 1)} for n in range(3)))
    assert found == [0, 1, 2]


async def test_a_list_that_is_too_long_is_refused(tmp_path: Path) -> None:
    half = {"items": rows(0, MAX_ITEMS // 2 + 1)}
    spec = {**listing({"size": 10, "more": "`true`"}, query=AT), "limits": {"max_answer_kb": 20_000}}
    async with laboratory(tmp_path, spec, half, half) as lab:
        with pytest.raises(MesProtocolError, match=str(MAX_ITEMS)):
            await lab.live()


async def test_the_paging_of_the_file_is_that_of_every_list(tmp_path: Path) -> None:
    spec = {**listing(None, query=AT), "paging": {"size": 1}}
    found, _ = await read(tmp_path, spec, {"items": rows(0, 1)}, {"items": []})
    assert found == [0]


@pytest.mark.parametrize("query", [{}, {"limit": "{_limit}"}])
async def test_pages_that_are_all_the_same_question_are_an_error_of_the_file(
    tmp_path: Path, query: dict[str, str]
) -> None:
    """Or a full page would be taken for all the others."""
    for spec in (listing({"size": 2}, query=query), {**listing(None, query=query), "paging": {"size": 2}}):
        with pytest.raises(ConfigError, match="a list has pages"):
            async with laboratory(tmp_path, spec):
                raise AssertionError


async def test_a_list_is_kept_as_long_as_the_file_says(tmp_path: Path) -> None:
    first, second = {"items": rows(0, 1)}, {"items": rows(5, 1)}
    async with laboratory(tmp_path, listing(None, every_s=60), first, second) as lab:
        assert ids(await lab.live()) == [0]
        lab.clock.advance(59)
        assert ids(await lab.live()) == [0]
        lab.clock.advance(1)
        assert ids(await lab.live()) == [5]


async def test_what_changes_is_read_every_time(tmp_path: Path) -> None:
    async with laboratory(tmp_path, listing(None), {"items": rows(0, 1)}, {"items": rows(5, 1)}) as lab:
        assert [ids(await lab.live()) for _ in range(2)] == [[0], [5]]


async def test_a_list_that_cannot_be_read_anew_is_not_taken_from_before(tmp_path: Path) -> None:
    async with laboratory(tmp_path, listing(None, every_s=60), {"items": rows(0, 1)}, LOST) as lab:
        await lab.live()
        lab.clock.advance(60)
        with pytest.raises(MesUnreachable):
            await lab.live()


async def test_in_one_snapshot_the_same_question_is_asked_once(tmp_path: Path) -> None:
    orders = {"path": "/orders", "query": {"at": "{station}"}, "items": "items", "id": "id"}
    live = {
        "references": {"job": orders, "lot": {**orders, "query": {"at": "other"}}},
        "current": {"job": {"path": "/orders", "query": {"at": "{station}"}, "value": "items[0].id"}},
        "facts": {"job": {**orders, "values": {"n": "id"}, "steady": ["n"]}},
        "people": {**orders, "roles": "['operator']"},
    }
    answers = [{"items": rows(3, 1)}, {"items": rows(9, 1)}]
    async with laboratory(tmp_path, {"operations": {}, "live": live}, *answers, *answers) as lab:
        found = await lab.live("SPP-1")
        await lab.live("SPP-1")
    assert [request.url.params["at"] for request in lab.requests] == ["SPP-1", "other"] * 2
    assert (found.current, found.facts, found.roles) == (
        {"job": "3"},
        {"job": {"3": {"n": 3}}},
        {"3": ("operator",)},
    )
    assert found.steady == {"job": ("n",)}


@pytest.mark.parametrize("answer", [{"items": 3}, {}, [], {"items": [{"id": None}]}, {"items": [{"id": True}]}])
async def test_a_list_that_is_none_makes_no_sense(tmp_path: Path, answer: Answer) -> None:
    async with laboratory(tmp_path, listing(None), answer) as lab:
        with pytest.raises(MesProtocolError):
            await lab.live()
