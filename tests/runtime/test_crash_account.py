"""The account of `bench crash`: each kind of fault is found, and nothing else is called one."""

from __future__ import annotations

from typing import Any

import pytest

from voicemes.model import MesCommand
from voicemes.outbox.entry import Entry, State
from voicemes.runtime.crash_account import BROKEN, Account, Effect, content_of, effect_of, settle

SAY = "book 7 good parts on order 4711"
FIELDS = {"quantity": 7, "job": "4711"}
GOOD, SEVENTY = ("good", "4711", "7"), ("good", "4711", "70")
SAID = {"k": "said", "what": SAY, "is_consent": False}
YES, NO, CONFIRM = {"k": "yes"}, {"k": "no"}, ("quantity.report/confirm", "Add 7 good to order 4711. Correct?")
NOON_S = 1_772_000_000.0


def life(*happened: dict[str, Any] | tuple[str, str], later_s: float = 0.0) -> list[dict[str, Any]]:
    """Lines, a second each; what is heard is written as a pair."""
    lines = []
    for second, one in enumerate(happened):
        line = {"k": "heard", "key": one[0], "shown": one[1]} if isinstance(one, tuple) else one
        lines.append({"t": NOON_S + later_s + second, **line})
    return lines


def submitted(command_id: str = "a", operation: str = "quantity.report", **fields: Any) -> dict[str, Any]:
    is_write = operation != "job.status"
    about = {"id": command_id, "operation": operation, "fields": fields or FIELDS, "is_write": is_write}
    return {"k": "submitted", **about}


def entry(command_id: str = "a", state: State = "done", seq: int = 1, quantity: int = 7) -> Entry:
    fields = {"quantity": quantity, "job": "4711"}
    said = f"book {quantity} good parts on order 4711"
    command = MesCommand(command_id, "quantity.report", fields, True, "Ana", said, 1.0, subject="job/4711")
    return Entry(seq, command, state, 1, "", NOON_S, NOON_S, is_told=True)


def effect(key: str = "a", sequence: int = 50, content: tuple[str, ...] = GOOD, at_s: float = NOON_S) -> Effect:
    return Effect(sequence, key, content, at_s)


DONE, KEPT = ("quantity.report/done", "7 good added."), ("quantity.report/saved", "Saved.")
REFUSED, LATE = ("rejected", "Not done: no."), ("late_done", f"Now it is done: {SAY}.")
ASKED = (SAID, CONFIRM, YES, submitted())


def faults(account: Account) -> set[str]:
    return {name for name in BROKEN if account.counts[name]}


def test_a_command_that_was_confirmed_and_done_is_nothing_to_complain_about() -> None:
    account = settle([life(*ASKED, DONE)], [entry()], [effect()])
    assert (faults(account), account.misses) == (set(), [])
    assert (account.counts["confirmed"], account.counts["in_the_mes"]) == (1, 1)


@pytest.mark.parametrize(
    ("lives", "entries", "effects", "expected"),
    [
        pytest.param([life(*ASKED, DONE)], [entry()], [], {"lost", "untrue"}, id="done is not there"),
        pytest.param([life(*ASKED, KEPT)], [], [], {"lost", "untrue"}, id="saved is nowhere"),
        pytest.param([life(*ASKED)], [entry(state="sending")], [], {"lost", "untold"}, id="it was on the disk"),
        pytest.param([life(*ASKED, KEPT), life(LATE, later_s=60)], [entry()], [effect()], set(), id="told later"),
        pytest.param([life(*ASKED, KEPT)], [entry()], [effect()], {"untold"}, id="nobody told what became of it"),
        pytest.param([life(*ASKED, DONE)], [entry()], [effect(), effect()], {"doubled"}, id="twice under its key"),
        pytest.param([life(*ASKED, DONE)], [entry()], [effect(), effect("b")], {"doubled"}, id="under another key"),
        pytest.param([life(*ASKED, DONE)], [entry()], [effect(at_s=NOON_S + 9)], {"untrue"}, id="done before it was"),
        pytest.param([life(*ASKED, REFUSED)], [entry()], [effect()], {"untrue"}, id="refused is there"),
        pytest.param([life(*ASKED, REFUSED)], [entry(state="refused")], [], set(), id="refused is not there"),
        pytest.param([life(SAID, CONFIRM)], [], [effect("x")], {"unconfirmed"}, id="no yes"),
        pytest.param([life(SAID, CONFIRM, NO, submitted())], [entry()], [effect()], {"unconfirmed"}, id="a no"),
        pytest.param([life(*ASKED, CONFIRM)], [], [], set(), id="killed before it was saved"),
        pytest.param([], [entry()], [effect()], {"unconfirmed"}, id="nobody said it"),
        pytest.param(
            [life(*ASKED, DONE)], [entry()], [effect(content=SEVENTY)], {"unconfirmed", "lost", "untrue"}, id="too many"
        ),
        pytest.param([life(SAID, submitted("r", "job.status", job="4711"), DONE)], [], [], set(), id="a read"),
    ],
)
def test_what_counts_as_which_fault(lives: Any, entries: Any, effects: Any, expected: set[str]) -> None:
    account = settle(lives, entries, effects)
    assert faults(account) == expected
    assert bool(account.misses) is bool(expected)


