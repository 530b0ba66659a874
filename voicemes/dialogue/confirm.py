"""Between the read-back and the write: only a timely, clear yes to what is still true, with its check, writes."""

from __future__ import annotations

from dataclasses import replace

from voicemes.dialogue import submit
from voicemes.dialogue.plausible import doubts
from voicemes.dialogue.policy import MAX_WRONG, YES_MAX_AGE_S, policy_for
from voicemes.dialogue.prepare import ask_for_yes
from voicemes.dialogue.readback import check_of, known_of, needs_screen, read_back
from voicemes.dialogue.slots import first_unknown
from voicemes.dialogue.state import DialogueState, Refused, Rules, Step
from voicemes.dialogue.submit import finish, say, say_and_listen
from voicemes.intents import EVERYTHING
from voicemes.model import Candidate, Forget, Reply, SlotData

CALL = "andon.call"
"""The intent by which a supervisor is called, where the catalogue has it."""


def affirmed(rules: Rules, state: DialogueState, now_s: float) -> Step:
    """Only a timely yes to what was read back, and is still true, is a yes."""
    pending = state.pending
    assert pending is not None
    intent = rules.catalog.intent(pending.intent)
    if state.is_cut and state.by_ear:
        return ask_for_yes(rules, state, now_s, Reply("answered_early"))
    if state.last_said != read_back(pending):  # the question was another: "did you mean … or …?"
        return ask_for_yes(rules, state, now_s)
    if needs_screen(pending) and state.by_ear:
        return say_and_listen(state, Reply("look_at_screen"), now_s, is_remembered=False, renews_question=False)
    stale = _stale(rules, state, now_s)
    if stale is not None:
        return stale
    policy = policy_for(intent, is_guess=pending.is_guess, by_model=pending.by_model)
    _, of = check_of(intent, pending, state.check_digits)
    if policy.needs_check and state.by_ear and of:
        return say_and_listen(replace(state, phase="checking"), _check(of), now_s)
    return written(rules, state, now_s)


def checked(rules: Rules, state: DialogueState, candidate: Candidate, now_s: float) -> Step:
    """The digits that somebody says who looks at the thing. Wrong too often, nothing more is taken by voice."""
    pending = state.pending
    assert pending is not None
    intent = rules.catalog.intent(pending.intent)
    digits, of = check_of(intent, pending, state.check_digits)
    stale = _stale(rules, state, now_s)
    if stale is not None:
        return stale
    said = next((str(slot.value) for slot in candidate.slots), "")
    is_seen = candidate.intent == "affirm" and not state.by_ear  # at the screen, where no digits are needed
    if is_seen or said == digits:
        return written(rules, replace(state, wrong=0), now_s)
    if not said:
        return say_and_listen(state, _check(of), now_s)
    if state.wrong + 1 >= MAX_WRONG:
        return suspend(rules, state, now_s)
    again = say(replace(state, wrong=state.wrong + 1), Reply("wrong_digits"))
    asked = say_and_listen(again.state, _check(of), now_s)
    return Step(asked.state, again.effects + asked.effects)


def _stale(rules: Rules, state: DialogueState, now_s: float) -> Step | None:
    """What is done instead where the consent comes too late, or to what is no longer so."""
    pending = state.pending
    assert pending is not None
    intent = rules.catalog.intent(pending.intent)
    if now_s - state.prompted_s > YES_MAX_AGE_S:
        return ask_for_yes(rules, state, now_s, Reply("yes_too_old"))
    unknown = first_unknown(intent, pending.slots, rules)
    if unknown:
        return finish(state, Reply("no_such", {"what": unknown[0], "id": unknown[1]}), Forget(intent.name, "replaced"))
    if known_of(intent, pending, rules) != pending.seen:
        return ask_for_yes(rules, state, now_s, Reply("has_changed"), *doubts(intent, pending.slots, rules))
    return None


def _check(of: str) -> Reply:
    return Reply("check_station") if of == "station" else Reply("check_digits", {"what": of})


def written(rules: Rules, state: DialogueState, now_s: float) -> Step:
    """Submits what was confirmed. A correction of what was written takes that back first."""
    pending = state.pending
    assert pending is not None
    state = replace(state, refused=None)
    if pending.replaces:
        return submit.undo(rules, replace(state, pending=None, instead=pending), now_s)
    return submit.submit(rules, state, now_s)


def refused(state: DialogueState, now_s: float) -> Step:
    """A no. Said again soon, it is read back more clearly."""
    pending = state.pending
    assert pending is not None
    before = Refused(pending.intent, pending.refusals + 1, now_s)
    return finish(replace(state, refused=before), Reply("denied"), Forget(pending.intent, "denied"))


def suspend(rules: Rules, state: DialogueState, now_s: float) -> Step:
    """Somebody says what they cannot know: nothing more is taken by voice, and a supervisor is called."""
    assert state.pending is not None
    forgotten = Forget(state.pending.intent, "denied")
    ended = finish(replace(state, is_suspended=True, wrong=0), Reply("suspended"), forgotten)
    if CALL not in rules.catalog.intents:
        return ended
    fields: dict[str, SlotData] = {"team": EVERYTHING, "text": rules.catalog.replies.get("suspended_call", "suspended")}
    station = rules.live.current.get("equipment")
    where: dict[str, SlotData] = {"equipment": station} if station else {}
    sent = submit.send(ended.state, rules.catalog.intent(CALL).action, {**fields, **where}, now_s)
    return Step(sent.state, (*ended.effects, *sent.effects))
