"""Every rule of the policy is needed: turned off, rule by rule, a conversation goes another way and fails."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

import voicemes.dialogue
from voicemes.dialogue import policy
from voicemes.dialogue.policy import Policy, policy_for
from voicemes.dialogue.state import Step
from voicemes.dialogue.submit import finish
from voicemes.intents import Catalog, Intent
from voicemes.model import Input, Reply
from voicemes.nlu.match import Matcher
from voicemes.outbox.entry import Entry
from voicemes.outbox.store import Store
from voicemes.runtime.late import telling
from voicemes.runtime.session import Session
from voicemes.testing import ConversationFailed, run_conversation

HERE = Path(__file__).parent
MODULES = [
    importlib.import_module(f"voicemes.dialogue.{module.name}")
    for module in pkgutil.iter_modules(voicemes.dialogue.__path__)
]
LONG_S = 1e9

CONSTANTS: dict[str, tuple[Any, str]] = {
    "YES_MAX_AGE_S": (LONG_S, "late-yes"),
    "UNDO_S": (LONG_S, "corrected-too-late"),
    "MAX_REFUSALS": (99, "read-back-on-the-screen"),
    "AGAIN_S": (-1.0, "said-again-after-a-no"),
    "MAX_WRONG": (99, "check-digits-wrong-twice"),
    "QUESTION_S": (LONG_S, "time-out"),
    "SIGN_S": (10.0, "second-person-does-not-come"),
    "MAX_UNHEARD": (99, "say-again-twice"),
    "SIGNED": (frozenset(), "second-person"),
}
"""Of policy.py: its value where the rule is off, and the conversation that needs the rule."""
FIELDS: dict[str, tuple[Any, str]] = {
    "way": ("at_once", "read-back"),
    "needs_operator": (False, "nobody-clocked-on"),
    "can_undo": (False, "write-and-undo"),
    "may_be_signed": (False, "second-person"),
    "needs_check": (False, "check-digits"),
}
"""The same for what policy_for says of an intent."""


def always(value: Any) -> Callable[..., Any]:
    return lambda *_args, **_kwargs: value


def no_guess(intent: Intent, *, is_guess: bool = False, by_model: bool = False) -> Policy:
    del is_guess
    return policy_for(intent, by_model=by_model)


def no_model(intent: Intent, *, is_guess: bool = False, by_model: bool = False) -> Policy:
    del by_model
    return policy_for(intent, is_guess=is_guess)


RULES: dict[str, tuple[str, Any, str]] = {
    "a yes over our own voice counts for nothing": ("CONSENT", frozenset(), "yes-from-the-loudspeaker"),
    "digits over our own voice count for nothing": ("CONSENT", frozenset(), "check-from-the-loudspeaker"),
    "what was heard may have been misheard": ("TYPED", frozenset({"conversation", "keyboard"}), "fifteen-or-fifty"),
    "a guess is read back": ("policy_for", no_guess, "language-model"),
    "what a model found of R3 is not taken": ("policy_for", no_model, "model-and-r3"),
    "only who has the role": ("may", always(value=True), "who-may-not"),
    "a second person is another one": ("is_another", always(value=True), "second-person-is-the-first"),
    "what changed before the yes is read back anew": ("known_of", always({}), "request-has-changed"),
    "what does not exist is not taken": ("first_unknown", always(None), "unknown-order"),
    "what cannot be is doubted": ("doubts", always(()), "more-than-are-left"),
    "what sounds alike is asked": ("sounds_like_another", always(None), "fifteen-or-fifty"),
    "what was misheard too often needs the screen": ("needs_screen", always(value=False), "read-back-on-the-screen"),
    "need passes everything": ("ANYONE", "nobody", "emergency-passes-everything"),
    "who comes confirms nothing of another": (
        "hand_over", lambda state, *_: Step(state), "two-operators",
    ),
    "from the wake phrase on, until it is quiet": ("rest", Step, "wake-phrase"),
    "wrong digits suspend the dialogue": (
        "suspend", lambda _rules, state, _now_s: finish(state, Reply("denied")), "check-digits-wrong-twice",
    ),
}  # fmt: skip
"""What is no value of policy.py: a name in the dialogue, what stands for it where it is off, and who needs it."""


def turn_off(monkeypatch: pytest.MonkeyPatch, name: str, value: Any) -> None:
    """Wherever the dialogue uses it."""
    users = [module for module in MODULES if hasattr(module, name)]
    assert users, f"nothing in the dialogue is called {name}"
    for module in users:
        monkeypatch.setattr(module, name, value)


def check_that_it_fails(conversation: str, matcher: Matcher) -> None:
    with pytest.raises((ConversationFailed, AssertionError)):
        run_conversation(HERE / f"{conversation}.yaml", matcher)


def test_every_value_of_the_policy_is_among_the_rules() -> None:
    assert {name for name in vars(policy) if name.isupper() and name != "ANYONE"} == CONSTANTS.keys()
    assert {field.name for field in fields(Policy)} == FIELDS.keys()


@pytest.mark.parametrize("name", CONSTANTS)
def test_without_a_value_of_the_policy_a_conversation_fails(
    name: str, matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    value, conversation = CONSTANTS[name]
    turn_off(monkeypatch, name, value)
    check_that_it_fails(conversation, matcher)


@pytest.mark.parametrize("name", FIELDS)
def test_without_what_the_policy_says_a_conversation_fails(
    name: str, matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    value, conversation = FIELDS[name]
    turn_off(monkeypatch, "policy_for", lambda *args, **kwargs: replace(policy_for(*args, **kwargs), **{name: value}))
    check_that_it_fails(conversation, matcher)


@pytest.mark.parametrize("rule", RULES)
def test_without_a_rule_a_conversation_fails(rule: str, matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    name, value, conversation = RULES[rule]
    turn_off(monkeypatch, name, value)
    check_that_it_fails(conversation, matcher)


def test_without_its_time_out_a_session_does_not_end(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "_is_gone", always(value=False))
    check_that_it_fails("badge-times-out", matcher)


def asked_of_anyone(entries: Sequence[Entry], catalog: Catalog, operator_id: str) -> list[Input]:
    whoever = [replace(entry, command=replace(entry.command, operator_id=operator_id)) for entry in entries]
    return telling(whoever, catalog, operator_id)


def not_taken_back(store: Store, command_id: str, *_: object) -> Entry:
    return store.entry(command_id)


OUTBOX: dict[str, tuple[str, Any, str]] = {
    "what is about the same waits": ("outbox.store.Store.has_open", always(value=False), "saved-and-done-later"),
    "what became of it is told": ("runtime.courier.Courier.next", always(None), "saved-and-done-later"),
    "not while something is asked": ("runtime.courier.may_tell", always(value=True), "saved-and-done-later"),
    "undo drops it": ("dialogue.submit.DROP", "scrap.report.undo", "saved-and-undone"),
    "what is dropped is not sent": ("outbox.store.Store.take_back", not_taken_back, "saved-and-undone"),
    "what has moved is not sent": ("runtime.courier.what_moved", always(""), "saved-and-moved"),
    "of who said it": ("runtime.session.telling", asked_of_anyone, "saved-for-another"),
}
"""What the outbox promises: a name, what stands for it where it is off, and the conversation that needs it."""


@pytest.mark.parametrize("promise", OUTBOX)
def test_without_a_promise_of_the_outbox_a_conversation_fails(
    promise: str, matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, value, conversation = OUTBOX[promise]
    monkeypatch.setattr(f"voicemes.{name}", value)
    with pytest.raises((ConversationFailed, AssertionError)):
        run_conversation(HERE / f"{conversation}.yaml", matcher)
