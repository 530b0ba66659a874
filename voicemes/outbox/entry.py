"""One confirmed write on its way into the MES."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

from voicemes.model import MesCommand

State: TypeAlias = Literal["waiting", "sending", "done", "refused", "unknown", "expired", "moved", "dropped"]
"""waiting: never sent. sending: perhaps it was, and nobody knows. done, refused: the MES said so. unknown: only a
person can find out. expired: it came too late to be sent. moved: what it is about is not what it was when it was
confirmed. dropped: taken back before it was sent.
"""

OPEN: frozenset[State] = frozenset({"waiting", "sending"})
DEAD: frozenset[State] = frozenset({"refused", "unknown", "expired", "moved"})
"""Letters that could not be delivered: a person decides."""


@dataclass(frozen=True, slots=True)
class Entry:
    seq: int
    command: MesCommand
    state: State
    attempts: int
    reason: str
    saved_s: float
    """Wall time, seconds since 1970 UTC."""
    changed_s: float
    is_told: bool

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def was_sent(self) -> bool:
        """Perhaps: before it is sent again, the MES is asked in a way that cannot do it twice."""
        return self.state == "sending"


def command_json(command: MesCommand) -> str:
    """Raises ValueError for what JSON cannot hold, such as an infinite number."""
    return json.dumps(asdict(command), ensure_ascii=False, allow_nan=False, sort_keys=True)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def command_from(text: str, digest: str) -> MesCommand:
    """Raises ValueError or TypeError for what is none, or another than was written."""
    if digest_of(text) != digest:
        raise ValueError("a command is not what was saved")
    return MesCommand(**json.loads(text))
