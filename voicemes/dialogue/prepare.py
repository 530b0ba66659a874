"""Brings an action as far as it can go: to a question, to its read-back, or to its submission."""

from __future__ import annotations

from dataclasses import replace

from voicemes.dialogue import answers, nearest
from voicemes.dialogue.plausible import doubts, sounds_like_another
from voicemes.dialogue.policy import AGAIN_S, Policy, policy_for
from voicemes.dialogue.readback import known_of, needs_screen, read_back
from voicemes.dialogue.slots import as_meant, complete, first_missing, first_unknown, mentioned
from voicemes.dialogue.state import DialogueState, Pending, Rules, Step
from voicemes.dialogue.submit import finish, say, say_and_listen, submit
from voicemes.intents import ANYONE, Intent, able, may
from voicemes.model import Candidate, Reply, SlotSource, SlotValue

N_NAMED = 2
"""People who are named as those who may."""


def prepare(rules: Rules, state: DialogueState, pending: Pending, now_s: float) -> Step:
    intent = rules.catalog.intent(pending.intent)
    policy = policy_for(intent, is_guess=pending.is_guess, by_model=pending.by_model)
    refusal = _refusal(rules, state, intent, policy)
    if refusal and refusal.key == "needs_role" and policy.may_be_signed and not state.signer:
        return ask_for_badge(rules, state, pending, replace(refusal, key="needs_badge"), now_s)
    if refusal:
        return finish(state, refusal)
    slots = complete(intent, pending.slots, state, rules.live)
    pending = replace(pending, slots=slots, sure=_sure(state, pending), refusals=_refusals(state, pending, now_s))
    if intent.action.is_local:
        return finish(state, answers.help_about(rules, str(pending.values.get("text", ""))))
    unknown = first_unknown(intent, slots, rules)
    if unknown:
        return nearest.offer(rules, state, pending, unknown, now_s)
    state = replace(state, pending=pending, context={**state.context, **mentioned(intent, slots)})
    missing = first_missing(intent, slots)
    if missing:
        return _ask(state, pending, missing.name, Reply(f"{intent.name}/ask.{missing.name}", pending.values), now_s)
    if intent.action.is_write:
        return _written(rules, state, intent, policy, now_s)
    return submit(rules, state, now_s)


def _written(rules: Rules, state: DialogueState, intent: Intent, policy: Policy, now_s: float) -> Step:
    """What would change something: told apart from what it sounds like, doubted, read back. Need waits for nothing."""
    pending = state.pending
    assert pending is not None
    if intent.role == ANYONE:
        return submit(rules, state, now_s) if policy.way == "at_once" else ask_for_yes(rules, state, now_s)
    for spec in intent.slots.values():
        slot = pending.slots.get(spec.name)
        two = sounds_like_another(spec, slot) if slot and spec.name not in pending.sure else None
        if two:
            which = Reply("teen_or_ty", {"first": two[0], "second": two[1]}, "digits")
            return _ask(state, pending, spec.name, which, now_s)
    doubted = doubts(intent, pending.slots, rules)
    if policy.way == "read_back" or doubted or pending.replaces:
        return ask_for_yes(rules, state, now_s, *doubted)
    return submit(rules, state, now_s)


def ask_for_badge(rules: Rules, state: DialogueState, held: Pending, why: Reply, now_s: float) -> Step:
    """What the operator may not do waits for somebody who may; without badges in this plant it is refused."""
    badge = next((intent for intent in rules.catalog.intents.values() if intent.action.identifies), None)
    if badge is None:
        return finish(state, replace(why, key="needs_role"))
    told = say(replace(state, held=held, pending=None), why)
    asked = prepare(rules, told.state, Pending(badge.name, {}, held.spoken_text), now_s)
    return Step(asked.state, (*told.effects, *asked.effects))


def roles_of(rules: Rules, state: DialogueState) -> tuple[str, ...]:
    """Of who confirms. A second person's come from the MES alone."""
    if state.signer:
        return rules.live.roles.get(state.signer, ())
    return state.roles(rules.live)


