"""What does not exist is never taken for what does; the nearest is offered."""

from __future__ import annotations

from dataclasses import replace

from rapidfuzz.distance import OSA

from voicemes.dialogue.readback import digits_in
from voicemes.dialogue.state import DialogueState, Pending, Rules, Step
from voicemes.dialogue.submit import finish, say_and_listen
from voicemes.model import Forget, Live, Reply, SlotData

MAX_WRONG_SIGNS = 1
"""Heard wrongly, left out, doubled, or two in the wrong order."""
LEAST_SIGNS = 3
"""Of what is shorter, one wrong sign makes another thing altogether."""
MAX_OFFERED = 2


def offer(rules: Rules, state: DialogueState, pending: Pending, unknown: tuple[str, str], now_s: float) -> Step:
    """Says that there is no such thing, and asks whether one that is nearly called so was meant."""
    slot_type, identifier = unknown
    forgotten = [Forget(pending.intent, "replaced")] if state.pending else []
    name = next((name for name, slot in pending.slots.items() if slot.value == identifier), None)
    near = nearest(slot_type, identifier, rules.live) if name else ()
    values: dict[str, SlotData] = {"what": slot_type, "id": identifier}
    if name is None or not near:
        return finish(state, Reply("no_such", values), *forgotten)
    choices = tuple(
        replace(pending, slots={**pending.slots, name: replace(pending.slots[name], value=one)}) for one in near
    )
    named = {key: _described(slot_type, one, rules.live) for key, one in zip(("first", "second"), near, strict=False)}
    asking = replace(state, phase="choosing", pending=None, asking="", choices=choices, unheard=0)
    key = "no_such_but_two" if len(near) > 1 else "no_such_but"
    asked = say_and_listen(asking, Reply(key, {**values, **named}), now_s)
    return Step(asked.state, (*forgotten, *asked.effects))


def nearest(slot_type: str, identifier: str, live: Live) -> tuple[str, ...]:
    """At most two things that exist and are called nearly so, the nearest first."""
    scored = sorted((_distance(identifier, one.id), one.id) for one in live.references.get(slot_type, ()))
    return tuple(one for distance, one in scored if distance <= MAX_WRONG_SIGNS)[:MAX_OFFERED]


def _distance(said: str, known: str) -> int:
    """0 where only the letters differ: "88" is what people say to A88."""
    if digits_in(said) and digits_in(said) == digits_in(known):
        return 0
    if len(said) < LEAST_SIGNS or not digits_in(said):
        return MAX_WRONG_SIGNS + 1
    return OSA.distance(said, known, score_cutoff=MAX_WRONG_SIGNS)


def _described(slot_type: str, identifier: str, live: Live) -> SlotData:
    """With what tells it from the other: "A88, solder paste"."""
    facts = live.facts_of(slot_type, identifier)
    what = next((str(value) for value in facts.values() if isinstance(value, str)), "")
    return {"": identifier, **({" ": what} if what else {})}
