"""The dialogue: step(rules, state, input, now_s) -> Step(state, effects).

Pure. Every input in every phase has an answer, and every wait has a time-out. An action is submitted here and nowhere
else: at once where the policy lets it (R0, R1), or for an explicit, timely "yes" to a read-back (R2), and its check
digits (R3).
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from voicemes.dialogue import answers, asides, confirm, signing, submit
from voicemes.dialogue.policy import MAX_UNHEARD, QUESTION_S
from voicemes.dialogue.prepare import back, filled, prepare
from voicemes.dialogue.state import DialogueState, Pending, Rules, Step
from voicemes.dialogue.submit import finish, listen, say_and_listen
from voicemes.intents import ANYONE
from voicemes.model import (
    Ambiguous,
    Answered,
    Candidate,
    Forget,
    ForgetReason,
    Heard,
    Identified,
    Input,
    Key,
    NotUnderstood,
    Parse,
    Pressed,
    Reply,
    TimedOut,
    Told,
    Understood,
)

TYPED = frozenset({"keyboard", "screen"})
"""Engines of transcripts that nobody can have misheard."""
BLAME_EVERY_S = 300.0
"""The microphone is told of no more often than this."""
CONSENT = frozenset({"affirm", "check"})
ANSWERS = frozenset({"answer", "first", "second"})
"""Said while the system itself speaks, both may be its own voice: a consent is none, and what is answered is read back
before it is written.
"""
KEY_WORDS: dict[Key, str] = {"yes": "affirm", "no": "deny", "cancel": "cancel", "repeat": "repeat", "help": "help"}


def step(rules: Rules, state: DialogueState, given: Input, now_s: float) -> Step:
    """What the dialogue does about one input. Never raises for anything a person or a MES can do."""
    match given:
        case Answered(reply):
            return signing.answered(rules, state, reply, now_s) or answers.answered(rules, state, reply, now_s)
        case _ if state.phase == "waiting":
            return Step(state)
        case Heard(parse, while_speaking, is_cut):
            heard = replace(state, by_ear=parse.transcript.engine not in TYPED, is_cut=state.is_cut or is_cut)
            return _heard(rules, heard, parse, now_s, while_speaking=while_speaking)
        case Pressed(key, is_cut):
            return _pressed(rules, replace(state, by_ear=False, is_cut=state.is_cut or is_cut), key, now_s)
        case TimedOut():
            return _timed_out(state, now_s)
        case Identified(operator_id, role):
            return asides.hand_over(state, operator_id, role)
        case Told(reply):
            return say_and_listen(state, reply, now_s) if state.phase == "idle" else Step(state)
        case _ as never:
            assert_never(never)


def _heard(rules: Rules, state: DialogueState, parse: Parse, now_s: float, *, while_speaking: bool) -> Step:
    match parse:
        case Understood(candidate, transcript):
            return _understood(rules, state, candidate, transcript.text, now_s, while_speaking=while_speaking)
        case Ambiguous(candidates, transcript):
            return _ambiguous(rules, state, candidates, transcript.text, now_s, while_speaking=while_speaking)
        case NotUnderstood("echo"):
            return listen(state)
        case NotUnderstood("too_loud"):
            return say_and_listen(state, Reply("too_loud"), now_s, is_remembered=False, renews_question=False)
        case NotUnderstood("clipped" | "faint" as fault):
            return _blamed(state, fault, now_s)
        case NotUnderstood():
            return _unheard(state, now_s)
        case _ as never:
            assert_never(never)


def _pressed(rules: Rules, state: DialogueState, key: Key, now_s: float) -> Step:
    """A key counts like its word, and wakes a station that sleeps."""
    if state.phase == "standby":
        return asides.wake(state, now_s)
    return _word(rules, state, Candidate(KEY_WORDS[key], (), 1.0, "grammar"), now_s)


def _understood(
    rules: Rules, state: DialogueState, candidate: Candidate, text: str, now_s: float, *, while_speaking: bool
) -> Step:
    intent = rules.catalog.intents.get(candidate.intent)
    if intent is not None and state.phase == "idle":
        pending = _pending(rules, candidate, text)
        # Over our own voice it may be our own voice: what it would write is read back.
        return prepare(rules, state, replace(pending, is_guess=pending.is_guess or while_speaking), now_s)
    if intent is not None and intent.role == ANYONE and intent.action.is_write:  # need passes everything
        return _interrupt(rules, state, candidate, text, now_s)
    if while_speaking and candidate.intent in CONSENT:
        return Step(state)
    is_unheard = state.phase == "choosing" and state.is_cut and state.by_ear
    if is_unheard or (while_speaking and candidate.intent in ANSWERS):
        state = _in_doubt(state)
    return _word(rules, state, candidate, now_s)


def _in_doubt(state: DialogueState) -> DialogueState:
    """What is being prepared is read back, whatever it is."""
    pending = replace(state.pending, is_guess=True) if state.pending else None
    return replace(state, pending=pending, choices=tuple(replace(one, is_guess=True) for one in state.choices))


def _interrupt(rules: Rules, state: DialogueState, candidate: Candidate, text: str, now_s: float) -> Step:
    """What was being prepared is dropped; nothing of it was written."""
    dropped = [Forget(state.pending.intent, "replaced")] if state.pending else []
    idle = replace(state, phase="idle", pending=None, held=None, signer="", choices=(), asking="", unheard=0)
    taken = prepare(rules, idle, _pending(rules, candidate, text), now_s)
    return Step(taken.state, (*dropped, *taken.effects))


def _ambiguous(
    rules: Rules,
    state: DialogueState,
    candidates: tuple[Candidate, ...],
    text: str,
    now_s: float,
    *,
    while_speaking: bool,
) -> Step:
    """A correction that could mean two slots means the one that has a value; anything else is asked."""
    if state.phase == "idle" and all(candidate.intent in rules.catalog.intents for candidate in candidates):
        return _ask_which(rules, state, candidates, text, now_s)
    if state.phase == "checking":  # nothing is corrected any more, and a yes would be one to another question
        return listen(state)
    if state.pending:
        fitting = [c for c in candidates if c.slots and all(s.name in state.pending.slots for s in c.slots)]
        if len(fitting) == 1:
            return _understood(rules, state, fitting[0], text, now_s, while_speaking=while_speaking)
    names = [answers.describe(rules, candidate) for candidate in candidates[:2]]
    return say_and_listen(state, Reply("which", {"first": names[0], "second": names[-1]}), now_s)


def _pending(rules: Rules, candidate: Candidate, text: str) -> Pending:
    """What a language model found is prepared without what its read-back would not say."""
    by_model = candidate.route in {"llm", "clarify"}
    is_guess = candidate.route != "grammar" or text.rstrip().endswith("?")
    intent = rules.catalog.intent(candidate.intent)
    read_back = intent.say.get("confirm", "")
    is_said = {slot.name: not by_model or not read_back or f"{{{slot.name}}}" in read_back for slot in candidate.slots}
    slots = {slot.name: slot for slot in candidate.slots if is_said[slot.name]}
    return Pending(candidate.intent, slots, text, is_guess, by_model)


def _ask_which(
    rules: Rules, state: DialogueState, candidates: tuple[Candidate, ...], text: str, now_s: float
) -> Step:
    """"Did you mean …?", of the two likeliest readings or of the only one."""
    is_asked_again = len(candidates) > 1 or candidates[0].route != "grammar"
    pending = [_pending(rules, candidate, text) for candidate in candidates[:2]]
    choices = tuple(replace(one, is_guess=is_asked_again) for one in pending)
    names = [answers.describe(rules, candidate) for candidate in candidates[:2]]
    key = "which_of_two" if len(names) > 1 else "this"
    reply = Reply(key, {"first": names[0], "second": names[-1]})
    return say_and_listen(replace(state, phase="choosing", choices=choices), reply, now_s)


def _chosen(rules: Rules, state: DialogueState, word: str, now_s: float) -> Step:
    """The answer to "did you mean …?". Of two, "yes" means neither."""
    if word in {"deny", "cancel"}:
        return finish(state, Reply("not_meant"))
    number = {"first": 0, "second": 1, "affirm": 0 if len(state.choices) == 1 else -1}[word]
    if not 0 <= number < len(state.choices):
        return say_and_listen(state, state.last_said or Reply("help_choosing"), now_s)
    chosen = state.choices[number]
    return prepare(rules, replace(state, phase="idle", choices=(), unheard=0), chosen, now_s)


def _word(rules: Rules, state: DialogueState, candidate: Candidate, now_s: float) -> Step:
    """A word to the dialogue itself."""
    match candidate.intent, state.phase:
        case "affirm", "confirming":
            return confirm.affirmed(rules, state, now_s)
        case "check" | "affirm", "checking":
            return confirm.checked(rules, state, candidate, now_s)
        case "first" | "second" | "affirm" | "deny" | "cancel", "choosing":
            return _chosen(rules, state, candidate.intent, now_s)
        case "deny", "confirming" | "checking":
            return confirm.refused(state, now_s)
        case ("cancel", "confirming" | "checking" | "filling") | ("deny", "filling"):
            return _forget(state, "denied" if candidate.intent == "deny" else "cancelled")
        case ("correct", "confirming") | ("answer", "filling"):
            return filled(rules, state, candidate, now_s)
        case "back", "filling" | "confirming":
            return back(rules, state, now_s)
        case _:
            return _aside(rules, state, candidate, now_s)


def _aside(rules: Rules, state: DialogueState, candidate: Candidate, now_s: float) -> Step:
    """A word that does not answer what is being asked."""
    match candidate.intent, state.phase:
        case "repeat", _:
            return say_and_listen(state, state.last_said or Reply("nothing_to_repeat"), now_s)
        case "help", _:
            return say_and_listen(state, answers.help_reply(rules, state), now_s, is_remembered=False)
        case "undo", "idle":
            return submit.undo(rules, state, now_s)
        case "follow" | "why" | "amend", "idle":
            return asides.go_on(rules, state, candidate, now_s)
        case ("louder" | "softer" | "faster" | "slower" | "spell"), _:
            return asides.speak_otherwise(state, candidate.intent, now_s)
        case "standby", "idle":
            return asides.sleep(state)
        case "wake", "standby":
            return asides.wake(state, now_s)
        case _:
            return listen(state)


def _forget(state: DialogueState, why: ForgetReason) -> Step:
    """Says what became of it, in the reply of that name."""
    meant = state.held or state.pending
    assert meant is not None
    return finish(state, Reply(why), Forget(meant.intent, why))


def _unheard(state: DialogueState, now_s: float) -> Step:
    """Idle, nothing was said to us. In the middle of something the question stands: "say again?", twice at most."""
    if state.phase in {"idle", "standby"}:
        return listen(state)
    if state.unheard >= MAX_UNHEARD:
        return listen(state, QUESTION_S)
    asked = replace(state, unheard=state.unheard + 1)
    return say_and_listen(asked, Reply("not_heard"), now_s, is_remembered=False, renews_question=False)


def _blamed(state: DialogueState, fault: str, now_s: float) -> Step:
    """The microphone is told of now and then; where no question stands only when it is too close, since what is faint
    was probably not for us.
    """
    is_due = state.blamed_s is None or now_s - state.blamed_s >= BLAME_EVERY_S
    if not is_due or state.phase == "standby" or (state.phase == "idle" and fault == "faint"):
        return _unheard(state, now_s)
    told = replace(state, blamed_s=now_s)
    return say_and_listen(told, Reply(f"microphone_{fault}"), now_s, is_remembered=False, renews_question=False)


def _timed_out(state: DialogueState, now_s: float) -> Step:
    """A question that nobody answers is asked once more and then dropped."""
    if state.phase == "idle" and state.rests_after_s is not None:
        return asides.rest(state)
    if state.phase == "idle" or (state.pending is None and not state.choices):
        return listen(state)
    if state.unheard == 0 and state.last_said is not None:
        return say_and_listen(replace(state, unheard=1), state.last_said, now_s)
    if state.choices:
        return finish(state, Reply("timed_out"))
    return _forget(state, "timed_out")
