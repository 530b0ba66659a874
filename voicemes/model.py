"""Every value that flows between stages.

AudioFrame -> Utterance -> Transcript -> Parse -> Step -> MesCommand -> MesReply -> Reply -> SpeechChunk

All are frozen: a stage makes a new value, it never changes one. Unions are closed; match them with `assert_never`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from voicemes.command import Accepted as Accepted
from voicemes.command import MesCommand as MesCommand
from voicemes.command import MesReply as MesReply
from voicemes.command import Rejected as Rejected
from voicemes.command import Saved as Saved
from voicemes.command import SlotData as SlotData
from voicemes.command import Unknown as Unknown
from voicemes.command import Unsaved as Unsaved
from voicemes.command import Unsent as Unsent

# --- audio -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How samples are laid out. Inside the product there is one format, `SPEECH`; edges convert to and from it."""

    rate_hz: int = 16_000
    channels: int = 1
    width_bytes: int = 2
    """Signed little-endian integers of this many bytes."""

    @property
    def bytes_per_second(self) -> int:
        return self.rate_hz * self.channels * self.width_bytes


SPEECH = AudioFormat()
"""16 kHz mono, 16 bits: what the acoustic model and the voice detector were trained on."""


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """A short piece of microphone audio in the `SPEECH` format."""

    pcm: bytes
    start_samples: int
    """Position of the first sample since the source was opened; a gap between frames means that audio was dropped."""
    captured_s: float | None = None
    """When its last sample was recorded, by the session's clock; None is just now, as from a file."""

    @property
    def n_samples(self) -> int:
        return len(self.pcm) // SPEECH.width_bytes


EndedBy: TypeAlias = Literal["silence", "complete", "cap", "source_end"]


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech between two boundaries, with a little silence on both sides."""

    pcm: bytes
    format: AudioFormat
    started_s: float
    """Source time of the first sample, in seconds."""
    ended_s: float
    """Source time at which the speech itself ended; the silence that proved it is not counted."""
    ended_by: EndedBy

    @property
    def lasted_s(self) -> float:
        return self.ended_s - self.started_s


# --- recognition -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word with its place in the utterance."""

    text: str
    started_s: float
    ended_s: float
    deficit: float
    """Acoustic deficit per 10 ms frame in nats below the best senone; 0 is a perfect fit, human speech is about 3.5."""
    excess: float = 0.0
    """By how much of it, in nats per frame, any sounds at all would fit better; below 0 the word fits better."""
    rivals: tuple[tuple[str, float], ...] = ()
    """Other words that can have been said in its place, the nearest first, with the nats by which they fit worse."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a recogniser, or a keyboard, says was said."""

    text: str
    engine: str
    words: tuple[Word, ...] = ()
    confidence: float = 1.0
    """0-1: that these words and no others were said to the system. Typed text is certain."""
    is_complete: bool = True
    """False when the audio ended in the middle of every sentence that the grammar allows."""
    deficit: float = 0.0
    """Mean acoustic deficit per frame over the words, in nats."""
    range_db: float | None = None
    """How far speech stood out of the noise around it; None where nothing lies under it, as with what is typed."""


@dataclass(frozen=True, slots=True)
class WordGraph:
    """Everything that may be said in one dialogue state, as an automaton over words.

    States are 0 to n_states-1 and 0 is the start. An arc is (from, to, word, weight): weight is a probability-like
    number in (0, 1], 1 where nothing is known.
    """

    name: str
    n_states: int
    finals: frozenset[int]
    arcs: tuple[tuple[int, int, str, float], ...]

    @property
    def words(self) -> frozenset[str]:
        return frozenset(word for _, _, word, _ in self.arcs)


# --- understanding ---------------------------------------------------------------------------------------------------

SlotSource: TypeAlias = Literal["said", "context", "corrected"]
Route: TypeAlias = Literal["grammar", "fuzzy", "llm", "clarify", "screen"]
"""What understood a sentence; `screen` where nothing was said and somebody chose it."""


@dataclass(frozen=True, slots=True)
class SlotValue:
    name: str
    value: SlotData
    spoken: str
    """The words it came from; empty when it was carried over from the context."""
    source: SlotSource = "said"
    type: str = ""
    """The slot type as which it was said: a line may stand for a machine. Empty when it was carried over."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reading of an utterance."""

    intent: str
    slots: tuple[SlotValue, ...]
    score: float
    route: Route

    @property
    def values(self) -> dict[str, SlotData]:
        return {slot.name: slot.value for slot in self.slots}


@dataclass(frozen=True, slots=True)
class Understood:
    candidate: Candidate
    transcript: Transcript


@dataclass(frozen=True, slots=True)
class Ambiguous:
    candidates: tuple[Candidate, ...]
    transcript: Transcript


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    reason: Literal["silence", "noise", "too_loud", "clipped", "faint", "echo", "incomplete", "out_of_grammar"]
    """`clipped` and `faint` are noise, too: what it was heard with is too close, or too far away. `echo` is our own
    voice."""
    transcript: Transcript
    detail: str = ""


Parse: TypeAlias = Understood | Ambiguous | NotUnderstood


@dataclass(frozen=True, slots=True)
class Reference:
    """Something that exists in the MES now and can be named by voice."""

    id: str
    aliases: tuple[str, ...] = ()
    """What people call it; an id made of digits and letters needs none."""


