"""The third route: what the language model makes of a sentence that no template explains.

Its answer is checked like any other reading. Where it is not sure enough, the two likeliest readings become a question,
or nothing at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from voicemes.model import Ambiguous, Candidate, NotUnderstood, Parse, Scope, Understood
from voicemes.nlu.ask import NONE, Question, ask, read_answer
from voicemes.nlu.glance import Glance
from voicemes.nlu.interpret import candidates_of
from voicemes.nlu.match import Matcher, is_cry, writes
from voicemes.ports import Asked, Completion

MIN_WORDS, MAX_WORDS = 2, 60
"""Nobody says more in one breath; a longer text is no command."""
OWN_SHARE = 0.4
"""Of the language model in the confidence of both. On the development sentences, the share and the bars with the fewest
false writes at the most right intents.
"""
NO_SENSE = "the language model finds no sense in it"
SURELY_NOTHING = 0.9
"""Of the second reader: what only resembles a cry for help ("in the film somebody is trapped") is asked about."""
Complete = Callable[[Asked], Completion]


@dataclass(frozen=True, slots=True)
class Advisor:
    """A language model, and what it knows."""

    complete: Complete
    learned: frozenset[str] | None = None
    """Signatures of the intents that it was trained for; None for a model that reads instructions."""
    instructions: str = ""
    glance: Glance | None = None
    """A second reader of another kind. Where there is one, both have to be sure."""

    def confidence(self, answer: Completion, question: Question) -> float:
        """That the intent (or "none") is what was meant, 0-1: of both readers. Measured on sentences that neither had
        seen: for as many right intents, half of the false writes that one reader alone makes.
        """
        own, name = confidence(answer), answer.text.partition(" ")[0]
        if self.glance is None or name not in self.glance.names:
            return own
        return OWN_SHARE * own + (1 - OWN_SHARE) * self.glance.likely(question.prompt)[name]


@dataclass(frozen=True, slots=True)
class Bars:
    """Least confidence of a model's reading. Of 434 development sentences that mean nothing, 2 would be read back."""

    read: float = 0.35
    """At which a question is answered."""
    write: float = 0.6
    """At which an action is prepared: it is read back in any case."""
    asked: float = 0.3
    """At which it is asked about; below it is nothing."""


def wants_model(parse: Parse, scope: Scope, matcher: Matcher) -> bool:
    """Whether a language model should have a look: no template fits word for word, and nothing is being asked. Nobody
    in need is kept waiting for it.
    """
    if scope.phase != "idle":
        return False
    if isinstance(parse, NotUnderstood):
        return parse.reason == "out_of_grammar"
    is_guess = all(one.route == "fuzzy" for one in candidates_of(parse))
    return is_guess and not any(is_cry(one, matcher) for one in candidates_of(parse))


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
    sure = advisor.confidence(answer, question)
    first = read_answer(matcher, question, answer.text, sure * parse.transcript.confidence)
    if first is None:
        nothing = NotUnderstood("out_of_grammar", parse.transcript, NO_SENSE)
        return nothing if sure >= bars.read else parse
    agreeing = [guess for guess in guesses if guess.intent == first.intent]
    if agreeing and len(guesses) == 1:
        return parse
    if first.score >= (bars.write if writes(first.intent, matcher) else bars.read):
        return Understood(first, parse.transcript)
    return _doubt(parse, first, question, matcher, advisor, bars)


def has_cry(parse: Parse, matcher: Matcher) -> bool:
    return isinstance(parse, Understood) and is_cry(parse.candidate, matcher)


def doubt_cry(parse: Parse, matcher: Matcher, glance: Glance) -> Parse:
    """A cry for help that was guessed counts, unless the second reader is sure that nothing was meant: then it is asked
    about. Takes a few milliseconds: nobody in need waits for a language model, and nobody is turned away.
    """
    guesses = [one for one in candidates_of(parse) if one.route == "fuzzy" and is_cry(one, matcher)]
    if not guesses or not isinstance(parse, Understood):
        return parse
    prompt = ask(matcher, matcher.tokens(parse.transcript.text)[:MAX_WORDS], None).prompt
    if glance.likely(prompt).get(NONE, 0.0) < SURELY_NOTHING:
        return parse
    return Ambiguous((replace(guesses[0], route="clarify"),), parse.transcript)


def _doubt(
    parse: Parse, first: Candidate, question: Question, matcher: Matcher, advisor: Advisor, bars: Bars
) -> Parse:
    """The two likeliest readings as a question; nothing of what is unlikely."""
    if not first.score >= bars.asked:
        return parse
    others = [guess for guess in candidates_of(parse) if guess.intent != first.intent]
    if not others:
        answer = _answer(question.without(first.intent), advisor)
        score = advisor.confidence(answer, question) * parse.transcript.confidence
        second = read_answer(matcher, question, answer.text, score) if answer.is_complete else None
        others = [second] if second is not None and score >= bars.asked else []
    both = (first, *others)[:2]
    return Ambiguous(tuple(replace(one, route="clarify") for one in both), parse.transcript)


def _is_for_model(tokens: list[str], matcher: Matcher) -> bool:
    """One word says too little, and a "yes" that nobody waits for is not meant for us."""
    is_to_dialogue = any(matcher.match(tokens, Scope(phase)) for phase in ("confirming", "choosing"))
    return MIN_WORDS <= len(tokens) <= MAX_WORDS and not is_to_dialogue


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
