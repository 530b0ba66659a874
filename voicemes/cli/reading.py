"""What was understood, as the object that programs get and the lines that people get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from rich.console import Console
from rich.text import Text

from voicemes.cli.output import BAD, GOOD, QUIET, STRONG, milliseconds
from voicemes.model import Ambiguous, NotUnderstood, Parse, Understood


def to_object(parse: Parse, timings_s: Mapping[str, float]) -> dict[str, Any]:
    """The contract of `hear` and `text` (README.md, "For programs")."""
    transcript = parse.transcript
    found: dict[str, Any] = {"outcome": "rejected", "intent": None, "slots": {}, "route": None}
    more: dict[str, Any] = {}
    confidence = transcript.confidence
    match parse:
        case Understood(candidate):
            found = {
                "outcome": "understood",
                "intent": candidate.intent,
                "slots": candidate.values,
                "route": candidate.route,
            }
            confidence = candidate.score
        case Ambiguous(candidates):
            found["outcome"] = "ambiguous"
            more["candidates"] = [{"intent": one.intent, "slots": one.values} for one in candidates]
        case NotUnderstood(reason, _, detail):
            more = {"reason": reason, "detail": detail}
        case _ as never:
            assert_never(never)
    return {
        **found,
        "confidence": round(confidence, 4),
        "transcript": transcript.text,
        "timings_s": {stage: round(seconds, 5) for stage, seconds in timings_s.items()},
        **more,
    }


def show(screen: Console, reading: Mapping[str, Any]) -> None:
    """The same for a person."""
    if reading["transcript"]:
        screen.print(Text.assemble(("heard    ", QUIET), reading["transcript"]))
    match reading["outcome"]:
        case "understood":
            screen.print(Text.assemble(("✓ ", GOOD), (reading["intent"], STRONG), _how(reading)))
            _show_slots(screen, reading["slots"])
        case "ambiguous":
            screen.print(Text.assemble(("? ", BAD), "could be more than one thing", _how(reading)))
            for one in reading["candidates"]:
                screen.print(Text.assemble("  ", (one["intent"], STRONG)))
                _show_slots(screen, one["slots"])
        case _:
            why = reading["detail"] or reading["reason"].replace("_", " ")
            screen.print(Text.assemble(("✗ ", BAD), "rejected: ", why, _how(reading)))


def _show_slots(screen: Console, slots: Mapping[str, Any]) -> None:
    for name, value in slots.items():
        screen.print(Text.assemble((f"    {name:<12} ", QUIET), str(value)))


def _how(reading: Mapping[str, Any]) -> tuple[str, str]:
    parts = [reading["route"] or "", f"confidence {reading['confidence']:.2f}"]
    parts.append(milliseconds(reading["timings_s"].get("decision")))
    return (f"   {', '.join(part for part in parts if part)}", QUIET)
