"""Conversations as tests.

A conversation is a YAML file: a station, what its MES knows and answers, and turns. It runs in a real `Session`, with
typed words, a clock that only moves when it is told, and a MES that never leaves the process.

    station: {name: SPP-1, operator: Ana}
    live: {references: {job: ["4711"]}, current: {job: "4711"}}
    answers: {scrap.report: {remaining: 80}, job.next: "No order is waiting."}     # accepted with; refused with
    turns:
      - operator: scrap two solder bridge
        system: Scrap 2, solder bridge, on order 4711. Correct?     # contained in the answer; /…/ is searched in it
        phase: confirming
      - press: "yes"
        submits: {operation: scrap.report, fields: {quantity: 2, defect: solder-bridge, job: "4711"}}
"""

from __future__ import annotations

import asyncio
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from voicemes.config import AudioSettings, Settings, StationSettings
from voicemes.errors import CatalogError
from voicemes.events import Event, ReplyGiven, TurnEnded
from voicemes.intents import Catalog
from voicemes.model import Key, Live, MesCommand, Phase, Reference, Scope, Transcript
from voicemes.nlu.match import Matcher
from voicemes.nlu.yamlfile import Document
from voicemes.ports import Voice
from voicemes.runtime.bus import Bus
from voicemes.runtime.courier import Courier, Route
from voicemes.runtime.reader import Reader
from voicemes.runtime.session import Session
from voicemes.runtime.speaker import Speaker
from voicemes.testing.fakes import FakeClock, FakeCompleter, FakeMes, FakeSink, FakeSynthesizer, Trouble

TICK_S = 0.25
"""How often the session looks at the clock while time passes; a binary fraction, so that ticks add up exactly."""


