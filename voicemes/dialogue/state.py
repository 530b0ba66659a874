"""What the dialogue knows between two inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voicemes.config import Settings
from voicemes.intents import Catalog
from voicemes.model import Effect, Live, MesCommand, Phase, Reply, Scope, SlotData, SlotValue


@dataclass(frozen=True, slots=True)
class Rules:
    """What the dialogue decides by: the catalogue, and what exists now."""

    catalog: Catalog
    live: Live = field(default_factory=Live)


@dataclass(frozen=True, slots=True)
class Pending:
    """An action that is being prepared."""

    intent: str
    slots: Mapping[str, SlotValue]
    spoken_text: str
    is_guess: bool = False
    """It was not said in the words of the catalogue: whatever it would write is read back."""
    by_model: bool = False
    """A language model found it."""
    refusals: int = 0
    """How often its read-back was refused or corrected."""
    asked: tuple[str, ...] = ()
    """The slots that were asked for, in their order."""
    sure: frozenset[str] = frozenset()
    """Slots that were typed: they were not misheard."""
    replaces: bool = False
    """It corrects the last write, which is taken back first."""
    seen: Mapping[str, Mapping[str, SlotData]] = field(default_factory=dict)
    """What was known of the things it names when it was read back."""

    @property
    def values(self) -> dict[str, SlotData]:
        return {name: slot.value for name, slot in self.slots.items()}


@dataclass(frozen=True, slots=True)
class Refused:
    """A read-back that was refused: who says it again was not understood."""

    intent: str
    refusals: int
    at_s: float


@dataclass(frozen=True, slots=True)
class LastWrite:
    """What "undo" would take back."""

    intent: str
    fields: Mapping[str, SlotData]
    """Its slots, and what the MES answered."""
    done_s: float
    slots: frozenset[str] = frozenset()
    """The fields that were slots."""
    is_kept: bool = False
    """It was not sent yet: it is taken out of the outbox."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the actions of whoever is here."""

    done: int = 0
    refused: int = 0
    uncertain: int = 0
    """The MES was not reached, or its answer was lost."""

    @property
    def told(self) -> dict[str, SlotData]:
        """As values of a reply; what never happened is not told."""
        counted = {"voice_done": self.done, "voice_refused": self.refused, "voice_uncertain": self.uncertain}
        return {name: n for name, n in counted.items() if n}


@dataclass(frozen=True, slots=True)
class DialogueState:
    session_id: str
    operator_id: str = ""
    role: str = "operator"
    """Of the operator, where the MES does not say which roles they have."""
    phase: Phase = "idle"
    pending: Pending | None = None
    held: Pending | None = None
    """What waits for the badge of somebody who may do it."""
    signer: str = ""
    """Who showed that badge, and confirms the action at hand in place of the operator."""
    choices: tuple[Pending, ...] = ()
    """What was asked about: "did you mean … or …?"."""
    asking: str = ""
    """The slot that the last question asks for."""
    prompted_s: float = 0.0
    """When the last question was asked."""
    unheard: int = 0
    """Questions in a row whose answer was not understood or did not come."""
    blamed_s: float | None = None
    """When the microphone was last blamed for that."""
    command: MesCommand | None = None
    """Submitted, and not answered yet."""
    n_commands: int = 0
    context: Mapping[str, SlotData] = field(default_factory=dict)
    """What was last spoken of: job, equipment, step."""
    tally: Tally = field(default_factory=Tally)
    last_said: Reply | None = None
    is_cut: bool = False
    """That was stopped before its end, so that nobody can have heard it all."""
    last_write: LastWrite | None = None
    last_query: Pending | None = None
    """What "and yesterday?" and "why?" go on from."""
    refused: Refused | None = None
    instead: Pending | None = None
    """What is to be written when the undo at hand is done: a correction after the write."""
    check_digits: str = ""
    """Of the station; empty where it has none."""
    wrong: int = 0
    """Check digits in a row that were wrong."""
    is_asleep: bool = False
    """Asked to stand by; it wakes when it is told to."""
    is_suspended: bool = False
    """Nothing is taken by voice until somebody presses a key."""
    rests_after_s: float | None = None
    """Awake and idle for so long, it sleeps again; None where it listens all the time."""
    by_ear: bool = False
    """The last input was heard, and may have been misheard."""

    def roles(self, live: Live) -> tuple[str, ...]:
        """Of the operator, as the MES has them; of somebody whom it does not know, those of the station."""
        return live.roles.get(self.operator_id) or (self.role,)

    @property
    def scope(self) -> Scope:
        """What may be said now."""
        match self.phase:
            case "filling" if self.pending:
                return Scope("filling", self.pending.intent, self.asking)
            case "confirming" if self.pending:
                return Scope("confirming", self.pending.intent)
            case "choosing" | "checking" | "standby":
                return Scope(self.phase)
            case _:
                return Scope(follows=self.last_said is not None, recalled=tuple(sorted(self.context)))


@dataclass(frozen=True, slots=True)
class Step:
    state: DialogueState
    effects: tuple[Effect, ...] = ()


def beginning(session_id: str, settings: Settings) -> DialogueState:
    """Of a session at the station that the settings describe."""
    station, audio = settings.station, settings.audio
    is_asleep = audio.listen == "wake"
    return DialogueState(
        session_id,
        station.operator,
        station.role,
        check_digits=station.check_digits,
        phase="standby" if is_asleep else "idle",
        is_asleep=is_asleep,
        rests_after_s=audio.wake_s if is_asleep else None,
    )
