"""The event stream of a MES (server-sent events), as news for a station.

Each event of the stream is looked up in the rules of the connector file: which reply tells it, with which values, to
whom, and how urgently. Events without a rule are nobody's news.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voicemes.connectors import extract
from voicemes.connectors.exchange import NonsenseError
from voicemes.connectors.template import ABSENT
from voicemes.model import News, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from voicemes.connectors.exchange import Exchange
    from voicemes.connectors.spec import NewsRule, StreamSpec

MAX_EVENT_BYTES = 256_000
"""The largest event of ours has a few kilobytes."""
SILENCE_S = 45.0
"""Three heartbeats of a usual server; a stream that says nothing for longer is taken for dead."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it came."""

    id: str
    data: Any


class Stream:
    """The stream of one MES. It is taken up again where it broke."""

    def __init__(self, exchange: Exchange, spec: StreamSpec) -> None:
        self._exchange, self._spec = exchange, spec
        self._last = ""
        """The id of the last event that was seen, news or not."""

    async def news(self) -> AsyncIterator[News]:
        """What happens from now on, or since the stream broke. Ends never; raises ExchangeError."""
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": self._last} if self._last else {})}
        query = {} if self._last else self._spec.from_now_on
        async for frame in frames(self._exchange.stream(self._spec.path, query, headers, SILENCE_S)):
            self._last = frame.id or self._last
            told = next((found for rule in self._spec.news if (found := told_by(rule, frame)) is not None), None)
            if told is not None:
                yield told


async def frames(chunks: AsyncIterator[bytes]) -> AsyncIterator[Frame]:
    """The events of a stream of bytes, as the HTML standard has them: a blank line ends one, comments are skipped.

    Raises NonsenseError for data that is not JSON and for an event that is too large.
    """
    rest = b""
    async for chunk in chunks:
        rest = (rest + chunk).replace(b"\r\n", b"\n")
        *whole, rest = rest.split(b"\n\n")
        if len(rest) > MAX_EVENT_BYTES:
            raise NonsenseError(f"an event of the stream has more than {MAX_EVENT_BYTES} bytes")
        for block in whole:
            frame = _frame(block)
            if frame is not None:
                yield frame


def told_by(rule: NewsRule, frame: Frame) -> News | None:
    """The news that a rule makes of an event; None where the rule is not about it, or lacks a value it needs."""
    event = frame.data
    if not isinstance(event, dict) or event.get("type") != rule.event:
        return None
    if rule.when is not None and not extract.search(rule.when, event):
        return None
    values = {name: extract.search(expression, event) for name, expression in rule.values.items()}
    said = {name: value for name, value in values.items() if value not in (None, "", ABSENT)}
    if any(name not in said for name in rule.needs):
        return None
    called = extract.search(rule.team, event) if rule.team is not None else None
    audience = (*rule.audience, called) if isinstance(called, str) else rule.audience
    place = {name: str(event.get(name) or "") for name in ("equipment", "line", "operator")}
    return News(frame.id, Reply(rule.reply, said), rule.urgency, audience, **place)


def _frame(block: bytes) -> Frame | None:
    """None for a comment, a heartbeat, or a setting such as `retry`."""
    fields: dict[str, list[str]] = {}
    for line in block.decode("utf-8", "replace").split("\n"):
        name, _, value = line.partition(":")
        fields.setdefault(name, []).append(value.removeprefix(" "))
    if "data" not in fields:
        return None
    try:
        return Frame("".join(fields.get("id", [""])[-1:]), json.loads("\n".join(fields["data"])))
    except (ValueError, RecursionError) as error:
        raise NonsenseError("an event of the stream is not JSON") from error
