"""Every interface that an edge can implement. None has more than four members.

What an engine can do is said in its `traits` record; nobody probes. An engine module is a frozen `Options` dataclass
and `create(options, context)`; heavy imports happen inside `create`, and what is missing becomes `EngineMissing`.
Calls block and are not thread-safe: the runtime gives each engine one thread of its own (runtime/threads.py).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from voicemes.happening import News
from voicemes.model import AudioFormat, AudioFrame, Live, MesCommand, MesReply, Row, SpeechChunk, Transcript, WordGraph


@dataclass(frozen=True, slots=True)
class EngineContext:
    """What every engine may need and none should look up for itself."""

    cache_dir: Path
    lexicon_files: tuple[Path, ...] = ()
    """Pronunciations that the recogniser's own dictionary lacks, in CMU dictionary format; the first file wins."""
    voices_dir: Path | None = None
    """What a recogniser keeps of those who enrolled."""


@dataclass(frozen=True, slots=True)
class SourceTraits:
    name: str
    device_rate_hz: int
    """The rate at which the microphone or file delivers; below 16 kHz consonants are lost and people should be told."""
    is_live: bool
    """True when audio arrives in its own time and is lost if nobody takes it."""


class AudioSource(Protocol):
    """Microphone or file. Always delivers the `SPEECH` format."""

    @property
    def traits(self) -> SourceTraits: ...

    @property
    def dropped_samples(self) -> int:
        """Samples lost so far because nobody took them in time."""

    def frames(self) -> Iterator[AudioFrame]:
        """Blocks for the next frame; ends when the source ends or is closed. Raises AudioError."""

    def close(self) -> None:
        """Ends `frames` from any thread. Idempotent."""


class AudioSink(Protocol):
    """Loudspeaker, headset or file."""

    def play(self, chunk: SpeechChunk) -> None:
        """Blocks until the chunk was played, or `stop` was called. Raises AudioError."""

    def stop(self) -> None:
        """Silences what is playing within 50 ms, from any thread. Later chunks play again."""

    def close(self) -> None: ...


class VoiceDetector(Protocol):
    """Speech probability of consecutive windows."""

    @property
    def window_samples(self) -> int: ...

    def probability(self, pcm: bytes) -> float:
        """0-1 for one window of `SPEECH` audio, exactly `window_samples` long. Keeps state between calls."""

    def reset(self) -> None:
        """Forgets the past: another stream begins."""


@dataclass(frozen=True, slots=True)
class RecognizerTraits:
    name: str
    streams: bool
    """True when it takes sound as it arrives."""
    follows_grammar: bool
    """True when only sentences of the given graph can come out."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What a streaming recogniser believes so far."""

    text: str
    is_complete: bool
    """True when the words so far are a whole sentence of the grammar."""
    can_extend: bool = True
    """False when no sentence of the grammar goes on from here."""


class StreamingRecognizer(Protocol):
    """Takes audio as it arrives, and believes something before it is over."""

    @property
    def traits(self) -> RecognizerTraits: ...

    def begin(self, graph: WordGraph, speaker: str = "") -> None:
        """Starts an utterance in which the sentences of `graph` may be said. `speaker`: who is heard, where that is
        known; what is known of a voice is used. Raises EngineError.
        """

    def feed(self, pcm: bytes, *, is_speech: bool = True) -> Hypothesis:
        """Takes the next sound. `is_speech`: whether the voice detector hears somebody. In a pause a recogniser may
        decide ahead what `finish` would say; what is said after it counts, too.
        """

    def finish(self) -> Transcript:
        """Ends the utterance. An empty text means that nothing of the grammar was heard."""

    def learn(self, heard: Transcript, speaker: str) -> None:
        """`heard` was understood, and nobody else spoke: what it tells of the voice may be used. Only between two
        utterances; kept no longer than the recogniser.
        """


@dataclass(frozen=True, slots=True)
class Expected:
    """What is likely to be said, for a recogniser that may write down anything."""

    sentences: tuple[str, ...] = ()
    """Many, in lower-case words, drawn from what the catalogue understands."""
    nouns: tuple[str, ...] = ()
    """Names of things: of the catalogue, and of what exists now. Never of actions."""


class Recognizer(Protocol):
    """Decodes an utterance as a whole, in any words."""

    @property
    def traits(self) -> RecognizerTraits: ...

    def expect(self, expected: Expected) -> None:
        """Called before the first utterance, and when something else is expected. Raises EngineError."""

    def recognize(self, pcm: bytes, is_late: Callable[[], bool]) -> Transcript:
        """What was said in this audio of the `SPEECH` format. An empty text means that nothing was, or that it was too
        late; where `is_late` says so it stops as soon as it can. Raises EngineError.
        """


@dataclass(frozen=True, slots=True)
class CompleterTraits:
    name: str
    """What the model calls itself."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """What its file says about how it was made: of which catalogue, with which seed."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a language model answered."""

    text: str
    parts: tuple[tuple[str, float], ...]
    """Each token, with its probability (0-1) among all that the grammar let it say there."""
    is_complete: bool = True
    """False when it was stopped before its end."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a language model is asked."""

    text: str
    """The sentence."""
    gbnf: str
    """All that it may answer."""
    instructions: str = ""
    """The task, for a model that was not trained for it. The same every time, so that it is read once."""
    max_tokens: int = 64


class Completer(Protocol):
    """A local language model that answers within a grammar, always with what it finds likeliest."""

    @property
    def traits(self) -> CompleterTraits: ...

    def complete(self, asked: Asked, is_late: Callable[[], bool]) -> Completion:
        """Stops where `is_late` says so. Raises EngineFailed, also for a grammar that does not compile."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Voice:
    """How to speak."""

    name: str = "en-us"
    rate_wpm: int = 165
    volume: float = 1.0
    """0-2, 1 is the engine's own level."""


class Synthesizer(Protocol):
    @property
    def format(self) -> AudioFormat: ...

    def speak(self, text: str, voice: Voice) -> Iterator[SpeechChunk]:
        """Yields pieces as they become ready, so that the first sound is early. Closing the iterator stops the work."""


@dataclass(frozen=True, slots=True)
class MesTraits:
    """What this MES can do; what it cannot is said to be impossible here, and leaves the grammar."""

    name: str
    operations: frozenset[str]
    notes: Mapping[str, str] = field(default_factory=dict)


class MesConnector(Protocol):
    """The one async port."""

    @property
    def traits(self) -> MesTraits: ...

    async def execute(self, command: MesCommand) -> MesReply:
        """Performs the operation. A "no" is `Rejected`; raises MesError when there is no answer to rely on."""

    async def live(self, station: str, only: Collection[str] = ()) -> Live:
        """What exists now for this station; of these slot types alone, where some are named. Raises MesError."""

    def news(self) -> AsyncIterator[News]:
        """What happens in the plant from now on, or, asked again, since the stream broke.

        Raises MesError when the stream breaks; ends at once where the MES has none.
        """

    async def aclose(self) -> None: ...


class MesBoard(Protocol):
    """What a screen shows of a MES. It changes nothing."""

    @property
    def tables(self) -> frozenset[str]:
        """Those that this MES has, as a screen names them: see `connectors.spec.TableName`."""

    async def read(self, table: str, wanted: Mapping[str, str] | None = None) -> tuple[Row, ...]:
        """The rows of a table; none where this MES has no such table. Raises MesError."""

    def events(self) -> AsyncGenerator[Row]:
        """What happens in the plant from now on, or, asked again, since the stream broke.

        Raises MesError when the stream breaks; ends at once where the MES has none.
        """

    async def aclose(self) -> None: ...
