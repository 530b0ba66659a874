"""Commands and entries as the tests of the outbox need them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from voicemes.model import MesCommand
from voicemes.outbox.audit import Record, following
from voicemes.outbox.entry import Entry, State
from voicemes.outbox.store import Store

NOON_S = 1_772_000_000.0
"""Wall time of the tests."""


def command(number: int = 1, subject: str = "", **changes: Any) -> MesCommand:
    """Scrap as Ana reported it; each number is another command."""
    values: dict[str, Any] = {
        "command_id": f"{number:08d}-0000-5000-8000-000000000000",
        "operation": "scrap.report",
        "fields": {"quantity": number, "defect": "void"},
        "is_write": True,
        "operator_id": "Ana",
        "spoken_text": f"scrap {number} void",
        "confirmed_s": 12.5,
        "subject": subject,
    }
    return MesCommand(**{**values, **changes})


def entry(state: State = "waiting", saved_s: float = NOON_S, **changes: Any) -> Entry:
    return Entry(1, command(**changes), state, 1, "", saved_s, saved_s, is_told=False)


def ids(entries: Sequence[Entry]) -> list[int]:
    """The numbers of the commands."""
    return [int(one.command.command_id[:8]) for one in entries]


def bring_to(store: Store, number: int, state: State, subject: str = "") -> Entry:
    """A command that got as far as this; it ended at noon."""
    added = store.add(command(number, subject), "waiting", NOON_S)
    match state:
        case "waiting":
            pass
        case "sending":
            store.begin(added, NOON_S)
        case "dropped":
            store.drop(added.command.command_id, NOON_S, "Ana")
        case _:
            store.end(store.begin(added, NOON_S), state, "because", NOON_S, is_told=False)
    return store.entry(added.command.command_id)


def chain_of(contents: Sequence[dict[str, Any]]) -> list[Record]:
    records: list[Record] = []
    for content in contents:
        records.append(following(records[-1] if records else None, content))
    return records
