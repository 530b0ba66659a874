"""What exists in a MES now: its lists, page by page, and what they are worth to a station."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import jmespath

from voicemes.connectors import extract
from voicemes.connectors.messages import NonsenseError, Request, Response
from voicemes.connectors.parts import Paging
from voicemes.connectors.refusal import judge, refuses
from voicemes.connectors.rendering import request_of
from voicemes.connectors.template import ABSENT, MAPS, parse, text_of
from voicemes.model import Live

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from voicemes.clock import Clock
    from voicemes.connectors.exchange import Exchange
    from voicemes.connectors.parts import Ask
    from voicemes.connectors.spec import ConnectorSpec, Current, List

MAX_ITEMS = 20_000
"""Of one list; a grammar with more names is of no use to anybody."""
ONE_PAGE = Paging(size=10_000, max_pages=1)
TOTAL = re.compile(r"/(\d+)$")
"""The end of a Content-Range (RFC 9110, 14.4)."""


class Snapshots:
    """Reads snapshots. Lists that hardly change are kept for as long as the connector file says."""

    def __init__(self, spec: ConnectorSpec, exchange: Exchange, clock: Clock) -> None:
        self._spec, self._exchange, self._clock = spec, exchange, clock
        self._kept: dict[int, tuple[float, list[Any]]] = {}

    async def live(self, station: str, only: Collection[str] = ()) -> Live:
        """Of these slot types alone, where some are named. Raises ExchangeError, MesDenied or MesBusy."""
        live, values = self._spec.live, {"station": station, "_now": self._clock.wall_s(), MAPS: self._spec.maps}
        same: dict[str, Any] = {}
        references = {
            slot_type: extract.references(part, await self._list(part, values, same))
            for slot_type, part in live.references.items()
            if not only or slot_type in only
        }
        current = {} if only else {name: await self._current(part, values, same) for name, part in live.current.items()}
        people = None if only else live.people
        roles = extract.roles(people, await self._list(people, values, same)) if people else {}
        facts = {
            slot_type: extract.facts(part, await self._list(part, values, same))
            for slot_type, part in live.facts.items()
            if not only or slot_type in only
        }
        present = {name: value for name, value in current.items() if value is not None}
        steady = {slot_type: part.steady for slot_type, part in live.facts.items() if part.steady}
        offered = tuple(sorted(self._spec.operations))
        return Live(references, present, roles, facts, steady, offered, self._spec.cannot)

    async def _list(self, part: List, values: Mapping[str, Any], same: dict[str, Any]) -> list[Any]:
        now_s = self._clock.now_s()
        kept = self._kept.get(id(part))
        if kept is not None and now_s - kept[0] < part.every_s:
            return kept[1]
        items = await self._pages(part, values, same)
        self._kept[id(part)] = now_s, items
        return items

    async def _pages(self, part: List, values: Mapping[str, Any], same: dict[str, Any]) -> list[Any]:
        paging = part.paging or self._spec.paging or ONE_PAGE
        items: list[Any] = []
        link: str | None = None
        for number in range(paging.max_pages):
            start = number * paging.size
            at = {"_offset": start, "_limit": paging.size, "_page": paging.first_page + number}
            request = self._request(part, {**values, **at}, paging, start, link)
            response = await self._look(request, same)
            page = extract.listed(part.items, response.data)
            items += page
            if len(items) > MAX_ITEMS:
                raise NonsenseError(f"{request} has more than {MAX_ITEMS} items")
            link = self._next_link(paging, response)
            if not _goes_on(paging, response, page, len(items), link):
                break
        return items

    def _request(self, part: Ask, values: Mapping[str, Any], paging: Paging, start: int, link: str | None) -> Request:
        if link is not None:
            return Request("GET", link)
        request = request_of(part, {**values, "_n": 1}, self._spec.envelope)
        headers = {"Range": f"items={start}-{start + paging.size - 1}"} if paging.ranges else {}
        return Request(request.method, request.path, request.query, request.body, {**request.headers, **headers})

    def _next_link(self, paging: Paging, response: Response) -> str | None:
        """Raises NonsenseError for one that leads to another host."""
        link = extract.search(paging.next, response.data) if paging.next is not None else None
        return self._exchange.own(str(link)) if link else None

    async def _look(self, request: Request, same: dict[str, Any]) -> Response:
        """One read. Within one snapshot the same question is asked once."""
        key = repr(request) + repr((request.query, request.body, request.headers))
        if key not in same:
            response = await self._exchange.send(request, self._exchange.timeout_s)
            if refuses(self._spec.errors, response):
                raise NonsenseError(judge(self._spec.errors, request, response, "", self._clock.wall_s()).reason)
            same[key] = response
        found: Response = same[key]
        return found

    async def _current(self, part: Current, values: Mapping[str, Any], same: dict[str, Any]) -> str | None:
        if not part.is_read:
            value = parse(part.value).value(values)
        else:
            request = request_of(part, {**values, "_n": 1}, self._spec.envelope)
            value = extract.search(jmespath.compile(part.value), (await self._look(request, same)).data)
        return None if value is None or value is ABSENT else text_of(value)


def _goes_on(paging: Paging, response: Response, page: list[Any], n_items: int, link: str | None) -> bool:
    if paging.next is not None:
        return link is not None
    if paging.more is not None:
        return bool(extract.search(paging.more, response.data))
    total = TOTAL.search(response.content_range or "") if paging.ranges else None
    if total is not None:
        return n_items < int(total[1]) and bool(page)
    return len(page) >= paging.size
