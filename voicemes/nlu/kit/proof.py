"""Does the catalogue keep what its files promise? Every example with exactly its slots, and no not_example."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from voicemes.intents import Example, Intent
from voicemes.model import Ambiguous, NotUnderstood, Parse, Scope, SlotData, Transcript, Understood
from voicemes.nlu.interpret import candidates_of, interpret
from voicemes.nlu.match import Matcher


@dataclass(frozen=True, slots=True)
class Proof:
    """One sentence of a file, and what came of it."""

    intent: str
    kind: Literal["example", "not_example", "recording"]
    say: str
    file: str
    line: int
    fault: str
    """What is wrong; empty when nothing is."""
    excuse: str = ""
    """Why it is expected to be wrong (`fails:`). A fault that is gone makes this the fault."""


def prove(matcher: Matcher, only: str = "") -> Iterator[Proof]:
    """Every example and not_example, or those of the intent `only`."""
    for intent in matcher.catalog.intents.values():
        if only in ("", intent.name):
            yield from (_prove(matcher, intent, example) for example in intent.examples)
            yield from (_refuse(matcher, intent, say) for say in intent.not_examples)


def _prove(matcher: Matcher, intent: Intent, example: Example) -> Proof:
    fault = _fault(intent, example, read(matcher, example.say))
    if example.fails:
        gone = f"understood now; take out 'fails: {example.fails}'"
        return Proof(
            intent.name, "example", example.say, intent.file, example.line, "" if fault else gone, example.fails
        )
    return Proof(intent.name, "example", example.say, intent.file, example.line, fault)


def _refuse(matcher: Matcher, intent: Intent, say: str) -> Proof:
    taken = intent.name in meant(read(matcher, say))
    fault = f"taken for {intent.name}" if taken else ""
    return Proof(intent.name, "not_example", say, intent.file, intent.line, fault)


def _fault(intent: Intent, example: Example, parse: Parse) -> str:
    match parse:
        case NotUnderstood(reason, _, detail):
            return f"not understood: {detail or reason}"
        case Ambiguous(candidates):
            return f"could be {' or '.join(sorted({candidate.intent for candidate in candidates}))}"
        case Understood(candidate):
            if candidate.intent != intent.name:
                return f"taken for {candidate.intent}"
            return _wrong_slots(example.slots, candidate.values)


def _wrong_slots(wanted: Mapping[str, SlotData], found: Mapping[str, SlotData]) -> str:
    wrong = [
        f"{name} is {found.get(name, 'missing')}, wanted {wanted.get(name, 'nothing')}"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]
    return ", ".join(wrong)


def read(matcher: Matcher, say: str) -> Parse:
    return interpret(Transcript(say, "keyboard"), Scope(), matcher)


def meant(parse: Parse) -> set[str]:
    """Every intent that it may be taken for."""
    return {candidate.intent for candidate in candidates_of(parse)}
