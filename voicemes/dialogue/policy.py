"""What a risk class asks of the operator. The only place where it is decided.

| class | what it is                         | what the operator goes through                          |
|-------|------------------------------------|---------------------------------------------------------|
| R0    | reads only                         | answered at once                                        |
| R1    | own work, easily corrected         | done at once, and "undo" works for a while              |
| R2    | counts, traceability, quality      | read back, written only after an explicit yes           |
| R3    | touches others                     | the same, and only by whom the role allows it           |
| R4    | machine writes, interlocks, e-stop | never by voice                                          |

Whatever the class: an intent is for those who have its role. "anyone" is said by people nobody knows, too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from voicemes.intents import Intent

YES_MAX_AGE_S = 10.0
"""A "yes" this long after its question belongs to something else."""
UNDO_S = 30.0
QUESTION_S = 10.0
"""How long a question waits for its answer before it is asked again, once."""
MAX_UNHEARD = 2
"""So often "say again?", then the system only listens: repeating it does not help in noise."""

ANYONE, EVERYTHING = "anyone", "supervisor"
"""The role that everybody has, and the one that has all others."""
KNOWN = frozenset({"operator", "self"})
"""Roles of whoever is clocked on."""
HELD_BY = {
    "inspector": frozenset({"quality"}),
    "engineer": frozenset({"process-engineer"}),
    "process-engineer": frozenset({"engineer"}),
}
"""Role -> others that have it, too."""

Way: TypeAlias = Literal["at_once", "read_back", "never"]


@dataclass(frozen=True, slots=True)
class Policy:
    way: Way
    needs_operator: bool
    """Nobody may do it without being known."""
    can_undo: bool


def may(role: str, held: Collection[str]) -> bool:
    """Whether somebody known who holds these roles has `role`."""
    if role == ANYONE or role in KNOWN or EVERYTHING in held:
        return True
    return role in held or bool(HELD_BY.get(role, frozenset()) & set(held))


def policy_for(intent: Intent, *, is_guess: bool = False) -> Policy:
    """A guess (a sentence in other words than the catalogue's) may answer a question; what it writes is read back."""
    match intent.risk:
        case "R0":
            return Policy("at_once", needs_operator=False, can_undo=False)
        case "R1":
            is_urgent = intent.role == ANYONE
            way: Way = "read_back" if is_guess and not is_urgent else "at_once"
            return Policy(way, needs_operator=not is_urgent, can_undo=bool(intent.action.undo))
        case "R2" | "R3":
            return Policy("read_back", needs_operator=True, can_undo=False)
        case "R4":
            return Policy("never", needs_operator=True, can_undo=False)
        case _ as never:
            assert_never(never)
