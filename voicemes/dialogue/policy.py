"""What a risk class asks of the operator. The only place where it is decided.

| class | what it is                         | what the operator goes through                          |
|-------|------------------------------------|---------------------------------------------------------|
| R0    | reads only                         | answered at once                                        |
| R1    | own work, easily corrected         | done at once, and "undo" works for a while              |
| R2    | counts, traceability, quality      | read back, written only after an explicit yes           |
| R3    | touches others                     | the same by whom the role allows it, and check digits;  |
|       |                                    | a second person may confirm it by badge and PIN         |
| R4    | machine writes, interlocks, e-stop | never by voice                                          |

What only a language model found is read back, and from R3 on it has to be said in the catalogue's own words.
Whatever the class: an intent is for those who have its role. "anyone" is said by people nobody knows, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from voicemes.intents import ANYONE, Intent

YES_MAX_AGE_S = 10.0
"""A "yes" this long after its question belongs to something else."""
UNDO_S = 30.0
MAX_REFUSALS = 3
"""So often a read-back may be refused; then the screen shows it, and only its keys confirm it."""
AGAIN_S = 30.0
"""What is said again within this time after it was refused, is the same thing said again."""
MAX_WRONG = 2
"""So often check digits may be wrong; then nothing more is taken by voice, and a supervisor is called."""
QUESTION_S = 10.0
"""How long a question waits for its answer before it is asked again, once."""
SIGN_S = 60.0
"""The same for the badge of a second person: they have to come first."""
MAX_UNHEARD = 2
"""So often "say again?", then the system only listens: repeating it does not help in noise."""

SIGNED = frozenset({"R3"})
"""Risks of which a second person may confirm what the first one may not do."""

Way: TypeAlias = Literal["at_once", "read_back", "in_its_words", "never"]


@dataclass(frozen=True, slots=True)
class Policy:
    way: Way
    needs_operator: bool
    """Nobody may do it without being known."""
    can_undo: bool
    may_be_signed: bool = False
    """Who may not do it can have it confirmed by somebody who may, by badge and PIN."""
    needs_check: bool = False
    """Beside the yes, digits have to be said that only somebody who looks at the thing knows."""


def is_another(person: str, operator_id: str) -> bool:
    """Whether somebody may confirm what `operator_id` may not do: nobody is a second person to themselves."""
    return bool(person) and person != operator_id


def policy_for(intent: Intent, *, is_guess: bool = False, by_model: bool = False) -> Policy:
    """A guess (a sentence in other words than the catalogue's) may answer a question; what it writes is read back."""
    if by_model and intent.risk == "R3" and intent.llm != "allow":
        return Policy("in_its_words", needs_operator=True, can_undo=False)
    match intent.risk:
        case "R0":
            return Policy("at_once", needs_operator=False, can_undo=False)
        case "R1":
            is_urgent = intent.role == ANYONE and not by_model
            way: Way = "read_back" if is_guess and not is_urgent else "at_once"
            return Policy(way, needs_operator=intent.role != ANYONE, can_undo=bool(intent.action.undo))
        case "R2":
            return Policy("read_back", needs_operator=True, can_undo=False)
        case "R3":
            is_signed = intent.risk in SIGNED
            return Policy("read_back", needs_operator=True, can_undo=False, may_be_signed=is_signed, needs_check=True)
        case "R4":
            return Policy("never", needs_operator=True, can_undo=False)
        case _ as never:
            assert_never(never)
