"""Plays a scenario: recordings go in, a plant of its own is asked and written to, the answers are left as WAV files."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from voicemes.config import LlmSettings, MesSettings, OutboxSettings, Settings
from voicemes.engines.audio import wav
from voicemes.errors import AudioError, MesProtocolError, MesUnreachable
from voicemes.events import TurnEnded
from voicemes.model import SpeechChunk
from voicemes.plant.process import PlantProcess
from voicemes.ports import AudioSink
from voicemes.runtime.bus import Bus, Observer
from voicemes.runtime.scenario import Happening, PlayedTurn, Scenario, fault
from voicemes.runtime.session import Session
from voicemes.runtime.trace import TraceWriter
from voicemes.runtime.wiring import context_of, open_session

TRAILING_SILENCE_S = 1.5
"""Silence after each recording: longer than any that an endpoint waits for."""
PAGE = 500
NEWS_WITHIN_S = 10.0
NEWS_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Played:
    """One recording of the shift, and what came of it."""

    number: int
    turn: PlayedTurn
    ended: tuple[TurnEnded, ...]
    fault: str
    spoken: Path | None
    """The answer as a WAV file, where there was one."""
    skipped: str = ""
    """Why it was not played."""

    @property
    def mes_failed(self) -> bool:
        """A thing that was to happen and was not told counts, too."""
        is_untold = self.turn.happens is not None and not self.ended
        return is_untold or any(turn.mes in {"unsent", "unknown", "saved", "unsaved"} for turn in self.ended)


class ReplyFolder:
    """An AudioSink: the answers of each turn become one WAV file, and are heard aloud where there is a loudspeaker."""

    def __init__(self, folder: Path, aloud: AudioSink | None = None) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise AudioError(f"{folder}: cannot hold the answers: {exc.strerror}. Choose another place.") from exc
        self._folder, self._aloud = folder, aloud
        self._file: wav.WavSink | None = None
        self._path: Path | None = None
        self._is_empty = True

    def begin(self, name: str) -> None:
        """What is spoken from now on belongs into this file."""
        self._path = self._folder / f"{name}.wav"
        self._path.unlink(missing_ok=True)
        self._file, self._is_empty = wav.WavSink(self._path), True

    def end(self) -> Path | None:
        """The finished file, if anything was spoken."""
        if self._file is not None:
            self._file.close()
        self._file = None
        return None if self._is_empty else self._path

    def play(self, chunk: SpeechChunk) -> None:
        if self._file is not None:
            self._file.play(chunk)
            self._is_empty = False
        if self._aloud is not None:
            self._aloud.play(chunk)

    def stop(self) -> None:
        if self._aloud is not None:
            self._aloud.stop()

    def close(self) -> None:
        self.end()
        if self._aloud is not None:
            self._aloud.close()


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a scenario is played."""

    recordings: Path
    output: Path
    observer: Observer
    on_turn: Callable[[int, PlayedTurn], None]
    """Told before each recording."""
    aloud: AudioSink | None = None
    stop_plant_at: int | None = None
    """The plant is killed before the recording of this number (from 1) is heard, as a power cut would."""
    llm: LlmSettings = field(default_factory=LlmSettings)


@dataclass(slots=True)
class Shift:
    """A scenario on its stage: a plant and a session of its own."""

    scenario: Scenario
    stage: Stage
    session: Session
    plant: PlantProcess
    sink: ReplyFolder
    has_failed: bool = False
    """The MES failed, or was killed: what it wrote has to be looked at."""
    n_events: int = 0
    """That the plant wrote and a turn told of."""

    async def turns(self) -> AsyncIterator[Played]:
        """Each turn as it is done. The shift ends early when the MES fails. Raises VoicemesError."""
        self.n_events = await _count_events(self.plant.url)
        for number, turn in enumerate(self.scenario.turns, start=1):
            if number == self.stage.stop_plant_at:
                self.plant.kill()
                self.has_failed = True
            self.stage.on_turn(number, turn)
            played = await _play_turn(self.session, self.sink, number, turn, self.stage)
            self.has_failed = self.has_failed or played.mes_failed
            yield played
            if played.mes_failed:
                return
            if not self.has_failed:
                self.n_events = await _count_events(self.plant.url)


