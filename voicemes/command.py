"""What goes to a MES, and what comes back: part of `model.py`, which has every other value between the stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

SlotData: TypeAlias = "str | int | float | Mapping[str, SlotData] | Sequence[SlotData]"
"""A canonical slot value: an id, a number, or a record such as {"before": "4711"}. Answers of a MES have lists, too."""


@dataclass(frozen=True, slots=True)
class MesCommand:
    """One question to, or one change in, the MES."""

    command_id: str
    """Made once, when the operator confirmed; the idempotency key for ever."""
    operation: str
    fields: Mapping[str, SlotData]
    is_write: bool
    operator_id: str
    spoken_text: str
    confirmed_s: float
    asked_by: str = ""
    """Who asked for what `operator_id` confirmed, where these are two people."""
    subject: str = ""
    """What it is about, as "job/4711": commands of one subject arrive in the order of their confirmation."""
    keep_s: float | None = None
    """How long it may wait for the MES to be there; None is for ever."""
    seen: Mapping[str, Mapping[str, SlotData]] = field(default_factory=dict)
    """What it names -> what must not have changed there when it is sent late."""
    may_have_been_sent: bool = False
    """An earlier attempt may have been done: this one must not do it twice."""


@dataclass(frozen=True, slots=True)
class Accepted:
    command_id: str
    values: Mapping[str, SlotData] = field(default_factory=dict)
    """What the MES says the result is, for the answer."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The MES understood and said no. Nothing was changed."""

    command_id: str
    code: str
    reason: str
    """One sentence that can be read to the operator."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """The MES never got it. Nothing was changed."""

    command_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It was sent and no trustworthy answer came. Only a person looking at the MES can tell."""

    command_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Saved:
    """It is kept on the disk, and will be sent. The MES has not said anything about it yet."""

    command_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unsaved:
    """It could not be kept, so it was not sent either. Nothing was changed."""

    command_id: str
    reason: str


MesReply: TypeAlias = Accepted | Rejected | Unsent | Unknown | Saved | Unsaved
