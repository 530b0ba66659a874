"""A dialogue without anything around it: what is said goes in, steps come out, and the MES is the test."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from voicemes.dialogue.state import DialogueState, Rules, Step
from voicemes.dialogue.step import step
from voicemes.intents import Intent
from voicemes.model import (
    Accepted,
    Answered,
    Candidate,
    Effect,
    Forget,
    Heard,
    Input,
    Listen,
    Live,
    MesCommand,
    Pressed,
    Reference,
    Reply,
    Say,
    SlotData,
    SlotValue,
    Submit,
    TimedOut,
    Transcript,
    Understood,
)
from voicemes.nlu.interpret import interpret
from voicemes.nlu.match import Matcher

JOBS = tuple(Reference(number) for number in ("4711", "4712", "4713"))
LIVE = Live({"job": JOBS}, {"job": "4711", "equipment": "SPP-1", "line": "LINE-1"})
"""Three orders, of which 4711 runs here."""


@dataclass
class Talk:
    """One session, at a time that only the test moves."""

    matcher: Matcher
    live: Live = LIVE
    state: DialogueState = field(default_factory=lambda: DialogueState("test", "Ana"))
    now_s: float = 1_000.0
    effects: tuple[Effect, ...] = ()
    """Of the last step."""

    def take(self, given: Input) -> Step:
        taken = step(Rules(self.matcher.catalog, self.live), self.state, given, self.now_s)
        self.state, self.effects = taken.state, taken.effects
        return taken

    def hear(self, text: str, *, while_speaking: bool = False, is_cut: bool = False, by: str = "keyboard") -> Step:
        parse = interpret(Transcript(text, by), self.state.scope, self.matcher)
        return self.take(Heard(parse, while_speaking, is_cut))

    def say(self, *texts: str) -> None:
        for text in texts:
            self.hear(text)

    def accept(self, **values: SlotData) -> Step:
        """The MES does what it was asked."""
        assert self.state.command is not None, "nothing was asked"
        return self.take(Answered(Accepted(self.state.command.command_id, values)))

    def press(self, key) -> Step:
        return self.take(Pressed(key))

    def time_out(self) -> Step:
        return self.take(TimedOut())

    @property
    def replies(self) -> list[Reply]:
        return [effect.reply for effect in self.effects if isinstance(effect, Say)]

    @property
    def keys(self) -> list[str]:
        return [reply.key for reply in self.replies]

    @property
    def command(self) -> MesCommand | None:
        """What the last step sends to the MES."""
        return next((effect.command for effect in self.effects if isinstance(effect, Submit)), None)

    @property
    def listens(self) -> list[Listen]:
        return [effect for effect in self.effects if isinstance(effect, Listen)]

    @property
    def forgotten(self) -> list[Forget]:
        return [effect for effect in self.effects if isinstance(effect, Forget)]


def understood(intent: str, *slots: SlotValue, text: str = "") -> Heard:
    return Heard(Understood(Candidate(intent, slots, 1.0, "grammar"), Transcript(text or intent, "keyboard")))


def with_intents(matcher: Matcher, *intents: Intent) -> Matcher:
    """The same catalogue with other intents of these names."""
    catalog = matcher.catalog
    return Matcher(replace(catalog, intents={**catalog.intents, **{intent.name: intent for intent in intents}}))
