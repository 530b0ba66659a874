"""The catalogue as values: what can be meant, what it needs, what it risks and what is answered.

nlu/catalog.py reads these from YAML; matcher, dialogue and respond only see what stands here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from voicemes.errors import CatalogError
from voicemes.model import Scope, SlotData

Risk: TypeAlias = Literal["R0", "R1", "R2", "R3", "R4"]
Role: TypeAlias = str

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

BUILT_IN_TYPES = (
    *("job", "serial", "lot", "component", "quantity", "value"),
    *("step", "step_number", "relative_step", "text"),
    *("badge", "pin"),
    *("request", "alert", "container", "position", "delta", "signed", "increase", "decrease", "limits", "duration"),
)
"""Slot types that are patterns. Every other type is a list: a file under intents/_lists, or what lives in the MES."""

PERSON, TEXT = "person", "text"
"""The slot type of who somebody is, and that of what is said in words of one's own."""
SECRET_TYPES = frozenset({"pin"})
"""Slot types whose values no trace, log or screen ever shows."""


def may(role: str, held: Collection[str]) -> bool:
    """Whether somebody known who holds these roles has `role`."""
    if role == ANYONE or role in KNOWN or EVERYTHING in held:
        return True
    return role in held or bool(HELD_BY.get(role, frozenset()) & set(held))


def able(role: str, roles: Mapping[str, Collection[str]]) -> list[str]:
    """The people who have `role`, of those whose roles are known."""
    return [person for person, held in roles.items() if may(role, held)]


@dataclass(frozen=True, slots=True)
class Template:
    """One sentence template and where it stands."""

    text: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class SlotSpec:
    name: str
    type: str
    is_required: bool = False
    ask: str = ""
    """The question when it is missing; every required slot has one."""
    fill: Literal["", "context", "station", "operator"] = ""
    """Where it comes from when it was not said: what was last spoken of, what is at this station, or who speaks."""
    implied_by: Mapping[str, SlotData] = field(default_factory=dict)
    """Other slot -> the value of this one when that was said and this was not: one serial is one piece."""
    answers: tuple[Template, ...] = ()
    """More ways to answer the question than the bare value."""
    at_most: str = ""
    """A fact that it should not exceed, as `job.remaining`: slot and fact."""
    within: str = ""
    """A slot between whose facts `lower` and `upper` it should lie."""
    same_as: str = ""
    """A fact that it should be, as `characteristic.unit`."""
    is_steady: bool = False
    """What is known of it is read back, and must not have changed when the yes comes."""
    belongs_to: str = ""
    """A slot, or what is current, that its own fact of that name should be: an order belongs to its `equipment`."""
    recalls: tuple[SlotData, ...] = ()
    """Values that point back at what the dialogue spoke of: with no step read out, "the last step" is hardly said."""


@dataclass(frozen=True, slots=True)
class Example:
    say: str
    slots: Mapping[str, SlotData] = field(default_factory=dict)
    line: int = 0
    fails: str = ""
    """Why it is not understood yet. One that is understood must not say so."""


@dataclass(frozen=True, slots=True)
class Action:
    operation: str
    is_write: bool
    undo: str = ""
    """The operation that takes it back; empty where there is none."""
    undo_fields: tuple[str, ...] = ()
    """Values of the answer (or the slots) that the undo needs."""
    is_local: bool = False
    """Answered from the catalogue, without the MES."""
    keep_min: float | None = None
    """How many minutes it may wait for a MES that is not there; a call for help is of no use hours later."""
    identifies: bool = False
    """Its answer's `person` is who is here from now on."""


@dataclass(frozen=True, slots=True)
class Intent:
    name: str
    summary: str
    risk: Risk
    role: Role
    sentences: tuple[Template, ...]
    action: Action
    slots: Mapping[str, SlotSpec] = field(default_factory=dict)
    also: tuple[Template, ...] = ()
    """More sentences, which the recogniser does not listen for: its grammar stays small. Typed, they are understood."""
    say: Mapping[str, str] = field(default_factory=dict)
    """Moment (confirm, done, …) -> reply template."""
    llm: Literal["", "allow", "forbid"] = ""
    """Whether a language model may find it: everywhere (allow), nowhere (forbid), or, when nothing is said, everywhere,
    but nothing of the risks R3 and R4 is done on its word alone.
    """
    why: str = ""
    """The intent that answers "why?" after this one."""
    remember: Mapping[str, str] = field(default_factory=dict)
    """Context name -> name of the answer's value: what the next sentence may refer to."""
    examples: tuple[Example, ...] = ()
    not_examples: tuple[str, ...] = ()
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class DialogueWord:
    """Something that can be said to the dialogue itself: "yes", "cancel", "repeat that"."""

    name: str
    """What it means to the dialogue; another word may mean the same in other phases."""
    phases: tuple[str, ...]
    sentences: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class ListValue:
    id: str
    aliases: tuple[Template, ...]
    """How it is said, best first; templates of words, without slots. The first is also how it is spoken."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Something that `lint` finds and that stays, with its reason."""

    rule: str
    about: str
    reason: str
    is_inherited: bool = False
    """Of the catalogue whose dialogue words and replies are used; it may be about something that is not here."""


@dataclass(frozen=True, slots=True)
class Catalog:
    intents: Mapping[str, Intent]
    lists: Mapping[str, tuple[ListValue, ...]] = field(default_factory=dict)
    units: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """List -> value -> the unit in which it is measured."""
    rules: Mapping[str, Template] = field(default_factory=dict)
    dialogue: Mapping[str, DialogueWord] = field(default_factory=dict)
    leads: Mapping[str, Template] = field(default_factory=dict)
    """Slot type -> words that may stand before a bare answer: "order" before a job number."""
    replies: Mapping[str, str] = field(default_factory=dict)
    """Replies that no intent owns."""
    accepted: tuple[Acceptance, ...] = ()
    hash: str = ""
    """Of every file it was read from."""

    def intent(self, name: str) -> Intent:
        try:
            return self.intents[name]
        except KeyError:
            raise CatalogError("there is no such intent.", intent=name) from None

    def check_scope(self, scope: Scope) -> None:
        """Raises CatalogError when the state names an intent or a slot that this catalogue does not have."""
        if scope.intent:
            intent = self.intent(scope.intent)
            if scope.slot and scope.slot not in intent.slots:
                known = ", ".join(intent.slots) or "none"
                raise CatalogError(f"there is no slot '{scope.slot}'. Known: {known}.", intent=intent.name)

    def spoken_name(self, slot_type: str, value: str) -> str:
        """How a list value is said ("solder-bridge" -> "solder bridge"), or nothing for another kind of value."""
        for item in self.lists.get(slot_type, ()):
            if item.id == value and item.aliases:
                return item.aliases[0].text
        return ""
