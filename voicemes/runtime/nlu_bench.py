"""`bench nlu`: how sentences that no template foresaw are understood, by route, and how long that takes."""

from __future__ import annotations

import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voicemes.errors import ConfigError
from voicemes.model import Live, Parse, Reference, Scope, SlotData, Transcript, Understood
from voicemes.nlu.interpret import candidates_of, interpret, writes
from voicemes.nlu.match import Matcher

MAX_FILE_BYTES = 5_000_000
SIZES = (100, 1_000, 10_000)
"""Live identifiers: a station, a plant, a large plant."""
N_TIMED = 5
"""Each sentence is timed so often; the median counts."""
FIRST_ORDER = 100_000
"""Of the orders that are made up for the measurement: six digits, as most that anybody says."""


class Said(BaseModel):
    """One sentence, and what it must be understood as."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    say: str = Field(min_length=1, max_length=500)
    intent: str | None = None
    """None is out of scope: it must be refused."""
    slots: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    said: Said
    route: str
    """By which it was understood; "none" where it was not."""
    is_exact: bool
    writes: bool
    """Something would be written for a sentence that does not mean that."""
    found: str


def read_sentences(file: Path) -> list[Said]:
    """A list of {say, intent, slots}. Raises ConfigError with file and key."""
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError("is larger than 5 MB; split it.", file=file)
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(data, list) or not data:
            raise ConfigError('is no list of {say: "…", intent: name, slots: {…}}.', file=file)
        return [Said.model_validate(item) for item in data]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as exc:
        raise ConfigError(f"cannot be read: {exc}", file=file) from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        raise ConfigError(f"{first['msg']}.", file=file, key=".".join(str(part) for part in first["loc"])) from exc


def judge(matcher: Matcher, said: Said) -> Judged:
    parse = interpret(Transcript(said.say, "keyboard"), Scope(), matcher)
    candidates = candidates_of(parse)
    route = candidates[0].route if candidates else "none"
    found = " or ".join(candidate.intent for candidate in candidates) or "nothing"
    is_exact = not candidates if said.intent is None else _is_exact(said, parse)
    is_false_write = not is_exact and any(writes(candidate.intent, matcher) for candidate in candidates)
    return Judged(said, route, is_exact, is_false_write, found)


def measure(matcher: Matcher, sentences: Sequence[Said]) -> dict[str, Any]:
    """The object that `bench nlu --json` prints."""
    judged = [judge(matcher, said) for said in sentences]
    inside = [one for one in judged if one.said.intent is not None]
    outside = [one for one in judged if one.said.intent is None]
    by_route: dict[str, Counter[str]] = defaultdict(Counter)
    for one in inside:
        by_route[one.route]["n"] += 1
        by_route[one.route]["exact"] += one.is_exact
    return {
        "n_in": len(inside),
        "exact": round(sum(one.is_exact for one in inside) / max(len(inside), 1), 4),
        "n_out": len(outside),
        "false_accepts": {
            "read": sum(not one.is_exact and not one.writes for one in outside),
            "write": sum(one.writes for one in outside),
        },
        "false_writes": sum(one.writes for one in judged),
        "routes": {route: dict(counts) for route, counts in sorted(by_route.items())},
        "median_s": round(median_s(matcher, [said.say for said in sentences]), 6),
        "missed": [
            {"say": one.said.say, "wanted": one.said.intent, "found": one.found} for one in judged if not one.is_exact
        ],
    }


def measure_identifiers(matcher: Matcher, sentences: Sequence[Said]) -> dict[str, float]:
    """Median seconds from text to parse, by the number of live orders."""
    texts = [said.say for said in sentences]
    return {str(size): round(median_s(matcher.with_live(_orders(size)), texts), 6) for size in SIZES}


def median_s(matcher: Matcher, texts: Sequence[str]) -> float:
    """Over all texts, each the median of a few; preparing the matcher once is nobody's time."""
    interpret(Transcript(texts[0], "keyboard"), Scope(), matcher)
    taken_s = []
    for text in texts:
        own_s = []
        for _ in range(N_TIMED):
            started_s = time.perf_counter()
            interpret(Transcript(text, "keyboard"), Scope(), matcher)
            own_s.append(time.perf_counter() - started_s)
        taken_s.append(statistics.median(own_s))
    return statistics.median(taken_s)


def _orders(count: int) -> Live:
    orders = tuple(Reference(str(FIRST_ORDER + 7 * number)) for number in range(count))
    return Live({"job": orders}, {"job": orders[0].id})


def _is_exact(said: Said, parse: Parse) -> bool:
    if not isinstance(parse, Understood) or parse.candidate.intent != said.intent:
        return False
    wanted: dict[str, SlotData] = said.slots
    return parse.candidate.values == wanted
