"""What no trace, log or screen may hold: the value of a secret slot, and the words that it was said with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from voicemes.intents import SECRET_TYPES, Catalog
from voicemes.model import (
    Ambiguous,
    Candidate,
    Heard,
    Input,
    NotUnderstood,
    Scope,
    SlotValue,
    Transcript,
    Understood,
)

MASK = "••••"


def asks_for_secret(scope: Scope, catalog: Catalog) -> bool:
    """Whether what is said now would be a secret."""
    intent = catalog.intents.get(scope.intent)
    return intent is not None and scope.slot in intent.slots and intent.slots[scope.slot].type in SECRET_TYPES


def hidden(given: Input, scope: Scope, catalog: Catalog) -> Input:
    """The input as it may be written down."""
    match given:
        case Heard(Understood(candidate, transcript) as parse, _) if _is_secret(candidate):
            slots = tuple(_masked(slot) for slot in candidate.slots)
            return replace(
                given, parse=replace(parse, candidate=replace(candidate, slots=slots), transcript=_mute(transcript))
            )
        case Heard(Ambiguous(candidates, transcript) as parse, _) if any(_is_secret(one) for one in candidates):
            masked = tuple(replace(one, slots=tuple(_masked(slot) for slot in one.slots)) for one in candidates)
            return replace(given, parse=replace(parse, candidates=masked, transcript=_mute(transcript)))
        case Heard(NotUnderstood() as parse, _) if asks_for_secret(scope, catalog):
            return replace(given, parse=replace(parse, transcript=_mute(parse.transcript), detail=""))
        case _:
            return given


def hidden_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a command, whose secrets have the names of their types."""
    return {name: MASK if name in SECRET_TYPES else value for name, value in fields.items()}


def hidden_effect(effect: Any) -> Any:
    """An effect as plain data, without what a command holds in secret."""
    command = effect.get("command") if isinstance(effect, dict) else None
    if not isinstance(command, dict) or not SECRET_TYPES & command["fields"].keys():
        return effect
    return {**effect, "command": {**command, "fields": hidden_fields(command["fields"]), "spoken_text": MASK}}


def is_hidden(data: Mapping[str, Any]) -> bool:
    """Whether a candidate of a trace had a secret."""
    return any(slot["value"] == MASK for slot in data["slots"])


def _is_secret(candidate: Candidate) -> bool:
    return any(slot.type in SECRET_TYPES for slot in candidate.slots)


def _masked(slot: SlotValue) -> SlotValue:
    return replace(slot, value=MASK, spoken=MASK) if slot.type in SECRET_TYPES else slot


def _mute(transcript: Transcript) -> Transcript:
    return replace(transcript, text=MASK, words=())
