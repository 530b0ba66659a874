"""What the operator hears of a command that had to wait."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from voicemes.intents import Catalog
from voicemes.model import Heard, MesCommand, Reply, Told, Understood
from voicemes.outbox.entry import OPEN, Entry, State
from voicemes.respond import respond
from voicemes.runtime.late import telling, told_of

SCRAP = MesCommand(
    "c1", "scrap.report", {"quantity": 2, "defect": "void", "job": "4711"}, True, "Ana", "scrap two void", 12.5
)
REASONS = {"refused": "conflict_closed: The order is closed.", "moved": "4711", "expired": "it waited too long"}
HEARD = {
    "done": "Now it is done: scrap two void.",
    "refused": "Not done: scrap two void. The order is closed.",
    "unknown": "I do not know whether this was done: scrap two void. Check the screen.",
    "expired": "Not sent, it is too old: scrap two void.",
    "moved": "Not sent: scrap two void. 4711 is not as it was when you said it.",
    "dropped": "It was not sent, and is dropped: scrap two void.",
}


def ended(state: State, command: MesCommand = SCRAP) -> Entry:
    return Entry(1, command, state, 2, REASONS.get(state, ""), 0.0, 1.0, is_told=False)


@pytest.mark.parametrize("state", sorted(set(get_args(State)) - OPEN))
def test_every_end_is_told_in_the_words_in_which_it_was_asked_for(catalog: Catalog, state: State) -> None:
    assert respond(told_of(ended(state), "Ana"), catalog).shown == HEARD[state]


@pytest.mark.parametrize(
    ("said_by", "is_here", "said"),
    [
        ("Ana", "Ana", "scrap two void"),
        ("Ana", "Ben", "scrap two void, for Ana"),
        ("Ana", "", "scrap two void, for Ana"),
        ("", "Ben", "scrap two void"),
        ("", "", "scrap two void"),
    ],
)
def test_whose_it_was_is_said_to_others(said_by: str, is_here: str, said: str) -> None:
    assert told_of(ended("done", replace(SCRAP, operator_id=said_by)), is_here).values == {"said": said}


def test_what_nobody_said_has_the_name_of_what_was_done() -> None:
    assert told_of(ended("done", replace(SCRAP, spoken_text="")), "Ana").values == {"said": "scrap.report"}


def test_a_reason_without_a_code_is_told_as_it_is() -> None:
    assert told_of(replace(ended("refused"), reason="Closed."), "Ana").values["reason"] == "Closed."


def test_what_has_moved_is_asked_again_as_if_it_was_said_on_the_screen(catalog: Catalog) -> None:
    told, heard = telling([ended("moved")], catalog, "Ana")
    assert isinstance(told, Told)
    assert isinstance(heard, Heard)
    assert isinstance(heard.parse, Understood)
    candidate = heard.parse.candidate
    assert (candidate.intent, candidate.values, candidate.route) == ("scrap.report", dict(SCRAP.fields), "screen")
    assert [slot.type for slot in candidate.slots] == ["quantity", "defect", "job"]


@pytest.mark.parametrize(
    ("entry", "is_here"),
    [
        *((ended(state), "Ana") for state in ("done", "refused", "unknown", "expired", "dropped")),
        (ended("moved"), "Ben"),
        (ended("moved", replace(SCRAP, asked_by="Ben")), "Ana"),
        (ended("moved", replace(SCRAP, operation="job.start.undo")), "Ana"),
    ],
    ids=["done", "refused", "unknown", "expired", "dropped", "of another", "by two persons", "an undo"],
)
def test_nothing_else_is_asked_again(catalog: Catalog, entry: Entry, is_here: str) -> None:
    """What two persons confirmed needs both; what is no intent has no read-back."""
    assert len(telling([entry], catalog, is_here)) == 1


def test_many_that_are_done_are_named_in_one_sentence(catalog: Catalog) -> None:
    many = [ended("done", replace(SCRAP, spoken_text=f"scrap {n} void")) for n in ("one", "two", "three", "four")]
    (told,) = telling(many, catalog, "Ana")
    assert isinstance(told, Told)
    items = tuple(f"scrap {n} void" for n in ("one", "two", "three", "four"))
    assert told.reply == Reply("late_many", {"n": 4, "items": items})
    spoken = respond(told.reply, catalog)
    assert all(item in spoken.shown for item in items)
    assert spoken.said.endswith("scrap three void, and one more."), "the screen has them all"
