"""What an integrator learns from: what was refused and what came nearest, and where the time goes."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median, quantiles

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import DataTable, Static

from voicemes.events import TurnEnded
from voicemes.nlu.explain import Attempt
from voicemes.tui.line import Line
from voicemes.tui.seen import Seen
from voicemes.tui.table import Rows
from voicemes.tui.wording import BLANK, spark_of

STAGES = ("endpoint", "asr", "nlu", "dialogue", "mes", "tts", "decision", "first_audio")
N_BINS = 16


class Collected(Message):
    """A refusal is an example of an intent, or (None) rightly refused."""

    def __init__(self, say: str, intent: str | None) -> None:
        super().__init__()
        self.say, self.intent = say, intent


class IntegratorView(Vertical):
    BINDINGS = [
        Binding("e", "collect(True)", "Is an example of the nearest"),
        Binding("x", "collect(False)", "Rightly refused"),
    ]

    def __init__(self, explain: Callable[[str], list[Attempt]]) -> None:
        super().__init__()
        self._explain = explain
        self._nearest: tuple[str, list[Attempt]] = ("", [])
        """A sentence, and the templates that came nearest to it."""
        self._refused: dict[str, TurnEnded] = {}

    def compose(self) -> ComposeResult:
        yield Static("Refused, newest first. Enter: what came nearest", classes="title")
        yield Rows("Turn", "Heard", "Confidence", "Answer", id="refusals")
        with VerticalScroll(id="nearest-box", can_focus=False):
            yield Line(id="nearest")
        yield Static("Where the time goes, from the end of speech", classes="title")
        yield Rows("Stage", "Turns", "Median", "p95", "Distribution", id="stages")

    def show(self, seen: Seen) -> None:
        self._refused = {str(turn.turn): turn for turn in seen.refusals}
        cells = [
            (key, (key, turn.heard, f"{turn.confidence:.2f}", turn.answer or BLANK))
            for key, turn in self._refused.items()
        ]
        self.query_one("#refusals", Rows).show(cells)
        self.query_one("#stages", Rows).show(stage_rows(list(seen.turns)))

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        turn = self._refused.get(self.query_one("#refusals", Rows).chosen)
        if event.data_table.id != "refusals" or turn is None:
            return
        self.query_one("#nearest", Line).show("\n".join(map(attempt_line, self._nearest_to(turn.heard))))

    def action_collect(self, is_example: bool) -> None:  # noqa: FBT001 - Textual's way to give arguments
        turn = self._refused.get(self.query_one("#refusals", Rows).chosen)
        if turn is None:
            return
        nearest = self._nearest_to(turn.heard) if is_example else []
        intent = nearest[0].intent if nearest else None
        if not is_example or intent is not None:
            self.post_message(Collected(turn.heard, intent))

    def _nearest_to(self, sentence: str) -> list[Attempt]:
        if self._nearest[0] != sentence:
            self._nearest = sentence, self._explain(sentence)
        return self._nearest[1]


def attempt_line(attempt: Attempt) -> str:
    n_words = len(attempt.matched) + len(attempt.rest)
    share = len(attempt.matched) / n_words if n_words else 0.0
    rest = f"stuck at “{' '.join(attempt.rest)}”" if attempt.rest else "wants more words"
    return f"{share:4.0%} {attempt.intent}  {attempt.template}\n      {rest}; expected: {', '.join(attempt.expected)}"


def stage_rows(turns: list[TurnEnded]) -> list[tuple[str, tuple[str, ...]]]:
    """Median, 95th percentile and a histogram of each stage that was timed."""
    rows: list[tuple[str, tuple[str, ...]]] = []
    for stage in STAGES:
        taken_s = sorted(turn.timings_s[stage] for turn in turns if stage in turn.timings_s)
        if taken_s:
            p95 = quantiles(taken_s, n=20)[-1] if len(taken_s) > 1 else taken_s[0]
            cells = (stage, str(len(taken_s)), _ms(median(taken_s)), _ms(p95), histogram(taken_s))
            rows.append((stage, cells))
    return rows


def histogram(sorted_s: list[float]) -> str:
    """How many turns took how long, from nothing to the slowest."""
    bins = [0.0] * N_BINS
    for seconds in sorted_s:
        bins[min(N_BINS - 1, int(seconds / (sorted_s[-1] or 1.0) * N_BINS))] += 1
    bars = "".join(bar if count else " " for bar, count in zip(spark_of([0.0, *bins])[1:], bins, strict=True))
    return f"0 |{bars}| {_ms(sorted_s[-1])}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"
