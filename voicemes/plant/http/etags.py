"""ETag and If-Match: whoever changes a resource can say which state of it he saw."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from voicemes.plant.problems import Code, Problem
from voicemes.plant.queries import details

if TYPE_CHECKING:
    from voicemes.plant.database import Row, Tables


def of(row: Row) -> str:
    """A strong tag: the same bytes have it, and no others."""
    return '"' + hashlib.sha256(json.dumps(row).encode()).hexdigest()[:32] + '"'


def found(tables: Tables, resource: str, identifier: str) -> str:
    return of(details.find(tables, resource, identifier))


def is_among(tag: str, header: str | None) -> bool:
    return header is not None and (header.strip() == "*" or tag in [part.strip() for part in header.split(",")])


def check(if_match: str, tag: str) -> None:
    if not is_among(tag, if_match):
        raise Problem(Code.PRECONDITION_FAILED, "It has changed since you looked.")
