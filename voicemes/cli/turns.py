"""Shows a session while it runs: an observer that prints each turn as it happens."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from voicemes.cli.output import BAD, GOOD, QUIET, STRONG, milliseconds
from voicemes.events import (
    PASSING,
    AudioDropped,
    CommandAnswered,
    CommandDelivered,
    DeviceFound,
    DeviceLost,
    EngineTroubled,
    Event,
    NewsArrived,
    ReplyGiven,
    SpeechCancelled,
    TurnEnded,
)

MARKS = {"understood": ("✓", GOOD), "pressed": ("✓", GOOD), "told": ("♪", GOOD), "ambiguous": ("?", BAD)}


class TurnPrinter:
    """What was heard, what it was taken for, what the MES said, what was answered, and how long it took."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen

    def __call__(self, event: Event) -> None:
        match event:
            case TurnEnded():
                self._screen.print(turn_lines(event))
            case CommandAnswered(_, _, _, outcome, detail) if outcome != "accepted":
                self._note(f"MES {outcome}: {detail}")
            case CommandDelivered(_, _, operation, outcome, detail):
                self._note(f"{operation} waited, and is {outcome} now{f': {detail}' if detail else '.'}")
            case EngineTroubled(_, engine, reason):
                self._note(f"{engine}: {reason}")
            case DeviceLost(_, reason):
                self._note(f"The headset is gone: {reason}")
            case DeviceFound(_, device):
                self._note(f"The headset is back: {device}")
            case AudioDropped(_, samples):
                self._note(f"{samples} samples were lost: this machine is too slow.")
            case NewsArrived(_, _, _, shown):
                self._note(shown)
            case SpeechCancelled():
                self._note("You spoke, so I stopped.")
            case _:
                pass

    def _note(self, text: str) -> None:
        self._screen.print(Text.assemble(("  ! ", BAD), text))


class JsonPrinter:
    """Every event as a line, but for those that are too many."""

    def __init__(self, write: Any) -> None:
        self._write = write

    def __call__(self, event: Event) -> None:
        if event.name not in PASSING and not isinstance(event, ReplyGiven):
            self._write(event.to_json())


def turn_lines(ended: TurnEnded) -> Text:
    mark = MARKS.get(ended.outcome, ("✗", QUIET))
    heard = f"“{ended.heard}”" if ended.heard else "(the plant)" if ended.outcome == "told" else "(nothing)"
    slots = " ".join(f"{name}={value}" for name, value in ended.slots.items())
    meaning = f"{ended.intent} {slots}".strip() if ended.intent else ended.outcome
    times = ", ".join(
        f"{stage} {milliseconds(ended.timings_s[stage])}"
        for stage in ("decision", "mes", "first_audio")
        if stage in ended.timings_s
    )
    lines = Text.assemble(
        (f"{ended.turn:>3} ", QUIET), (f"{mark[0]} ", mark[1]), (heard, STRONG), "\n",
        ("      → ", QUIET), meaning, (f"   {ended.route or 'no route'}, {times}", QUIET),
    )  # fmt: skip
    if ended.answer:
        lines.append_text(Text.assemble("\n", ("      ♪ ", QUIET), (ended.answer, GOOD)))
    return lines
