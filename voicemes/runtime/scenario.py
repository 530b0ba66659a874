"""A shift as a file: recordings in order, and what must come of each. `demo` plays it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voicemes.config import StationSettings
from voicemes.errors import ConfigError
from voicemes.events import TurnEnded

MAX_FILE_BYTES = 1_000_000
MAX_TURNS = 500


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expected(Part):
    """What a turn must come to. What is not written is not looked at."""

    intent: str | None
    """Null: it must come out as nothing."""
    slots: dict[str, Any] = Field(default_factory=dict)
    mes: Literal["accepted", "rejected", "unsent", "unknown"] | None = None
    """Null: the MES must not be asked."""
    says: str = ""
    """Words that the answer contains."""


class PlayedTurn(Part):
    hear: str
    """A recording, relative to the file."""
    why: str
    """What it shows, for the person who watches."""
    expect: Expected


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
        if not (file.parent / turn.hear).is_file():
            raise ConfigError(f"there is no recording {turn.hear}.", file=file, key=f"turns.{number}.hear")
    return scenario


def fault(expected: Expected, ended: list[TurnEnded]) -> str:
    """What is wrong with what came of a recording; empty when nothing is."""
    taken = [turn for turn in ended if turn.outcome != "rejected" or turn.answer]
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
    if turn.mes != expected.mes:
        return f"the MES was to say {expected.mes or 'nothing'}, it said {turn.mes or 'nothing'}"
    if expected.says.lower() not in turn.answer.lower():
        return f"the answer was to contain “{expected.says}”"
    return ""
