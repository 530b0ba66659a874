"""What happens in the plant and a station may have to be told of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from voicemes.model import Reply

Urgency: TypeAlias = Literal["now", "soon", "shown"]
"""What is said at the next pause, what is said when the station is quiet, and what is only shown."""


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened in the plant and that a station may have to be told."""

    event_id: str
    """Its id in the MES."""
    reply: Reply
    urgency: Urgency
    audience: tuple[str, ...]
    """Whom it is for: `station` (the one that works at the equipment), `line` (every station of the line), or a
    role, such as `supervisor`.
    """
    equipment: str = ""
    line: str = ""
    """Where it happened; empty for the whole plant."""
    operator: str = ""
    """Who did it: they need not be told."""
