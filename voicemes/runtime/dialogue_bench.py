"""`bench dialogue`: how long a step of the dialogue takes, over talks with every example of the catalogue."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from voicemes.config import Settings
from voicemes.dialogue.state import DialogueState, Rules
from voicemes.dialogue.step import step
from voicemes.model import (
    Accepted,
    Answered,
    Candidate,
    Heard,
    Input,
    Live,
    Parse,
    Pressed,
    Scope,
    Transcript,
    Understood,
)
from voicemes.nlu.interpret import interpret
from voicemes.nlu.match import Matcher
from voicemes.runtime.wiring import build_matcher

ROUNDS = 10
MOST_STEPS = 12
"""Of one talk; most need three."""


def bench_dialogue(settings: Settings, live: Live | None = None) -> dict[str, Any]:
    """The object that `bench dialogue --json` prints."""
    matcher = build_matcher(settings).with_live(live or Live())
    rules = Rules(matcher.catalog, matcher.live)
    texts = [example.say for intent in matcher.catalog.intents.values() for example in intent.examples]
    taken_s: list[float] = []
    gc.collect()
    gc.disable()  # the pause of a collection belongs to the process, not to a step
    try:
        for _ in range(ROUNDS):
            for text in texts:
                taken_s += _talk(rules, matcher, text)
    finally:
        gc.enable()
    p50, p95, p99 = (float(np.quantile(taken_s, share)) for share in (0.5, 0.95, 0.99))
    return {"sentences": len(texts), "steps": len(taken_s), "p50_s": p50, "p95_s": p95, "p99_s": p99}


def _talk(rules: Rules, matcher: Matcher, text: str) -> Iterator[float]:
    """A sentence, what it is asked, and the MES's answer, until it is idle again; seconds of each step."""
    state = DialogueState("bench", "Farid", "supervisor")
    given: Input = Heard(interpret(Transcript(text, "keyboard"), Scope(), matcher))
    for _ in range(MOST_STEPS):
        started_s = time.perf_counter()
        state = step(rules, state, given, 0.0).state
        yield time.perf_counter() - started_s
        if state.phase in {"idle", "standby"}:
            return
        given = _next(state)


def _next(state: DialogueState) -> Input:
    match state.phase:
        case "waiting":
            assert state.command is not None
            return Answered(Accepted(state.command.command_id, {"person": "Farid"}))
        case "confirming":
            return Pressed("yes")
        case "choosing":
            first: Parse = Understood(Candidate("first", (), 1.0, "grammar"), Transcript("first", "keyboard"))
            return Heard(first)
        case _:
            return Pressed("cancel")
