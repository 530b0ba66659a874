"""A small language model of word triples, from sentences of the catalogue: what usually follows what.

A grammar hears nothing but its sentences. With this a recogniser hears any order of the catalogue's words, the usual
ones best. Slots are classes: sentences are drawn with another value each time, so that a name that came into the plant
today is as likely in its place as the others.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping

from voicemes.model import Scope
from voicemes.nlu.match import Matcher
from voicemes.nlu.phrase import sample

BEGIN, END = "<s>", "</s>"
DISCOUNT = 0.5
"""Taken from each count for what was not drawn (interpolated absolute discounting)."""
NEVER = -99.0
"""The logarithm of a word that cannot come: the begin of a sentence inside one."""
SAMPLES = 12_000
"""Sentences drawn."""
Gram = tuple[str, ...]


def draw_sentences(matcher: Matcher, count: int = SAMPLES, seed: int = 1) -> tuple[str, ...]:
    """Sentences in words; each template of the catalogue is as likely. Those with a remark are left out: its words are
    not known.
    """
    rng = random.Random(seed)  # noqa: S311 - a draw of sentences, no secret
    slots = matcher.vocabulary.drawable()
    phrases = [
        sentence.phrase
        for sentence in matcher.sentences(Scope())
        if sentence.name in matcher.catalog.intents and "text" not in matcher.parts_of(sentence)[1]
    ]
    return tuple(" ".join(sample(rng.choice(phrases), slots, rng)) for _ in range(count if phrases else 0))


def nouns_of(matcher: Matcher) -> tuple[str, ...]:
    """What people call things: the names of what exists now, then those of the catalogue's lists. What consists of the
    templates' words may be said of an action ("start"), and is left out.
    """
    acting = {word for sentence in matcher.sentences(Scope()) for word in matcher.parts_of(sentence)[0]}
    live = [alias for known in matcher.live.references.values() for one in known for alias in one.aliases]
    rng = random.Random(0)  # noqa: S311 - of a list value's ways of saying it, one
    listed = [
        " ".join(sample(matcher.templates.phrase(value.aliases[0], {}), {}, rng))
        for values in matcher.catalog.lists.values()
        for value in values
        if value.aliases
    ]
    things = (name for name in listed if not set(name.split()) <= acting)
    return tuple(dict.fromkeys(name.lower() for name in (*live, *things)))


def arpa(sentences: Iterable[str]) -> str:
    """The model in the format of the ARPA tools, for words in lower case. Empty where there is no sentence."""
    counts = _count(sentences)
    if not counts[0]:
        return ""
    sections, lower = [], dict[Gram, float]()
    for order in range(1, len(counts) + 1):
        likely = _likely(counts[order - 1], lower)
        rest = _rest(counts[order]) if order < len(counts) else {}
        sections.append([_line(gram, one, rest) for gram, one in sorted(likely.items())])
        if order == 1:
            sections[0].insert(0, f"{NEVER} {BEGIN} {_log(rest[BEGIN,])}")
        lower = likely
    head = [f"ngram {order}={len(lines)}" for order, lines in enumerate(sections, start=1)]
    parts = ["\\data\\", *head, ""]
    for order, lines in enumerate(sections, start=1):
        parts += [f"\\{order}-grams:", *lines, ""]
    return "\n".join([*parts, "\\end\\", ""])


Counts = tuple[Counter[Gram], Counter[Gram], Counter[Gram]]


def _count(sentences: Iterable[str]) -> Counts:
    """Of one, two and three words; the begin of a sentence is a word of its own."""
    counts: Counts = (Counter(), Counter(), Counter())
    for sentence in sentences:
        words = sentence.split()
        if words:
            padded = (BEGIN, *words, END)
            counts[0].update((word,) for word in padded[1:])
            for order in (2, 3):
                counts[order - 1].update(zip(*(padded[start:] for start in range(order)), strict=False))
    return counts


def _likely(counts: Counter[Gram], lower: Mapping[Gram, float]) -> dict[Gram, float]:
    """How likely the last word is after the others: what was drawn, less the discount, and a share of what the shorter
    model says. So all that may follow sums to one.
    """
    total, rest, n_words = _totals(counts), _rest(counts), len(counts)
    return {
        gram: (count - DISCOUNT) / total[gram[:-1]] + rest[gram[:-1]] * lower.get(gram[1:], 1 / n_words)
        for gram, count in counts.items()
    }


def _rest(counts: Counter[Gram]) -> dict[Gram, float]:
    """For each beginning: what the discount left for the shorter model."""
    total = _totals(counts)
    kinds = Counter(gram[:-1] for gram in counts)
    return {start: DISCOUNT * n_kinds / total[start] for start, n_kinds in kinds.items()}


def _totals(counts: Counter[Gram]) -> Counter[Gram]:
    total: Counter[Gram] = Counter()
    for gram, count in counts.items():
        total[gram[:-1]] += count
    return total


def _line(gram: Gram, likely: float, rest: Mapping[Gram, float]) -> str:
    tail = f" {_log(rest[gram])}" if gram in rest else ""
    return f"{_log(likely)} {' '.join(gram)}{tail}"


def _log(probability: float) -> str:
    return f"{math.log10(probability):.4f}"
