"""Where an answer is cut, so that its first sentence is heard while the next one is made."""

from __future__ import annotations

import re
from collections.abc import Iterator

SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\n+")
"""A stop followed by a space: "3.5" is not two sentences."""


def sentences(text: str) -> Iterator[str]:
    """Those that have anything in them."""
    return (sentence for sentence in SENTENCE_END.split(text) if sentence.strip())
