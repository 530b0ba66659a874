"""Runs a trace again through nlu and dialogue, and says where the outcome differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from voicemes.dialogue.state import DialogueState, Rules
from voicemes.dialogue.step import step
from voicemes.errors import TraceError
from voicemes.intents import PERSON, Catalog, ListValue, Template
from voicemes.model import Heard, Input, Live
from voicemes.nlu.interpret import Acceptance, interpret
from voicemes.nlu.match import Matcher
from voicemes.runtime.codec import input_from_json, live_from_json, modelled_from_json, to_json, transcript_from_json
from voicemes.runtime.personal import Names, rewritten
from voicemes.runtime.secrets import MASK, hidden_effect, people_of
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
        self.catalog = self.own_catalog = catalog
        self.pseudonyms = Names()
        """Of the people whom the catalogue itself names."""
        self._matcher: Matcher | None = None
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
                self._use_catalog(event)
            case "catalog_reloaded":
                self._use_catalog(event)
            case "live_refreshed":
                self.live = live_from_json(event["live"])
                self._matcher = self.matcher.with_live(self.live)
            case "input_received":
                self._feed(event)
            case "step_taken":
                if not is_same(event["effects"], self.now):
                    difference = Difference(number, event["turn"], self.heard, event["effects"], self.now)
                    self.differences.append(difference)

    @property
    def matcher(self) -> Matcher:
        """Made when it is known who the people are: it takes a second."""
        if self._matcher is None:
            self._matcher = Matcher(self.catalog).with_live(self.live)
        return self._matcher

    def _feed(self, event: Mapping[str, Any]) -> None:
        if self.state is None:
            raise TraceError(f"{self.file}: an input stands before the session's start.")
        taken = step(Rules(self.catalog, self.live), self.state, self._input(event["input"]), event["at_s"])
        self.state = taken.state
        effects = [hidden_effect(to_json(effect)) for effect in taken.effects]
        self.now = rewritten(effects, self.pseudonyms.hide)
        self.n_inputs += 1

    def _use_catalog(self, event: Mapping[str, Any]) -> None:
        """With the people of the trace in the place of the catalogue's own, whom it names in its examples, too."""
        self.is_same_catalog = event["catalog_hash"] == self.own_catalog.hash
        own = people_of(self.own_catalog)
        people = [(str(person), *map(str, names)) for person, *names in event.get("people", ())]
        if not people or [one[0] for one in people] == [one[0] for one in own]:
            return
        self.pseudonyms = Names()
        for named, (pseudonym, *_) in zip(own, people, strict=False):
            for name in named:
                self.pseudonyms.learn(name, pseudonym)
        listed = tuple(ListValue(person, tuple(map(Template, names))) for person, *names in people)
        self.catalog = replace(self.own_catalog, lists={**self.own_catalog.lists, PERSON: listed})
        self._matcher = None

    def _input(self, data: Mapping[str, Any]) -> Input:
        given = input_from_json(data)
        if given is not None:
            return given
        said = data["parse"]["transcript"]
        assert self.state is not None
        transcript = transcript_from_json(said)
        self.heard = transcript.text
        parse = modelled_from_json(data["parse"], transcript)
        parse = parse or interpret(transcript, self.state.scope, self.matcher, self.acceptance)
        return Heard(parse, data["while_speaking"], data.get("is_cut", False))


def is_same(before: Any, now: Any) -> bool:
    """Whether the trace has the same; what is masked in it may have been anything."""
    if isinstance(before, str) and isinstance(now, str) and MASK in before:
        return _fits(before.split(MASK), now)
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        return before.keys() == now.keys() and all(is_same(value, now[name]) for name, value in before.items())
    if isinstance(before, Sequence) and isinstance(now, Sequence) and not isinstance(before, str):
        return len(before) == len(now) and all(map(is_same, before, now))
    return bool(before == now)


def _fits(parts: Sequence[str], text: str) -> bool:
    """Whether a text has these parts in their order, the first at its start and the last at its end."""
    first, *middle, last = parts
    if not (text.startswith(first) and text.endswith(last)):
        return False
    at = len(first)
    for part in middle:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return at + len(last) <= len(text)
