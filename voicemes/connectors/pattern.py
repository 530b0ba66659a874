"""Regular expressions of a connector file. Some take for ever to say no; these cannot."""

from __future__ import annotations

import re
from typing import Any

MAX_CHARS, MAX_REPEATS = 300, 2
"""What repeats a group, or repeats thrice, is refused: it is searched in a sentence of some hundred characters."""
PLAIN = re.compile(r"\\.|\[\^?\]?[^\]]*\]", re.DOTALL)
"""A sign of a pattern that stands for itself, or a set of them."""


def to_pattern(value: Any) -> Any:
    """Raises ValueError, as pydantic wants it."""
    try:
        pattern = re.compile(value)
    except (TypeError, ValueError, OverflowError, RecursionError, re.error) as error:
        raise ValueError(f"is not a regular expression: {error}") from error
    signs = PLAIN.sub("x", value)
    if len(value) > MAX_CHARS:
        raise ValueError(f"is longer than {MAX_CHARS} characters")
    if re.search(r"\)[*+{]", signs) or len(re.findall(r"[*+{]", signs)) > MAX_REPEATS:
        raise ValueError(f"repeats a group, or has more than {MAX_REPEATS} repeats: that could take for ever")
    return pattern
