"""The lives of `bench crash`: a program that makes everything ready once, and forks a voicemes for each life.

It has no thread and no loop of its own, so that a fork is a whole process. Each life opens a session as
`wiring.open_session` does, with a courier of its own on the one outbox file, and talks; it is killed (SIGKILL) at the
moment that its plan names. What it shares with the others is what does not change: the catalogue's matcher with a first
look at the MES, the connectors (which have sent nothing yet), the engines. It is told no news of the plant, does not
follow the catalogue's files, and has no language model.

What is said and heard goes into a pipe at that moment, a line each:

    said, yes, no, silence   what the operator does
    submitted, answered      a command on its way, and what the session made of its answer
    heard                    what the operator is told
    over                     all is said; what has waited may still be delivered
    delivered, trouble       what came of a command that had waited; what went wrong (the operator hears neither)

Standard input has the settings, then a plan a line; standard output has a line for each, when that life is over.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Never

from voicemes.config import LlmSettings, MesSettings, NewsSettings, OutboxSettings, Settings, shipped
from voicemes.connectors import open_connector
from voicemes.engines.audio import wav
from voicemes.events import CommandAnswered, CommandDelivered, CommandSubmitted, EngineTroubled, Event, ReplyGiven
from voicemes.model import Live, Scope, Transcript
from voicemes.nlu.interpret import interpret
from voicemes.nlu.match import Matcher
from voicemes.outbox.entry import OPEN
from voicemes.outbox.store import Looker
from voicemes.ports import MesConnector, Synthesizer, Voice
from voicemes.runtime.bus import Bus
from voicemes.runtime.crash_plan import HURRY, PLANT, Death, Plan, Talk, Weather
from voicemes.runtime.hearing import Ears
from voicemes.runtime.reader import build_reader
from voicemes.runtime.session import Session
from voicemes.runtime.speaker import NoSink, Speaker
from voicemes.runtime.wiring import build_courier, build_ears, build_matcher, build_speech, context_of

TIMEOUT_S = 0.3
"""For the MES, in real time; the plant answers within some 10 ms where nothing is wrong."""
MOST_ANSWERS = 6
"""To one question: it may be asked again, because something has changed or the yes came late."""
TICK_S = 0.005
SETTLE_S = 0.05
"""How often the last life looks whether anything is left."""
AUDIO_TAIL_S = 1.5
IDLE_S = 0.1
"""So long a life whose moment does not come delivers what it can, when all is said."""
LONGEST_S = 180
"""A life whose parent is gone ends by itself."""

WARM_UP = ("book 1 good parts on order 4711", "note that clamp one squeaks", "undo")
"""What a matcher prepares for its first sentences, each life would prepare again."""
KEPT: list[socket.socket] = []
"""A socket that nobody holds is closed, and its port is free again."""
Tell = Callable[..., None]


class Hurried:
    """A clock that runs faster than the time, so that nobody waits for pauses and retries. Deadlines of requests and
    the time of day are real.
    """

    def __init__(self, times: float) -> None:
        self._times = times

    def now_s(self) -> float:
        return time.perf_counter() * self._times

    def wall_s(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._times)


@dataclass(frozen=True, slots=True)
class Parts:
    """What all lives share. Made before the first fork."""

    settings: Settings
    matcher: Matcher
    connectors: Mapping[Weather, MesConnector]
    ears: Ears | None
    synthesizer: Synthesizer
    voice: Voice


def main() -> None:
    """Ends when nobody writes plans any more."""
    given = json.loads(sys.stdin.readline())
    parts = make_ready(given["urls"], Path(given["outbox"]), with_ears=given["with_ears"])
    gc.collect()
    gc.freeze()  # what is shared is not touched again by each life's collector
    _answer({"ready": True})
    for line in sys.stdin:
        lines, status = live_and_die(parts, Plan.from_json(json.loads(line)))
        _answer({"lines": lines, "status": status})


def make_ready(urls: Mapping[Weather, str], outbox: Path, *, with_ears: bool) -> Parts:
    """Raises VoicemesError."""
    settings = Settings(
        mes=MesSettings(name=PLANT, url=urls["fair"], timeout_s=TIMEOUT_S),
        outbox=OutboxSettings(folder=outbox),
        llm=LlmSettings(engine="none"),
        news=NewsSettings(listen=False),
    )
    live = asyncio.run(_look(settings))
    station = settings.station
    roles = live.roles.get(station.operator) or (station.role,)
    matcher = build_matcher(settings).with_live(live).heard_by(roles)
    for sentence in WARM_UP:
        interpret(Transcript(sentence, "keyboard"), Scope(), matcher)
    ears = build_ears(settings) if with_ears else None
    if ears is not None:  # the large grammar takes a second
        ears.tune(Scope(), matcher.graph(Scope()))
    nowhere = f"http://127.0.0.1:{closed_port()}"
    to: dict[Weather, MesConnector] = {
        weather: open_connector(settings.mes.model_copy(update={"url": url}), clock=Hurried(HURRY))
        for weather, url in {**urls, "cut_off": nowhere}.items()
    }
    return Parts(settings, matcher, to, ears, *build_speech(settings))


def closed_port() -> int:
    """One that refuses every connection, for as long as this process lives: it is taken, and nobody listens."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    KEPT.append(taken)
    return int(taken.getsockname()[1])


async def _look(settings: Settings) -> Live:
    """By a connector of its own: the one of the lives has not met a loop yet."""
    connector = open_connector(settings.mes)
    try:
        return await connector.live(settings.station.name)
    finally:
        await connector.aclose()


