"""The bar that every view has: what the system waits for, in large type where it counts, and what it said last."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Digits

from voicemes.runtime.floor import Floor
from voicemes.tui.line import Line
from voicemes.tui.seen import Question, Seen
from voicemes.tui.wording import change_of, text_of, what_counts

KEYS = (("yes", "Yes (y)"), ("no", "No (n)"), ("cancel", "Cancel (c)"), ("repeat", "Repeat (r)"))


class QuestionBar(Vertical):
    """Hidden parts take no place: with nothing to ask it is the line of the last answer."""

    def compose(self) -> ComposeResult:
        yield Line(id="answer")
        with Horizontal(id="counts"):
            yield Digits(id="number")
            yield Line(id="item")
        with Horizontal(id="keys"):
            for name, label in KEYS:
                yield Button(label, id=f"press-{name}", compact=True)
            yield Line(id="left")

    def show(self, seen: Seen, floor: Floor, left_s: float | None, *, is_last: bool = False) -> None:
        """`is_last`: it was asked before, and is dropped when the time is over."""
        question = seen.question
        self.set_class(question is not None, "asking")
        self.query_one("#answer", Line).show(_sentence(question, seen))
        self.query_one("#keys").display = question is not None
        self.query_one("#counts").display = question is not None and question.is_read_back
        if question is not None:
            self._ask(question, floor)
            then = "then nothing is done" if is_last else "then you are asked once more"
            self.query_one("#left", Line).show(f"answer within {left_s:.0f} s, {then}" if left_s is not None else "")

    def _ask(self, question: Question, floor: Floor) -> None:
        number, item = what_counts(question.values)
        digits = self.query_one("#number", Digits)
        digits.display = bool(number)
        if digits.value != number:
            digits.update(number)
        self.query_one("#item", Line).show(f"{item}{_concerned(question, floor)}")
        self.query_one("#press-yes").display = self.query_one("#press-no").display = question.phase != "filling"


def _sentence(question: Question | None, seen: Seen) -> str:
    if question is None:
        return f"♪ {seen.answer}" if seen.answer else "♪ Nothing is being asked."
    lead = "WILL BE WRITTEN" if question.is_read_back else "QUESTION"
    return f"? {lead}: {question.text}"


def _concerned(question: Question, floor: Floor) -> str:
    """What stands in the request that is decided or the call that is taken: nobody approves a number."""
    request = floor.row("requests", str(question.values.get("request", "")))
    if request:
        return f": {request.get('kind')} {change_of(request)}"
    call = floor.row("calls", str(question.values.get("alert", "")))
    if call:
        return ": " + ", ".join(text_of(call[name]) for name in ("team", "equipment", "text") if call.get(name))
    return ""
