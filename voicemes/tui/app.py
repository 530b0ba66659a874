"""The application: three views of one session and one plant, a question bar and a line to type into."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias

from textual.app import App, ComposeResult, ScreenStackError
from textual.binding import Binding
from textual.containers import Vertical
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import Button, ContentSwitcher, DataTable, HelpPanel, Input

from voicemes.errors import MesError, VoicemesError
from voicemes.events import TurnEnded
from voicemes.intents import able, may
from voicemes.model import Key, Scope
from voicemes.nlu.explain import Attempt, nearest
from voicemes.ports import AudioSource
from voicemes.runtime.button import button
from voicemes.runtime.collected import collect
from voicemes.runtime.floor import Floor
from voicemes.runtime.secrets import asks_for_secret
from voicemes.runtime.session import Session
from voicemes.tui.chain import ChainScreen
from voicemes.tui.commands import Everything
from voicemes.tui.elsewhere import Elsewhere, StationScreen
from voicemes.tui.event_list import EventList
from voicemes.tui.integrator import Collected, IntegratorView
from voicemes.tui.key_line import KeyLine
from voicemes.tui.line import Line
from voicemes.tui.operator import OperatorView
from voicemes.tui.question import QuestionBar
from voicemes.tui.seen import Seen
from voicemes.tui.sentence import Sentence
from voicemes.tui.supervisor import PANES, Chose, EventsPane, SupervisorView, open_calls, waiting
from voicemes.tui.themes import DARK, THEMES

View: TypeAlias = Literal["operator", "supervisor", "integrator"]
VIEWS: tuple[View, ...] = ("operator", "supervisor", "integrator")
DRAW_S = 0.1
"""Ten times a second is as fast as a person sees."""
CLOCK_S = 0.25
MAX_WAITING = 8
"""Inputs that wait for the turn at hand; more is somebody leaning on a key."""
SHOWN_TROUBLES = {"microphone": "The microphone is gone", "mes": "The MES"}


class Screens(App[None]):
    """Shows a session and a floor. Every input goes to the session, one after the other."""

    CSS_PATH = "screens.tcss"
    TITLE = "voicemes"
    AUTO_FOCUS = None
    """The view that is looked at takes the keys, not the line to type into."""
    COMMANDS = App.COMMANDS | {Everything}
    BINDINGS = [
        Binding("f2", "view('operator')", "Operator"),
        Binding("f3", "view('supervisor')", "Supervisor"),
        Binding("f4", "view('integrator')", "Integrator"),
        # Before the letters that follow are given to anybody: a scanner is quick, and in a question a "y" is an answer.
        Binding("slash", "sentence", "Type a sentence", key_display="/", priority=True),
        Binding("y", "press('yes')", "Yes"),
        Binding("n", "press('no')", "No"),
        Binding("c", "press('cancel')", "Cancel"),
        Binding("r", "press('repeat')", "Repeat"),
        Binding("m", "mute", "Mute"),
        Binding("space", "push", "Push to talk"),
        Binding("f1", "keys", "Keys"),
        Binding("escape", "leave", "Back", show=False),
        *(Binding(str(n), f"pane('{name}')", title, show=False) for n, (name, title) in enumerate(PANES.items(), 1)),
    ]

    def __init__(
        self,
        session: Session,
        floor: Floor,
        seen: Seen,
        view: View = "operator",
        source: AudioSource | None = None,
        play: Callable[[], Awaitable[None]] | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """`seen` must observe the session's bus. `source` is heard while the screens are up, or `play` is done."""
        super().__init__()
        self.session, self.floor, self.seen = session, floor, seen
        self.elsewhere = elsewhere or Elsewhere(seen)
        self.animation_level = "none"  # nobody waits for what only moves
        self._view, self._source, self._play = view, source, play
        self._inputs: asyncio.Queue[Callable[[], Awaitable[object]]] = asyncio.Queue(MAX_WAITING)
        self._drawn = (-1, -1, -1, "")

    def compose(self) -> ComposeResult:
        yield Line(id="top")
        yield Line(id="banner", hides=True)
        with ContentSwitcher(initial=self._view, id="views"):
            with Vertical(id="operator"):
                yield OperatorView()
            with Vertical(id="supervisor"):
                yield SupervisorView()
            with Vertical(id="integrator"):
                yield IntegratorView(self._explain)
        yield QuestionBar(id="question")
        yield Sentence()
        yield KeyLine()

    def on_load(self) -> None:
        """Before anything has colours: to change them takes a third of a second."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK.name

    def on_mount(self) -> None:
        self.run_worker(self._work(), name="inputs")
        self.run_worker(self.elsewhere.follow(), name="elsewhere")
        if self._source is not None:
            self.run_worker(self._hear(self._source), name="hearing")
        elif self._play is not None:
            self.run_worker(self._play(), name="play")
        else:  # whoever hears looks at the clock, too
            self.set_interval(CLOCK_S, self._look_at_clock)
        self.set_interval(DRAW_S, self.draw)

    def on_ready(self) -> None:
        self._focus_view()

    @property
    def base(self) -> Screen[object]:
        """The screen below whatever is open over it."""
        return self.screen_stack[0]

    # --- what is shown -----------------------------------------------------------------------------------------------

    def draw(self) -> None:
        """Only where something changed; the clock changes every second."""
        with contextlib.suppress(NoMatches, ScreenStackError):  # the timer begins before all is there, and outlives it
            self._draw()

    def _draw(self) -> None:
        focus_and_second = f"{self._view}{id(self.focused)}{self.session.clock.now_s():.0f}"
        state = (self.seen.revision, self.floor.revision, self.elsewhere.revision, focus_and_second)
        if state == self._drawn and self.session.left_s is None:
            return
        self._drawn = state
        self.base.query_one(EventList).show(self.floor)  # also unseen: thousands at once would take their time
        self.base.query_one(KeyLine).show(self.base.active_bindings, is_asked=self.seen.question is not None)
        now_s, wall_s = self.session.clock.now_s(), self.session.clock.wall_s()
        match self._view:
            case "operator":
                self.base.query_one(OperatorView).show(self.seen, self.floor)
            case "supervisor":
                view = self.base.query_one(SupervisorView)
                view.show(self.elsewhere, self.floor, now_s, wall_s, self._may_not("request.approve"))
            case "integrator":
                self.base.query_one(IntegratorView).show(self.seen)
        self.base.query_one("#top", Line).show(self._top())
        self.base.query_one("#banner", Line).show(self._banner())
        self.base.query_one(Sentence).password = asks_for_secret(self.session.state.scope, self.session.matcher.catalog)
        bar = self.base.query_one(QuestionBar)
        bar.show(self.seen, self.floor, self.session.left_s, is_last=self.session.state.unheard > 0)

    def _may_not(self, intent: str) -> str:
        """Why the person at this screen cannot do it, and who can; empty where they can."""
        known, live = self.session.matcher.catalog.intents.get(intent), self.session.matcher.live
        operator = self.session.state.operator_id
        if known is None or may(known.role, self.session.state.roles(live)):
            return ""
        who = f"You are {operator}, {self._role()}" if operator else "Nobody is known here"
        others = " or ".join(able(known.role, live.roles)) or f"a {known.role}"
        return f"WAITS FOR A {known.role.upper()}. {who}: you may not decide. Ask {others}."

    def _role(self) -> str:
        return ", ".join(self.session.state.roles(self.session.matcher.live))

    def _top(self) -> str:
        seen, floor = self.seen, self.floor
        who = f"{seen.operator} ({self._role()}) at {seen.station}" if seen.operator else f"nobody at {seen.station}"
        n_taken = len(floor.rows("calls")) - len(open_calls(floor))
        link = {"live": "● live", "lost": "▲ stream lost", "connecting": "○ connecting"}[floor.link]
        calls = f"{counted(len(open_calls(floor)), 'call')} open, {n_taken} taken"
        todo = f"{counted(len(waiting(floor)), 'request')} to decide · {calls}"
        return f"{self._view.upper()} VIEW   {who}   {link}   {todo}"

    def _banner(self) -> str:
        troubles = [f"▲ {SHOWN_TROUBLES.get(part, part)}: {why}" for part, why in self.seen.troubles.items()]
        if self.floor.trouble:
            troubles.append(f"▲ What is shown is old: {self.floor.trouble}")
        return "\n".join(troubles[-2:])

    # --- what is put in ----------------------------------------------------------------------------------------------

    def put(self, action: Callable[[], Awaitable[object]]) -> None:
        """Done after what was put in before."""
        try:
            self._inputs.put_nowait(action)
        except asyncio.QueueFull:
            self.notify("Too fast: wait for the answer.", severity="warning")

    def say(self, text: str) -> None:
        self.put(lambda: self._type(text))

    async def _type(self, text: str) -> TurnEnded:
        """Side talk is met with silence; who types wants to know."""
        ended = await self.session.type(text)
        if ended.outcome == "rejected" and not ended.answer:
            self.notify(f"Not understood: “{ended.heard}”. Nothing was done. “help” says what can be said.")
        return ended

    def action_press(self, key: Key) -> None:
        self.put(lambda: self.session.press(key))

    def action_mute(self) -> None:
        if not self.seen.has_ears:
            self.notify("There is no microphone here.")
            return
        self.session.mute(is_muted=not self.session.is_muted)

    def action_push(self) -> None:
        self.session.push()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that mean nothing here are not shown."""
        del parameters
        if action == "sentence":
            return not isinstance(self.focused, Input)
        return action != "push" or self.session.settings.audio.listen == "push"

    def action_view(self, view: View) -> None:
        self._view = view
        self.base.query_one("#views", ContentSwitcher).current = view
        self.draw()
        self._focus_view()

    def action_pane(self, name: str) -> None:
        if self._view != "supervisor":
            self.action_view("supervisor")
        self.base.query_one(SupervisorView).open_pane(name)

    def action_sentence(self) -> None:
        while len(self.screen_stack) > 1:  # what is open over the line would take the letters
            self.pop_screen()
        sentence = self.base.query_one(Sentence)
        sentence.sayable.examples = self.sayable()
        self.base.set_focus(sentence)  # at once: the next letter must not be taken for a key

    def action_leave(self) -> None:
        self.action_hide_help_panel()
        self._focus_view()

    def action_keys(self) -> None:
        """The same key opens and closes it."""
        if self.screen.query(HelpPanel):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if isinstance(event.input, Sentence) and event.value.strip():
            self.say(event.value.strip())
            event.input.sent(event.value.strip())
        self._focus_view()

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.input.id == "event-filter":
            self.base.query_one(EventList).filter(event.value)
            self.base.query_one(EventsPane).show(self.floor, self.session.clock.now_s())

    def on_button_pressed(self, event: Button.Pressed) -> None:
        kind, _, key = (event.button.id or "").partition("-")
        if kind == "press":
            self.action_press(key)  # type: ignore[arg-type]
            self._focus_view()

    def on_chose(self, message: Chose) -> None:
        self.put(lambda: self.session.choose(message.intent, message.slots))

    def on_collected(self, message: Collected) -> None:
        try:
            file = collect(self.session.settings.trace_folder.parent, message.say, message.intent)
        except VoicemesError as exc:
            self.notify(str(exc), severity="error")
            return
        what = f"an example of {message.intent}" if message.intent else "rightly refused"
        self.notify(f"“{message.say}” is {what}: {file}")

    async def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        if event.data_table.id == "station-rows" and event.row_key.value:
            await self.push_screen(StationScreen(event.row_key.value, self.elsewhere))
        elif event.data_table.id == "requests":
            self.notify("a approves, x rejects. You are asked once more before anything is written.")

    async def on_event_list_chosen(self, message: EventList.Chosen) -> None:
        self.run_worker(self._show_chain(message), exclusive=True, group="chain")

    async def _show_chain(self, message: EventList.Chosen) -> None:
        try:
            events = await self.floor.chain(message.event)
        except MesError as exc:
            self.notify(str(exc), severity="error")
            return
        await self.push_screen(ChainScreen(message.event, events))

    # --- what runs meanwhile -----------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            action = await self._inputs.get()
            try:
                done = await action()
            except VoicemesError as exc:
                self.notify(str(exc), severity="error", timeout=10)
                continue
            if isinstance(done, TurnEnded) and done.mes:
                self.floor.read_soon()

    async def _look_at_clock(self) -> None:
        if self._inputs.empty():
            self.put(self.session.look_at_clock)

    async def _hear(self, source: AudioSource) -> None:
        try:
            with button(self.session.push):
                await self.session.hear(source)
        except VoicemesError as exc:
            self.notify(str(exc), severity="error", timeout=10)

    def _explain(self, text: str) -> list[Attempt]:
        matcher = self.session.matcher
        return nearest(matcher.tokens(text), Scope(), matcher)

    def sayable(self) -> list[str]:
        """One example of each way to say what may be said by this person."""
        matcher = self.session.matcher
        return [
            example.say
            for intent in matcher.catalog.intents.values()
            if matcher.hears(intent)
            for example in intent.examples
        ]

    def _focus_view(self) -> None:
        match self._view:
            case "supervisor":
                self.base.query_one(SupervisorView).focus_pane()
            case "operator":
                self.base.query_one("#turns").focus()
            case "integrator":
                self.base.query_one("#refusals").focus()


def counted(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
