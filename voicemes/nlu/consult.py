"""The third route: what the language model makes of a sentence that no template explains.

Its answer is checked like any other reading. Where it is not sure enough, the two likeliest readings become a question,
or nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from voicemes.model import Ambiguous, Candidate, NotUnderstood, Parse, Scope, Transcript, Understood
from voicemes.nlu.ask import Question, ask, read_answer
from voicemes.nlu.interpret import candidates_of
from voicemes.nlu.match import Matcher, writes
from voicemes.ports import Asked, Completion

MIN_WORDS, MAX_WORDS = 2, 60
"""Nobody says more in one breath; a longer text is no command."""
Complete = Callable[[Asked], Completion]


@dataclass(frozen=True, slots=True)
class Advisor:
    """A language model, and what it knows."""

    complete: Complete
    learned: frozenset[str] | None = None
    """Signatures of the intents that it was trained for; None for a model that reads instructions."""
    instructions: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Least confidence of a model's reading. Fitted on sentences written for development, see `bench nlu`."""

    read: float = 0.5
    """At which a question is answered."""
    write: float = 0.5
    """At which an action is prepared: it is read back in any case."""
    asked: float = 0.2
    """At which it is asked about; below it is nothing."""


def wants_model(parse: Parse, scope: Scope) -> bool:
    """Whether a language model should have a look: no template fits word for word, and nothing is being asked."""
    if isinstance(parse, NotUnderstood):
        return scope.phase == "idle" and parse.reason == "out_of_grammar"
    return scope.phase == "idle" and all(one.route == "fuzzy" for one in candidates_of(parse))


def consult(parse: Parse, matcher: Matcher, advisor: Advisor, bars: Bars) -> Parse:
    """What the model makes of a sentence. A guess of the templates counts where the model agrees, or knows nothing of
    it. Raises EngineError where the model fails.
    """
    tokens, guesses = matcher.tokens(parse.transcript.text), candidates_of(parse)
    question = ask(matcher, tokens[:MAX_WORDS], advisor.learned)
    if not _is_for_model(tokens, matcher) or not {guess.intent for guess in guesses} <= question.names:
        return parse
    answer = _answer(question, advisor) if question.intents else None
    if answer is None or not answer.is_complete:
        return parse
    first = read_answer(matcher, question, answer.text, confidence(answer))
    if first is None:
        return NotUnderstood("out_of_grammar", parse.transcript, "the language model finds no sense in it")
    agreeing = [guess for guess in guesses if guess.intent == first.intent]
    if agreeing:
        return Understood(agreeing[0], parse.transcript)
    if first.score >= (bars.write if writes(first.intent, matcher) else bars.read):
        return Understood(_weigh(first, parse.transcript), parse.transcript)
    return _doubt(parse, first, question, matcher, advisor, bars)


def _is_for_model(tokens: list[str], matcher: Matcher) -> bool:
    """One word says too little, and a "yes" that nobody waits for is not meant for us."""
    is_to_dialogue = any(matcher.match(tokens, Scope(phase)) for phase in ("confirming", "choosing"))
    return MIN_WORDS <= len(tokens) <= MAX_WORDS and not is_to_dialogue


def _doubt(
    parse: Parse, first: Candidate, question: Question, matcher: Matcher, advisor: Advisor, bars: Bars
) -> Parse:
    """The two likeliest readings as a question; nothing where even the first is unlikely."""
    others = list(candidates_of(parse))
    if first.score < bars.asked and not others:
        return parse
    if not others:
        answer = _answer(question.without(first.intent), advisor)
        second = read_answer(matcher, question, answer.text, confidence(answer)) if answer.is_complete else None
        others = [second] if second else []
    both = [replace(one, route="clarify") for one in (first, *others)][:2]
    return Ambiguous(tuple(_weigh(one, parse.transcript) for one in both), parse.transcript)


def _answer(question: Question, advisor: Advisor) -> Completion:
    return advisor.complete(Asked(question.prompt, question.grammar(), advisor.instructions))


def confidence(answer: Completion) -> float:
    """How likely the intent is among all that the grammar allowed, 0-1. That of its slots says little about whether
    anything was meant at all (measured: with it, twice as many wishes are refused for the same number of false writes),
    and what they hold is read back.
    """
    name, place, likely = answer.text.partition(" ")[0], 0, 1.0
    for text, probability in answer.parts:
        if place >= len(name):
            break
        likely *= probability
        place += len(text)
    return likely


def _weigh(candidate: Candidate, transcript: Transcript) -> Candidate:
    return replace(candidate, score=candidate.score * transcript.confidence)
