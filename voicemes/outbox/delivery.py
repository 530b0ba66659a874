"""What is tried next, and when: pure functions of what came of the last attempt, how many there were, and the time.

The waits grow by two and are spread by up to a fifth ("dice", 0-1, comes from outside), so that stations that lost the
MES together do not come back together (M. Brooker, "Exponential backoff and jitter", 2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from voicemes.errors import MesBusy, MesDenied, MesError, MesUncertain, MesUnreachable
from voicemes.model import Accepted, Live, MesReply, Rejected, Saved, Unknown, Unsaved, Unsent
from voicemes.outbox.entry import Entry

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
SPREAD = 0.2
HELD_S = 60.0
"""Nothing of this station is let in: whoever mends that needs a minute at least."""
MAX_IN_DOUBT = 20
"""Attempts whose answer was lost. A command that breaks the MES each time must not block what comes after it."""


@dataclass(frozen=True, slots=True)
class Again:
    """It stays in the outbox."""

    after_s: float
    was_sent: bool
    reason: str
    is_away: bool = False
    """The MES is not there: nothing else needs to be tried either."""


@dataclass(frozen=True, slots=True)
class Held:
    """The whole outbox waits: the MES does not let this station in."""

    after_s: float
    was_sent: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Over:
    """Somebody knows what became of it, or nobody ever will."""

    reply: Accepted | Rejected | Unknown


Verdict: TypeAlias = Again | Held | Over


def judge(came: MesReply | MesError, command_id: str, attempts: int, dice: float, *, was_sent: bool) -> Verdict:
    """What follows from one attempt, the last of `attempts`. `was_sent`: an earlier one may have been done."""
    match came:
        case Accepted() | Rejected() | Unknown():
            return Over(came)
        case Unsent(_, reason):
            return Again(wait_s(attempts, dice), was_sent, reason, is_away=True)
        case MesUnreachable():
            return Again(wait_s(attempts, dice), was_sent, str(came), is_away=True)
        case MesBusy():
            return Again(max(came.retry_after_s, wait_s(attempts, dice)), was_sent, str(came))
        case MesDenied():
            return Held(HELD_S, was_sent, str(came))
        case MesUncertain(can_ask_again=False):
            return Over(Unknown(command_id, str(came)))
        case MesError() if attempts >= MAX_IN_DOUBT:
            return Over(Unknown(command_id, str(came)))
        case MesError():
            return Again(wait_s(attempts, dice), True, str(came))
        case Saved() | Unsaved():
            raise TypeError(f"{type(came).__name__} is no answer of a MES")
        case _ as never:
            assert_never(never)


def wait_s(attempts: int, dice: float) -> float:
    """Seconds after the attempt of this number, from 1."""
    grown = min(FIRST_WAIT_S * 2.0 ** min(max(attempts - 1, 0), 30), LONGEST_WAIT_S)
    return grown * (1.0 + SPREAD * (2.0 * dice - 1.0))


def is_expired(entry: Entry, wall_s: float, keep_s: float) -> bool:
    """Too old to be sent for the first time. What may have been sent is asked about however old it is.

    `keep_s`: how long something waits whose intent says nothing about it.
    """
    own_s = entry.command.keep_s
    return entry.state == "waiting" and wall_s - entry.saved_s > (keep_s if own_s is None else own_s)


def what_moved(entry: Entry, live: Live) -> str:
    """The thing that is not as it was when the command was confirmed, or nothing."""
    for thing, before in entry.command.seen.items():
        slot_type, _, identifier = thing.partition("/")
        now = live.facts_of(slot_type, identifier)
        if not live.knows(slot_type, identifier) or any(now.get(name) != value for name, value in before.items()):
            return identifier
    return ""