def live_and_die(parts: Parts, plan: Plan) -> tuple[list[dict[str, Any]], int]:
    """What came out of one life, and how it ended: minus the signal, or its exit code."""
    told, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        _be(parts, plan, writes)
    os.close(writes)
    try:
        text = _follow(told, plan.death)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        while rest := os.read(told, 65_536):  # what is in the pipe was heard
            text += rest
    finally:
        os.close(told)
    whole = text[: text.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()], os.waitstatus_to_exitcode(status)


def _follow(told: int, death: Death | None) -> bytes:
    """Reads until the moment of death, or until the life ends."""
    text, seen = b"", 0
    ends_s = time.perf_counter() + death.limit_s if death else float("inf")
    with selectors.DefaultSelector() as selector:
        selector.register(told, selectors.EVENT_READ)
        while True:
            left_s = ends_s - time.perf_counter()
            if left_s <= 0 or not selector.select(None if death is None else left_s):
                return text
            new = os.read(told, 65_536)
            if not new:
                return text
            text += new
            if death is not None and seen < death.nth:
                seen = _count(text, death.mark)
                if seen >= death.nth:
                    ends_s = min(ends_s, time.perf_counter() + death.after_s)
                elif _count(text, "over"):  # its moment may never come
                    ends_s = min(ends_s, time.perf_counter() + IDLE_S + death.after_s)


def _count(text: bytes, mark: str) -> int:
    return text.count(f'{{"k": "{mark}"'.encode())


def _be(parts: Parts, plan: Plan, told: int) -> Never:
    """In the child. What goes wrong here ends it, with its traceback in the log."""
    signal.alarm(LONGEST_S)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)

    def tell(kind: str, **more: Any) -> None:
        os.write(told, json.dumps({"k": kind, "t": time.time(), **more}).encode() + b"\n")

    asyncio.run(_live(parts, plan, tell))
    os._exit(0)


async def _live(parts: Parts, plan: Plan, tell: Tell) -> None:
    tell("born")
    clock, bus = Hurried(plan.hurry), Bus(_reporter(parts, tell))
    connector = parts.connectors[plan.weather]
    session = Session(
        settings=parts.settings,
        matcher=parts.matcher,
        speaker=Speaker(parts.synthesizer, NoSink(), parts.voice),
        connector=connector,
        bus=bus,
        clock=clock,
        ears=parts.ears if plan.is_by_ear else None,
        reader=build_reader(parts.settings, context_of(parts.settings)),
        courier=build_courier(parts.settings, connector, bus, clock),
    )
    await session.start("bench crash")
    for talk in plan.talks:
        await _talk(session, talk, tell)
        await _linger(session, talk.pause_s)
    tell("over")
    while plan.death is not None or not _is_settled(session):
        await _linger(session, TICK_S if plan.death else SETTLE_S)
    await session.close()


async def _talk(session: Session, talk: Talk, tell: Tell) -> None:
    """A sentence, and answers until nothing is asked any more."""
    tell("said", what=talk.say or talk.recording, is_consent=talk.is_consent)
    await _speak(session, talk.say, talk.recording)
    for _ in range(MOST_ANSWERS):
        if session.state.phase != "confirming":
            break
        tell(talk.answer)
        if talk.answer == "silence":
            while session.state.phase == "confirming":
                await _linger(session, TICK_S)
        else:
            await _speak(session, talk.answer, talk.answer_recording)
    if session.state.phase != "idle":  # misheard, or it lacks something
        tell("no")
        await session.press("cancel")


async def _speak(session: Session, text: str, recording: str) -> None:
    if not recording:
        await session.type(text)
        return
    options = wav.Options(shipped("audio_fixtures") / recording, trailing_silence_s=AUDIO_TAIL_S)
    await session.hear(wav.create(options, context_of(session.settings)))


async def _linger(session: Session, seconds: float) -> None:
    """Nothing is said; what became of older commands is told."""
    ends_s = time.perf_counter() + seconds
    while True:
        await session.look_at_clock()
        await asyncio.sleep(TICK_S)
        if time.perf_counter() >= ends_s:
            return


def _is_settled(session: Session) -> bool:
    """Nothing is left to be sent or told."""
    assert session.courier is not None
    looker = Looker.open(session.settings.outbox_file)
    try:
        return not looker.entries(sorted(OPEN)) and not session.courier.untold
    finally:
        looker.close()


def _reporter(parts: Parts, tell: Tell) -> Callable[[Event], None]:
    intents = parts.matcher.catalog.intents.values()
    writes = {intent.action.operation for intent in intents if intent.action.is_write}

    def report(event: Event) -> None:
        match event:
            case CommandSubmitted(_, _, command_id, operation, fields):
                is_write = operation in writes
                tell("submitted", id=command_id, operation=operation, fields=dict(fields), is_write=is_write)
            case CommandAnswered(_, _, command_id, outcome, detail):
                tell("answered", id=command_id, outcome=outcome, detail=detail)
            case ReplyGiven(_, _, key, shown):
                tell("heard", key=key, shown=shown)
            case CommandDelivered(_, command_id, _, outcome, detail):
                tell("delivered", id=command_id, outcome=outcome, detail=detail)
            case EngineTroubled(_, engine, reason):
                tell("trouble", engine=engine, reason=reason)
            case _:
                pass

    return report


def _answer(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
