"""What a supervisor decides by: stations, approvals, calls, key figures, the last shift, and the events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Button, Input, TabbedContent, TabPane

from voicemes.model import Row, SlotData
from voicemes.runtime.floor import KPIS, Floor
from voicemes.tui.elsewhere import Elsewhere
from voicemes.tui.event_list import EventList
from voicemes.tui.line import Line
from voicemes.tui.seen import Seen
from voicemes.tui.table import Rows
from voicemes.tui.wording import (
    BLANK,
    age_of,
    change_of,
    clock_of,
    name_of,
    progress_of,
    spark_of,
    state_of,
    text_of,
)

PANES = {
    "stations": "Stations",
    "approvals": "Approvals",
    "calls": "Calls",
    "figures": "Figures",
    "report": "Last shift",
    "events": "Events",
}
OPEN = "Open"
"""Status of what waits, as voicemes.connectors.spec.BoardSpec has it."""
WAITS = "WAITS FOR YOUR DECISION. a: approve, x: reject. You are asked once more before it is written."
HISTORY_SHOWN, REASONS_SHOWN, LAST_WIDTH = 5, 4, 48


class Chose(Message):
    """A person wants this done: an intent, and what it is done to."""

    def __init__(self, intent: str, slots: dict[str, SlotData]) -> None:
        super().__init__()
        self.intent, self.slots = intent, slots


class ApprovalsPane(Vertical):
    """Requests that wait, and all that is needed to decide on the one under the cursor."""

    BINDINGS = [
        Binding("a", "decide('request.approve')", "Approve"),
        Binding("x", "decide('request.reject')", "Reject"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._decided: frozenset[str] = frozenset()
        """Requests that nobody can decide again."""

    def compose(self) -> ComposeResult:
        yield Rows("Request", "Kind", "What is asked for", "Where", "By", "Age", "Status", id="requests")
        with VerticalScroll(id="request-detail", can_focus=False):
            yield Line(id="request-text")
        with Horizontal(classes="buttons"):
            yield Button("Approve (a)", id="approve", compact=True)
            yield Button("Reject (x)", id="reject", compact=True)

    def show(self, floor: Floor, wall_s: float, may_not: str) -> None:
        """`may_not` says why this person cannot decide; empty for who may."""
        rows = self.query_one("#requests", Rows)
        requests = waiting(floor) + decided(floor)
        self._decided = frozenset(str(row.get("id")) for row in decided(floor))
        rows.show([(str(row["id"]), _request_cells(row, wall_s)) for row in requests if "id" in row])
        chosen = floor.row("requests", rows.chosen)
        text = request_text(chosen, floor, wall_s, may_not) if chosen else "No request waits for a decision."
        self.query_one("#request-text", Line).show(text)
        for button in self.query(Button):
            button.disabled = bool(may_not)
            button.display = chosen is not None and chosen.get("status") == OPEN

    def action_decide(self, intent: str) -> None:
        chosen = self.query_one("#requests", Rows).chosen
        if chosen in self._decided:
            self.notify(f"Request {chosen} is decided already. Nothing was changed.")
        elif chosen:
            self.post_message(Chose(intent, {"request": chosen}))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.action_decide("request.approve" if event.button.id == "approve" else "request.reject")


class CallsPane(Vertical):
    BINDINGS = [
        Binding("k", "act('andon.acknowledge')", "Take the call"),
        Binding("d", "act('andon.resolve')", "It is solved"),
    ]

    def compose(self) -> ComposeResult:
        yield Rows("Call", "Age", "For", "Where", "What", "Status", "Taken by", id="calls")

    def show(self, floor: Floor, wall_s: float) -> None:
        oldest_first = sorted(floor.rows("calls"), key=lambda row: str(row.get("time")))
        cells = [(str(row["id"]), _call_cells(row, wall_s)) for row in oldest_first if "id" in row]
        self.query_one("#calls", Rows).show(cells)

    def action_act(self, intent: str) -> None:
        chosen = self.query_one("#calls", Rows).chosen
        if chosen:
            self.post_message(Chose(intent, {"alert": chosen}))


class EventsPane(Vertical):
    BINDINGS = [Binding("f", "filter", "Filter")]

    def compose(self) -> ComposeResult:
        yield Line(id="link")
        yield Input(placeholder="f: filter, as: unit rerouted. Enter keeps it.", id="event-filter", compact=True)
        yield EventList()

    def show(self, floor: Floor, now_s: float) -> None:
        events = self.query_one(EventList)
        link = self.query_one("#link", Line)
        link.set_class(floor.link == "lost", "bad")
        link.show(link_line(floor, now_s, events.n_lines))

    def action_filter(self) -> None:
        self.query_one("#event-filter").focus()


class SupervisorView(Vertical):
    def __init__(self) -> None:
        super().__init__()
        self._again: Callable[[], None] = lambda: None
        """Draws what was drawn last."""

    def compose(self) -> ComposeResult:
        with TabbedContent(id="panes"):
            with TabPane("1 Stations", id="stations"):
                yield Rows(
                    "Station", "Line", "State", "Who", "Order", "Good", "Noise", "Misheard", "Not sent", "Last turn",
                    id="station-rows",
                )  # fmt: skip
            with TabPane("2 Approvals", id="approvals"):
                yield ApprovalsPane()
            with TabPane("3 Calls", id="calls-pane"):
                yield CallsPane()
            with TabPane("4 Figures", id="figures"):
                yield Rows("Line", "Key figure", "Now", "Since yesterday", "Made of", id="figure-rows")
            with TabPane("5 Last shift", id="report"), VerticalScroll():
                yield Line(id="report-text")
            with TabPane("6 Events", id="events"):
                yield EventsPane()

    def show(self, elsewhere: Elsewhere, floor: Floor, now_s: float, wall_s: float, may_not: str = "") -> None:
        """Draws the pane that is looked at. `may_not`: why this person decides nothing."""
        self._again = lambda: self.show(elsewhere, floor, now_s, wall_s, may_not)
        match self.query_one("#panes", TabbedContent).active:
            case "stations":
                self._show_stations(elsewhere, floor)
            case "approvals":
                self.query_one(ApprovalsPane).show(floor, wall_s, may_not)
            case "calls-pane":
                self.query_one(CallsPane).show(floor, wall_s)
            case "figures":
                self.query_one("#figure-rows", Rows).show(figure_rows(floor))
            case "report":
                self.query_one("#report-text", Line).show(report_text(floor.report))
            case _:
                self.query_one(EventsPane).show(floor, now_s)

    def open_pane(self, name: str) -> None:
        """Filled at once, so that the next key finds its row."""
        panes = self.query_one("#panes", TabbedContent)
        panes.active = "calls-pane" if name == "calls" else name
        self._again()
        self.focus_pane()

    def on_tabbed_content_tab_activated(self) -> None:
        self._again()

    def focus_pane(self) -> None:
        """What is looked at takes the keys."""
        pane = self.query_one("#panes", TabbedContent).active_pane
        inside = pane.query("DataTable, EventList, VerticalScroll").results() if pane else iter(())
        first = next(inside, None)
        if first is not None:
            first.focus()

    def _show_stations(self, elsewhere: Elsewhere, floor: Floor) -> None:
        stations = [row for row in floor.rows("stations") if "id" in row]
        cells = [(str(row["id"]), station_cells(row, elsewhere, floor)) for row in stations]
        self.query_one("#station-rows", Rows).show(sorted(cells, key=lambda one: (one[1][1], one[0])))


def waiting(floor: Floor) -> list[Row]:
    """Requests without a decision, oldest first."""
    rows = [row for row in floor.rows("requests") if row.get("status") == OPEN]
    return sorted(rows, key=lambda row: str(row.get("time")))


def decided(floor: Floor) -> list[Row]:
    rows = [row for row in floor.rows("requests") if row.get("status") != OPEN]
    return sorted(rows, key=lambda row: str(row.get("decided") or row.get("time")), reverse=True)


def open_calls(floor: Floor) -> list[Row]:
    return [row for row in floor.rows("calls") if row.get("status") == OPEN]


def request_text(row: Row, floor: Floor, wall_s: float, may_not: str = "") -> str:
    """All that is needed to decide."""
    is_open = row.get("status") == OPEN
    lines = [f"Request {row['id']}: {name_of(row.get('kind', ''))} {change_of(row)}"]
    where = " ".join(text_of(row[name]) for name in ("equipment", "line") if row.get(name))
    asked = f"asked by {text_of(row.get('by') or 'the plant itself')} at {clock_of(row.get('time'))}"
    lines.append(f"{where + ', ' if where else ''}{asked} ({age_of(row.get('time'), wall_s)} ago)")
    if is_open:
        lines.append(may_not or WAITS)
    else:
        why = f"Why: {row['reason']}." if row.get("reason") else "Why it was decided so was not written down."
        when = clock_of(row.get("decided"))
        lines.append(f"{row.get('status')} by {text_of(row.get('decided_by'))} at {when}. {why}")
    reasons = [event for event in floor.events if _is_about(event, row)]
    lines += [_reason_line(one) for one in reasons[-REASONS_SHOWN:]]
    before = [one for one in decided(floor) if one is not row and _is_alike(one, row)][:HISTORY_SHOWN]
    if before:
        lines.append("Decided before, of the same kind:")
        lines += [_decision_line(one) for one in before]
    return "\n".join(lines)


def _reason_line(event: Row) -> str:
    kind = name_of(str(event.get("type", "")).removeprefix("mes.").replace(".", " "))
    return f"  {clock_of(event.get('time'))} {kind}: {text_of(event.get('data'))}"


def _decision_line(row: Row) -> str:
    return f"  {row['id']} {change_of(row)}: {row.get('status')} by {text_of(row.get('decided_by'))}"


def _is_about(event: Row, request: Row) -> bool:
    data = event.get("data")
    own = data.get("change_request") if hasattr(data, "get") else None  # type: ignore[union-attr]
    serial = _detail(request, "serial")
    return str(own) == str(request["id"]) or (bool(serial) and str(event.get("subject")) == serial)


def _is_alike(one: Row, other: Row) -> bool:
    named = ("characteristic", "parameter", "product")
    return one.get("kind") == other.get("kind") and all(_detail(one, name) == _detail(other, name) for name in named)


def _detail(row: Row, name: str) -> str:
    details = row.get("details")
    return str(details.get(name, "")) if hasattr(details, "get") else ""  # type: ignore[union-attr]


def _request_cells(row: Row, wall_s: float) -> tuple[str, ...]:
    board = f"board {_detail(row, 'serial')}" if _detail(row, "serial") else ""
    where = row.get("equipment") or row.get("line") or board
    status = "▲ waits" if row.get("status") == OPEN else text_of(row.get("status"))
    by, age = text_of(row.get("by")), age_of(row.get("time"), wall_s)
    return str(row["id"]), text_of(row.get("kind")), change_of(row), text_of(where), by, age, status


def _call_cells(row: Row, wall_s: float) -> tuple[str, ...]:
    status = "▲ open" if row.get("status") == OPEN else "▶ taken"
    age, team, where = age_of(row.get("time"), wall_s), text_of(row.get("team")), text_of(row.get("equipment"))
    return str(row["id"]), age, team, where, text_of(row.get("text")), status, text_of(row.get("by"))


def station_cells(row: Row, elsewhere: Elsewhere, floor: Floor) -> tuple[str, ...]:
    order = next((one for one in floor.rows("orders") if one.get("equipment") == row["id"]), None)
    job = order.get("id") if order else None
    who = ", ".join(str(one["id"]) for one in floor.rows("people") if job is not None and one.get("job") == job)
    station = str(row["id"])
    here = (*voice_cells(elsewhere.at(station)), elsewhere.words_of(station)[:LAST_WIDTH])
    return (
        station, text_of(row.get("line")), state_of(row), who or BLANK, text_of(job), progress_of(order), *here,
    )  # fmt: skip


def voice_cells(seen: Seen | None) -> tuple[str, ...]:
    """Noise, share of what was said and not understood, actions that were not sent."""
    if seen is None:
        return (BLANK, BLANK, BLANK)
    said = [turn for turn in seen.turns if turn.heard and turn.outcome in {"understood", "ambiguous", "rejected"}]
    misheard = sum(turn.outcome != "understood" for turn in said)
    noise = f"{seen.noise_db:.0f} dB" if seen.has_ears else BLANK
    return noise, f"{misheard} of {len(said)}" if said else BLANK, str(seen.n_unsent)


def figure_rows(floor: Floor) -> list[tuple[str, tuple[str, ...]]]:
    """Each key figure with what it is made of, so that it can be checked."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for (kpi, line), row in sorted(floor.figures.items(), key=lambda one: (one[0][1], KPIS.index(one[0][0]))):
        value = row.get("value")
        now = f"{text_of(value)} {text_of(row.get('unit'))}" if value is not None else "no data"
        made = text_of(row.get("elements"))
        found.append((f"{kpi} {line}", (line, name_of(kpi), now, spark_of(list(floor.history[kpi, line])), made)))
    return found


def report_text(report: Row) -> str:
    if not report:
        return "The MES tells nothing of the last shift."
    parts = (_report_lines(name_of(name).capitalize(), value) for name, value in report.items())
    return "\n".join(line for part in parts for line in part)


def _report_lines(name: str, value: SlotData) -> list[str]:
    """A list is a line for each of its parts."""
    parts = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    texts = [text_of(part) for part in parts] or ["none"]
    return [f"{name if number == 0 else '':<18} {text}" for number, text in enumerate(texts)]


def link_line(floor: Floor, now_s: float, n_lines: int) -> str:
    shown = f"{n_lines} of {min(floor.n_events, len(floor.events))} events. Enter: why did it happen?"
    match floor.link:
        case "live":
            return f"● live   {shown}"
        case "lost":
            return f"▲ LOST for {now_s - floor.lost_s:.0f} s, trying again   {shown}"
        case _:
            return f"○ connecting   {shown}"
