"""Sentences that the catalogue understands, drawn at random: to read aloud, to record, to test with."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from voicemes.errors import CatalogError
from voicemes.model import Scope
from voicemes.nlu.match import Matcher
from voicemes.nlu.phrase import sample


@dataclass(frozen=True, slots=True)
class Sample:
    intent: str
    say: str
    template: str


def samples(matcher: Matcher, count: int, seed: int, only: str = "") -> Iterator[Sample]:
    """`count` sentences; every template has the same chance. Raises CatalogError for an intent that is not there."""
    if only:
        matcher.catalog.intent(only)
    sentences = [
        sentence
        for sentence in matcher.sentences(Scope())
        if sentence.name in matcher.catalog.intents and only in ("", sentence.name)
    ]
    if not sentences:
        raise CatalogError("there is nothing to say in this catalogue.")
    slots = matcher.vocabulary.drawable()
    rng = random.Random(seed)  # noqa: S311 - a draw of sentences, no secret
    for _ in range(count):
        sentence = rng.choice(sentences)
        yield Sample(sentence.name, " ".join(sample(sentence.phrase, slots, rng)), sentence.template.text)
