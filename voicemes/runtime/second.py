"""A second look at an utterance: by another recogniser, where the grammar's was refused or would write in doubt.

What it hears goes the way of typed text, and is never more than a guess: whatever it writes is read back first. It has
a thread and a deadline of its own; where it breaks or hangs the session goes on without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from voicemes.clock import Clock
from voicemes.errors import EngineError
from voicemes.events import EngineTroubled
from voicemes.model import Ambiguous, Candidate, NotUnderstood, Parse, Scope, Transcript, Understood, Utterance
from voicemes.nlu.consult import has_cry
from voicemes.nlu.interpret import candidates_of
from voicemes.nlu.match import Matcher, is_cry, writes
from voicemes.nlu.ngram import draw_sentences, nouns_of
from voicemes.nlu.sounding import Say, snap
from voicemes.ports import Expected, Recognizer
from voicemes.runtime.bus import Bus
from voicemes.runtime.hearing import SpeechOver
from voicemes.runtime.listening import READY_S, Listening
from voicemes.runtime.reader import Reader
from voicemes.runtime.threads import EngineThread

NAME = "second recogniser"
DOUBT = 0.75
"""What would write with less confidence is looked at again."""
IN_TIME = 0.8
"""Of the deadline: an engine that can stop does so before it counts as stalled."""
Read = Callable[[Transcript], Awaitable[Parse]]


class SecondLook:
    def __init__(
        self, engine: Recognizer, say: Say, clock: Clock, bus: Bus, *, deadline_s: float = 3.0, doubt: float = DOUBT
    ) -> None:
        self._engine, self._say, self._clock, self._bus = engine, say, clock, bus
        self._deadline_s, self._doubt = deadline_s, doubt
        self._thread = EngineThread(NAME, deadline_s)
        self._known: tuple[str, frozenset[str]] | None = None
        self._getting_ready: asyncio.Task[None] | None = None

    def expect(self, matcher: Matcher) -> None:
        """Gets ready for this catalogue and what exists now, while everything else goes on. New numbers are no news:
        digits are expected anyway.
        """
        known = matcher.catalog.hash, matcher.words
        if known != self._known and self.is_ready:
            self._known = known
            self._getting_ready = asyncio.create_task(self._expect(matcher))

    @property
    def is_ready(self) -> bool:
        """False while it gets ready: nobody waits for that."""
        return self._getting_ready is None or self._getting_ready.done()

    async def reconsider(self, parse: Parse, said: Utterance, scope: Scope, matcher: Matcher, read: Read) -> Parse:
        """`parse`, or what the other recogniser makes of the utterance. `read` says what a text means."""
        self.expect(matcher)
        if not self.wants(parse, scope, matcher) or not self.is_ready:
            return parse
        ends_s = self._clock.now_s() + IN_TIME * self._deadline_s
        try:
            heard = await self._thread.call(self._hear, said, scope, matcher, lambda: self._clock.now_s() > ends_s)
        except EngineError as exc:
            self._bus.publish(EngineTroubled(self._clock.now_s(), NAME, str(exc)))
            return parse
        again = await read(heard) if heard.text else NotUnderstood("silence", heard)
        return merged(parse, again, matcher)

    def wants(self, parse: Parse, scope: Scope, matcher: Matcher) -> bool:
        """Only where a sentence is begun: what answers a question is short, and a yes must not be guessed."""
        if scope.phase != "idle":
            return False
        match parse:
            case NotUnderstood():
                return True
            case Understood(candidate, transcript):
                is_sure = transcript.confidence >= self._doubt or is_cry(candidate, matcher)
                return not is_sure and candidate.intent in matcher.catalog.intents and writes(candidate.intent, matcher)
            case Ambiguous():
                return False

    async def close(self) -> None:
        if self._getting_ready is not None:
            self._getting_ready.cancel()
        self._thread.close()

    async def _expect(self, matcher: Matcher) -> None:
        try:
            await self._thread.call_within(READY_S, lambda: self._engine.expect(expected_of(matcher)))
        except EngineError as exc:
            self._bus.publish(EngineTroubled(self._clock.now_s(), NAME, str(exc)))

    def _hear(self, said: Utterance, scope: Scope, matcher: Matcher, is_late: Callable[[], bool]) -> Transcript:
        """In the thread: what was said, in the catalogue's words where it sounds like them."""
        return in_its_words(self._engine.recognize(said.pcm, is_late), scope, matcher, self._say)


def expected_of(matcher: Matcher) -> Expected:
    return Expected(draw_sentences(matcher), nouns_of(matcher))


def in_its_words(heard: Transcript, scope: Scope, matcher: Matcher, say: Say) -> Transcript:
    """As it is where it is a sentence of the catalogue, or sounds like none."""
    tokens = matcher.tokens(heard.text)
    if not tokens or matcher.match(tokens, scope):
        return heard
    found = snap(tokens, matcher.graph(scope), say)
    return heard if found is None else replace(heard, text=" ".join(found.words))


def merged(first: Parse, again: Parse, matcher: Matcher) -> Parse:
    """What both looks make together. The second one alone is a guess, a question never comes from it alone: half of
    the side talk would be asked about. Where they contradict each other it is asked what was meant.
    """
    other = _guessed(again, matcher)
    if not isinstance(first, Understood):
        return other or first
    if other is None:
        return Understood(replace(first.candidate, route="fuzzy"), first.transcript)
    if any(_is_same(first.candidate, one) for one in candidates_of(other)):
        return first
    both = (first.candidate, *candidates_of(other)[:1])
    return Ambiguous(tuple(replace(one, route="clarify") for one in both), first.transcript)


def _guessed(again: Parse, matcher: Matcher) -> Parse | None:
    """None where it is nothing, or a word to the dialogue that writes ("undo"). A cry for help is asked about."""
    if not isinstance(again, Understood):
        return None
    candidate = again.candidate
    if is_cry(candidate, matcher):
        return Ambiguous((replace(candidate, route="clarify"),), again.transcript)
    if candidate.intent not in matcher.catalog.intents:
        return None if writes(candidate.intent, matcher) else again
    route = "fuzzy" if candidate.route == "grammar" else candidate.route
    return Understood(replace(candidate, route=route), again.transcript)


def _is_same(one: Candidate, other: Candidate) -> bool:
    return (one.intent, one.values) == (other.intent, other.values)


async def surely(
    over: SpeechOver, scope: Scope, matcher: Matcher, reader: Reader, listening: Listening
) -> Transcript:
    """A cry for help out of a small grammar, which has little else to hear, is heard again among all that can be said:
    where it is something else there, nobody cried. Of what was begun before the question at hand nothing else counts.
    """
    if scope.phase == "idle" and not over.is_outdated:
        return over.transcript
    if not has_cry(reader.first(over.transcript, scope, matcher), matcher):
        return replace(over.transcript, text="", words=()) if over.is_outdated else over.transcript
    again = await listening.again(over.utterance, lambda: matcher.graph(Scope()))
    is_sure = again is None or has_cry(reader.first(again, Scope(), matcher), matcher)
    return over.transcript if is_sure else replace(over.transcript, text="", words=())


def say_with(pronunciations: Callable[[str], Sequence[str]]) -> Say:
    """The sounds of a word, each word looked up once; none where nobody can say it."""
    known: dict[str, Sequence[Sequence[str]]] = {}

    def say(word: str) -> Sequence[Sequence[str]]:
        if word not in known:
            try:
                known[word] = [way.split() for way in pronunciations(word)]
            except EngineError:
                known[word] = []
        return known[word]

    return say
