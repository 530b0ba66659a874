"""The dialogue: step(rules, state, input, now_s) -> Step(state, effects).

Pure. Every input in every phase has an answer, and every wait has a time-out. An action is submitted here and nowhere
else: at once where the policy lets it (R0, R1), or for an explicit, timely "yes" to a read-back (R2).
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from voicemes.dialogue import answers, submit
from voicemes.dialogue.policy import MAX_UNHEARD, QUESTION_S, YES_MAX_AGE_S, Policy, policy_for
from voicemes.dialogue.slots import as_meant, complete, first_missing, first_unknown, mentioned
from voicemes.dialogue.state import DialogueState, Pending, Rules, Step
from voicemes.dialogue.submit import finish, listen, say, say_and_listen
from voicemes.intents import Intent, may
from voicemes.model import (
    Ambiguous,
    Answered,
    Candidate,
    Forget,
    Heard,
    Input,
    Key,
    Pressed,
    Reply,
    SlotSource,
    TimedOut,
    Told,
    Understood,
)

KEY_WORDS: dict[Key, str] = {"yes": "affirm", "no": "deny", "cancel": "cancel", "repeat": "repeat", "help": "help"}


def step(rules: Rules, state: DialogueState, given: Input, now_s: float) -> Step:
    """What the dialogue does about one input. Never raises for anything a person or a MES can do."""
    match given:
        case Answered(reply):
            return answers.answered(rules, state, reply, now_s)
        case _ if state.phase == "waiting":
            return Step(state)
        case Heard(Understood(candidate, transcript), while_speaking):
            return _understood(rules, state, candidate, transcript.text, now_s, while_speaking=while_speaking)
        case Heard(Ambiguous(candidates, transcript), while_speaking):
            return _ambiguous(rules, state, candidates, transcript.text, now_s, while_speaking=while_speaking)
        case Heard():
            return _unheard(state, now_s)
        case Pressed(key):
            return _word(rules, state, Candidate(KEY_WORDS[key], (), 1.0, "grammar"), now_s)
        case TimedOut():
            return _timed_out(state, now_s)
        case Told(reply):
            return say_and_listen(state, reply, now_s) if state.phase == "idle" else Step(state)
        case _ as never:
            assert_never(never)


def _understood(
    rules: Rules, state: DialogueState, candidate: Candidate, text: str, now_s: float, *, while_speaking: bool
) -> Step:
    if candidate.intent in rules.catalog.intents and state.phase == "idle":
        return prepare(rules, state, _pending(rules, candidate, text), now_s)
    if while_speaking and candidate.intent == "affirm":
        return Step(state)
    return _word(rules, state, candidate, now_s)


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
    choices = tuple(replace(_pending(rules, candidate, text), is_guess=True) for candidate in candidates[:2])
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
            return _affirmed(rules, state, now_s)
        case "first" | "second" | "affirm" | "deny" | "cancel", "choosing":
            return _chosen(rules, state, candidate.intent, now_s)
        case ("deny", "confirming") | ("cancel", "confirming" | "filling") | ("deny", "filling"):
            why = "denied" if candidate.intent == "deny" else "cancelled"
            return _forget(state, why, why)
        case ("correct", "confirming") | ("answer", "filling"):
            return _filled(rules, state, candidate, now_s)
        case "repeat", _:
            return say_and_listen(state, state.last_said or Reply("nothing_to_repeat"), now_s)
        case "help", _:
            return say_and_listen(state, answers.help_reply(rules, state), now_s, is_remembered=False)
        case "undo", "idle":
            return submit.undo(rules, state, now_s)
        case _:
            return listen(state)


def prepare(rules: Rules, state: DialogueState, pending: Pending, now_s: float) -> Step:
    """Brings an action as far as it can go: to a question, to its read-back, or to its submission."""
    intent = rules.catalog.intent(pending.intent)
    policy = policy_for(intent, is_guess=pending.is_guess, by_model=pending.by_model)
    refusal = _refusal(rules, state, intent, policy)
    if refusal:
        return finish(state, refusal)
    slots = complete(intent, pending.slots, state, rules.live)
    pending = replace(pending, slots=slots)
    if intent.action.is_local:
        return finish(state, answers.help_about(rules, str(pending.values.get("text", ""))))
    unknown = first_unknown(intent, slots, rules)
    if unknown:
        forgotten = [Forget(intent.name, "replaced")] if state.pending else []
        return finish(state, _no_such(unknown), *forgotten)
    state = replace(state, pending=pending, context={**state.context, **mentioned(intent, slots)})
    missing = first_missing(intent, slots)
    if missing:
        asking = replace(state, phase="filling", asking=missing.name)
        return say_and_listen(asking, Reply(f"{intent.name}/ask.{missing.name}", pending.values), now_s)
    if policy.way == "read_back":
        confirming = replace(state, phase="confirming", asking="")
        return say_and_listen(confirming, Reply(f"{intent.name}/confirm", pending.values), now_s)
    return submit.submit(rules, state, now_s)


def _refusal(rules: Rules, state: DialogueState, intent: Intent, policy: Policy) -> Reply | None:
    """Why it is not done, whatever was said with it; None where it may be."""
    if policy.way == "never":
        return Reply("by_hand")
    if policy.way == "in_its_words":
        return Reply("in_its_words", {"example": intent.examples[0].say if intent.examples else intent.summary})
    if not policy.needs_operator:
        return None
    if not state.operator_id:
        return Reply("needs_operator")
    held = rules.live.roles.get(state.operator_id) or (state.role,)
    return None if may(intent.role, held) else Reply("needs_role", {"who": intent.role})


def _filled(rules: Rules, state: DialogueState, candidate: Candidate, now_s: float) -> Step:
    """An answer or a correction: the action is looked at again from the start."""
    assert state.pending is not None
    source: SlotSource = "corrected" if candidate.intent == "correct" else "said"
    said = (as_meant(slot, state.pending.slots.get(slot.name)) for slot in candidate.slots)
    new = {slot.name: replace(slot, source=source) for slot in said}
    pending = replace(state.pending, slots={**state.pending.slots, **new})
    return prepare(rules, replace(state, unheard=0), pending, now_s)


def _affirmed(rules: Rules, state: DialogueState, now_s: float) -> Step:
    """Only a timely yes to what was read back, and is still true, is a yes."""
    assert state.pending is not None
    intent = rules.catalog.intent(state.pending.intent)
    read_back = Reply(f"{intent.name}/confirm", state.pending.values)
    if state.last_said != read_back:  # the question was another one: "did you mean … or …?"
        return say_and_listen(state, read_back, now_s)
    if now_s - state.prompted_s > YES_MAX_AGE_S:
        again = say(state, Reply("yes_too_old"), is_remembered=False)
        repeated = say_and_listen(again.state, read_back, now_s)
        return Step(repeated.state, again.effects + repeated.effects)
    unknown = first_unknown(intent, state.pending.slots, rules)
    if unknown:
        return finish(state, _no_such(unknown), Forget(intent.name, "replaced"))
    return submit.submit(rules, state, now_s)


def _no_such(unknown: tuple[str, str]) -> Reply:
    return Reply("no_such", {"what": unknown[0], "id": unknown[1]})


def _forget(state: DialogueState, why: str, key: str) -> Step:
    assert state.pending is not None
    reason = "denied" if why == "denied" else "timed_out" if why == "timed_out" else "cancelled"
    return finish(state, Reply(key), Forget(state.pending.intent, reason))  # type: ignore[arg-type]


def _unheard(state: DialogueState, now_s: float) -> Step:
    """Idle, nothing was said to us. In the middle of something the question stands: "say again?", twice at most."""
    if state.phase == "idle":
        return listen(state)
    if state.unheard >= MAX_UNHEARD:
        return listen(state, QUESTION_S)
    asked = replace(state, unheard=state.unheard + 1)
    return say_and_listen(asked, Reply("not_heard"), now_s, is_remembered=False, renews_question=False)


def _timed_out(state: DialogueState, now_s: float) -> Step:
    """A question that nobody answers is asked once more and then dropped."""
    if state.phase == "idle" or (state.pending is None and not state.choices):
        return listen(state)
    if state.unheard == 0 and state.last_said is not None:
        return say_and_listen(replace(state, unheard=1), state.last_said, now_s)
    if state.choices:
        return finish(state, Reply("timed_out"))
    return _forget(state, "timed_out", "timed_out")
