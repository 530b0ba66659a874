"""A badge and its PIN: who is here from now on, or who confirms in place of an operator that may not."""

from __future__ import annotations

from dataclasses import replace

from voicemes.dialogue import asides
from voicemes.dialogue.policy import is_another
from voicemes.dialogue.prepare import ask_for_badge, prepare
from voicemes.dialogue.state import DialogueState, Pending, Rules, Step
from voicemes.dialogue.submit import finish, say
from voicemes.model import Accepted, Forget, MesReply, Rejected, Reply


def answered(rules: Rules, state: DialogueState, reply: MesReply, now_s: float) -> Step | None:
    """What the MES says to a badge; None for an answer to anything else."""
    pending = state.pending
    is_own = state.command is not None and reply.command_id == state.command.command_id
    if pending is None or not is_own or not rules.catalog.intent(pending.intent).action.identifies:
        return None
    match reply:
        case Accepted(_, values):
            return _identified(rules, state, str(values.get("person", "")), now_s)
        case Rejected(_, _, reason) if state.held is not None:
            again = replace(state, phase="idle", pending=None, command=None)
            return ask_for_badge(rules, again, state.held, Reply("rejected", {"reason": reason}), now_s)
        case _:
            return None


def _identified(rules: Rules, state: DialogueState, person: str, now_s: float) -> Step:
    held = state.held
    idle = replace(state, phase="idle", pending=None, held=None, command=None, asking="")
    if held is not None:
        return _signed(rules, idle, held, person, now_s)
    if person == state.operator_id:
        return finish(state, Reply("hello", {"person": person}))
    return asides.become(idle, person, "operator")


def _signed(rules: Rules, state: DialogueState, held: Pending, person: str, now_s: float) -> Step:
    """What was asked for is read back to who may do it, as if they had said it."""
    if not is_another(person, state.operator_id):
        return finish(state, Reply("sign_another"), Forget(held.intent, "denied"))
    asked = say(replace(state, signer=person), Reply("signs", {"person": person, "asked_by": state.operator_id}))
    read_back = prepare(rules, asked.state, held, now_s)
    return Step(read_back.state, (*asked.effects, *read_back.effects))
