"""`bench nlu`: how sentences that no template foresaw are understood, by route, and how long that takes."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voicemes.errors import ConfigError
from voicemes.model import Ambiguous, Candidate, Live, Reference, Route, Scope, SlotData, Transcript
from voicemes.nlu.interpret import candidates_of
from voicemes.nlu.match import Matcher, writes
from voicemes.runtime.reader import ROUTES, Reader

SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_FILE_BYTES = 5_000_000
SIZES = (100, 1_000, 10_000)
"""Live identifiers: a station, a plant, a large plant."""
N_TIMED = 3
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
    is_intent: bool
    is_exact: bool
    writes: bool
    """Something would be read back and written for a sentence that does not mean that."""
    is_asked: bool
    """It was answered with a question: "did you mean …?"."""
    found: str


def read_sentences(file: Path) -> list[Said]:
    """A list of {say, intent, slots}. Raises ConfigError with file and key."""
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError("is larger than 5 MB; split it.", file=file)
        data = yaml.load(file.read_text(encoding="utf-8"), Loader=SafeLoader)  # noqa: S506 - a safe loader
        if not isinstance(data, list) or not data:
            raise ConfigError('is no list of {say: "…", intent: name, slots: {…}}.', file=file)
        return [Said.model_validate(item) for item in data]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as exc:
        raise ConfigError(f"cannot be read: {exc}", file=file) from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        raise ConfigError(f"{first['msg']}.", file=file, key=".".join(str(part) for part in first["loc"])) from exc


def judge(reader: Reader, matcher: Matcher, said: Said, routes: Collection[Route] = ROUTES) -> Judged:
    parse = reader.read(Transcript(said.say, "keyboard"), Scope(), matcher, routes)
    candidates, is_asked = candidates_of(parse), isinstance(parse, Ambiguous)
    route = candidates[0].route if candidates else "none"
    found = " or ".join(candidate.intent for candidate in candidates) or "nothing"
    is_intent = not is_asked and [candidate.intent for candidate in candidates] == [said.intent]
    is_exact = not candidates if said.intent is None else is_intent and _fits(said, candidates[0], matcher)
    is_false_write = not is_exact and not is_asked and any(writes(one.intent, matcher) for one in candidates)
    return Judged(said, route, is_intent, is_exact, is_false_write, is_asked, found)


def measure(
    reader: Reader, matcher: Matcher, sentences: Sequence[Said], routes: Collection[Route] = ROUTES
) -> dict[str, Any]:
    """The object that `bench nlu --json` prints. Only `routes` are asked."""
    judged = [judge(reader, matcher, said, routes) for said in sentences]
    inside = [one for one in judged if one.said.intent is not None]
    outside = [one for one in judged if one.said.intent is None]
    taken_s = times_s(reader, matcher, [said.say for said in sentences], routes)
    false_writes, asked = sum(one.writes for one in outside), sum(one.is_asked for one in outside)
    refused = sum(one.is_exact for one in outside)
    return {
        "n_in": len(inside),
        "n_out": len(outside),
        "intent_accuracy": _share(sum(one.is_intent for one in inside), len(inside)),
        "exact_accuracy": _share(sum(one.is_exact for one in inside), len(inside)),
        "false_accepts": {"read": len(outside) - refused - false_writes - asked, "write": false_writes},
        "false_writes": false_writes,
        "asked": {"in": sum(one.is_asked for one in inside), "out": asked},
        "wrong_writes": sum(one.writes for one in inside),
        "routes": {route: _by_route(judged, taken_s, route) for route in sorted({one.route for one in judged})},
        **spread(taken_s),
        "misses": [
            {"say": one.said.say, "wanted": one.said.intent, "found": one.found} for one in judged if not one.is_exact
        ],
    }


def _by_route(judged: Sequence[Judged], taken_s: Sequence[float], route: str) -> dict[str, Any]:
    """`n` and `exact_accuracy` are of what means something, the times of everything that came this way."""
    own = [one for one in judged if one.route == route and one.said.intent is not None]
    own_s = [seconds for one, seconds in zip(judged, taken_s, strict=True) if one.route == route]
    return {"n": len(own), "exact_accuracy": _share(sum(one.is_exact for one in own), len(own)), **spread(own_s)}


def spread(taken_s: Sequence[float]) -> dict[str, float]:
    """Median, and what 95 of a hundred stay under."""
    ordered = sorted(taken_s)
    return {
        "p50_s": round(statistics.median(ordered), 6),
        "p95_s": round(ordered[math.ceil(0.95 * len(ordered)) - 1], 6),
    }


def _share(part: int, whole: int) -> float:
    return round(part / max(whole, 1), 4)


def measure_identifiers(reader: Reader, matcher: Matcher, sentences: Sequence[Said]) -> dict[str, float]:
    """Median seconds from text to parse, by the number of live orders."""
    texts = [said.say for said in sentences]
    return {
        str(size): round(statistics.median(times_s(reader, matcher.with_live(_orders(size)), texts)), 6)
        for size in SIZES
    }


def times_s(
    reader: Reader, matcher: Matcher, texts: Sequence[str], routes: Collection[Route] = ROUTES
) -> list[float]:
    """Seconds for each text, the median of a few. Preparing the matcher once is nobody's time."""
    for text in texts:
        reader.read(Transcript(text, "keyboard"), Scope(), matcher, routes)
    taken_s = []
    for text in texts:
        own_s = []
        for _ in range(N_TIMED):
            started_s = time.perf_counter()
            reader.read(Transcript(text, "keyboard"), Scope(), matcher, routes)
            own_s.append(time.perf_counter() - started_s)
        taken_s.append(statistics.median(own_s))
    return taken_s


def _orders(count: int) -> Live:
    orders = tuple(Reference(str(FIRST_ORDER + 7 * number)) for number in range(count))
    return Live({"job": orders}, {"job": orders[0].id})


def _fits(said: Said, candidate: Candidate, matcher: Matcher) -> bool:
    """The same slots with the same values; of a remark, half of the words."""
    slots, wanted = matcher.catalog.intent(candidate.intent).slots, dict(said.slots)
    found = candidate.values
    return found.keys() == wanted.keys() and all(
        same_words(found[name], value) if slots[name].type == "text" else found[name] == value
        for name, value in wanted.items()
    )


def same_words(found: SlotData, wanted: SlotData) -> bool:
    """Whether two remarks share half of the words that either has."""
    ours, theirs = set(str(found).lower().split()), set(str(wanted).lower().split())
    return 2 * len(ours & theirs) >= len(ours | theirs)
