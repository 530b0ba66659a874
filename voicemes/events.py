"""Every fact that observers can see, in the past tense.

Observers (trace, terminal, later the screens) may lag or fail; they never hold up a turn and decide nothing.
`to_json` and `from_json` keep the discriminator in the key "event".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    name: ClassVar[str] = "event"
    at_s: float
    """Session clock, seconds."""

    def to_json(self) -> dict[str, Any]:
        return {"event": self.name, **asdict(self)}


@dataclass(frozen=True, slots=True)
class SessionStarted(Event):
    name: ClassVar[str] = "session_started"
    session_id: str
    station: str
    operator_id: str
    catalog_hash: str
    wall_s: float
    source: str
    role: str = "operator"
    shared: str = "figures"
    """What others may see of it while it runs: words, figures or nothing."""
    people: tuple[tuple[str, ...], ...] = ()
    """Whom the catalogue knows: of each the id, and how they are called."""


PASSING = frozenset({"hypothesis_changed", "level_measured"})
"""Names of events that are too many to be kept."""


@dataclass(frozen=True, slots=True)
class SpeechStarted(Event):
    name: ClassVar[str] = "speech_started"
    source_s: float
    """Position in the audio source, seconds."""


@dataclass(frozen=True, slots=True)
class SpeechEnded(Event):
    name: ClassVar[str] = "speech_ended"
    source_s: float
    duration_s: float
    ended_by: str
    noise_db: float | None = None
    """What there was between the words, in decibels below full scale."""


@dataclass(frozen=True, slots=True)
class HypothesisChanged(Event):
    name: ClassVar[str] = "hypothesis_changed"
    text: str


@dataclass(frozen=True, slots=True)
class LevelMeasured(Event):
    """How loud it is, a few times a second: for the eye only, no trace holds it."""

    name: ClassVar[str] = "level_measured"
    level_db: float
    """Of the last moment, in decibels below full scale."""
    noise_db: float
    """Of what is there when nobody speaks."""


@dataclass(frozen=True, slots=True)
class MicrophoneMuted(Event):
    name: ClassVar[str] = "microphone_muted"
    is_muted: bool


@dataclass(frozen=True, slots=True)
class OperatorChanged(Event):
    """Somebody else works at the station from now on; empty: nobody."""

    name: ClassVar[str] = "operator_changed"
    operator_id: str


@dataclass(frozen=True, slots=True)
class CatalogReloaded(Event):
    """The files of the catalogue changed, and the next turns use what they say now."""

    name: ClassVar[str] = "catalog_reloaded"
    catalog_hash: str
    people: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class LiveRefreshed(Event):
    """The snapshot of what exists in the MES, as the next turns use it."""

    name: ClassVar[str] = "live_refreshed"
    live: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InputReceived(Event):
    """One input to the dialogue, in full: what `replay` feeds again."""

    name: ClassVar[str] = "input_received"
    turn: int
    scope: str
    input: Mapping[str, Any]
    dictated: tuple[str, ...] = ()
    """Texts in it that somebody said in words of their own: what a trace leaves out where it names nobody."""


@dataclass(frozen=True, slots=True)
class StepTaken(Event):
    """What the dialogue decided."""

    name: ClassVar[str] = "step_taken"
    turn: int
    phase: str
    effects: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class CommandSubmitted(Event):
    name: ClassVar[str] = "command_submitted"
    turn: int
    command_id: str
    operation: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CommandAnswered(Event):
    name: ClassVar[str] = "command_answered"
    turn: int
    command_id: str
    outcome: str
    """accepted, rejected, unsent, unknown, saved or unsaved"""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CommandDelivered(Event):
    """What became of a command that had to wait in the outbox."""

    name: ClassVar[str] = "command_delivered"
    command_id: str
    operation: str
    outcome: str
    """done, refused, unknown, expired or moved"""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReplyGiven(Event):
    name: ClassVar[str] = "reply_given"
    turn: int
    key: str
    shown: str
    said: str


@dataclass(frozen=True, slots=True)
class SpeechCancelled(Event):
    """The operator spoke over an answer, and it stopped."""

    name: ClassVar[str] = "speech_cancelled"


@dataclass(frozen=True, slots=True)
class AudioDropped(Event):
    name: ClassVar[str] = "audio_dropped"
    samples: int


@dataclass(frozen=True, slots=True)
class DeviceLost(Event):
    name: ClassVar[str] = "device_lost"
    reason: str


@dataclass(frozen=True, slots=True)
class DeviceFound(Event):
    name: ClassVar[str] = "device_found"
    device: str


@dataclass(frozen=True, slots=True)
class EngineTroubled(Event):
    name: ClassVar[str] = "engine_troubled"
    engine: str
    reason: str


@dataclass(frozen=True, slots=True)
class NewsArrived(Event):
    """Something happened in the plant that concerns this station."""

    name: ClassVar[str] = "news_arrived"
    event_id: str
    urgency: str
    """now, soon or shown"""
    shown: str


@dataclass(frozen=True, slots=True)
class TurnEnded(Event):
    """The one summary line of a turn."""

    name: ClassVar[str] = "turn_ended"
    turn: int
    heard: str
    outcome: str
    """understood, ambiguous, rejected, pressed, timed_out, told or identified"""
    intent: str | None
    slots: Mapping[str, Any]
    route: str | None
    confidence: float
    answer: str
    """What was shown to the operator."""
    mes: str | None
    """accepted, rejected, unsent, unknown, saved or unsaved; None where the MES was not asked"""
    timings_s: Mapping[str, float] = field(default_factory=dict)
    """From the end of speech: endpoint, asr, nlu, dialogue, mes, tts; decision and first_audio are running totals."""


def from_json(data: Mapping[str, Any]) -> Event | None:
    """The event of a trace line. None for one that this version does not know, or that lacks what it must have."""
    kind = _KINDS.get(str(data.get("event")))
    if kind is None:
        return None
    known = {one.name for one in fields(kind)}
    try:
        return kind(**{name: _read(value) for name, value in data.items() if name in known})
    except TypeError:
        return None


def _read(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_KINDS: Mapping[str, type[Event]] = {kind.name: kind for kind in Event.__subclasses__()}
