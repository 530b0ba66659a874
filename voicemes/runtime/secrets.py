"""What no trace, log or screen may hold: the value of a secret slot, and the words that it was said with. And what is
personal, which a trace may hold if somebody says so: what was dictated, and who there is (see `personal.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from voicemes.intents import PERSON, SECRET_TYPES, TEXT, Catalog
from voicemes.model import (
    Ambiguous,
    Candidate,
    Heard,
    Input,
    NotUnderstood,
    Scope,
    SlotValue,
    Told,
    Transcript,
    Understood,
)
from voicemes.nlu.interpret import candidates_of
from voicemes.nlu.phrase import OneOf, Phrase, Seq, Word
from voicemes.nlu.template import Templates

MASK = "••••"
MAX_NAMES = 50
"""Of one person: an alias is a template, and may be said in many ways."""


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


def dictated(given: Input, scope: Scope, catalog: Catalog) -> tuple[str, ...]:
    """What somebody said in words of their own to be written down, and the sentence it was in. What is told late is
    what somebody said once, whatever it was.
    """
    match given:
        case Heard(parse):
            texts = [text for one in candidates_of(parse) for text in _texts(one, scope, catalog)]
            asked = catalog.intents.get(scope.intent)
            is_asked = asked is not None and scope.slot in asked.slots and asked.slots[scope.slot].type == TEXT
            is_text = bool(texts) or (is_asked and isinstance(parse, NotUnderstood))
            return (parse.transcript.text, *texts) if is_text else ()
        case Told(reply) if reply.key.startswith("late_") and "said" in reply.values:
            return (str(reply.values["said"]),)
        case _:
            return ()


def _texts(candidate: Candidate, scope: Scope, catalog: Catalog) -> Iterator[str]:
    """A remark of a list ("stencil worn") is nobody's own words, and a topic of help is not written down."""
    intent = catalog.intents.get(candidate.intent) or catalog.intents.get(scope.intent)
    if intent is not None and not intent.action.is_write:
        return
    for slot in candidate.slots:
        spec = intent.slots.get(slot.name) if intent is not None else None
        if TEXT not in (slot.type, spec.type if spec is not None else ""):
            continue
        if slot.value not in {known.id for known in catalog.lists.get(slot.type, ())}:
            yield from (str(slot.value), slot.spoken)


def people_of(catalog: Catalog) -> tuple[tuple[str, ...], ...]:
    """Whom the catalogue knows: of each the id, and how they are called."""
    templates = Templates(catalog.rules)
    return tuple(
        (one.id, *(name for alias in one.aliases for name in _names(templates.phrase(alias, {}))))
        for one in catalog.lists.get(PERSON, ())
    )


def _names(phrase: Phrase) -> list[str]:
    return [" ".join(words) for words in itertools.islice(_ways(phrase), MAX_NAMES)]


def _ways(phrase: Phrase) -> Iterator[tuple[str, ...]]:
    """Every way to say a phrase of words."""
    match phrase:
        case Word(text):
            yield (text,)
        case OneOf(items):
            yield from itertools.chain.from_iterable(map(_ways, items))
        case Seq(items):
            first, *rest = items
            ends = _ways(Seq(tuple(rest))) if rest else iter([()])
            yield from ((*way, *end) for end in ends for way in _ways(first))
        case _:
            yield ()


def is_hidden(data: Mapping[str, Any]) -> bool:
    """Whether a candidate of a trace had a secret."""
    return any(slot["value"] == MASK for slot in data["slots"])


def _is_secret(candidate: Candidate) -> bool:
    return any(slot.type in SECRET_TYPES for slot in candidate.slots)


def _masked(slot: SlotValue) -> SlotValue:
    return replace(slot, value=MASK, spoken=MASK) if slot.type in SECRET_TYPES else slot


def _mute(transcript: Transcript) -> Transcript:
    return replace(transcript, text=MASK, words=())
