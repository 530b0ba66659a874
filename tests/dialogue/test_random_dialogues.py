"""Whatever is said, pressed and answered, in whatever order: what must never happen does not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from talk import LIVE, Talk

from voicemes.dialogue.policy import YES_MAX_AGE_S, policy_for
from voicemes.dialogue.state import DialogueState
from voicemes.dialogue.submit import DROP
from voicemes.intents import may
from voicemes.model import (
    Accepted,
    Ambiguous,
    Answered,
    Candidate,
    Heard,
    Identified,
    Input,
    Live,
    MesCommand,
    NotUnderstood,
    Parse,
    Pressed,
    Reference,
    Rejected,
    Reply,
    Saved,
    Scope,
    SlotValue,
    TimedOut,
    Transcript,
    Understood,
    Unknown,
    Unsaved,
    Unsent,
)
from voicemes.nlu.interpret import interpret
from voicemes.nlu.match import Matcher

SENTENCES = (
    "scrap two solder bridge", "scrap four", "report scrap", "scrap three crack on order 4712", "finished fifty good",
    "finished fifty good and two scrap", "start order 4712", "start order 4799", "begin a new order",
    "call maintenance to press three", "printer two is down", "what's my next job", "next step", "go back one step",
    "log a defect", "torque is one point five newton meters", "order material",
    "yes", "affirm", "no", "cancel", "help", "repeat", "undo", "never mind",
    "no, three", "correction crack", "correction order 4712", "correction order 4799", "no, five", "three not two",
    "four", "solder bridge", "4711", "4799", "feeder jam", "two rolls", "next", "nice weather today", "",
    "hold order 4712", "release lot 88", "abort order 4711", "one two", "one one", "eight eight", "badge 2106", "9274",
    "badge 2101", "spell that", "not so fast", "stand by", "wake up", "and yesterday", "correction it was oven two",
    "someone is hurt", "why is that", "back", "first", "fifteen good", "what happened in my shift",
)  # fmt: skip
NOISE = Transcript("mumble", "asr", confidence=0.1)
TOO_LOUD = NotUnderstood("too_loud", Transcript("scrap four", "asr", range_db=3.0))
MES = {
    "accepted": lambda command_id: Accepted(command_id, {"job": "4712", "number": 2, "alert": "A-7", "person": "Ben"}),
    "signed": lambda command_id: Accepted(command_id, {"job": "4712", "person": "Farid"}),
    "empty": Accepted,
    "rejected": lambda command_id: Rejected(command_id, "no", "No."),
    "unsent": lambda command_id: Unsent(command_id, "cut"),
    "unknown": lambda command_id: Unknown(command_id, "lost"),
    "saved": lambda command_id: Saved(command_id, "cut"),
    "unsaved": lambda command_id: Unsaved(command_id, "full"),
}
ROLES = {"Ana": ("operator",), "Ben": ("operator",), "Farid": ("supervisor",), "Grace": ("quality",)}
PLANTS = (
    replace(LIVE, roles=ROLES), Live(roles=ROLES), Live({"job": (Reference("4712"),)}, {"job": "4712"}, ROLES),
)  # fmt: skip
SAY_AGAIN = {"not_heard", "too_loud", "microphone_clipped", "microphone_faint"}
QUIET = SAY_AGAIN | {
    "yes_too_old", "help_confirming", "help_checking", "check_digits", "wrong_digits", "look_at_screen",
}  # fmt: skip
"""What may be said between a read-back and its yes."""
OF_ITSELF = {"andon.call", "person.identify"}
"""Operations that nobody has to confirm: the call for a supervisor, and a badge."""
QUESTIONS = {"filling", "choosing", "confirming", "checking"}

OPENINGS = (
    "scrap two solder bridge", "report scrap", "finished fifty good and two scrap", "start order 4712", "next step",
    "hold order 4712", "release lot 88", "abort order 4711",
)  # fmt: skip
GOING_ON = {"filling": "four", "confirming": "yes", "checking": "one two", "choosing": "first", "standby": "wake up"}
ANSWERS = {"defect": "solder bridge", "badge": "badge 2106", "pin": "9274"}
"""What leads on; what is asked for in vain is dropped in the end."""

go_on = st.tuples(st.just("go on"), st.sampled_from(OPENINGS), st.booleans(), st.booleans())
disturbances = st.one_of(
    st.tuples(st.just("hear"), st.sampled_from(SENTENCES), st.booleans(), st.booleans()),
    st.tuples(st.just("comes"), st.sampled_from(["", "Ana", "Ben", "Farid"])),
    st.tuples(st.just("yes"), st.sampled_from(["key", "voice"])),
    st.tuples(st.just("not heard"), st.sampled_from(["too_loud", "clipped", "faint", "echo"])),
    st.tuples(st.just("press"), st.sampled_from(["yes", "no", "cancel", "repeat", "help"])),
    st.tuples(st.just("either"), st.sampled_from(["correct", "answer", "job.next"])),
    st.tuples(st.just("answer"), st.sampled_from(sorted(MES)), st.booleans()),
    st.tuples(st.just("silence")),
    st.tuples(st.just("wait"), st.floats(0, 40)),
    st.tuples(st.just("plant"), st.sampled_from(PLANTS)),
)
moves = st.lists(st.one_of(go_on, go_on, disturbances), min_size=10, max_size=40)
"""Half-way sensible, so that every corner is come to."""


MOST_ANSWERS = 3


class Watcher:
    """Plays moves, and looks after each at what must hold."""

    def __init__(self, matcher: Matcher) -> None:
        self.talk = Talk(matcher, PLANTS[0])
        self.ids: set[str] = set()
        self.question: Reply | None = None
        """The last thing said that a yes could be meant for."""
        self.asked_s = float("-inf")
        self.saved: set[str] = set()
        """Commands that are in the outbox."""

    def play(self, move: tuple) -> None:  # noqa: C901 - one flat match
        match move:
            case "hear", text, while_speaking, by_ear:
                self.hear(text, while_speaking=while_speaking, by_ear=by_ear)
            case "go on", opening, while_speaking, by_ear:
                self.go_on(opening, while_speaking=while_speaking, by_ear=by_ear)
            case "comes", person:
                self.take(Identified(person))
            case "yes", how:
                self.take(Pressed("yes") if how == "key" else Heard(_yes()))
            case "not heard", reason:
                self.take(Heard(replace(TOO_LOUD, reason=reason)))
            case "press", key:
                self.take(Pressed(key))
            case "either", name:
                self.take(Heard(_either(name)))
            case "answer", kind, is_own:
                command = self.talk.state.command
                self.take(Answered(MES[kind](command.command_id if command and is_own else "another")))
            case ("silence",):
                self.take(TimedOut())
            case "wait", seconds:
                self.talk.now_s += seconds
            case "plant", live:
                self.talk.live = live

    def hear(self, text: str, *, while_speaking: bool, by_ear: bool) -> None:
        self.take(Heard(parse_of(self.talk.matcher, text, self.talk.state.scope, by_ear), while_speaking))

    def go_on(self, opening: str, *, while_speaking: bool, by_ear: bool) -> None:
        """The natural next thing."""
        state = self.talk.state
        if state.command is not None:
            kind = "signed" if state.command.operation == "person.identify" else "accepted"
            self.take(Answered(MES[kind](state.command.command_id)))
        else:
            text = ANSWERS.get(state.asking) or GOING_ON.get(state.phase, opening)
            self.hear(text, while_speaking=while_speaking, by_ear=by_ear)

    def take(self, given: Input) -> None:
        before = self.talk.state
        self.note_saved(given, before)
        self.talk.take(given)
        if before.phase == "waiting" and not is_answer(given, before):
            assert (self.talk.state, self.talk.effects) == (before, ())
        command = self.talk.command
        if command is not None:
            self.check_command(command, given)
        self.check_state()
        for reply in self.talk.replies:
            if reply.key not in QUIET:
                self.question = reply
            if reply.key not in SAY_AGAIN:  # it does not make the question younger
                self.asked_s = self.talk.now_s

    def note_saved(self, given: Input, before: DialogueState) -> None:
        match given:
            case Answered(Saved(command_id)) if is_answer(given, before):
                self.saved.add(command_id)
            case Answered(Accepted()) if is_answer(given, before) and before.command.operation == DROP:
                self.saved.remove(str(before.command.fields["command"]))

    def check_command(self, command: MesCommand, given: Input) -> None:
        state = self.talk.state
        assert sum(effect.__class__.__name__ == "Submit" for effect in self.talk.effects) == 1
        assert (state.phase, state.command) == ("waiting", command)
        assert command.command_id not in self.ids
        self.ids.add(command.command_id)
        if command.operation == DROP:
            assert command.fields["command"] in self.saved, "what is taken out of the outbox is in it"
            return
        if state.pending is None or command.operation in OF_ITSELF:
            assert command.operation.endswith(".undo") or command.operation in OF_ITSELF
            return
        intent = self.talk.matcher.catalog.intent(state.pending.intent)
        assert policy_for(intent).way in {"at_once", "read_back"}
        roles = self.talk.live.roles.get(command.operator_id, ("operator",))
        assert not intent.action.is_write or may(intent.role, roles), "whoever answers for it may do it"
        assert (command.asked_by != "") == (state.signer != "")
        if policy_for(intent).way == "read_back":
            assert is_consent(given, self.talk.state.by_ear, needs_check=policy_for(intent).needs_check)
            assert self.question is not None
            assert self.question.key == f"{intent.name}/confirm"
            assert command.fields.items() <= self.question.values.items(), "what was read back, and nothing else"
            assert self.talk.now_s - self.asked_s <= YES_MAX_AGE_S
            self.question = None

    def check_state(self) -> None:
        state = self.talk.state
        assert (state.command is not None) == (state.phase == "waiting")
        if state.phase == "idle":
            assert (state.pending, state.held, state.signer, state.asking, state.unheard) == (None, None, "", "", 0)
        for listens in self.talk.listens:
            assert (listens.timeout_s is not None) == (state.phase in QUESTIONS), "every wait has a time-out"
        if state.phase in {"filling", "confirming"}:
            assert state.pending is not None
            assert (state.asking != "") == (state.phase == "filling")


def is_answer(given: Input, before: DialogueState) -> bool:
    is_own = isinstance(given, Answered) and before.command is not None
    return is_own and given.reply.command_id == before.command.command_id


def is_consent(given: Input, by_ear: bool, *, needs_check: bool) -> bool:
    """A clear yes: a key, or a word that was not our own; by ear, what touches others needs its digits."""
    match given:
        case Pressed("yes"):
            return True
        case Heard(Understood(Candidate(name)), False):
            return name == "check" if needs_check and by_ear else name in {"affirm", "check"}
        case _:
            return False


def _yes() -> Parse:
    return Understood(Candidate("affirm", (), 1.0, "grammar"), Transcript("yes", "keyboard"))


def _either(name: str) -> Parse:
    """Two readings of one sentence."""
    both = (SlotValue("quantity", 5, "five"), SlotValue("scrap", 5, "five"))
    slots = (SlotValue("equipment", "SPP-1", "printer one"), SlotValue("equipment", "SPP-2", "printer two"))
    slots = slots if name == "job.next" else both
    return Ambiguous(tuple(Candidate(name, (slot,), 1.0, "grammar") for slot in slots), Transcript("five", "keyboard"))


@cache
def parse_of(matcher: Matcher, text: str, scope: Scope, by_ear: bool) -> Parse:
    """Without a MES any well-formed id is understood; whether it exists is the dialogue's business."""
    engine = "asr" if by_ear else "keyboard"
    return interpret(Transcript(text, engine) if text else NOISE, scope, matcher)


