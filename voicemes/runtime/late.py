"""What the operator hears of a command that had to wait in the outbox."""

from __future__ import annotations

from collections.abc import Sequence

from voicemes.intents import Catalog
from voicemes.model import Candidate, Heard, Input, Reply, SlotData, SlotValue, Told, Transcript, Understood
from voicemes.outbox.entry import Entry


def telling(entries: Sequence[Entry], catalog: Catalog, operator_id: str) -> list[Input]:
    """What the dialogue is given: the news, and where something has moved, the question whether it still holds."""
    entry = entries[-1]
    if len(entries) > 1:
        items = tuple(told_of(one, operator_id).values["said"] for one in entries)
        return [Told(Reply("late_many", {"n": len(entries), "items": items}))]
    again = _asked_again(entry, catalog, operator_id)
    return [Told(told_of(entry, operator_id)), *([Heard(again)] if again is not None else [])]


def told_of(entry: Entry, operator_id: str) -> Reply:
    """Its end, in the words in which it was asked for."""
    command = entry.command
    said = command.spoken_text or command.operation
    is_theirs = command.operator_id in {operator_id, ""}
    values: dict[str, SlotData] = {"said": said if is_theirs else f"{said}, for {command.operator_id}"}
    if entry.state == "refused":
        values["reason"] = entry.reason.partition(": ")[2] or entry.reason
    if entry.state == "moved":
        values["thing"] = entry.reason
    return Reply(f"late_{entry.state}", values)


def _asked_again(entry: Entry, catalog: Catalog, operator_id: str) -> Understood | None:
    """What has moved meanwhile is read back once more to whoever said it; anything else is over."""
    command = entry.command
    if entry.state != "moved" or command.operator_id != operator_id or command.asked_by:
        return None
    intent = next((one for one in catalog.intents.values() if one.action.operation == command.operation), None)
    if intent is None:
        return None
    slots = tuple(
        SlotValue(name, value, str(value), type=intent.slots[name].type)
        for name, value in command.fields.items()
        if name in intent.slots
    )
    shown = " ".join((intent.name, *(slot.spoken for slot in slots)))
    return Understood(Candidate(intent.name, slots, 1.0, "screen"), Transcript(shown, "screen"))
