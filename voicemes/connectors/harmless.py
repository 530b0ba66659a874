"""What a MES says, without the characters that are no text: they would move a terminal's cursor, turn a line around, or
could not be written down at all.
"""

from __future__ import annotations

import re
from typing import Any

BAD = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters, but tabulator and line ends
    r"\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"  # what turns the direction of writing
)
MAY_BE = re.compile(rb"\\[bfu]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2[\x80\x81]|\xef\xbb\xbf")
"""Bytes of JSON without which none of these is in it."""


def harmless(data: Any, body: bytes) -> Any:
    """What was read from `body`. Most answers have nothing to be taken out, and are not looked through."""
    return _without(data) if MAY_BE.search(body) else data


def _without(data: Any) -> Any:
    if isinstance(data, str):
        return _text(data)
    if isinstance(data, dict):
        return {_text(name): _without(value) for name, value in data.items()}
    return [_without(item) for item in data] if isinstance(data, list) else data


def _text(text: str) -> str:
    """Halves of pairs become question marks."""
    return BAD.sub("", text).encode("utf-8", "replace").decode()
