"""Why a sentence did not match: the templates that came nearest, how far they got, and what they wanted next."""

from __future__ import annotations

from dataclasses import dataclass

from rapidfuzz.fuzz import token_set_ratio

from voicemes.model import Scope
from voicemes.nlu.match import Matcher, Sentence
from voicemes.nlu.network import Network, find_paths

N_ATTEMPTS = 3
N_EXPECTED = 8
END = "the end of the sentence"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One template, and where it failed."""

    intent: str
    template: str
    file: str
    line: int
    matched: tuple[str, ...]
    """The words that it explains."""
    rest: tuple[str, ...]
    """The words from which on it fits no more; empty when it wants more words."""
    expected: tuple[str, ...]
    """What it would have taken next: words, {slots}, or the end."""


def nearest(tokens: list[str], scope: Scope, matcher: Matcher, n_attempts: int = N_ATTEMPTS) -> list[Attempt]:
    """The templates that explain most of the words, best first; ties go to the one with the likelier letters."""
    text = " ".join(tokens)
    attempts = [_attempt(sentence, tokens, matcher) for sentence in matcher.sentences(scope)]
    ranked = sorted(
        attempts, key=lambda one: (-len(one.matched), -token_set_ratio(text, one.template), one.template)
    )
    best: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Attempt] = {}
    for attempt in ranked:
        best.setdefault((attempt.intent, attempt.matched, attempt.expected), attempt)
    return list(best.values())[:n_attempts]


def _attempt(sentence: Sentence, tokens: list[str], matcher: Matcher) -> Attempt:
    network = Network()
    start = network.enter(sentence.phrase, network.final())
    found = find_paths(network, start, tokens, matcher.slot_reader(tokens))
    return Attempt(
        intent=sentence.name,
        template=sentence.template.text,
        file=sentence.template.file,
        line=sentence.template.line,
        matched=tuple(tokens[: found.furthest]),
        rest=tuple(tokens[found.furthest :]),
        expected=_expected(network, found.stuck),
    )


def _expected(network: Network, states: frozenset[int]) -> tuple[str, ...]:
    wanted: dict[str, None] = {}
    for state in sorted(states):
        closed = network.closed(state)
        wanted.update((f"{{{slot.name}}}", None) for slot, _ in closed.slots)
        wanted.update((word, None) for word in sorted(closed.words))
        if closed.finals:
            wanted[END] = None
    return tuple(wanted)[:N_EXPECTED]
