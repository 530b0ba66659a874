"""Reads sentences by every route: grammar, fuzzy, and the language model where there is one."""

from __future__ import annotations

from collections.abc import Callable, Collection

from voicemes.clock import Clock, SystemClock
from voicemes.config import AsrSettings, Settings
from voicemes.engines.llm import glance_file
from voicemes.engines.llm.llama_cpp import shipped_model
from voicemes.errors import EngineError, EngineFailed
from voicemes.intents import Catalog
from voicemes.model import NotUnderstood, Parse, Route, Scope, Transcript
from voicemes.nlu.ask import askable, signature
from voicemes.nlu.consult import Advisor, Bars, consult, doubt_cry, wants_model
from voicemes.nlu.glance import Glance
from voicemes.nlu.instructions import instructions
from voicemes.nlu.interpret import Acceptance, candidates_of, interpret
from voicemes.nlu.match import Matcher
from voicemes.ports import Asked, Completer, Completion, EngineContext
from voicemes.runtime.engines import create_engine

LEARNED = "intents"
"""Note in a model of our own: the signatures of the intents that it was trained for, a line each."""
ROUTES: tuple[Route, ...] = ("grammar", "fuzzy", "llm", "clarify")
OFF = "none"
"""The engine's name where no language model is wanted."""


class Reader:
    """One for a process: the model is loaded once."""

    def __init__(
        self,
        acceptance: Acceptance | None = None,
        completer: Completer | None = None,
        *,
        bars: Bars | None = None,
        glance: Glance | None = None,
        lacks: str = "",
        deadline_s: float = 1.0,
        clock: Clock | None = None,
    ) -> None:
        """`lacks` says why there is no model, for people."""
        self.acceptance, self.completer, self.lacks = acceptance or Acceptance(), completer, lacks
        self._bars, self._deadline_s, self._clock = bars or Bars(), deadline_s, clock or SystemClock()
        self._glance = glance
        notes = completer.traits.notes if completer else {}
        self._learned = frozenset(notes[LEARNED].splitlines()) if LEARNED in notes else None
        self._instructions: dict[str, str] = {}

    def read(
        self, transcript: Transcript, scope: Scope, matcher: Matcher, routes: Collection[Route] = ROUTES
    ) -> Parse:
        """What `transcript` means, by the first of `routes` that knows. Where the model breaks, without it: `lacks`
        says why.
        """
        parse = self.first(transcript, scope, matcher)
        if any(one.route not in routes for one in candidates_of(parse)):
            parse = NotUnderstood("out_of_grammar", transcript, "by none of the routes that were asked for")
        return self.further(parse, scope, matcher) if "llm" in routes else parse

    def first(self, transcript: Transcript, scope: Scope, matcher: Matcher) -> Parse:
        """The routes that take a few milliseconds."""
        parse = interpret(transcript, scope, matcher, self.acceptance)
        return doubt_cry(parse, matcher, self._glance) if self._glance is not None else parse

    def further(self, parse: Parse, scope: Scope, matcher: Matcher) -> Parse:
        """`parse`, or what the language model makes of the sentence, where it should have a look."""
        if not self.wants_second(parse, scope, matcher):
            return parse
        try:
            return self.second(parse, matcher)
        except EngineError as exc:
            self.lacks = str(exc)
            return parse

    def wants_second(self, parse: Parse, scope: Scope, matcher: Matcher) -> bool:
        return self.completer is not None and wants_model(parse, scope, matcher)

    def second(self, parse: Parse, matcher: Matcher) -> Parse:
        """What the language model makes of it. Blocks. Raises EngineError."""
        assert self.completer is not None
        ends_s = self._clock.now_s() + self._deadline_s
        complete = self._complete(lambda: self._clock.now_s() > ends_s)
        advisor = Advisor(complete, self._learned, self._told(matcher), self._glance)
        try:
            return consult(parse, matcher, advisor, self._bars)
        except ValueError as exc:
            raise EngineFailed(f"the language model did not keep to its grammar: {exc}.") from exc

    def unlearned(self, catalog: Catalog) -> list[str]:
        """The intents that a model of our own was not trained for: it never names them. It is stale."""
        if self._learned is None:
            return []
        return [intent.name for intent in askable(catalog) if signature(intent) not in self._learned]

    def close(self) -> None:
        if self.completer is not None:
            self.completer.close()

    def _complete(self, is_late: Callable[[], bool]) -> Callable[[Asked], Completion]:
        completer = self.completer
        assert completer is not None
        return lambda asked: completer.complete(asked, is_late)

    def _told(self, matcher: Matcher) -> str:
        """The instructions of a general model, made once for each catalogue."""
        if self._learned is not None:
            return ""
        key = matcher.catalog.hash
        if key not in self._instructions:
            self._instructions = {key: instructions(matcher)}
        return self._instructions[key]


def acceptance_of(asr: AsrSettings) -> Acceptance:
    return Acceptance(asr.accept_read, asr.accept_write, asr.write_above_db)


def build_reader(settings: Settings, context: EngineContext) -> Reader:
    """A reader as the settings want it. A model that cannot be had is said in `lacks`; the other routes go on."""
    asr, llm = settings.asr, settings.llm
    acceptance = acceptance_of(asr)
    if llm.engine == OFF:
        return Reader(acceptance, lacks="The language model is switched off in the settings.")
    options = {"model": llm.model} if llm.model else {}
    second = glance_file.beside(llm.model or shipped_model())
    try:
        glance = glance_file.load(second) if second.exists() else None
        completer = create_engine("llm", llm.engine, context, threads=llm.threads, **options)
    except EngineError as exc:
        return Reader(acceptance, lacks=str(exc))
    bars = Bars(llm.read, llm.write, llm.asked)
    return Reader(acceptance, completer, bars=bars, glance=glance, deadline_s=llm.deadline_s)
