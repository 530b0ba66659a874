"""One turn: an input to the dialogue, what it decides, what the MES answers, what is said."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol, assert_never

from voicemes.clock import Clock
from voicemes.dialogue.state import DialogueState, Rules
from voicemes.dialogue.step import step
from voicemes.events import CommandAnswered, CommandSubmitted, InputReceived, ReplyGiven, StepTaken, TurnEnded
from voicemes.model import (
    Adjust,
    Ambiguous,
    Answered,
    Candidate,
    Change,
    Effect,
    Forget,
    Heard,
    Identified,
    Input,
    Listen,
    MesCommand,
    MesReply,
    NotUnderstood,
    Pressed,
    Say,
    Scope,
    Submit,
    TimedOut,
    Told,
    Understood,
)
from voicemes.nlu.match import Matcher
from voicemes.respond import respond
from voicemes.runtime.bus import Bus
from voicemes.runtime.codec import to_json
from voicemes.runtime.mes import outcome
from voicemes.runtime.secrets import dictated, hidden, hidden_effect, hidden_fields


class Room(Protocol):
    """What a turn needs of its room."""

    state: DialogueState

    @property
    def matcher(self) -> Matcher: ...

    @property
    def bus(self) -> Bus: ...

    @property
    def clock(self) -> Clock: ...

    async def submit(self, command: MesCommand) -> MesReply:
        """Asks the MES, or brings a write there, and says truly what came of it."""

    async def say(self, text: str) -> None:
        """Returns when the first sound is ready."""

    async def listen(self, scope: Scope, timeout_s: float | None) -> None:
        """Gets ready for what may be said now."""

    def adjust(self, how: Change) -> None:
        """Changes the voice for what is said from now on."""


@dataclass(slots=True)
class Turn:
    """What is known about the turn at hand; becomes its summary line."""

    number: int
    timings_s: dict[str, float] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    mes: str | None = None
    wrote: bool = False


async def take_turn(room: Room, given: Input, turn: Turn) -> TurnEnded:
    """Runs one input to its end. A submission is never cancelled half way."""
    seen = hidden(given, room.state.scope, room.matcher.catalog)
    await _advance(room, given, turn)
    decision = sum(turn.timings_s.get(stage, 0.0) for stage in ("asr", "nlu", "dialogue"))
    turn.timings_s["decision"] = decision
    if "tts" in turn.timings_s:
        turn.timings_s["first_audio"] = decision + turn.timings_s.get("mes", 0.0) + turn.timings_s["tts"]
    ended = _summary(room, seen, turn)
    room.bus.publish(ended)
    return ended


async def _advance(room: Room, given: Input, turn: Turn) -> None:
    now_s = room.clock.now_s()
    scope = str(room.state.scope)
    seen = hidden(given, room.state.scope, room.matcher.catalog)
    words = dictated(seen, room.state.scope, room.matcher.catalog)
    room.bus.publish(InputReceived(now_s, turn.number, scope, to_json(seen), words))
    taken = step(Rules(room.matcher.catalog, room.matcher.live), room.state, given, now_s)
    room.state = taken.state
    _count(turn, "dialogue", room.clock.now_s() - now_s)
    effects = tuple(hidden_effect(to_json(effect)) for effect in taken.effects)
    room.bus.publish(StepTaken(now_s, turn.number, taken.state.phase, effects))
    for effect in taken.effects:
        await _perform(room, effect, turn)


async def _perform(room: Room, effect: Effect, turn: Turn) -> None:
    match effect:
        case Say(reply):
            spoken = respond(reply, room.matcher.catalog)
            turn.answers.append(spoken.shown)
            room.bus.publish(ReplyGiven(room.clock.now_s(), turn.number, reply.key, spoken.shown, spoken.said))
            await _speak(room, spoken.said, turn)
        case Listen(scope, timeout_s):
            await room.listen(scope, timeout_s)
        case Submit(command):
            await asyncio.shield(_submit(room, command, turn))
        case Forget():
            pass
        case Adjust(how):
            room.adjust(how)
        case _ as never:
            assert_never(never)


async def _speak(room: Room, text: str, turn: Turn) -> None:
    started_s = room.clock.now_s()
    await room.say(text)
    turn.timings_s.setdefault("tts", room.clock.now_s() - started_s)


async def _submit(room: Room, command: MesCommand, turn: Turn) -> None:
    started_s, fields = room.clock.now_s(), hidden_fields(command.fields)
    room.bus.publish(
        CommandSubmitted(started_s, turn.number, command.command_id, command.operation, to_json(fields))
    )
    reply = await room.submit(command)
    turn.mes, detail = outcome(reply)
    turn.wrote = turn.wrote or command.is_write
    _count(turn, "mes", room.clock.now_s() - started_s)
    room.bus.publish(
        CommandAnswered(room.clock.now_s(), turn.number, command.command_id, turn.mes, detail)
    )
    await _advance(room, Answered(reply), turn)


def _count(turn: Turn, stage: str, seconds: float) -> None:
    turn.timings_s[stage] = turn.timings_s.get(stage, 0.0) + seconds


def _summary(room: Room, given: Input, turn: Turn) -> TurnEnded:
    heard, result, confidence = "", "rejected", 0.0
    candidate: Candidate | None = None
    match given:
        case Heard(Understood(candidate, transcript)):
            heard, result, confidence = transcript.text, "understood", transcript.confidence
        case Heard(Ambiguous(_, transcript)):
            heard, result, confidence = transcript.text, "ambiguous", transcript.confidence
        case Heard(NotUnderstood(_, transcript)):
            heard, confidence = transcript.text, transcript.confidence
        case Pressed(key):
            heard, result = f"[{key}]", "pressed"
        case TimedOut():
            result = "timed_out"
        case Told():
            result = "told"
        case Identified(operator_id):
            heard, result = f"({operator_id or 'nobody'})", "identified"
        case Answered():
            pass
    return TurnEnded(
        at_s=room.clock.now_s(),
        turn=turn.number,
        heard=heard,
        outcome=result,
        intent=candidate.intent if candidate else None,
        slots=to_json(candidate.values) if candidate else {},
        route=candidate.route if candidate else None,
        confidence=confidence,
        answer=" ".join(turn.answers),
        mes=turn.mes,
        timings_s=dict(turn.timings_s),
    )
