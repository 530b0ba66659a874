"""The append-only stream that everything is made from, and the hash chain that shows whether anyone changed it.

hash(n) = SHA-256(hash(n-1) + newline + canonical JSON of the CloudEvent n), in hexadecimal; before the first event
stands GENESIS. Canonical JSON has sorted keys, no spaces, and UTF-8 text as it is.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from voicemes.plant.database import Row, Tables, Writer

ActorType: TypeAlias = Literal["human", "robot", "remotesystem", "agent"]

GENESIS = "0" * 64
SEED_SEQUENCE = 0
"""The event that fills a new plant; the stream that readers follow begins after it."""
BATCH = 1000
"""Events in memory at a time when the whole store is read: about half a megabyte."""
WINDOW = 20_000
"""Numbers that one question looks at: some 10 ms."""
MAX_SEQUENCE = 2**63 - 1
PREFIX_END = "\U0010ffff"
"""Sorts after every character of a type, so that a prefix is a range."""
COLUMNS = "sequence, type, time, subject, line, equipment, operator, actortype, correlationid, causationid,"
COLUMNS += " idempotencykey, data"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact, with the extensions of mes.md."""

    sequence: int
    type: str
    time: str
    subject: str
    line: str | None
    equipment: str | None
    operator: str | None
    actortype: ActorType
    correlationid: str
    """The id of the event with which the chain began."""
    causationid: str | None
    """The id of the event that led to this one."""
    idempotencykey: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the stream a reader follows. `type` is a prefix such as mes.job-order."""

    type: str | None = None
    line: str | None = None
    equipment: str | None = None
    correlation: str | None = None
    """The id of the event with which a chain began."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What checking the chain found."""

    n_events: int
    broken_at: int | None
    """The first sequence number that does not fit, or None."""


def cloud_event(event: Event) -> Row:
    """As JSON shows it. The sequence number is the id, and the extension `sequence`, which is text."""
    known = {name: value for name, value in asdict(event).items() if name != "sequence"}
    about = {"specversion": "1.0", "id": str(event.sequence), "sequence": str(event.sequence), "source": "/api/v1"}
    return {**about, "datacontenttype": "application/json", **known}


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def link(previous: str, event: Event) -> str:
    return hashlib.sha256(f"{previous}\n{canonical(cloud_event(event))}".encode()).hexdigest()


def append(writer: Writer, event: Event) -> Event:
    """Writes the event at the end of the chain. Its sequence must be the next one.

    Returns it as it will be read again, so that a view is made from the same event now and ever after.
    """
    last = head(writer)
    assert event.sequence == last[0] + 1, "events have no gaps"
    values = [getattr(event, name.strip()) for name in COLUMNS.split(",")[:-1]]
    marks = ", ".join("?" for _ in range(len(values) + 2))
    writer.run(
        f"INSERT INTO event ({COLUMNS}, hash) VALUES ({marks})",  # noqa: S608 - our own column names
        *(*values, canonical(event.data), link(last[1], event)),
    )
    return replace(event, data=json.loads(canonical(event.data)))


def head(tables: Tables) -> tuple[int, str]:
    """The last sequence number and its hash."""
    row = tables.one("SELECT sequence, hash FROM event ORDER BY sequence DESC LIMIT 1")
    return (row["sequence"], row["hash"]) if row else (SEED_SEQUENCE - 1, GENESIS)


def page(
    tables: Tables, after: int, limit: int, wanted: Wanted | None = None, until: int = MAX_SEQUENCE
) -> list[Event]:
    """The next events after a sequence number, by number: a slow reader costs the writer nothing."""
    wanted = wanted or Wanted()
    sql = (
        f"SELECT {COLUMNS} FROM event WHERE sequence > ? AND sequence <= ? AND (? IS NULL OR type >= ? AND type < ?)"  # noqa: S608
        " AND (? IS NULL OR line = ?) AND (? IS NULL OR equipment = ?) AND (? IS NULL OR correlationid = ?)"
        " ORDER BY sequence LIMIT ?"
    )
    end = f"{wanted.type}{PREFIX_END}"
    place = (wanted.line, wanted.line, wanted.equipment, wanted.equipment, wanted.correlation, wanted.correlation)
    return [Event(**row) for row in tables.all(sql, after, until, wanted.type, wanted.type, end, *place, limit)]


def scan(tables: Tables, after: int, limit: int, wanted: Wanted) -> tuple[list[Event], int]:
    """The next events that are wanted, and the number from which to go on.

    At most WINDOW numbers are looked at, so that a rare event costs a reader more steps, and nobody else any time.
    """
    end = min(after + WINDOW, head(tables)[0])
    events = page(tables, after, limit, wanted, end)
    return events, events[-1].sequence if len(events) == limit else max(after, end)


def everything(tables: Tables) -> Iterator[Event]:
    """The whole store in order, a batch at a time."""
    last = SEED_SEQUENCE - 1
    while events := page(tables, last, BATCH):
        yield from events
        last = events[-1].sequence


def audit(tables: Tables, after: int, limit: int) -> list[Row]:
    """Events with their hashes and the hash before, so that anyone can check the chain."""
    previous = tables.value("SELECT hash FROM event WHERE sequence <= ? ORDER BY sequence DESC LIMIT 1", after)
    hashes = tables.all("SELECT sequence, hash FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?", after, limit)
    links = []
    for event, row in zip(page(tables, after, limit), hashes, strict=True):
        links.append({"sequence": row["sequence"], "previous": previous or GENESIS, **row, "event": cloud_event(event)})
        previous = row["hash"]
    return links


def verify(tables: Tables) -> Verified:
    """Follows the chain from its beginning and stops at the first event that does not fit."""
    previous, n_events = GENESIS, 0
    sql = f"SELECT {COLUMNS} AS text, hash FROM event WHERE sequence > ? ORDER BY sequence LIMIT {BATCH}"  # noqa: S608
    while rows := tables.all(sql, n_events + SEED_SEQUENCE - 1):
        for row in rows:
            stored = row.pop("hash")
            if row["sequence"] != n_events + SEED_SEQUENCE or _link_of(previous, row) != stored:
                return Verified(n_events, row["sequence"])
            previous, n_events = stored, n_events + 1
    return Verified(n_events, None)


def _link_of(previous: str, row: Row) -> str | None:
    """The hash that a stored event should have, or None where its data cannot be read."""
    try:
        data = json.loads(row.pop("text"))
    except ValueError:
        return None
    return link(previous, Event(**row, data=data))
