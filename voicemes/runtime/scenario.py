"""A shift as a file: recordings in order, and what must come of each. `demo` plays it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from voicemes.config import StationSettings
from voicemes.errors import ConfigError
from voicemes.events import TurnEnded
from voicemes.model import Route

MAX_FILE_BYTES = 1_000_000
MAX_TURNS = 500


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expected(Part):
    """What a turn must come to. What is not written is not looked at."""

    intent: str | None
    """Null: it must come out as nothing."""
    slots: dict[str, Any] = Field(default_factory=dict)
    mes: Literal["accepted", "rejected", "unsent", "unknown", "saved", "unsaved"] | None = None
    """Null: the MES must not be asked."""
    says: str = ""
    """Words that the answer contains."""
    route: Route | None = None
    """By which it must be understood. One that only the language model understands is left out where there is none."""


class Happening(Part):
    """What somebody else does meanwhile: a POST to the plant."""

    path: Annotated[str, Field(pattern=r"^/[^{}?#]*$")]
    body: dict[str, Any] = Field(default_factory=dict)
    operator: str = ""


class PlayedTurn(Part):
    hear: str = ""
    """A recording, relative to the file."""
    type: Annotated[str, Field(max_length=500)] = ""
    """A sentence from the keyboard, instead of a recording."""
    happens: Happening | None = None
    """Instead of a recording; the station is to be told of it."""
    why: str
    """What it shows, for the person who watches."""
    expect: Expected

    @model_validator(mode="after")
    def _is_one_of_all(self) -> Self:
        if bool(self.hear) + bool(self.type) + bool(self.happens) != 1:
            raise ValueError("a turn needs either 'hear', 'type' or 'happens'")
        if self.happens and (self.expect.intent or self.expect.slots or self.expect.mes or not self.expect.says):
            raise ValueError("a turn that 'happens' expects words that the station says, and nothing else")
        return self

    @property
    def name(self) -> str:
        return self.hear or (self.happens.path if self.happens else "typed")

    @property
    def needs_model(self) -> bool:
        return self.expect.route in {"llm", "clarify"}


class Scenario(Part):
    title: str
    station: StationSettings = StationSettings()
    turns: list[PlayedTurn] = Field(min_length=1, max_length=MAX_TURNS)


def read_scenario(file: Path) -> Scenario:
    """Raises ConfigError with file and key, and for a recording that is not there."""
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError("is larger than 1 MB; this is not a scenario.", file=file)
        scenario = Scenario.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise ConfigError(f"is not YAML: {exc.problem}.", file=f"{file}:{line}") from exc
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as exc:
        raise ConfigError(f"cannot be read as a scenario: {exc}", file=file) from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        raise ConfigError(f"{first['msg']}.", file=file, key=".".join(str(part) for part in first["loc"])) from exc
    for number, turn in enumerate(scenario.turns):
        if turn.hear and not (file.parent / turn.hear).is_file():
            raise ConfigError(f"there is no recording {turn.hear}.", file=file, key=f"turns.{number}.hear")
    return scenario


def fault(turn: PlayedTurn, ended: list[TurnEnded]) -> str:
    """What is wrong with what came of a turn; empty when nothing is."""
    return _untold(turn.expect, ended) if turn.happens else _misheard(turn.expect, ended)


def _untold(expected: Expected, ended: list[TurnEnded]) -> str:
    told = " ".join(turn.answer for turn in ended if turn.outcome == "told")
    if not told:
        return "the station was not told"
    return "" if expected.says.lower() in told.lower() else f"what was told was to contain “{expected.says}”"


def _misheard(expected: Expected, ended: list[TurnEnded]) -> str:
    taken = [turn for turn in ended if turn.outcome != "told" and (turn.outcome != "rejected" or turn.answer)]
    if expected.intent is None:
        return f"nothing was to be heard, but: {taken[0].heard}" if taken else ""
    if len(taken) != 1:
        return f"one sentence was said, {len(taken)} were understood"
    turn = taken[0]
    if turn.intent != expected.intent:
        return f"{expected.intent} was said, {turn.intent or turn.outcome} was understood"
    wrong = {name: turn.slots.get(name) for name, value in expected.slots.items() if turn.slots.get(name) != value}
    if wrong:
        return f"{expected.slots} was said, {wrong} was understood"
    if expected.route and turn.route != expected.route:
        return f"route {expected.route} was to understand it, {turn.route} did"
    if turn.mes != expected.mes:
        return f"the MES was to say {expected.mes or 'nothing'}, it said {turn.mes or 'nothing'}"
    if expected.says.lower() not in turn.answer.lower():
        return f"the answer was to contain “{expected.says}”"
    return ""