@dataclass(frozen=True, slots=True)
class Live:
    """What exists now, as far as this station is concerned: a snapshot that feeds the recogniser and the resolver."""

    references: Mapping[str, tuple[Reference, ...]] = field(default_factory=dict)
    """Slot type -> what may fill it ("job" -> the open orders). A type that is absent is not resolved."""
    current: Mapping[str, str] = field(default_factory=dict)
    """Slot name -> the value that stands for it when none is said ("job" -> the order running at this station)."""
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Person -> the roles and qualifications that they hold, as the MES has them."""
    facts: Mapping[str, Mapping[str, Mapping[str, SlotData]]] = field(default_factory=dict)
    """Slot type -> id -> what is known of it, to hold against what is said: "job" -> "4711" -> {"remaining": 80}."""
    steady: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Slot type -> the facts that must not have changed when a command that waited is sent: "job" -> ("status",)."""

    offered: tuple[str, ...] | None = None
    """The operations of this MES; None where nobody can say."""
    cannot: Mapping[str, str] = field(default_factory=dict)
    """Operation -> why this MES cannot do it."""

    def can(self, operation: str) -> bool:
        """Whether this MES can do it, as far as anybody knows."""
        return self.offered is None or operation in self.offered

    def knows(self, slot_type: str, identifier: str) -> bool:
        """True when `identifier` exists, or when nobody can say whether it does."""
        known = self.references.get(slot_type)
        return known is None or any(reference.id == identifier for reference in known)

    def facts_of(self, slot_type: str, identifier: str) -> Mapping[str, SlotData]:
        return self.facts.get(slot_type, {}).get(identifier, {})


Row: TypeAlias = "Mapping[str, SlotData]"
"""One line of a table that a screen shows: column -> value. What the MES does not say is absent."""


# --- dialogue --------------------------------------------------------------------------------------------------------

Phase: TypeAlias = Literal["idle", "filling", "choosing", "confirming", "checking", "waiting", "standby"]
Key: TypeAlias = Literal["yes", "no", "cancel", "repeat", "help"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be said now: it selects the grammar. Written `idle`, `choosing`, `checking`, `standby`, `confirming`,
    `confirming:scrap.report`, `filling:scrap.report.defect`.
    """

    phase: Phase = "idle"
    intent: str = ""
    slot: str = ""
    follows: bool = field(default=False, compare=False)
    """Whether something was said to the operator that "say again" or "undo that" may be about. Same grammar."""
    recalled: tuple[str, ...] = field(default=(), compare=False)
    """Slots of which a value was spoken of. Same grammar, too."""

    def __str__(self) -> str:
        tail = f"{self.intent}.{self.slot}" if self.slot else self.intent
        return f"{self.phase}:{tail}" if tail else self.phase

    @classmethod
    def parse(cls, text: str) -> Scope:
        """The inverse of `str`. Raises ValueError with a sentence for anything else."""
        phase, _, tail = text.partition(":")
        if phase in {"idle", "choosing", "checking", "standby"} and not tail:
            return cls(phase)  # type: ignore[arg-type]
        if phase == "confirming":
            return cls("confirming", tail)
        if phase == "filling" and "." in tail:
            intent, slot = tail.rsplit(".", maxsplit=1)
            return cls("filling", intent, slot)
        known = "idle, choosing, checking, standby, confirming[:INTENT] or filling:INTENT.SLOT"
        raise ValueError(f"'{text}' is no state. Write {known}.")


Clarity: TypeAlias = Literal["natural", "digits", "letters"]
"""How a value is said: as people say it; numbers digit by digit; and what has a short name, too, by NATO letters."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is to be said, as a key into the reply templates and the values that go into it."""

    key: str
    """`<intent>/<moment>` for an intent's own words, or the name of a common reply."""
    values: Mapping[str, SlotData] = field(default_factory=dict)
    clarity: Clarity = "natural"


@dataclass(frozen=True, slots=True)
class Heard:
    parse: Parse
    while_speaking: bool = False
    """True when the system's own voice was on, or not even begun: such a "yes" counts for nothing."""
    is_cut: bool = False
    """What we said last was not said to its end: a "yes" may be to something that nobody heard."""


@dataclass(frozen=True, slots=True)
class Pressed:
    key: Key
    is_cut: bool = False
    """As of what is heard."""


@dataclass(frozen=True, slots=True)
class Answered:
    reply: MesReply


@dataclass(frozen=True, slots=True)
class TimedOut:
    """Nothing was said for as long as the last `Listen` allowed."""


@dataclass(frozen=True, slots=True)
class Told:
    """News whose moment has come."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Identified:
    """Somebody showed who they are: by a badge, or at the screen. Empty: nobody is here any more."""

    operator_id: str
    role: str = "operator"
    """Where the MES does not say which roles they have."""


Input: TypeAlias = Heard | Pressed | Answered | TimedOut | Told | Identified


@dataclass(frozen=True, slots=True)
class Say:
    reply: Reply


@dataclass(frozen=True, slots=True)
class Listen:
    scope: Scope
    timeout_s: float | None
    """After this many seconds of nothing the session sends `TimedOut`; None waits for ever."""


@dataclass(frozen=True, slots=True)
class Submit:
    command: MesCommand


Change: TypeAlias = Literal["louder", "softer", "faster", "slower"]
ForgetReason: TypeAlias = Literal["cancelled", "denied", "timed_out", "replaced"]


@dataclass(frozen=True, slots=True)
class Forget:
    """An action that was being prepared is gone and will not happen."""

    intent: str
    why: ForgetReason


@dataclass(frozen=True, slots=True)
class Adjust:
    """The voice should change, from the next answer on."""

    how: Change


Effect: TypeAlias = Say | Listen | Submit | Forget | Adjust


# --- speech out ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spoken:
    """An answer in both its forms."""

    shown: str
    said: str


@dataclass(frozen=True, slots=True)
class SpeechChunk:
    """A piece of synthesised speech."""

    pcm: bytes
    format: AudioFormat