class ConversationFailed(AssertionError):
    """Names the turn, and what was expected and what came instead."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Submitted(_Part):
    operation: str
    fields: dict[str, Any] = {}
    """All of them: a value that nobody expected is a difference."""
    by: str | None = None
    """Who answers for it; not looked at where it is not written."""
    asked_by: str | None = None
    """Who asked for it, where another person confirmed it; empty: nobody else did."""


class Snapshot(_Part):
    references: dict[str, list[str] | dict[str, list[str]]] = {}
    """Slot type -> ids, or id -> what people call it."""
    current: dict[str, str] = {}
    roles: dict[str, list[str]] = {}
    facts: dict[str, dict[str, dict[str, Any]]] = {}
    """Slot type -> id -> what is known of it."""
    steady: dict[str, list[str]] = {}
    """Slot type -> the facts that must not have changed when what was saved is sent."""

    def live(self) -> Live:
        references = {name: tuple(_references(listed)) for name, listed in self.references.items()}
        roles = {person: tuple(held) for person, held in self.roles.items()}
        steady = {slot_type: tuple(names) for slot_type, names in self.steady.items()}
        return Live(references, self.current, roles, self.facts, steady)


def _references(listed: list[str] | dict[str, list[str]]) -> Iterator[Reference]:
    named = listed if isinstance(listed, dict) else dict.fromkeys(listed, ())
    return (Reference(identifier, tuple(aliases)) for identifier, aliases in named.items())


class Turn(_Part):
    """One thing that happens, and what must come of it. What is not written is not looked at, but for `submits`."""

    operator: str | None = None
    """What is said, and understood word for word, as if it were typed."""
    heard: str | None = None
    """What a recogniser made of what is said: fifteen may be fifty."""
    over_speech: bool = False
    """Heard while the system itself was speaking."""
    comes: str | None = None
    """Who shows who they are; empty: who was here leaves."""
    live: Snapshot | None = None
    """What exists from this turn on, before it happens."""
    press: Key | None = None
    after_s: float | None = Field(default=None, gt=0)
    """So long nobody says anything."""
    mes: Trouble | None = None
    """What is wrong with the MES from this turn on."""
    system: str | None = None
    """Part of the shown answer in any case of letters, or /a pattern/; empty: nothing is answered."""
    says: str | None = None
    """The same for what is spoken, where it differs: "one five"."""
    phase: Phase | None = None
    submits: Submitted | None = None
    """The question or the write that goes to the MES; none must go where this is not written."""
    all_submits: list[Submitted] = []
    """The same where one turn sends several, in their order."""

    @model_validator(mode="after")
    def _one_thing_happens(self) -> Self:
        if sum(given is not None for given in (self.operator, self.heard, self.press, self.comes, self.after_s)) != 1:
            raise ValueError("a turn has one of operator, heard, press, comes and after_s")
        return self


class Conversation(_Part):
    title: str = ""
    station: StationSettings = StationSettings()
    audio: AudioSettings = AudioSettings()
    """How it listens: open, by push, or from the wake phrase on."""
    outbox: bool = False
    """What is confirmed is saved before it is sent, as at a station. It is delivered while time passes (`after_s`)."""
    live: Snapshot = Snapshot()
    answers: dict[str, str | dict[str, Any] | list[str | dict[str, Any]]] = {}
    """As `FakeMes` takes them."""
    model: dict[str, tuple[str, float]] = {}
    """What the language model answers, and how likely it finds each word: as `FakeCompleter` takes it."""
    turns: list[Turn] = Field(min_length=1)


Hear: TypeAlias = Callable[[str, Scope, Matcher], Transcript]
"""What a recogniser makes of a sentence that is spoken in a state: by default its words."""


def as_written(text: str, _scope: Scope, _matcher: Matcher) -> Transcript:
    return Transcript(text, "conversation")


def run_conversation(
    conversation: Path | Mapping[str, Any], catalog: Catalog | Matcher, hear: Hear = as_written
) -> list[TurnEnded]:
    """Plays a file, or the same as data. Raises ConversationFailed at the first difference.

    A file that is no conversation is a CatalogError with file and line; data that are none a pydantic ValidationError.
    """
    if isinstance(conversation, Path):
        document = Document(conversation)
        script = document.check(Conversation)
        place: Callable[[int], str] = lambda n: f"{conversation}:{document.line(('turns', n))}"  # noqa: E731
    else:
        script = Conversation.model_validate(conversation)
        place = "turn {}".format
    matcher = catalog if isinstance(catalog, Matcher) else Matcher(catalog)
    return asyncio.run(_converse(script, matcher, place, hear))


def prove_conversations(place: Path, catalog: Catalog | Matcher) -> Iterator[tuple[Path, str]]:
    """Each file of a folder, or one file, with what went otherwise in it, if anything. Raises CatalogError."""
    files = sorted(place.glob("*.yaml")) if place.is_dir() else [place]
    if not files:
        raise CatalogError("there is no conversation in this folder.", file=place)
    matcher = catalog if isinstance(catalog, Matcher) else Matcher(catalog)
    for file in files:
        try:
            run_conversation(file, matcher)
        except ConversationFailed as exc:
            yield file, str(exc)
        else:
            yield file, ""


async def _converse(
    script: Conversation, matcher: Matcher, place: Callable[[int], str], hear: Hear
) -> list[TurnEnded]:
    mes, clock = FakeMes(script.answers, script.live.live()), FakeClock()
    settings = Settings(station=script.station, audio=script.audio)
    speaker = Speaker(FakeSynthesizer(), FakeSink(), Voice())
    reader = Reader(completer=FakeCompleter(script.model), clock=clock) if script.model else Reader()
    said: list[str] = []
    bus = Bus(lambda event: _note(event, said))
    session = Session(settings, matcher, speaker, mes, bus, clock, reader=reader, session_id="conversation")
    ended: list[TurnEnded] = []
    with tempfile.TemporaryDirectory(prefix="voicemes-conversation-") as folder:
        try:
            await session.start("conversation")
            if script.outbox:  # not before the start: it is to deliver when time passes here, and not by itself
                route = Route(Path(folder) / "outbox.sqlite", script.station.name, settings.outbox.keep_h * 3600)
                session.courier = Courier(route, mes, bus, clock, random.Random(1))  # noqa: S311 - spreads retries
            for number, turn in enumerate(script.turns):
                mes.trouble = turn.mes or mes.trouble
                mes.snapshot = turn.live.live() if turn.live else mes.snapshot
                n_before, n_said = len(mes.commands), len(said)
                taken = await _take(session, clock, turn, hear)
                ended += taken
                difference = _difference(turn, taken, session.state.phase, mes.commands[n_before:])
                difference = difference or _unsaid(turn, said[n_said:])
                if difference:
                    raise ConversationFailed(f"{place(number)}: {difference}")
        finally:
            await session.close()
    return ended


async def _take(session: Session, clock: FakeClock, turn: Turn, hear: Hear) -> list[TurnEnded]:
    """What comes of one turn, when everything was spoken."""
    if turn.after_s is not None:
        return await _wait(session, clock, turn.after_s)
    if turn.press:
        ended = await session.press(turn.press)
    elif turn.comes is not None:
        ended = await session.identify(turn.comes)
    else:
        typed = Transcript(turn.operator or "", "keyboard")
        heard = hear(turn.heard, session.state.scope, session.matcher) if turn.heard is not None else typed
        ended = await session.read(heard, while_speaking=turn.over_speech)
    await session.speaker.finish()
    return [ended]


async def _wait(session: Session, clock: FakeClock, seconds: float) -> list[TurnEnded]:
    """Silence: the session looks at the clock as it does between frames of audio."""
    ended: list[TurnEnded] = []
    until_s = clock.now_s() + seconds
    while clock.now_s() < until_s:
        await clock.sleep(min(TICK_S, until_s - clock.now_s()))
        if session.courier is not None:
            await session.courier.deliver_due()
        ended += await session.look_at_clock()
        await session.speaker.finish()
    return ended


def _difference(turn: Turn, ended: list[TurnEnded], phase: Phase, sent: list[MesCommand]) -> str:
    answer = " ".join(taken.answer for taken in ended if taken.answer)
    if turn.system is not None and not _fits(turn.system, answer):
        return f"the answer was to be {turn.system!r}, it was {answer!r}"
    if turn.phase is not None and phase != turn.phase:
        return f"the dialogue was to be {turn.phase}, it was {phase}"
    submitted = [one for one in (turn.submits, *turn.all_submits) if one is not None]
    wanted = [(one.operation, one.fields) for one in submitted]
    came = [(command.operation, dict(command.fields)) for command in sent]
    if came != wanted:
        return f"the MES was to be sent {wanted or 'nothing'}, it was sent {came or 'nothing'}"
    faults = (_wrong_hand(one, command) for one, command in zip(submitted, sent, strict=True))
    return next((fault for fault in faults if fault), "")


def _wrong_hand(wanted: Submitted, came: MesCommand) -> str:
    if wanted.by is not None and came.operator_id != wanted.by:
        return f"{wanted.by or 'nobody'} was to answer for it, {came.operator_id or 'nobody'} did"
    if wanted.asked_by is not None and came.asked_by != wanted.asked_by:
        return f"{wanted.asked_by or 'nobody else'} was to have asked for it, {came.asked_by or 'nobody else'} had"
    return ""


def _note(event: Event, said: list[str]) -> None:
    if isinstance(event, ReplyGiven):
        said.append(event.said)


def _unsaid(turn: Turn, said: list[str]) -> str:
    spoken = " ".join(said)
    if turn.says is None or _fits(turn.says, spoken):
        return ""
    return f"what is spoken was to be {turn.says!r}, it was {spoken!r}"


def _fits(wanted: str, answer: str) -> bool:
    if len(wanted) > 1 and wanted[0] == wanted[-1] == "/":
        return re.search(wanted[1:-1], answer) is not None
    return wanted.casefold() in answer.casefold() if wanted else not answer
