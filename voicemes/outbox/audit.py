"""A chain of records: who said what, and what was done. Each holds the hash of the one before (SHA-256, FIPS 180-4).

Whoever changes, removes or adds a record in the middle breaks the chain. Cutting off its end does not: compare the
head with one that was written down elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

START = "0" * 64
"""The hash before the first record."""


@dataclass(frozen=True, slots=True)
class Record:
    seq: int
    body: str
    hash: str

    @property
    def content(self) -> dict[str, Any]:
        """Empty where the body was changed into something that cannot be read."""
        try:
            held = json.loads(self.body)
        except (TypeError, ValueError, RecursionError):
            return {}
        return held if isinstance(held, dict) else {}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the chain is worth."""

    n_records: int
    head: str
    broken_at: int | None = None
    """The first record that does not follow from the one before it."""


def following(last: Record | None, content: Mapping[str, Any]) -> Record:
    """The next record of a chain."""
    body = json.dumps(content, ensure_ascii=False, allow_nan=False, sort_keys=True)
    before = last.hash if last else START
    return Record(last.seq + 1 if last else 1, body, digest(before, body))


def digest(before: str, body: str) -> str:
    return hashlib.sha256(f"{before}\n{body}".encode("utf-8", "backslashreplace")).hexdigest()


def verify(records: Iterable[Record]) -> Verdict:
    before, n_records = START, 0
    for record in records:
        n_records += 1
        if record.seq != n_records or record.hash != digest(before, record.body):
            return Verdict(n_records, before, record.seq)
        before = record.hash
    return Verdict(n_records, before)
