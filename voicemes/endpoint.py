"""Where an utterance begins and ends: speech probabilities in, boundaries out.

Operators complain of both faults: a system that waits for ever in noise, and one that cuts the sentence. So the silence
that ends an utterance depends on what was said so far: short when the sentence is complete and nothing can follow it,
longer when more could follow, longest in the middle of a sentence. Everything is capped.

Pure: no I/O and no clock. Time is the length of the windows that came in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, assert_never

if TYPE_CHECKING:
    from voicemes.model import EndedBy, Phase
    from voicemes.ports import Hypothesis


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """When to open and when to close. The defaults are those for commands. Raises ValueError when they contradict."""

    open_probability: float = 0.5
    """A window at or above this is speech. 0.5 is what the makers of Silero use."""
    close_probability: float = 0.35
    """Speech goes on until a window falls below this: 0.15 under the other, as the makers of Silero do."""
    open_windows: int = 2
    """So many windows of speech in a row open an utterance, so that one click does not."""
    min_speech_s: float = 0.2
    """What holds less speech than this is a knock or a cough, and is discarded; even "help" takes 0.3 s."""
    silence_s: float = 0.8
    """Ends a sentence that is not complete. Chosen: time to think of a word, yet short of the 1.5 s that feels slow."""
    extendable_silence_s: float = 0.5
    """Ends a sentence that is complete, but to which more could be added."""
    complete_silence_s: float = 0.25
    """Ends a sentence that is complete and cannot go on. Longer than the stop inside a word (0.15 s)."""
    pre_roll_s: float = 0.3
    """Audio kept from before the first speech window: soft beginnings ("s", "f", "h") are heard late."""
    cap_s: float = 12.0
    """Closes whatever happens. Chosen: a sentence with two identifiers, spoken slowly, takes about 8 s."""

    def __post_init__(self) -> None:
        if not 0 < self.close_probability <= self.open_probability <= 1:
            raise ValueError("probabilities must satisfy 0 < close <= open <= 1")
        if not 0 < self.complete_silence_s <= self.extendable_silence_s <= self.silence_s <= self.cap_s:
            raise ValueError("times must satisfy 0 < complete silence <= extendable silence <= silence <= cap")
        if self.open_windows < 1 or self.min_speech_s < 0 or self.pre_roll_s < 0:
            raise ValueError("at least one window must open, and no time may be negative")


COMMANDS = EndpointSettings()
"""Idle: whole sentences."""

IDENTIFIERS = EndpointSettings(silence_s=1.2, extendable_silence_s=0.8, complete_silence_s=0.3)
"""Filling: a slot is being asked for. People read an id from a label in groups and look up in between."""

SHORT_WORDS = EndpointSettings(
    open_probability=0.4,
    close_probability=0.25,
    open_windows=1,
    min_speech_s=0.1,
    silence_s=0.6,
    extendable_silence_s=0.35,
    complete_silence_s=0.2,
    cap_s=6.0,
)
"""Confirming: "yes" lasts 0.2 s and its "s" is barely speech, so this opens faster and keeps less of it."""


def settings_for(phase: Phase) -> EndpointSettings:
    """The settings that suit what is expected in this phase of the dialogue."""
    match phase:
        case "idle" | "waiting" | "standby":
            return COMMANDS
        case "filling" | "checking":
            return IDENTIFIERS
        case "confirming" | "choosing":
            return SHORT_WORDS
        case _ as never:
            assert_never(never)


@dataclass(frozen=True, slots=True)
class EndpointState:
    """What is remembered between windows. A new one for each stream."""

    is_open: bool = False
    """True inside an utterance."""
    run_windows: int = 0
    """Windows of speech in a row, while no utterance is open."""
    run_s: float = 0.0
    """Their length."""
    since_s: float = 0.0
    """Since the speech began where an utterance is open; since the last boundary, or the start, where none is."""
    speech_s: float = 0.0
    """Speech in this utterance, pauses left out."""
    quiet_s: float = 0.0
    """Silence since the last speech in this utterance."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An utterance began."""

    began_ago_s: float
    """How far before the end of this window its audio begins, pre-roll included; never reaches into the one before."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The utterance is over and worth recognising."""

    ended_by: EndedBy
    speech_ended_ago_s: float
    """How far before the end of this window the last speech was."""


@dataclass(frozen=True, slots=True)
class Discarded:
    """The utterance is over and held too little speech to be one."""

    speech_s: float


Boundary: TypeAlias = Opened | Closed | Discarded


def step(
    settings: EndpointSettings,
    state: EndpointState,
    probability: float,
    window_s: float,
    hypothesis: Hypothesis | None,
) -> tuple[EndpointState, Boundary | None]:
    """Takes the next window: its speech probability, its length, and what a streaming recogniser believes so far."""
    if state.is_open:
        return _listen(settings, state, probability, window_s, hypothesis)
    return _wait(settings, state, probability, window_s)


def finish(settings: EndpointSettings, state: EndpointState) -> tuple[EndpointState, Closed | Discarded | None]:
    """The source ended. Closes what is open."""
    if not state.is_open:
        return EndpointState(), None
    return EndpointState(), _boundary(settings, state, "source_end")


def _wait(
    settings: EndpointSettings, state: EndpointState, probability: float, window_s: float
) -> tuple[EndpointState, Opened | None]:
    since_s = state.since_s + window_s
    if probability < settings.open_probability:
        return EndpointState(since_s=since_s), None
    run_windows, run_s = state.run_windows + 1, state.run_s + window_s
    if run_windows < settings.open_windows:
        return EndpointState(run_windows=run_windows, run_s=run_s, since_s=since_s), None
    opened = Opened(began_ago_s=min(run_s + settings.pre_roll_s, since_s))
    return EndpointState(is_open=True, since_s=run_s, speech_s=run_s), opened


def _listen(
    settings: EndpointSettings,
    state: EndpointState,
    probability: float,
    window_s: float,
    hypothesis: Hypothesis | None,
) -> tuple[EndpointState, Closed | Discarded | None]:
    was_speech = state.quiet_s == 0
    is_speech = probability >= (settings.close_probability if was_speech else settings.open_probability)
    heard = EndpointState(
        is_open=True,
        since_s=state.since_s + window_s,
        speech_s=state.speech_s + (window_s if is_speech else 0),
        quiet_s=0 if is_speech else state.quiet_s + window_s,
    )
    ended_by = _reason_to_close(settings, heard, hypothesis)
    if ended_by is None:
        return heard, None
    return EndpointState(), _boundary(settings, heard, ended_by)


def _reason_to_close(settings: EndpointSettings, state: EndpointState, hypothesis: Hypothesis | None) -> EndedBy | None:
    if state.quiet_s >= settings.silence_s:
        return "silence"
    if hypothesis is not None and hypothesis.is_complete:
        enough_s = settings.extendable_silence_s if hypothesis.can_extend else settings.complete_silence_s
        if state.quiet_s >= enough_s:
            return "complete"
    return "cap" if state.since_s >= settings.cap_s else None


def _boundary(settings: EndpointSettings, state: EndpointState, ended_by: EndedBy) -> Closed | Discarded:
    if state.speech_s < settings.min_speech_s:
        return Discarded(state.speech_s)
    return Closed(ended_by, speech_ended_ago_s=state.quiet_s)