@asynccontextmanager
async def open_shift(scenario: Scenario, stage: Stage) -> AsyncIterator[Shift]:
    """Ready to be played. At the end, what a plant that failed has written is checked.

    Raises VoicemesError, and MesUnreachable when the plant wrote anything that no turn had confirmed.
    """
    with tempfile.TemporaryDirectory(prefix="voicemes-demo-") as folder:
        database = Path(folder) / "plant.sqlite"
        with PlantProcess(database) as plant:
            settings = Settings(
                station=scenario.station,
                mes=MesSettings(url=plant.url),
                outbox=OutboxSettings(folder=Path(folder)),  # what is played must never reach the MES of the settings
                llm=stage.llm,
            )
            sink = ReplyFolder(stage.output / "replies", stage.aloud)
            trace = TraceWriter(stage.output / "trace.jsonl", personal=True)  # of people whom we made up
            with contextlib.closing(trace):
                async with open_session(settings, bus=Bus(trace, stage.observer), sink=sink) as session:
                    await session.start(scenario.title)
                    shift = Shift(scenario, stage, session, plant, sink)
                    yield shift
        if shift.has_failed:
            await _check_nothing_was_written(database, shift.n_events)


async def play(scenario: Scenario, stage: Stage) -> AsyncIterator[Played]:
    """Each turn of a shift as it is done. Raises VoicemesError."""
    async with open_shift(scenario, stage) as shift:
        async for played in shift.turns():
            yield played


async def _play_turn(session: Session, sink: ReplyFolder, number: int, turn: PlayedTurn, stage: Stage) -> Played:
    if turn.needs_model and session.reader.completer is None:
        return Played(number, turn, (), "", None, session.reader.lacks)
    sink.begin(f"{number:02d}-{Path(turn.name).stem}")
    if turn.type:
        ended = [await session.type(turn.type)]
    elif turn.happens is not None:
        is_done = await _do(turn.happens, session.settings.mes.url)
        ended = await wait_for_news(session) if is_done else []
    else:
        ended = await _hear(session, stage.recordings / turn.hear, stage)
    await session.speaker.finish()
    return Played(number, turn, tuple(ended), fault(turn, ended), sink.end())


async def wait_for_news(session: Session) -> list[TurnEnded]:
    """Says nothing, until the plant had something to say or the time is over."""
    ends_s = session.clock.now_s() + NEWS_WITHIN_S
    while session.clock.now_s() < ends_s:
        told = [turn for turn in await session.look_at_clock() if turn.outcome == "told"]
        if told:
            return told
        await asyncio.sleep(NEWS_POLL_S)
    return []


async def _hear(session: Session, file: Path, stage: Stage) -> list[TurnEnded]:
    options = wav.Options(file, trailing_silence_s=TRAILING_SILENCE_S)
    if stage.aloud is not None:
        await session.speaker.play(wav.read_speech(file))
    return await session.hear(wav.create(options, context_of(session.settings)))


async def _do(happening: Happening, url: str) -> bool:
    """What somebody else does at the plant. False when the plant is gone; raises MesProtocolError when it refuses."""
    headers = {"On-Behalf-Of": happening.operator} if happening.operator else {}
    try:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=5) as client:
            answer = await client.post(f"/api/v1{happening.path}", json=happening.body, headers=headers)
    except httpx.HTTPError:
        return False
    if not answer.is_success:
        raise MesProtocolError(f"{happening.path} was refused: {answer.text[:200]}")
    return True


async def _count_events(url: str) -> int:
    """Everything that the plant ever wrote down."""
    count = after = 0
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=5) as client:
        while True:
            try:
                answer = await client.get("/api/v1/events", params={"after": after, "limit": PAGE})
                page = answer.raise_for_status().json()["items"]
            except (httpx.HTTPError, KeyError, ValueError) as exc:
                raise MesUnreachable(f"The plant does not tell its events: {exc}") from exc
            count += len(page)
            if len(page) < PAGE:
                return count
            after = page[-1]["sequence"]


async def _check_nothing_was_written(database: Path, n_before: int) -> None:
    """Starts the plant again on what it had saved, and counts."""
    with PlantProcess(database) as plant:
        n_now = await _count_events(plant.url)
    if n_now != n_before:
        raise MesUnreachable(f"The plant failed and wrote {n_now - n_before} events that nobody was told of.")
