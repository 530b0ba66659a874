"""What the MES answered becomes what the operator is told, truthfully."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from voicemes.dialogue.policy import policy_for
from voicemes.dialogue.state import DialogueState, LastWrite, Rules, Step, Tally
from voicemes.dialogue.submit import finish, listen, submit
from voicemes.intents import Intent
from voicemes.model import (
    Accepted,
    Candidate,
    MesReply,
    Rejected,
    Reply,
    Saved,
    SlotData,
    Unknown,
    Unsaved,
    Unsent,
)

N_HELP_EXAMPLES = 3
NO_TOPIC = frozenset({"a", "an", "the", "of", "for", "i", "can", "say", "my", "about", "to", "on", "what", "which"})


def answered(rules: Rules, state: DialogueState, reply: MesReply, now_s: float) -> Step:
    """An answer to a command that is not waited for is nobody's."""
    if state.command is None or reply.command_id != state.command.command_id:
        return Step(state)
    if state.pending is None and state.instead is None and (state.is_suspended or state.is_asleep):
        return _called(state, reply)
    state = replace(state, tally=_counted(state.tally, reply)) if state.command.is_write else state
    match reply:
        case Accepted(_, values):
            return _accepted(rules, state, values, now_s)
        case Rejected(_, _, reason):
            return finish(state, Reply("rejected", {"reason": reason}))
        case Unsent():
            return finish(state, Reply("mes_unreachable"))
        case Saved():
            return _saved(rules, state, now_s)
        case Unsaved():
            return finish(state, Reply("not_saved"))
        case Unknown():  # what may have been done cannot be taken back, and what was before it is not meant by "undo"
            last = state.last_write if state.pending is None else None
            return finish(replace(state, last_write=last), Reply("mes_unknown"))
        case _ as never:
            assert_never(never)


def _accepted(rules: Rules, state: DialogueState, values: Mapping[str, SlotData], now_s: float) -> Step:
    assert state.command is not None
    if state.instead is not None:
        return _in_its_place(rules, state, now_s)
    if state.pending is None:
        return _undone(state)
    intent = rules.catalog.intent(state.pending.intent)
    known = {**state.pending.values, **values}
    context = {**state.context, **{name: known[value] for name, value in intent.remember.items() if value in known}}
    if "step" in intent.remember:
        context["step_job"] = known.get("job", "")
    last = _last_write(state, intent, known, now_s)
    query = state.last_query if intent.action.is_write else state.pending
    done = replace(state, context=context, last_write=last, last_query=query, refused=None)
    if "partial" in values:
        return finish(done, Reply("partly_done", {"what": values["partial"]}))
    return finish(done, Reply(f"{intent.name}/done", {**state.tally.told, **known}))


def _in_its_place(rules: Rules, state: DialogueState, now_s: float) -> Step:
    """What was written is taken back, and what was meant follows."""
    return submit(rules, replace(state, pending=state.instead, instead=None, last_write=None, command=None), now_s)


def _saved(rules: Rules, state: DialogueState, now_s: float) -> Step:
    """It will be sent: "undo" takes it out of the outbox again, while it is there."""
    command = state.command
    assert command is not None
    if state.instead is not None:  # taken back later, and before what takes its place
        return _in_its_place(rules, state, now_s)
    if state.pending is None:
        return finish(replace(state, last_write=None), Reply("saved"))
    intent = rules.catalog.intent(state.pending.intent)
    fields = {**state.pending.values, "command": command.command_id}
    kept = LastWrite(intent.name, fields, now_s, frozenset(state.pending.slots), is_kept=True)
    return finish(replace(state, last_write=kept, refused=None), Reply(f"{intent.name}/saved", state.pending.values))


def _counted(tally: Tally, reply: MesReply) -> Tally:
    match reply:
        case Accepted():
            return replace(tally, done=tally.done + 1)
        case Rejected():
            return replace(tally, refused=tally.refused + 1)
        case _:
            return replace(tally, uncertain=tally.uncertain + 1)


def _last_write(
    state: DialogueState, intent: Intent, known: Mapping[str, SlotData], now_s: float
) -> LastWrite | None:
    """What "undo" means from now on: never a write before the last one, so after one for good it means nothing."""
    if policy_for(intent).can_undo:
        assert state.pending is not None
        return LastWrite(intent.name, known, now_s, frozenset(state.pending.slots))
    return None if intent.action.is_write else state.last_write


def _called(state: DialogueState, reply: MesReply) -> Step:
    """A supervisor was promised: where none could be called, it is said. The station sleeps in any case."""
    if isinstance(reply, Accepted):
        return listen(replace(state, phase="standby", command=None))
    return finish(state, Reply("not_called"))


def _undone(state: DialogueState) -> Step:
    """A command without a pending action is an undo."""
    last = state.last_write
    assert last is not None
    key = "dropped" if last.is_kept else f"{last.intent}/undone"
    return finish(replace(state, last_write=None), Reply(key, last.fields))


def help_reply(rules: Rules, state: DialogueState) -> Reply:
    """What can be said here and now."""
    if state.phase == "filling" and state.pending:
        slot = rules.catalog.intent(state.pending.intent).slots[state.asking]
        return Reply("help_filling", {"what": slot.type})
    if state.phase == "confirming":
        return Reply("help_confirming")
    if state.phase == "checking":
        return Reply("help_checking")
    if state.phase == "standby":
        return Reply("help_standby")
    if state.phase == "choosing":
        return Reply("help_choosing" if len(state.choices) > 1 else "help_this")
    known = sorted(rules.catalog.intents.values(), key=lambda intent: -len(intent.examples))
    chosen = [intent.examples[0].say for intent in known if intent.examples]
    return Reply("help_idle", {"examples": "; ".join(chosen[:N_HELP_EXAMPLES])})


def help_about(rules: Rules, topic: str) -> Reply:
    """What there is to say: the values of a list that the topic names, or sentences of the intents that it names."""
    words = {word.removesuffix("s") for word in topic.split()} - NO_TOPIC
    for name, values in rules.catalog.lists.items():
        own = {name, rules.catalog.replies.get(f"many_{name}", name).split()[-1].removesuffix("s")}
        if words & own:
            return Reply("help_values", {"many": name, "n": len(values), "items": tuple(value.id for value in values)})
    examples = [
        intent.examples[0].say
        for intent in rules.catalog.intents.values()
        if intent.examples and words & {*intent.name.replace("_", ".").split("."), *intent.summary.lower().split()}
    ]
    if examples:
        return Reply("help_idle", {"examples": "; ".join(examples[:N_HELP_EXAMPLES])})
    return help_reply(rules, DialogueState("", ""))


def describe(rules: Rules, candidate: Candidate) -> str:
    """A reading in words, so that a person can choose."""
    intent = rules.catalog.intents.get(candidate.intent)
    if intent is None:  # an answer or a correction: what differs is what it is about
        return ", ".join(f"{slot.name.replace('_', ' ')} {slot.spoken}" for slot in candidate.slots) or candidate.intent
    name = intent.summary.rstrip(".").lower()
    said = ", ".join(slot.spoken for slot in candidate.slots if slot.spoken)
    return f"{name}, {said}" if said else name
