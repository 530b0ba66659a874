"""From a transcript to a parse: the route, the acceptance, and the refusal.

Refusing is a feature. A sentence must be complete, must be one of the catalogue's, and must have been heard well enough
for what it would do: a query may be a guess, a write may not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from voicemes.model import Ambiguous, Candidate, NotUnderstood, Parse, Scope, Transcript, Understood
from voicemes.nlu.doubt import doubted
from voicemes.nlu.fuzzy import guess
from voicemes.nlu.match import Matcher, is_cry, writes
from voicemes.nlu.normalize import MAX_CHARS


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Least confidence at which something heard is acted on."""

    read: float = 0.5
    write: float = 0.75
    write_above_db: float = 0.0
    """What is heard with speech no further above the noise than this writes nothing."""


ASKED = ("confirming", "filling", "choosing", "checking")
"""Phases in which the operator has just been asked something."""
EXPECTED, UNEXPECTED = 3.0, 1.5
"""How much less is needed (in log odds) of what was just asked for, and how much more of what comes out of nothing,
be it a word to the dialogue or a value that points back: "slower", "undo that", "the last step" are short, side talk
sounds like them first, and nothing is there to undo or to go back from.
In a confirmation 120 wake words, clean or at 12 dB, are nowhere near a "yes" (all are 18 or more below what is needed),
and every one of the synthetic voices is one.
"""


def candidates_of(parse: Parse) -> tuple[Candidate, ...]:
    """Every reading that it has."""
    match parse:
        case Understood(candidate):
            return (candidate,)
        case Ambiguous(candidates):
            return candidates
        case NotUnderstood():
            return ()


def interpret(transcript: Transcript, scope: Scope, matcher: Matcher, acceptance: Acceptance | None = None) -> Parse:
    """What `transcript` means in this state of the dialogue. Never raises for anything that was said."""
    tokens = matcher.tokens(transcript.text)
    if len(transcript.text) > MAX_CHARS:
        return NotUnderstood("out_of_grammar", transcript, f"longer than {MAX_CHARS} characters")
    if not tokens:
        return NotUnderstood("silence", transcript)
    if not transcript.is_complete:
        return NotUnderstood("incomplete", transcript, "the sentence was not finished")
    candidates = matcher.match(tokens, scope) or (guess(matcher, tokens, scope) if scope.phase == "idle" else [])
    if not candidates:
        return NotUnderstood("out_of_grammar", transcript, "no sentence of the catalogue")
    is_guess = candidates[0].route == "fuzzy"
    best = [candidate for candidate in candidates if is_guess or candidate.score == candidates[0].score]
    best = _likeliest(best, matcher)
    accepted = acceptance or Acceptance()
    needed = max(_needed(candidate, scope, matcher, accepted) for candidate in best)
    if not transcript.confidence >= needed:  # so that a confidence that is no number is refused, too
        return NotUnderstood("noise", transcript, f"confidence {transcript.confidence:.2f} is below {needed:.2f}")
    if _is_too_loud(best, transcript, matcher, accepted):
        return NotUnderstood("too_loud", transcript, f"speech is {transcript.range_db:.0f} dB above the noise")
    scored = tuple(_weigh(candidate, transcript) for candidate in best)
    if len(scored) > 1:
        return Ambiguous(scored, transcript)
    return doubted(Understood(scored[0], transcript), scope, matcher)


def alternatives(tokens: list[str], scope: Scope, matcher: Matcher, n_most: int = 5) -> list[Candidate]:
    """Every reading there is, exact and guessed, the best first: for whoever wonders what else it could have been."""
    exact = matcher.match(tokens, scope)
    guessed = guess(matcher, tokens, scope) if scope.phase == "idle" else []
    known = {candidate.intent for candidate in exact}
    return [*exact, *(one for one in guessed if one.intent not in known)][:n_most]


def _likeliest(best: list[Candidate], matcher: Matcher) -> list[Candidate]:
    """Of equal readings those whose identifiers exist ("4711 fifty", not 47115 and zero), and of two intents the one
    whose template says more exactly what it takes.
    """
    best = [one for one in best if all(matcher.exists(slot) for slot in one.slots)] or best
    if len({one.intent for one in best}) == 1:
        return best
    most_exact = min(_looseness(one, matcher) for one in best)
    return [one for one in best if _looseness(one, matcher) == most_exact]


def _looseness(candidate: Candidate, matcher: Matcher) -> tuple[int, int]:
    """How many words stand in slots ("first pass yield at …" has fewer than "{kpi} at …"), and, less, how many slots
    are narrowed to another type at their place.
    """
    intent = matcher.catalog.intents.get(candidate.intent)
    own = {slot.name: slot.type for slot in intent.slots.values()} if intent else {}
    n_words = sum(len(slot.spoken.split()) for slot in candidate.slots)
    return n_words, -sum(slot.type != own.get(slot.name, slot.type) for slot in candidate.slots)


def _needed(candidate: Candidate, scope: Scope, matcher: Matcher, acceptance: Acceptance) -> float:
    needed = acceptance.write if writes(candidate.intent, matcher) else acceptance.read
    if scope.phase in ASKED:
        return shifted(needed, -EXPECTED)
    return shifted(needed, UNEXPECTED) if _is_unexpected(candidate, scope, matcher) else needed


def _is_unexpected(candidate: Candidate, scope: Scope, matcher: Matcher) -> bool:
    """Whether it goes on from something, and there is nothing."""
    intent = matcher.catalog.intents.get(candidate.intent)
    if intent is None:
        return not scope.follows
    specs = [(intent.slots.get(slot.name), slot) for slot in candidate.slots if slot.name not in scope.recalled]
    return any(spec is not None and slot.value in spec.recalls for spec, slot in specs)


def _is_too_loud(best: list[Candidate], transcript: Transcript, matcher: Matcher, acceptance: Acceptance) -> bool:
    """In such noise even a good fit may be a chance, and a write is not left to chance. A cry for help is."""
    if transcript.range_db is None or transcript.range_db >= acceptance.write_above_db:
        return False
    return any(writes(one.intent, matcher) and not is_cry(one, matcher) for one in best)


def shifted(probability: float, log_odds: float) -> float:
    """Nothing and everything stay what they are."""
    if not 0 < probability < 1:
        return probability
    odds = probability / (1 - probability) * math.exp(log_odds)
    return odds / (1 + odds)


def _weigh(candidate: Candidate, transcript: Transcript) -> Candidate:
    score = candidate.score * transcript.confidence
    return Candidate(candidate.intent, candidate.slots, score, candidate.route)
