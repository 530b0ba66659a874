"""The event stream of a MES: however it is cut into pieces, every event is seen, and once."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.config import MesSettings, Settings
from voicemes.connectors import open_connector
from voicemes.connectors.load import FOLDER, load_spec
from voicemes.connectors.spec import NewsRule
from voicemes.connectors.stream import MAX_EVENT_BYTES, MAX_TEXT_CHARS, Frame, frames
from voicemes.errors import MesError
from voicemes.happening import News
from voicemes.model import Reply
from voicemes.nlu.catalog import load_catalog
from voicemes.ports import MesConnector

CATALOG = load_catalog(Settings().intents_dir)
RULES = load_spec(FOLDER / "reference.yaml").stream
CALL = {"alert": "7", "team": "maintenance", "equipment": "PRS-3", "text": None}
lines = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)


def event(number: int, kind: str = "mes.alert.raised", **about: object) -> bytes:
    data = {"type": kind, "equipment": "PRS-3", "line": "LINE-3", "operator": "Divya", "data": {**CALL, **about}}
    return f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()


async def seen(pieces: list[bytes]) -> list[Frame]:
    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return [frame async for frame in frames(chunks())]


@given(
    st.lists(lines, min_size=1, max_size=5), st.lists(st.integers(0, 400), max_size=20), st.sampled_from(["\n", "\r\n"])
)
async def test_the_pieces_in_which_it_arrives_do_not_matter(said: list[str], cuts: list[int], end: str) -> None:
    blocks = [f"id: {n}{end}data: {json.dumps({'text': text})}{end}{end}" for n, text in enumerate(said)]
    whole = f"retry: 1000{end}{end}: heartbeat{end}{end}{''.join(blocks)}".encode()
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    found = await seen([whole[start:stop] for start, stop in pairwise(places)])
    assert found == [Frame(str(n), {"text": text}) for n, text in enumerate(said)]


@pytest.mark.parametrize(
    "sent",
    [b"id: 8\ndata: {not json\n\n", b"id: 8\ndata: " + b"[" * 90_000 + b"\n\n", b"id: 8\n\n"],
    ids=["no json", "too deep", "no data"],
)
async def test_what_makes_no_sense_is_passed_over(sent: bytes) -> None:
    """With its id, so that it is not sent again."""
    assert await seen([sent, b"id: 9\ndata: 1\n\n"]) == [Frame("8", None), Frame("9", 1)]


@pytest.mark.parametrize("size", [1, 2, 5])
async def test_an_event_that_is_too_large_does_not_stop_those_behind_it(size: int) -> None:
    large = b"id: 8\ndata: " + b"x" * (size * MAX_EVENT_BYTES + 1)
    pieces = [large[start : start + 100_000] for start in range(0, len(large), 100_000)]
    assert await seen([*pieces, b"\n", b"\nid: 9\ndata: 1\n\n"]) == [Frame("9", 1)]


@pytest.mark.parametrize("value", [[1], {"a": 1}, True, 10**400, 1e300])
async def test_a_value_that_cannot_be_said_is_left_out(value: object) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=event(5, text=value)))
    news = await anext(open_connector(MesSettings(url="http://plant"), transport=transport).news())
    assert news.reply.values == {"team": "maintenance", "equipment": "PRS-3"}


async def test_a_text_is_cut_and_can_be_written_down() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=event(5, text="\ud800" + "x" * 999)))
    news = await anext(open_connector(MesSettings(url="http://plant"), transport=transport).news())
    text = news.reply.values["text"]
    assert isinstance(text, str)
    assert (text.encode("utf-8")[:1], len(text)) == (b"?", MAX_TEXT_CHARS)


async def test_an_id_that_cannot_be_sent_or_is_not_known_is_not_sent_again() -> None:
    asked: list[str | None] = []
    parts = ["id: é5\n\n".encode(), b"id: 6\n\n", None, b"id: 1\n\n"]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("last-event-id"))
        part = parts[len(asked) - 1]
        return httpx.Response(410) if part is None else httpx.Response(200, content=part)

    connector = open_connector(MesSettings(url="http://plant"), transport=httpx.MockTransport(answer))
    for _ in parts:
        with pytest.raises(MesError):
            await anext(connector.news())
    assert asked == [None, None, "6", None]


async def collect(connector: MesConnector, told: list[str]) -> None:
    """What comes before the stream breaks, too."""
    async for one in connector.news():
        told.append(one.event_id)  # noqa: PERF401 - a comprehension would lose what came before


async def test_a_broken_stream_is_taken_up_where_it_broke() -> None:
    """Events that are nobody's news count, too: what followed them is not seen again."""
    asked: list[httpx.Request] = []
    parts = [event(5) + event(6, "mes.quantity.reported"), event(7, team="quality"), b""]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=parts[len(asked) - 1])

    settings = MesSettings(url="http://plant")
    connector = open_connector(settings, transport=httpx.MockTransport(answer))
    told: list[str] = []
    for _ in parts:
        with pytest.raises(MesError, match="closed"):
            await collect(connector, told)
    await connector.aclose()
    assert told == ["5", "7"]
    assert [request.headers.get("last-event-id") for request in asked] == [None, "6", "7"]
    assert asked[0].url.params["newest"] == "true"
    assert "newest" not in asked[1].url.params


@pytest.mark.parametrize("status", [301, 403, 404, 500])
async def test_a_stream_that_is_refused_is_a_broken_one(status: int) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status))
    connector = open_connector(MesSettings(url="http://plant"), transport=transport)
    with pytest.raises(MesError, match=str(status)):
        await anext(connector.news())


async def test_the_reference_rules_say_what_happened_and_to_whom() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=event(5)))
    connector = open_connector(MesSettings(url="http://plant"), transport=transport)
    news = await anext(connector.news())
    values = {"team": "maintenance", "equipment": "PRS-3"}
    assert news == News(
        "5", Reply("news_called", values), "now", ("supervisor", "maintenance"), "PRS-3", "LINE-3", "Divya"
    )


@pytest.mark.parametrize("rule", RULES.news if RULES else (), ids=lambda rule: rule.event)
def test_a_rule_of_the_reference_plant_gives_its_sentence_what_it_names(rule: NewsRule) -> None:
    sentence = CATALOG.replies[rule.reply]
    needed = set(re.findall(r"{(\w+)}", re.sub(r"\[[^\]]*\]", "", sentence)))
    assert needed == set(rule.needs)
    assert set(re.findall(r"{(\w+)}", sentence)) == set(rule.values)