UNDO = {"k": "said", "what": "undo", "is_consent": False}
DROP = submitted("d", "outbox.drop", command="a")


def test_what_was_taken_back_is_not_lost_and_must_not_be_there() -> None:
    told = life(*ASKED, KEPT, UNDO, DROP, ("dropped", "It was not sent yet, and is dropped."))
    assert faults(settle([told], [entry(state="dropped")], [])) == set()
    assert faults(settle([told], [entry(state="dropped")], [effect()])) == {"untrue"}


def test_an_undo_that_was_refused_says_nothing_about_what_was_to_be_taken_back() -> None:
    told = life(*ASKED, KEPT, UNDO, DROP, ("rejected", "Not done: It is being sent right now."), LATE)
    assert faults(settle([told], [entry()], [effect()])) == set()


def test_own_work_that_is_done_at_once_is_confirmed_by_saying_it_unless_it_is_asked_about() -> None:
    said = {"k": "said", "what": "note that it squeaks", "is_consent": True}
    sent = submitted("n", "note.add", text="it squeaks")
    noted = effect("n", content=("note", "it squeaks"))
    command = MesCommand("n", "note.add", {"text": "it squeaks"}, True, "Ana", "note that it squeaks", 1.0)
    kept = Entry(1, command, "done", 1, "", NOON_S, NOON_S, is_told=True)
    done = ("note.add/done", "Noted: it squeaks.")
    assert faults(settle([life(said, sent, done)], [kept], [noted])) == set()
    asked = life(said, ("note.add/confirm", "Note: it squeaks. Correct?"), NO, sent)
    assert faults(settle([asked], [kept], [noted])) == {"unconfirmed"}


def test_effects_of_one_subject_come_in_the_order_of_their_confirmation() -> None:
    second = (SAID, CONFIRM, YES, submitted("b", quantity=9, job="4711"))
    lives = [life(*ASKED, DONE, *second, DONE)]
    entries = [entry(), entry("b", seq=2, quantity=9)]
    nine = ("good", "4711", "9")
    right = [effect(), effect("b", 51, nine)]
    assert faults(settle(lives, entries, right)) == set()
    assert faults(settle(lives, entries, [effect("b", 50, nine), effect("a", 51)])) == {"misordered"}


def test_a_late_reply_means_the_command_whose_words_it_repeats() -> None:
    other = (SAID, CONFIRM, YES, submitted("b", quantity=77, job="4711"))
    no = ("late_refused", "Not done: book 77 good parts on order 4711. No.")
    lives = [life(*ASKED, KEPT, *other, KEPT, no, LATE)]
    entries = [entry(), entry("b", "refused", 2, 77)]
    assert faults(settle(lives, entries, [effect()])) == set()


def test_what_is_told_of_one_of_two_that_were_said_in_the_same_words_is_true_if_it_is_of_one() -> None:
    """As recordings are. The first was told, and is told again, because voicemes was killed while it spoke."""
    again = (SAID, CONFIRM, YES, submitted("b"))
    lives = [life(*ASKED, DONE, *again, KEPT, LATE)]
    entries = [entry(), entry("b", "sending", 2)]
    found = settle(lives, entries, [effect()])
    assert faults(found) == {"lost", "untold"}, "the second, which is not there yet"
    both = [effect(), effect("b", 51, at_s=NOON_S + 50)]
    assert faults(settle([*lives, life(LATE, later_s=60)], entries, both)) == set()


def test_commands_and_events_say_the_same_in_the_same_words() -> None:
    reported = {"job": "4711", "good": 0, "scrap": 2.0, "rework": 0, "defect": "void"}
    about = {"type": "mes.quantity.reported", "sequence": "51", "idempotencykey": "a"}
    event = {**about, "time": "2026-03-03T15:20:00.250Z"}
    found = effect_of({**event, "data": reported})
    assert found.content == content_of("scrap.report", {"job": "4711", "quantity": 2, "defect": "void"})
    assert (found.sequence, found.key) == (51, "a")
    other = effect_of({**event, "type": "mes.alert.raised", "idempotencykey": None, "data": {}})
    assert (other.key, other.content) == ("", ("mes.alert.raised",))
