"""Values of the dialogue as JSON and back: what a trace holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from voicemes.model import (
    Accepted,
    Ambiguous,
    Answered,
    Candidate,
    Identified,
    Input,
    Live,
    MesReply,
    NotUnderstood,
    Parse,
    Pressed,
    Reference,
    Rejected,
    Reply,
    Saved,
    SlotValue,
    TimedOut,
    Told,
    Transcript,
    Understood,
    Unknown,
    Unsaved,
    Unsent,
    Word,
)
from voicemes.nlu.consult import NO_SENSE
from voicemes.runtime.secrets import is_hidden

REPLIES: dict[str, type[Any]] = {kind.__name__: kind for kind in (Accepted, Rejected, Unsent, Unknown, Saved, Unsaved)}
MODELLED = frozenset({"llm", "clarify", "screen"})
"""Routes that a replay cannot go again."""


def to_json(value: Any) -> Any:
    """Dataclasses become objects with a "kind"; everything else must be plain already."""
    if is_dataclass(value) and not isinstance(value, type):
        return {"kind": type(value).__name__, **{f.name: to_json(getattr(value, f.name)) for f in fields(value)}}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return value


def live_from_json(data: Mapping[str, Any]) -> Live:
    references = {
        name: tuple(Reference(item["id"], tuple(item["aliases"])) for item in items)
        for name, items in data["references"].items()
    }
    roles = {person: tuple(held) for person, held in data.get("roles", {}).items()}
    steady = {slot_type: tuple(names) for slot_type, names in data.get("steady", {}).items()}
    offered = tuple(data["offered"]) if data.get("offered") is not None else None
    current, facts = dict(data["current"]), data.get("facts", {})
    return Live(references, current, roles, facts, steady, offered, data.get("cannot", {}))


def reply_from_json(data: Mapping[str, Any]) -> MesReply:
    """Raises KeyError or TypeError for what is no reply."""
    kind = REPLIES[data["kind"]]
    reply: MesReply = kind(**{key: value for key, value in data.items() if key != "kind"})
    return reply


def transcript_from_json(data: Mapping[str, Any]) -> Transcript:
    return Transcript(
        text=data["text"],
        engine=data["engine"],
        words=tuple(map(_word, data.get("words", ()))),
        confidence=data["confidence"],
        is_complete=data["is_complete"],
        deficit=data["deficit"],
        range_db=data.get("range_db"),
    )


def _word(data: Mapping[str, Any]) -> Word:
    fields = {key: value for key, value in data.items() if key != "kind"}
    return Word(**{**fields, "rivals": tuple(tuple(rival) for rival in data.get("rivals", ()))})


def modelled_from_json(data: Mapping[str, Any], transcript: Transcript) -> Parse | None:
    """A parse that a language model found, or a person on a screen, or one whose words had to be hidden, or that of a
    bad microphone, or our own voice: what they chose is a fact of the trace. None for one by the other routes.
    """
    if data.get("reason") in {"clipped", "faint", "echo"}:
        return NotUnderstood(data["reason"], transcript, data["detail"])
    if data.get("detail") == NO_SENSE:
        return NotUnderstood("out_of_grammar", transcript, NO_SENSE)
    candidates = [data["candidate"]] if "candidate" in data else data.get("candidates", [])
    read = tuple(_candidate(one) for one in candidates)
    if not read:
        return NotUnderstood(data["reason"], transcript, data["detail"]) if data.get("kept") else None
    is_kept = data.get("kept") or read[0].route in MODELLED or any(map(is_hidden, candidates))
    if not is_kept:
        return None
    return Understood(read[0], transcript) if data["kind"] == "Understood" else Ambiguous(read, transcript)


def _candidate(data: Mapping[str, Any]) -> Candidate:
    slots = tuple(
        SlotValue(one["name"], one["value"], one["spoken"], one["source"], one["type"]) for one in data["slots"]
    )
    return Candidate(data["intent"], slots, data["score"], data["route"])


def input_from_json(data: Mapping[str, Any]) -> Input | None:
    """The input of a trace line; None for something heard, which is interpreted anew from its words."""
    match data["kind"]:
        case "Answered":
            return Answered(reply_from_json(data["reply"]))
        case "Pressed":
            return Pressed(data["key"], data.get("is_cut", False))
        case "TimedOut":
            return TimedOut()
        case "Identified":
            return Identified(data["operator_id"], data["role"])
        case "Told":
            return Told(Reply(data["reply"]["key"], data["reply"]["values"]))
        case _:
            return None