@pytest.mark.parametrize("part", range(4))
@settings(max_examples=500)
@given(data=st.data())
def test_no_order_of_events_breaks_a_promise(matcher: Matcher, part: int, data: st.DataObject) -> None:
    """Two thousand dialogues of up to forty events each, in four parts that run side by side."""
    del part
    watcher = Watcher(matcher)
    for move in data.draw(moves):
        watcher.play(move)
    assert len(watcher.ids) == watcher.talk.state.n_commands
    find_the_way_out(watcher)


def find_the_way_out(watcher: Watcher) -> None:
    """Wherever it is: with an answer of the MES, a while of silence and a key it is idle again."""
    for _ in range(MOST_ANSWERS):
        command = watcher.talk.state.command
        if command is None:
            break
        watcher.take(Answered(Rejected(command.command_id, "no", "No.")))
    for _ in range(2):
        watcher.take(TimedOut())
    if watcher.talk.state.phase == "standby":
        watcher.take(Pressed("yes"))
    assert watcher.talk.state.phase == "idle"


@given(moves)
def test_the_same_events_come_to_the_same_end(matcher: Matcher, played: list[tuple]) -> None:
    first, second = Watcher(matcher), Watcher(matcher)
    for move in played:
        first.play(move)
        second.play(move)
        assert first.talk.effects == second.talk.effects
    assert first.talk.state == second.talk.state
