"""What an operator glances at: what is heard, what the station is doing, and the last turns."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from voicemes.events import TurnEnded
from voicemes.runtime.floor import Floor
from voicemes.tui.line import Line
from voicemes.tui.seen import Seen
from voicemes.tui.table import Rows
from voicemes.tui.wording import BLANK, clock_of, meter_of, name_of, progress_of, state_of, text_of

MARKS = {"understood": "✓", "pressed": "✓", "told": "♪", "ambiguous": "?", "timed_out": "…"}
TURNS_SHOWN = 50


class OperatorView(Vertical):
    def compose(self) -> ComposeResult:
        for name in ("hearing", "job", "station", "news"):
            yield Line(id=name, hides=True)
        yield Rows("", "Heard", "Answer", "MES", "Route", "Decided", "Understood", id="turns")

    def show(self, seen: Seen, floor: Floor) -> None:
        for name, text in (
            ("hearing", hearing_line(seen)),
            ("job", job_line(seen, floor)),
            ("station", station_line(seen, floor)),
            ("news", f"! {seen.news[0].shown}" if seen.news else ""),
        ):
            self.query_one(f"#{name}", Line).show(text)
        turns = list(seen.turns)[:TURNS_SHOWN]
        self.query_one("#turns", Rows).show([(str(turn.turn), turn_cells(turn)) for turn in turns])


def hearing_line(seen: Seen) -> str:
    if seen.is_muted:
        return "✗ MUTED. The microphone hears nothing. m: on again"
    if not seen.has_ears:
        return "✎ No microphone here: type what you would say."
    lead = "◉ hearing" if seen.is_hearing else "○ listening"
    loud = f"{meter_of(seen.level_db)} {seen.level_db:.0f} dB, noise {seen.noise_db:.0f} dB"
    return f"{lead}  {loud}  {f'“{seen.hypothesis}”' if seen.hypothesis else ''}".rstrip()


def job_line(seen: Seen, floor: Floor) -> str:
    order = next((row for row in floor.rows("orders") if row.get("equipment") == seen.station), None)
    if order is None:
        return "No order runs here." if floor.tables else ""
    rest = f", {text_of(order.get('scrap'))} scrap, {text_of(order.get('remaining'))} left"
    step = f"\n{seen.instruction}" if seen.instruction else ""
    return f"Order {order.get('id')} {text_of(order.get('product'))}  {progress_of(order, 20)} good{rest}{step}"


def station_line(seen: Seen, floor: Floor) -> str:
    row = floor.row("stations", seen.station)
    shared = "   ◎ others see what is said here" if seen.shared == "words" else ""
    since = f" since {clock_of(row.get('since'))}" if row and row.get("since") else ""
    return f"{seen.station}: {state_of(row)}{since}   not sent: {seen.n_unsent}{shared}"


def turn_cells(turn: TurnEnded) -> tuple[str, ...]:
    slots = " ".join(f"{name_of(name)}={text_of(value)}" for name, value in turn.slots.items())
    decided = turn.timings_s.get("decision")
    return (
        MARKS.get(turn.outcome, "✗"),
        turn.heard or ("(the plant)" if turn.outcome == "told" else BLANK),
        turn.answer or BLANK,
        turn.mes or BLANK,
        turn.route or BLANK,
        f"{decided * 1000:.0f} ms" if decided is not None else BLANK,
        f"{turn.intent} {slots}".strip() if turn.intent else name_of(turn.outcome),
    )
