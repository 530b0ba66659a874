"""Which templates, and which of the optional slots together, no example has ever said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from voicemes.intents import Intent, Template
from voicemes.model import Scope
from voicemes.nlu.match import Matcher
from voicemes.nlu.phrase import Less, OneOf, Phrase, Seq, Slot

MAX_COMBINATIONS = 4_096
"""Twelve optional slots in one template; what is more is not counted."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the examples of one intent exercise."""

    intent: str
    templates: tuple[Template, ...]
    unsaid: tuple[Template, ...]
    """Templates that no example takes."""
    combinations: frozenset[frozenset[str]]
    """Sets of slots that can be said together."""
    unsaid_combinations: frozenset[frozenset[str]]


def cover(matcher: Matcher, only: str = "") -> Iterator[Coverage]:
    for intent in matcher.catalog.intents.values():
        if only in ("", intent.name):
            yield _cover(matcher, intent)


def _cover(matcher: Matcher, intent: Intent) -> Coverage:
    said: set[Template] = set()
    together: set[frozenset[str]] = set()
    for example in intent.examples:
        for sentence, candidate in matcher.readings(matcher.tokens(example.say), Scope()):
            if candidate.intent == intent.name:
                said.add(sentence.template)
                together.add(frozenset(candidate.values))
    possible: set[frozenset[str]] = set()
    for sentence in matcher.sentences(Scope()):
        if sentence.name == intent.name:
            possible |= combinations(sentence.phrase)
    return Coverage(
        intent.name,
        (*intent.sentences, *intent.also),
        tuple(template for template in (*intent.sentences, *intent.also) if template not in said),
        frozenset(possible),
        frozenset(possible - together),
    )


def combinations(phrase: Phrase) -> set[frozenset[str]]:
    """The sets of slots that sentences of the phrase have."""
    match phrase:
        case Slot(name):
            return {frozenset([name])}
        case OneOf(items):
            return set().union(*map(combinations, items))
        case Seq(items):
            found: set[frozenset[str]] = {frozenset()}
            for item in items:
                together = {one | other for one in found for other in combinations(item)}
                found = set(sorted(together, key=sorted)[:MAX_COMBINATIONS])
            return found
        case Less(inner):
            return combinations(inner)
        case _:
            return {frozenset()}
