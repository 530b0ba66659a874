"""The ends of a step: saying, listening, and the one place where a command is made."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from voicemes.dialogue.policy import QUESTION_S, SIGN_S, UNDO_S
from voicemes.dialogue.state import DialogueState, Rules, Step
from voicemes.intents import Action
from voicemes.model import Forget, Listen, Live, MesCommand, Reply, Say, SlotData, Submit

NAMESPACE = uuid.UUID("5f0f6f0e-6b1c-4f0e-9d5a-6d65732d766f")
"""Of command ids: with the session and a counter it makes an id that no other command ever has."""


DROP = "outbox.drop"
"""The operation that takes a command out of the outbox. No MES gets it."""
SUBJECTS = ("job", "serial", "lot", "request", "alert", "robot", "equipment", "person")
"""Slots by which commands are kept in their order, the first that is there."""


def say(state: DialogueState, reply: Reply, *, is_remembered: bool = True) -> Step:
    return Step(replace(state, last_said=reply, is_cut=False) if is_remembered else state, (Say(reply),))


def listen(state: DialogueState, timeout_s: float | None = None) -> Step:
    if timeout_s is None and state.phase in {"filling", "choosing", "confirming", "checking"}:
        timeout_s = SIGN_S if state.held else QUESTION_S
    elif timeout_s is None and state.phase == "idle":
        timeout_s = state.rests_after_s
    return Step(state, (Listen(state.scope, timeout_s),))


def say_and_listen(
    state: DialogueState, reply: Reply, now_s: float, *, is_remembered: bool = True, renews_question: bool = True
) -> Step:
    """Says something and waits for what comes; a question that was asked again may be answered for its full time."""
    said = say(state, reply, is_remembered=is_remembered)
    prompted = replace(said.state, prompted_s=now_s) if renews_question and state.phase != "idle" else said.state
    return Step(prompted, said.effects + listen(prompted).effects)


def finish(state: DialogueState, reply: Reply, *before: Forget) -> Step:
    """Says the last word on an action and is idle again."""
    rests = state.is_asleep or state.is_suspended
    idle = replace(
        state,
        phase="standby" if rests else "idle",
        pending=None,
        held=None,
        signer="",
        choices=(),
        asking="",
        unheard=0,
        command=None,
        instead=None,
    )
    said = say(idle, reply)
    return Step(said.state, (*before, *said.effects, *listen(said.state).effects))


def submit(rules: Rules, state: DialogueState, now_s: float) -> Step:
    """Sends the pending action: one command, with an id of its own, for one confirmation."""
    assert state.pending is not None
    action = rules.catalog.intent(state.pending.intent).action
    pending = state.pending
    sent = _send(state, action.operation, pending.values, pending.spoken_text, now_s, is_write=action.is_write)
    return _kept(rules, sent, action.keep_min) if action.is_write else sent


def undo(rules: Rules, state: DialogueState, now_s: float) -> Step:
    """Takes back the last write, by a command of its own that the MES records."""
    last = state.last_write
    known = rules.catalog.intents.get(last.intent) if last else None
    if last is not None and last.is_kept:  # whatever it is, it is not in the MES yet
        return _send(state, DROP, {"command": last.fields["command"]}, "undo", now_s, is_write=True)
    if last is None or known is None or not known.action.undo:  # the catalogue may have changed meanwhile
        return finish(replace(state, last_write=None), Reply("nothing_to_undo"))
    if now_s - last.done_s > UNDO_S:
        return finish(replace(state, last_write=None), Reply("undo_too_late"))
    action = known.action
    fields = {name: last.fields[name] for name in action.undo_fields if name in last.fields}
    return _send(state, action.undo, fields, "undo", now_s, is_write=True)


def send(state: DialogueState, action: Action, fields: Mapping[str, SlotData], now_s: float) -> Step:
    """A command that nobody said: the dialogue's own call for help. Too late, it is of no use to anybody."""
    sent = _send(state, action.operation, fields, "", now_s, is_write=True)
    return _changed(sent, keep_s=_seconds(action.keep_min))


def _send(
    state: DialogueState, operation: str, fields: Mapping[str, SlotData], text: str, now_s: float, *, is_write: bool
) -> Step:
    command = MesCommand(
        command_id=str(uuid.uuid5(NAMESPACE, f"{state.session_id}/{state.n_commands}")),
        operation=operation,
        fields=dict(fields),
        is_write=is_write,
        operator_id=state.signer or state.operator_id,
        spoken_text=text,
        confirmed_s=now_s,
        asked_by=state.operator_id if state.signer else "",
        subject=_subject(fields) if is_write else "",
    )
    waiting = replace(state, phase="waiting", asking="", command=command, n_commands=state.n_commands + 1, unheard=0)
    return Step(waiting, (Submit(command),))


def _kept(rules: Rules, sent: Step, keep_min: float | None) -> Step:
    """What the outbox has to know of a command, should the MES not be there."""
    pending = sent.state.pending
    assert pending is not None
    specs = rules.catalog.intent(pending.intent).slots
    things = [(slot.type or specs[name].type, str(slot.value)) for name, slot in pending.slots.items()]
    return _changed(sent, keep_s=_seconds(keep_min), seen=_steady(rules.live, things))


def _changed(sent: Step, **changes: Any) -> Step:
    assert sent.state.command is not None
    command = replace(sent.state.command, **changes)
    return Step(replace(sent.state, command=command), (Submit(command),))


def _subject(fields: Mapping[str, SlotData]) -> str:
    return next((f"{name}/{fields[name]}" for name in SUBJECTS if name in fields), "")


def _seconds(minutes: float | None) -> float | None:
    return None if minutes is None else minutes * 60


def _steady(live: Live, things: Iterable[tuple[str, str]]) -> dict[str, dict[str, SlotData]]:
    """Of the things that a command names (slot type, id), what must not change while it waits."""
    kept = {}
    for slot_type, identifier in things:
        facts, names = live.facts_of(slot_type, identifier), live.steady.get(slot_type, ())
        kept[f"{slot_type}/{identifier}"] = {name: facts[name] for name in names if name in facts}
    return {thing: facts for thing, facts in kept.items() if facts}
