"""Runs a trace again through nlu and dialogue, and says where the outcome differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicemes.dialogue.state import DialogueState, Rules
from voicemes.dialogue.step import step
from voicemes.errors import TraceError
from voicemes.intents import Catalog
from voicemes.model import Heard, Input, Live, Transcript
from voicemes.nlu.interpret import Acceptance, interpret
from voicemes.nlu.match import Matcher
from voicemes.runtime.codec import input_from_json, live_from_json, modelled_from_json, to_json
from voicemes.runtime.secrets import hidden_effect
from voicemes.runtime.trace import read_trace


@dataclass(frozen=True, slots=True)
class Difference:
    line: int
    turn: int
    heard: str
    before: list[Any]
    now: list[Any]


@dataclass(frozen=True, slots=True)
class Replayed:
    n_inputs: int
    differences: tuple[Difference, ...]
    is_same_catalog: bool


def replay(file: Path, catalog: Catalog, acceptance: Acceptance | None = None) -> Replayed:
    """Feeds every input of the trace again, with its recorded time and plant. Raises TraceError."""
    player = _Player(file, catalog, acceptance or Acceptance())
    for number, event in read_trace(file):
        try:
            player.take(number, event)
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            raise TraceError(f"{file}:{number}: this event lacks what a replay needs: {exc}.") from exc
    if player.state is None:
        raise TraceError(f"{file}: holds no session. It ends before its first line, or is no trace of voicemes.")
    return Replayed(player.n_inputs, tuple(player.differences), player.is_same_catalog)


class _Player:
    def __init__(self, file: Path, catalog: Catalog, acceptance: Acceptance) -> None:
        self.file = file
        self.matcher = Matcher(catalog)
        self.acceptance = acceptance
        self.live = Live()
        self.state: DialogueState | None = None
        self.now: list[Any] = []
        self.heard = ""
        self.n_inputs = 0
        self.is_same_catalog = True
        self.differences: list[Difference] = []

    def take(self, number: int, event: Mapping[str, Any]) -> None:
        match event["event"]:
            case "session_started":
                self.state = DialogueState(event["session_id"], event["operator_id"], event.get("role", "operator"))
                self.is_same_catalog = event["catalog_hash"] == self.matcher.catalog.hash
            case "catalog_reloaded":
                self.is_same_catalog = event["catalog_hash"] == self.matcher.catalog.hash
            case "live_refreshed":
                self.live = live_from_json(event["live"])
                self.matcher = self.matcher.with_live(self.live)
            case "input_received":
                self._feed(event)
            case "step_taken":
                if event["effects"] != self.now:
                    difference = Difference(number, event["turn"], self.heard, event["effects"], self.now)
                    self.differences.append(difference)

    def _feed(self, event: Mapping[str, Any]) -> None:
        if self.state is None:
            raise TraceError(f"{self.file}: an input stands before the session's start.")
        taken = step(Rules(self.matcher.catalog, self.live), self.state, self._input(event["input"]), event["at_s"])
        self.state = taken.state
        self.now = [hidden_effect(to_json(effect)) for effect in taken.effects]
        self.n_inputs += 1

    def _input(self, data: Mapping[str, Any]) -> Input:
        given = input_from_json(data)
        if given is not None:
            return given
        said = data["parse"]["transcript"]
        assert self.state is not None
        transcript = Transcript(
            said["text"], said["engine"], (), said["confidence"], said["is_complete"], said["deficit"]
        )
        self.heard = transcript.text
        parse = modelled_from_json(data["parse"], transcript)
        parse = parse or interpret(transcript, self.state.scope, self.matcher, self.acceptance)
        return Heard(parse, data["while_speaking"])
