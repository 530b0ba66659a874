"""What a screen knows of a session: the events, folded. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from voicemes.events import (
    CatalogReloaded,
    CommandAnswered,
    CommandDelivered,
    DeviceFound,
    DeviceLost,
    EngineTroubled,
    Event,
    HypothesisChanged,
    InputReceived,
    LevelMeasured,
    LiveRefreshed,
    MicrophoneMuted,
    NewsArrived,
    OperatorChanged,
    ReplyGiven,
    SessionStarted,
    SpeechEnded,
    SpeechStarted,
    StepTaken,
    TurnEnded,
)

MAX_TURNS = 200
MAX_NEWS = 50
BY_MODEL = frozenset({"llm", "clarify"})
ASKING = frozenset({"filling", "choosing", "confirming", "checking"})
NOT_SENT = frozenset({"unsent", "saved", "unsaved"})
"""Outcomes of a command that did not reach the MES at once."""
ARRIVED = frozenset({"done", "refused", "unknown"})
"""What may become of one that waited; expired or moved, it never got there."""
STREAM = "stream"
"""Whether it comes is for the floor to say, which sees it come back."""
STEP_KEY = "instruction.step/"
"""Replies that begin so read a step of the work instruction."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the dialogue waits for."""

    phase: str
    text: str
    values: Mapping[str, Any]
    """What it names: slot -> value."""

    @property
    def is_read_back(self) -> bool:
        return self.phase == "confirming"


@dataclass(slots=True)
class Seen:
    """Kept up to date by `take`."""

    session_id: str = ""
    operator: str = ""
    role: str = ""
    shared: str = "figures"
    """What others may see of it."""
    station: str = ""
    hypothesis: str = ""
    is_hearing: bool = False
    has_ears: bool = False
    """Something was measured: there is a microphone."""
    level_db: float = -90.0
    noise_db: float = -90.0
    is_muted: bool = False
    question: Question | None = None
    answer: str = ""
    """What was said last."""
    instruction: str = ""
    """The step of the work instruction that was read last."""
    turns: deque[TurnEnded] = field(default_factory=lambda: deque(maxlen=MAX_TURNS))
    """Newest first."""
    n_turns: int = 0
    refusals: deque[TurnEnded] = field(default_factory=lambda: deque(maxlen=MAX_TURNS))
    """What was said and meant nothing, newest first."""
    news: deque[NewsArrived] = field(default_factory=lambda: deque(maxlen=MAX_NEWS))
    troubles: dict[str, str] = field(default_factory=dict)
    """Part -> what is wrong with it."""
    unsent: set[str] = field(default_factory=set)
    """Ids of the commands that did not reach the MES, or not yet."""
    revision: int = 0
    _asked: tuple[str, Mapping[str, Any]] = ("idle", {})
    _said: list[str] = field(default_factory=list)
    """In the step at hand: a question may have its reason before it."""

    def take(self, event: Event) -> None:  # noqa: C901, PLR0912 - one flat match
        self.revision += 1
        match event:
            case SessionStarted():
                self.operator, self.role, self.station = event.operator_id, event.role, event.station
                self.session_id, self.shared = event.session_id, event.shared
            case OperatorChanged(_, operator):
                self.operator = operator
            case LevelMeasured():
                self.level_db, self.noise_db, self.has_ears = event.level_db, event.noise_db, True
            case MicrophoneMuted():
                self.is_muted = event.is_muted
            case SpeechStarted():
                self.is_hearing, self.hypothesis = True, ""
            case HypothesisChanged():
                self.hypothesis = event.text
            case SpeechEnded():
                self.is_hearing = False
                if event.noise_db is not None:
                    self.noise_db, self.has_ears = event.noise_db, True
            case StepTaken():
                self._step(event)
            case ReplyGiven():
                self._reply(event)
            case CommandAnswered(_, _, command_id, outcome) if outcome in NOT_SENT:
                self.unsent.add(command_id)
            case CommandDelivered(_, command_id, _, outcome):
                self.unsent -= {command_id} if outcome in ARRIVED else set()
                self.troubles.pop("outbox", None)
            case TurnEnded():
                self._turn(event)
            case NewsArrived():
                self.news.appendleft(event)
            case DeviceLost(_, reason):
                self.troubles["microphone"] = reason
            case DeviceFound():
                self.troubles.pop("microphone", None)
            case EngineTroubled(_, engine, reason) if engine != STREAM:
                self.troubles[engine] = reason
            case CatalogReloaded():
                self.troubles.pop("catalogue", None)
            case LiveRefreshed():
                self.troubles.pop("mes", None)
            case InputReceived():
                self.hypothesis = ""
            case _:
                pass

    @property
    def n_unsent(self) -> int:
        return len(self.unsent)

    def _step(self, event: StepTaken) -> None:
        said = [effect["reply"]["values"] for effect in event.effects if effect["kind"] == "Say"]
        self._asked, self._said = (event.phase, said[-1] if said else {}), []
        if event.phase not in ASKING:
            self.question = None

    def _reply(self, event: ReplyGiven) -> None:
        self._said.append(event.shown)
        self.answer = " ".join(self._said)
        phase, values = self._asked
        if phase in ASKING:
            self.question = Question(phase, self.answer, values)
        if event.key.startswith(STEP_KEY):
            self.instruction = event.shown

    def _turn(self, event: TurnEnded) -> None:
        self.turns.appendleft(event)
        self.n_turns += 1
        if event.route in BY_MODEL:
            self.troubles.pop("language model", None)
        if event.outcome == "rejected" and event.heard:
            self.refusals.appendleft(event)