def ask_for_yes(rules: Rules, state: DialogueState, now_s: float, *before: Reply) -> Step:
    """The read-back, after what has to be said before it."""
    assert state.pending is not None
    intent = rules.catalog.intent(state.pending.intent)
    pending = replace(state.pending, seen=known_of(intent, state.pending, rules))
    state = replace(state, phase="confirming", asking="", pending=pending)
    first = [effect for reply in before for effect in say(state, reply).effects]
    asked = say_and_listen(state, read_back(pending), now_s)
    if not needs_screen(pending):
        return Step(asked.state, (*first, *asked.effects))
    last = say_and_listen(asked.state, Reply("look_at_screen"), now_s, is_remembered=False)
    return Step(last.state, (*first, *asked.effects[:1], *last.effects))


def filled(rules: Rules, state: DialogueState, candidate: Candidate, now_s: float) -> Step:
    """An answer or a correction: the action is looked at again from the start. Who corrects was not understood."""
    assert state.pending is not None
    is_correction = candidate.intent == "correct"
    source: SlotSource = "corrected" if is_correction else "said"
    said = (as_meant(slot, state.pending.slots.get(slot.name)) for slot in candidate.slots)
    new = {slot.name: replace(slot, source=source) for slot in said}
    pending = replace(
        state.pending,
        slots={**state.pending.slots, **new},
        sure=state.pending.sure - new.keys(),
        refusals=state.pending.refusals + is_correction,
    )
    return prepare(rules, replace(state, unheard=0), pending, now_s)


def back(rules: Rules, state: DialogueState, now_s: float) -> Step:
    """The last answer is taken back, and asked for again."""
    pending = state.pending
    assert pending is not None
    answered = [name for name in pending.asked if name in pending.slots]
    if not answered:
        return say_and_listen(state, state.last_said or Reply("nothing_to_repeat"), now_s)
    slots = {name: slot for name, slot in pending.slots.items() if name != answered[-1]}
    return prepare(rules, replace(state, unheard=0), replace(pending, slots=slots), now_s)


def _ask(state: DialogueState, pending: Pending, name: str, question: Reply, now_s: float) -> Step:
    slots: dict[str, SlotValue] = {key: slot for key, slot in pending.slots.items() if key != name}
    asked = (*(one for one in pending.asked if one != name), name)
    asking = replace(state, phase="filling", asking=name, pending=replace(pending, slots=slots, asked=asked))
    return say_and_listen(asking, question, now_s)


def _sure(state: DialogueState, pending: Pending) -> frozenset[str]:
    return pending.sure if state.by_ear else pending.sure | pending.slots.keys()


def _refusals(state: DialogueState, pending: Pending, now_s: float) -> int:
    """What is said again soon after it was refused, is the same thing said again."""
    before = state.refused
    if before is None or before.intent != pending.intent or now_s - before.at_s > AGAIN_S:
        return pending.refusals
    return max(pending.refusals, before.refusals)


def _refusal(rules: Rules, state: DialogueState, intent: Intent, policy: Policy) -> Reply | None:
    """Why it is not done, whatever was said with it; None where it may be."""
    if not intent.action.is_local and not rules.live.can(intent.action.operation):
        why = rules.live.cannot.get(intent.action.operation, "")
        return Reply("unsupported", {"why": why} if why else {})
    if policy.way == "never":
        return Reply("by_hand")
    if policy.way == "in_its_words":
        return Reply("in_its_words", {"example": intent.examples[0].say if intent.examples else intent.summary})
    if not policy.needs_operator:
        return None
    if not state.operator_id:
        return Reply("needs_operator")
    held = roles_of(rules, state)
    if may(intent.role, held):
        return None
    others = able(intent.role, rules.live.roles)[:N_NAMED]
    return Reply("needs_role", {"who": intent.role, **({"person": " or ".join(others)} if others else {})})
