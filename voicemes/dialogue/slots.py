"""Slots: what was said, what is carried over, what is missing, and what does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from voicemes.dialogue.state import DialogueState, Rules
from voicemes.intents import Intent, SlotSpec
from voicemes.model import Live, SlotData, SlotValue

RELATIVE_STEPS = {"next": 1, "repeat": 0, "back": -1}
REFERRED = frozenset({"job", "equipment", "serial", "lot"})
"""Slot types that the next sentence may mean without saying them."""


def complete(intent: Intent, said: Mapping[str, SlotValue], state: DialogueState, live: Live) -> dict[str, SlotValue]:
    """The said slots, and those that the context or the station supplies."""
    slots = dict(said)
    for spec in intent.slots.values():
        if spec.name not in slots:
            value = _implied(spec, slots) or _carried(spec, state, live)
            if value is not None and value != "":
                slots[spec.name] = SlotValue(spec.name, value, "", "context")
        elif spec.type == "step":
            slots[spec.name] = _absolute(slots[spec.name], slots, state)
    return slots


def _implied(spec: SlotSpec, slots: Mapping[str, SlotValue]) -> SlotData | None:
    return next((value for other, value in spec.implied_by.items() if other in slots), None)


def _carried(spec: SlotSpec, state: DialogueState, live: Live) -> SlotData | None:
    match spec.fill:
        case "context":
            spoken_of = state.context.get(spec.name)
            is_there = spoken_of is not None and live.knows(spec.type, str(spoken_of))
            return spoken_of if is_there else live.current.get(spec.name)
        case "station":
            return live.current.get(spec.name)
        case "operator":
            return state.operator_id
        case _:
            return None


def _absolute(slot: SlotValue, slots: Mapping[str, SlotValue], state: DialogueState) -> SlotValue:
    """The word "next" becomes a number: one more than the step that was last read for this order."""
    if not isinstance(slot.value, str) or slot.value not in RELATIVE_STEPS:
        return slot
    job = slots["job"].value if "job" in slots else state.context.get("job")
    last = state.context.get("step", 0) if state.context.get("step_job") == job else 0
    number = max(1, _whole(last) + RELATIVE_STEPS[slot.value])
    return SlotValue(slot.name, number, slot.spoken, slot.source)


def _whole(value: SlotData) -> int:
    """The number of a step, however the MES writes it; 0 for what is no number."""
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        return 0


def as_meant(new: SlotValue, before: SlotValue | None) -> SlotValue:
    """"Lower it by five. No, eight": eight less, too, where nobody said a sign."""
    is_less = before is not None and before.type == "decrease" and new.type == "delta"
    if is_less and isinstance(new.value, int | float) and new.spoken.split()[:1] not in (["plus"], ["up"]):
        return replace(new, value=-abs(new.value), type="decrease")
    return new


def first_missing(intent: Intent, slots: Mapping[str, SlotValue]) -> SlotSpec | None:
    """The first required slot without a value, in the order of the intent file."""
    return next((spec for spec in intent.slots.values() if spec.is_required and spec.name not in slots), None)


def first_unknown(intent: Intent, slots: Mapping[str, SlotValue], rules: Rules) -> tuple[str, str] | None:
    """The first identifier that does not exist in the MES now, with its type."""
    for name, slot in slots.items():
        if name in intent.slots:
            for slot_type, identifier in _identifiers(slot.type or intent.slots[name].type, slot.value):
                if not rules.live.knows(slot_type, identifier):
                    return slot_type, identifier
    return None


def _identifiers(slot_type: str, value: SlotData) -> list[tuple[str, str]]:
    """What of a value must exist; the neighbour in a position is an order."""
    if isinstance(value, str):
        return [(slot_type, value)]
    if slot_type == "position" and isinstance(value, Mapping):
        return [("job", str(neighbour)) for neighbour in value.values()]
    return []


def mentioned(intent: Intent, slots: Mapping[str, SlotValue]) -> dict[str, SlotData]:
    """What the next sentence may refer to without saying it again."""
    return {name: slot.value for name, slot in slots.items() if intent.slots[name].type in REFERRED}
