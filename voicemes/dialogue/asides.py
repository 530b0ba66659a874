"""What goes on from what was before: "and yesterday?", "why?", "correction, oven two", and a station that sleeps."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from voicemes.dialogue.policy import UNDO_S
from voicemes.dialogue.prepare import prepare
from voicemes.dialogue.state import DialogueState, Pending, Rules, Step
from voicemes.dialogue.submit import finish, listen, say_and_listen
from voicemes.intents import Intent, SlotSpec
from voicemes.model import Adjust, Candidate, Change, Forget, Reply, SlotValue

PLACES = frozenset({"equipment", "line"})
"""Slot types of which a question is about one."""
REFUSALS = frozenset({"rejected", "needs_role", "no_such"})


def go_on(rules: Rules, state: DialogueState, candidate: Candidate, now_s: float) -> Step:
    match candidate.intent:
        case "follow":
            return follow(rules, state, candidate, now_s)
        case "why":
            return why(rules, state, now_s)
        case _:
            return amend(rules, state, candidate, now_s)


def follow(rules: Rules, state: DialogueState, candidate: Candidate, now_s: float) -> Step:
    """The last question once more, about something else."""
    asked = state.last_query
    intent = rules.catalog.intents.get(asked.intent) if asked else None
    new = candidate.slots[0] if candidate.slots else None
    spec = _slot_for(new, intent) if new and intent else None
    if asked is None or intent is None or new is None or spec is None:
        return listen(state)
    kept = {name: slot for name, slot in asked.slots.items() if name in intent.slots and slot.source != "context"}
    if spec.type in PLACES:
        kept = {name: slot for name, slot in kept.items() if intent.slots[name].type not in PLACES}
    slots = {**kept, spec.name: replace(new, name=spec.name)}
    return prepare(rules, state, Pending(intent.name, slots, f"{asked.spoken_text}, {new.spoken}"), now_s)


def why(rules: Rules, state: DialogueState, now_s: float) -> Step:
    """A refusal is said again; of a figure the intent's own "why" is asked."""
    if state.last_said is not None and state.last_said.key in REFUSALS:
        return say_and_listen(state, state.last_said, now_s)
    asked = state.last_query
    intent = rules.catalog.intents.get(asked.intent) if asked else None
    if asked is None or intent is None or not intent.why:
        return say_and_listen(state, Reply("no_why"), now_s, is_remembered=False)
    wanted = rules.catalog.intent(intent.why)
    kept = {name: slot for name, slot in asked.slots.items() if name in wanted.slots}
    return prepare(rules, state, Pending(wanted.name, kept, f"{asked.spoken_text}, why"), now_s)


def amend(rules: Rules, state: DialogueState, candidate: Candidate, now_s: float) -> Step:
    """A correction of what was written just now: read back as a new action that takes the place of the old one."""
    last = state.last_write
    intent = rules.catalog.intents.get(last.intent) if last else None
    new = candidate.slots[0] if candidate.slots else None
    if last is None or intent is None or new is None:
        return say_and_listen(state, Reply("nothing_to_amend"), now_s, is_remembered=False)
    spec = _slot_for(new, intent)
    if spec is None or not intent.action.undo or now_s - last.done_s > UNDO_S:
        return say_and_listen(state, Reply("cannot_amend"), now_s, is_remembered=False)
    before = {
        name: SlotValue(name, last.fields[name], "", "context", intent.slots[name].type)
        for name in last.slots
        if name in intent.slots and name in last.fields
    }
    slots = {**before, spec.name: replace(new, name=spec.name, source="corrected")}
    return prepare(rules, state, Pending(intent.name, slots, f"correction, {new.spoken}", replaces=True), now_s)


def hand_over(state: DialogueState, operator_id: str, role: str) -> Step:
    """Another person is here: what the one before prepared is dropped, and is not theirs to confirm or take back."""
    if operator_id == state.operator_id:
        return Step(state)
    dropped = [Forget(state.pending.intent, "replaced")] if state.pending else []
    return become(state, operator_id, role, *dropped)


def become(state: DialogueState, operator_id: str, role: str, *dropped: Forget) -> Step:
    """A fresh dialogue for who is here now."""
    theirs = DialogueState(
        state.session_id,
        operator_id,
        role,
        n_commands=state.n_commands,
        check_digits=state.check_digits,
        is_suspended=state.is_suspended,
        rests_after_s=state.rests_after_s,
    )
    return finish(theirs, Reply("hello", {"person": operator_id}) if operator_id else Reply("goodbye"), *dropped)


def speak_otherwise(state: DialogueState, how: Change | Literal["spell"], now_s: float) -> Step:
    """Louder, slower: what is being asked stands, and is asked again in the new voice. Spelled, what was said last is
    said with NATO letters; that refuses nothing.
    """
    if how != "spell":
        heard = state.last_said if state.phase != "idle" and state.last_said else Reply("adjusted")
        said = say_and_listen(state, heard, now_s, is_remembered=False)
        return Step(said.state, (Adjust(how), *said.effects))
    if state.last_said is None:
        return say_and_listen(state, Reply("nothing_to_repeat"), now_s, is_remembered=False)
    return say_and_listen(state, replace(state.last_said, clarity="letters"), now_s, is_remembered=False)


def sleep(state: DialogueState) -> Step:
    return finish(replace(state, is_asleep=True), Reply("standby"))


def rest(state: DialogueState) -> Step:
    """Nobody said anything for long enough: asleep again, without a word."""
    return listen(replace(state, phase="standby", is_asleep=True))


def wake(state: DialogueState, now_s: float) -> Step:
    """By voice, unless somebody said wrong check digits: then it takes a key."""
    if state.is_suspended and state.by_ear:
        return say_and_listen(state, Reply("wake_by_key"), now_s, is_remembered=False)
    awake = replace(state, is_asleep=False, is_suspended=False, phase="idle")
    return say_and_listen(awake, Reply("awake"), now_s, is_remembered=False)


def _slot_for(new: SlotValue, intent: Intent) -> SlotSpec | None:
    """The slot of an intent that takes a value of this type."""
    return next((spec for spec in intent.slots.values() if spec.type == new.type), None)
