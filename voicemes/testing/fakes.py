"""Fakes of every port: each does what its contract in tests/contract asks, and tells afterwards what it was asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np

from voicemes.errors import EngineFailed, MesBusy, MesDenied, MesUncertain, MesUnreachable
from voicemes.happening import News
from voicemes.model import (
    SPEECH,
    Accepted,
    AudioFormat,
    AudioFrame,
    Live,
    MesCommand,
    MesReply,
    Rejected,
    Row,
    SlotData,
    SpeechChunk,
    Transcript,
    WordGraph,
)
from voicemes.ports import (
    Asked,
    CompleterTraits,
    Completion,
    Expected,
    Hypothesis,
    MesTraits,
    RecognizerTraits,
    SourceTraits,
    Voice,
)

LOUD = 500
"""Root mean square from which `FakeDetector` hears speech; 32,768 is full scale."""
WORD_SAMPLES = 1_600
"""How long `FakeSynthesizer` takes for a word: 100 ms."""

Answer: TypeAlias = "Mapping[str, SlotData] | str"
"""The values that a command is accepted with, or the sentence that it is refused with."""
Trouble: TypeAlias = Literal["none", "unreachable", "uncertain", "busy", "denied"]


class FakeClock:
    """Stands still until it is told."""

    def __init__(self, now_s: float = 0.0, wall_s: float = 1_772_000_000.0) -> None:
        self._now_s, self._wall_s = now_s, wall_s

    def now_s(self) -> float:
        return self._now_s

    def wall_s(self) -> float:
        return self._wall_s

    def advance(self, seconds: float) -> None:
        self._now_s += seconds
        self._wall_s += seconds

    async def sleep(self, seconds: float) -> None:
        """Over at once, and the time has passed; other tasks get their turn."""
        self.advance(seconds)
        await asyncio.sleep(0)


class FakeMes:
    """A MesConnector that answers from a script. A command id is performed once and always answered the same."""

    def __init__(
        self, answers: Mapping[str, Answer | Sequence[Answer]] | None = None, live: Live | None = None
    ) -> None:
        """`answers`: for each operation one answer, or several to be given in order, the last one for ever."""
        self._answers = {name: _in_order(script) for name, script in (answers or {}).items()}
        self._replies: dict[str, MesReply] = {}
        self.snapshot = live or Live()
        self.trouble: Trouble = "none"
        """What is wrong from now on. "uncertain" performs the command and loses the answer."""
        self.commands: list[MesCommand] = []
        """Every command that it was given, in order."""
        self.performed: list[MesCommand] = []
        """Those that arrived, each once."""
        self.is_closed = False
        self._news: asyncio.Queue[News] = asyncio.Queue()

    @property
    def traits(self) -> MesTraits:
        return MesTraits("fake", frozenset(self._answers))

    async def execute(self, command: MesCommand) -> MesReply:
        self.commands.append(command)
        self._check_line()
        if command.command_id not in self._replies:
            self.performed.append(command)
            self._replies[command.command_id] = self._perform(command)
        if self.trouble == "uncertain":
            raise MesUncertain("The answer of the fake MES was lost.")
        return self._replies[command.command_id]

    async def live(self, station: str, only: Collection[str] = ()) -> Live:
        del station, only
        self._check_line()
        if self.trouble == "uncertain":
            raise MesUnreachable("The answer of the fake MES was lost.")
        return self.snapshot

    async def news(self) -> AsyncIterator[News]:
        """What `happens` was told, once; then nothing more."""
        self._check_line()
        while True:
            yield await self._news.get()

    def happens(self, news: News) -> None:
        self._news.put_nowait(news)

    async def aclose(self) -> None:
        self.is_closed = True

    def _check_line(self) -> None:
        match self.trouble:
            case "unreachable":
                raise MesUnreachable("The fake MES cannot be reached.")
            case "busy":
                raise MesBusy("The fake MES is busy.", retry_after_s=1.0)
            case "denied":
                raise MesDenied("The fake MES does not allow it.")

    def _perform(self, command: MesCommand) -> MesReply:
        script = self._answers.get(command.operation)
        if script is None:
            return Rejected(command.command_id, "unsupported", "This MES cannot do that.")
        answer = script.pop(0) if len(script) > 1 else script[0]
        if isinstance(answer, str):
            return Rejected(command.command_id, "refused", answer)
        return Accepted(command.command_id, answer)


class FakeBoard:
    """A MesBoard with given tables, whose stream says what a test tells it and breaks when a test breaks it."""

    def __init__(self, tables: Mapping[str, Sequence[Row]] | None = None) -> None:
        self.rows: dict[str, Sequence[Row]] = dict(tables or {})
        self.is_down = False
        """True lets every read and the stream fail, as a MES that is gone."""
        self.is_closed = False
        self._told: asyncio.Queue[Row | None] = asyncio.Queue()

    @property
    def tables(self) -> frozenset[str]:
        return frozenset(self.rows)

    async def read(self, table: str, wanted: Mapping[str, str] | None = None) -> tuple[Row, ...]:
        """Rows whose columns are as `wanted`, as far as they have them."""
        if self.is_down:
            raise MesUnreachable("The MES of the test is down.")
        asked = wanted or {}
        rows = self.rows.get(table, ())
        return tuple(row for row in rows if all(row.get(name, value) == value for name, value in asked.items()))

    async def events(self) -> AsyncGenerator[Row]:
        if self.is_down:
            raise MesUnreachable("The stream cannot be opened.")
        yield {}
        while (row := await self._told.get()) is not None:
            yield row
        raise MesUnreachable("The stream broke.")

    def tell(self, row: Row) -> None:
        self._told.put_nowait(row)

    def cut(self) -> None:
        """Breaks the stream that is open."""
        self._told.put_nowait(None)

    async def aclose(self) -> None:
        self.is_closed = True


def _in_order(script: Answer | Sequence[Answer]) -> list[Answer]:
    return [script] if isinstance(script, (str, Mapping)) else list(script)


class FakeSource:
    """An AudioSource of the given sound, in the `SPEECH` format."""

    def __init__(self, pcm: bytes, *, frame_samples: int = 320, device_rate_hz: int = SPEECH.rate_hz) -> None:
        self._pcm, self._frame_bytes = pcm, frame_samples * SPEECH.width_bytes
        self._is_closed = False
        self.traits = SourceTraits("fake", device_rate_hz, is_live=False)
        self.dropped_samples = 0

    def frames(self) -> Iterator[AudioFrame]:
        for start in range(0, len(self._pcm), self._frame_bytes):
            if self._is_closed:
                return
            yield AudioFrame(self._pcm[start : start + self._frame_bytes], start // SPEECH.width_bytes)

    def close(self) -> None:
        self._is_closed = True


class FakeSink:
    """An AudioSink that keeps what it was given."""

    def __init__(self) -> None:
        self.played: list[SpeechChunk] = []
        self.n_stops = 0
        self.is_closed = False

    @property
    def pcm(self) -> bytes:
        return b"".join(chunk.pcm for chunk in self.played)

    def play(self, chunk: SpeechChunk) -> None:
        self.played.append(chunk)

    def stop(self) -> None:
        self.n_stops += 1

    def close(self) -> None:
        self.is_closed = True


class FakeWriter:
    """A Recognizer that always writes the same, where anything is loud enough."""

    def __init__(self, text: str, confidence: float = 0.9) -> None:
        self._text, self._confidence = text, confidence
        self.expected: list[Expected] = []
        self.heard: list[bytes] = []

    @property
    def traits(self) -> RecognizerTraits:
        return RecognizerTraits("fake", streams=False, follows_grammar=False)

    def expect(self, expected: Expected) -> None:
        self.expected.append(expected)

    def recognize(self, pcm: bytes, is_late: Callable[[], bool]) -> Transcript:
        self.heard.append(pcm)
        samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(float)
        if is_late() or not len(samples) or np.abs(samples).max() < LOUD:
            return Transcript("", "fake", confidence=0.0, is_complete=False)
        return Transcript(self._text, "fake", confidence=self._confidence)


class FakeSynthesizer:
    """A Synthesizer that hums: one chunk for each word, loud enough for `FakeDetector`."""

    def __init__(self) -> None:
        self.format: AudioFormat = SPEECH
        self.asked: list[str] = []

    def speak(self, text: str, _voice: Voice) -> Iterator[SpeechChunk]:
        self.asked.append(text)
        for _ in text.split():
            yield SpeechChunk(np.tile([4_000, -4_000], WORD_SAMPLES // 2).astype("<i2").tobytes(), self.format)


class FakeDetector:
    """A VoiceDetector that takes what is loud for speech, or follows a script and then hears nothing."""

    window_samples = 512

    def __init__(self, probabilities: Sequence[float] | None = None) -> None:
        self._probabilities = probabilities
        self._position = 0

    def probability(self, pcm: bytes) -> float:
        if len(pcm) != self.window_samples * SPEECH.width_bytes:
            raise ValueError(f"a window has {self.window_samples} samples, not {len(pcm) / SPEECH.width_bytes:g}")
        if self._probabilities is None:
            return float(np.sqrt(np.mean(np.frombuffer(pcm, "<i2").astype(float) ** 2)) >= LOUD)
        self._position += 1
        return self._probabilities[self._position - 1] if self._position <= len(self._probabilities) else 0.0

    def reset(self) -> None:
        self._position = 0


class FakeRecognizer:
    """A StreamingRecognizer that hears the given sentences one after another, whatever the sound, and then nothing."""

    def __init__(self, *sentences: str | Transcript) -> None:
        self._script = [Transcript(s, "fake") if isinstance(s, str) else s for s in sentences]
        self._n_bytes: int | None = None
        self.graphs: list[WordGraph] = []
        """What might have been said in each utterance."""
        self.speakers: list[str] = []
        """And by whom."""
        self.learned: list[tuple[str, str]] = []
        """What was understood, and who said it."""

    @property
    def traits(self) -> RecognizerTraits:
        return RecognizerTraits("fake", streams=True, follows_grammar=False)

    def begin(self, graph: WordGraph, speaker: str = "") -> None:
        self.graphs.append(graph)
        self.speakers.append(speaker)
        self._n_bytes = 0

    def feed(self, pcm: bytes, *, is_speech: bool = True) -> Hypothesis:  # noqa: ARG002 - it never listens
        self._n_bytes = self._begun() + len(pcm)
        return Hypothesis(self._next().text, self._next().is_complete)

    def finish(self) -> Transcript:
        """An utterance without sound uses up no sentence."""
        n_bytes, self._n_bytes = self._begun(), None
        heard = self._next() if n_bytes else Transcript("", "fake", is_complete=False)
        self._script = self._script[1:] if n_bytes else self._script
        return heard

    def learn(self, heard: Transcript, speaker: str) -> None:
        self.learned.append((heard.text, speaker))

    def _begun(self) -> int:
        if self._n_bytes is None:
            raise EngineFailed("The fake recogniser was given sound before an utterance was begun.")
        return self._n_bytes

    def _next(self) -> Transcript:
        return self._script[0] if self._script else Transcript("", "fake", is_complete=False)


class FakeCompleter:
    """Answers from a script: prompt -> (answer, probability of each of its words); "none" to everything else."""

    def __init__(
        self, answers: Mapping[str, tuple[str, float]] | None = None, *, notes: Mapping[str, str] | None = None
    ) -> None:
        self.answers = dict(answers or {})
        self.asked: list[Asked] = []
        self.is_broken = False
        self.closed = threading.Event()
        """Set by whichever thread closes it."""
        self._notes = dict(notes or {})

    @property
    def traits(self) -> CompleterTraits:
        return CompleterTraits("fake", self._notes)

    def complete(self, asked: Asked, is_late: Callable[[], bool]) -> Completion:
        """As a model would, it leaves out what the grammar does not name."""
        if self.is_broken:
            raise EngineFailed("the fake language model is broken.")
        self.asked.append(asked)
        answer, probability = self.answers.get(asked.text, ("none", 1.0))
        if f'"{answer.split()[0]}"' not in asked.gbnf:
            answer, probability = "none", 1.0
        words = [word if number == 0 else f" {word}" for number, word in enumerate(answer.split())]
        said = words[: asked.max_tokens] if not is_late() else []
        parts = tuple((word, probability) for word in said)
        return Completion("".join(said), parts, is_complete=len(said) == len(words))

    @property
    def is_closed(self) -> bool:
        return self.closed.is_set()

    def close(self) -> None:
        self.closed.set()
