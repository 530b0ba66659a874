"""The event stream of a MES (server-sent events), as news for a station.

Each event of the stream is looked up in the rules of the connector file: which reply tells it, with which values, to
whom, and how urgently. Events without a rule are nobody's news.
"""

from __future__ import annotations

import json
import re
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voicemes.connectors import extract
from voicemes.connectors.harmless import harmless
from voicemes.connectors.messages import NonsenseError
from voicemes.happening import News
from voicemes.model import Reply

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from jmespath.parser import ParsedResult

    from voicemes.connectors.exchange import Exchange
    from voicemes.connectors.spec import NewsRule, StreamSpec
    from voicemes.model import SlotData

MAX_EVENT_BYTES = 256_000
"""The largest event of ours has a few kilobytes. A larger one is skipped."""
MAX_TEXT_CHARS = 200
"""Of a value that is told; more nobody listens to."""
MAX_FIGURE = 1e12
IDS = re.compile(r"[\x21-\x7e]{1,200}")
"""What may go back as Last-Event-ID."""
SILENCE_S = 45.0
"""Three heartbeats of a usual server; a stream that says nothing for longer is taken for dead."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it came."""

    id: str
    data: Any
    """None where there was none, or none to be used: an id alone says how far the stream has come."""


class Stream:
    """The stream of one MES. It is taken up again where it broke."""

    def __init__(self, exchange: Exchange, spec: StreamSpec) -> None:
        self._exchange, self._spec = exchange, spec
        self._last = ""
        """The id of the last event that was seen, news or not."""

    async def news(self) -> AsyncIterator[News]:
        """What of it is news. Ends never; raises ExchangeError."""
        async with aclosing(self.frames()) as followed:
            async for frame in followed:
                told = [found for rule in self._spec.news if (found := told_by(rule, frame)) is not None]
                for news in told[:1]:
                    yield news

    async def frames(self) -> AsyncGenerator[Frame]:
        """What happens from now on, or since the stream broke. Ends never; raises ExchangeError."""
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": self._last} if self._last else {})}
        query = {} if self._last else self._spec.from_now_on
        try:
            async with aclosing(self._exchange.stream(self._spec.path, query, headers, SILENCE_S)) as chunks:
                async for frame in frames(chunks):
                    self._last = frame.id if IDS.fullmatch(frame.id) else self._last
                    yield frame
        except NonsenseError:  # it was refused: perhaps the MES does not know the id any more
            self._last = ""
            raise


async def frames(chunks: AsyncIterator[bytes]) -> AsyncIterator[Frame]:
    """The events of a stream of bytes: a blank line ends one, comments are skipped (HTML standard, 9.2.6).

    An event that is too large or no JSON is skipped, so that it cannot stop those behind it.
    """
    rest, is_too_large = b"", False
    async for chunk in chunks:
        rest = (rest + chunk).replace(b"\r\n", b"\n")
        *whole, rest = rest.split(b"\n\n")
        for block in whole:
            frame = None if is_too_large else _frame(block)
            is_too_large = False
            if frame is not None:
                yield frame
        if len(rest) > MAX_EVENT_BYTES:
            rest, is_too_large = rest[-1:], True


def told_by(rule: NewsRule, frame: Frame) -> News | None:
    """The news that a rule makes of an event; None where the rule is not about it, or lacks a value it needs."""
    event = frame.data
    if not isinstance(event, dict) or event.get("type") != rule.event or not _fits(rule, event):
        return None
    found = {name: _value(expression, event) for name, expression in rule.values.items()}
    said = {name: value for name, value in found.items() if value is not None}
    if any(name not in said for name in rule.needs):
        return None
    called = _value(rule.team, event) if rule.team is not None else None
    audience = (*rule.audience, called) if isinstance(called, str) else rule.audience
    place = {name: str(event.get(name) or "") for name in ("equipment", "line", "operator")}
    return News(frame.id, Reply(rule.reply, said), rule.urgency, audience, **place)


def _fits(rule: NewsRule, event: Any) -> bool:
    try:
        return rule.when is None or bool(extract.search(rule.when, event))
    except NonsenseError:
        return False


def _value(expression: ParsedResult, event: Any) -> SlotData | None:
    """A text or a number that can be said; None for anything else."""
    try:
        found = extract.search(expression, event)
    except NonsenseError:
        return None
    if isinstance(found, str):
        return found[:MAX_TEXT_CHARS].encode("utf-8", "replace").decode() or None
    is_figure = isinstance(found, int | float) and not isinstance(found, bool)
    return found if is_figure and abs(found) < MAX_FIGURE else None


def _frame(block: bytes) -> Frame | None:
    """None for a comment, a heartbeat, or a setting such as `retry`."""
    fields: dict[str, list[str]] = {}
    for line in block.decode("utf-8", "replace").split("\n"):
        name, _, value = line.partition(":")
        fields.setdefault(name, []).append(value.removeprefix(" "))
    identifier = "".join(fields.get("id", [""])[-1:])
    if "data" not in fields:
        return Frame(identifier, None) if identifier else None
    text = "\n".join(fields["data"])
    try:
        return Frame(identifier, harmless(json.loads(text), text.encode()))
    except (ValueError, RecursionError):
        return Frame(identifier, None)
