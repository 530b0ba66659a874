"""A reply becomes words that people write, and words that the recogniser would understand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.intents import BUILT_IN_TYPES, Catalog, Intent, SlotSpec
from voicemes.model import Reply, SlotData
from voicemes.nlu.catalog import load_catalog
from voicemes.numbers import DIGITS, NATO
from voicemes.respond import respond

CATALOG = load_catalog(Path(__file__).resolve().parents[1] / "intents")
SAMPLES: dict[str, SlotData] = {
    "job": "4711", "serial": "123", "lot": "B203", "component": "U7", "quantity": 50, "value": 1.5, "step": 3,
    "text": "the belt is loose", "request": "12", "alert": "2", "container": "5", "position": {"before": "4711"},
    "delta": -18, "decrease": -5, "limits": {"plus": 20, "minus": 20, "unit": "um"}, "duration": 10,
    "badge": "2101", "pin": "4821",
}  # fmt: skip
TEMPLATES = [
    pytest.param(intent, moment, id=f"{intent.name}/{moment}")
    for intent in CATALOG.intents.values()
    for moment in (*intent.say, *(f"ask.{slot.name}" for slot in intent.slots.values() if slot.ask))
]


def sample(slot: SlotSpec) -> SlotData:
    return SAMPLES[slot.type] if slot.type in BUILT_IN_TYPES else CATALOG.lists[slot.type][0].id


def names_in(text: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", text)


def shown(key: str, **values: SlotData) -> str:
    return respond(Reply(key, values), CATALOG).shown


def said(key: str, **values: SlotData) -> str:
    return respond(Reply(key, values), CATALOG).said


@pytest.mark.parametrize(("intent", "moment"), TEMPLATES)
def test_every_reply_of_an_intent_is_filled(intent: Intent, moment: str) -> None:
    slots = {slot.name: sample(slot) for slot in intent.slots.values()}
    template = intent.say.get(moment, "")
    values = {name: slots.get(name, 7) for name in {*slots, *names_in(template)}}
    spoken = respond(Reply(f"{intent.name}/{moment}", values), CATALOG)
    for text in (spoken.shown, spoken.said):
        assert not set(text) & set("{}[]")
        assert "unknown" not in text
        assert text[0] == text[0].upper()
    assert moment not in spoken.shown, "it has words of its own"


@pytest.mark.parametrize(("intent", "moment"), TEMPLATES)
def test_what_is_spoken_has_no_sign_that_cannot_be_said_back(intent: Intent, moment: str) -> None:
    slots = {slot.name: sample(slot) for slot in intent.slots.values()}
    values = {name: slots.get(name, 7) for name in {*slots, *names_in(intent.say.get(moment, ""))}}
    assert not re.search(r"[0-9_/=<>-]", said(f"{intent.name}/{moment}", **values))


@pytest.mark.parametrize(("intent", "moment"), TEMPLATES)
def test_what_is_missing_is_left_out_or_unknown(intent: Intent, moment: str) -> None:
    spoken = respond(Reply(f"{intent.name}/{moment}"), CATALOG)
    needed = names_in(re.sub(r"\[[^\]]*\]", "", intent.say.get(moment, "")))
    assert spoken.shown.lower().count("unknown") == len(needed)
    assert spoken.said.lower().count("unknown") == len(needed)
    assert not set(spoken.shown + spoken.said) & set("{}[]")


@pytest.mark.parametrize("key", sorted(CATALOG.replies))
def test_every_common_reply_is_filled(key: str) -> None:
    values = dict.fromkeys(names_in(CATALOG.replies[key]), "something")
    spoken = respond(Reply(key, values), CATALOG)
    assert not set(spoken.shown + spoken.said) & set("{}[]")
    assert spoken.shown.lower() == re.sub(r"\{\w+\}", "something", re.sub(r"[\[\]]", "", CATALOG.replies[key])).lower()


@pytest.mark.parametrize(
    ("values", "as_shown", "as_said"),
    [
        ({"job": "4711"}, "4711", "four seven one one"),
        ({"job": "51002"}, "51002", "five one zero zero two"),
    ],
)
def test_identifiers_are_said_digit_by_digit(values: dict[str, SlotData], as_shown: str, as_said: str) -> None:
    spoken = respond(Reply("job.start/done", values), CATALOG)
    assert (spoken.shown, spoken.said) == (f"Order {as_shown} started.", f"Order {as_said} started.")


def test_letters_of_an_identifier_are_said_by_their_names() -> None:
    values: dict[str, SlotData] = {"defect": "tombstone", "component": "U7", "serial": "123"}
    assert said("defect.record/confirm", **values) == (
        "Record tombstone at uniform seven on board one two three. Correct?"
    )
    assert shown("defect.record/confirm", **values) == "Record tombstone at U7 on board 123. Correct?"


def test_counts_and_measurements_are_said_as_numbers() -> None:
    assert said("scrap.report/confirm", quantity=120, defect="void", job="4711").startswith("Scrap one hundred twenty,")
    assert said("measurement.record/confirm", characteristic="torque", value=-1.25, unit="Nm") == (
        "Record torque minus one point two five newton meters. Correct?"
    )
    assert shown("measurement.record/confirm", characteristic="torque", value=-1.25, unit="Nm") == (
        "Record torque -1.25 Nm. Correct?"
    )


def test_list_values_are_said_by_their_names() -> None:
    values: dict[str, SlotData] = {"equipment": "SPP-1", "reason": "stencil-clog"}
    assert said("downtime.start/done", **values) == "Printer one is down, stencil clog."
    assert shown("downtime.start/done", **values) == "SPP-1 is down, stencil clog."


def test_a_value_that_no_slot_announced_is_said_by_its_name_too() -> None:
    assert "Top stop stencil clog," in said("report.shift/done", top_stop="stencil-clog", top_stop_minutes=45)
    assert "Top stop stencil clog," in shown("report.shift/done", top_stop="stencil-clog", top_stop_minutes=45)
    assert "Top stop press three," in said("report.shift/done", top_stop="PRS-3", top_stop_minutes=45)


def test_an_abbreviation_is_shown_as_people_write_it() -> None:
    values: dict[str, SlotData] = {"kpi": "oee", "line": "LINE-2", "value": 82.5, "unit": "percent"}
    assert shown("kpi.get/done", **values) == "OEE of LINE-2: 82.5 percent."
    assert said("kpi.get/done", **values) == "OEE of line two: eighty two point five percent."


@pytest.mark.parametrize("absent", [{}, {"quantity": ""}, {"quantity": "none"}])
def test_a_part_with_a_missing_value_is_left_out(absent: dict[str, SlotData]) -> None:
    assert shown("job.start/done", job="4711", product="phone", **absent) == "Order 4711 started."
    assert shown("job.start/done", job="4711", product="phone", quantity=0) == "Order 4711 started, 0 phone."


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), ""])
def test_a_value_that_is_none_is_unknown(value: SlotData) -> None:
    spoken = respond(Reply("kpi.get/done", {"kpi": "oee", "value": value, "unit": "percent"}), CATALOG)
    assert spoken.shown == spoken.said == "OEE: unknown percent."


def test_kinds_of_things_are_called_what_people_call_them() -> None:
    assert shown("no_such", what="job", id="4799") == "There is no order 4799 here."
    assert said("no_such", what="serial", id="12") == "There is no board one two here."
    assert shown("help_filling", what="defect") == "Say the defect, or cancel."


def test_a_sentence_of_the_mes_is_passed_on_as_it_is() -> None:
    reason = "Order 4712 waits for material."
    assert shown("rejected", reason=reason) == said("rejected", reason=reason) == f"Not done: {reason}"


def test_a_value_is_never_taken_for_a_template() -> None:
    assert shown("rejected", reason="[{job}] is {odd}.", job="4711") == "Not done: [{job}] is {odd}."


def test_a_reply_without_words_says_its_key() -> None:
    assert shown("never_heard_of") == "Never_heard_of"
    silent = replace(CATALOG.intent("job.next"), say={})
    catalog = replace(CATALOG, intents={"job.next": silent})
    assert respond(Reply("job.next/done"), catalog).shown == "What comes next at this station. done."


plain = st.one_of(st.text(max_size=20), st.integers(), st.floats(), st.just("none"))
values_of_any_kind = st.dictionaries(
    st.sampled_from(["job", "quantity", "defect", "equipment", "reason", "value", "unit", "what", "id", "text", "kpi"]),
    st.one_of(plain, st.dictionaries(st.text(max_size=5), plain, max_size=2)),
)
KEYS = [f"{intent.name}/{moment}" for intent in CATALOG.intents.values() for moment in intent.say]


@given(st.sampled_from([*KEYS, *CATALOG.replies]), values_of_any_kind)
def test_whatever_a_mes_answers_can_be_told(key: str, values: dict[str, SlotData]) -> None:
    spoken = respond(Reply(key, values), CATALOG)
    assert spoken.shown
    assert spoken.said


@given(st.text("ABCXYZ0123456789", min_size=3, max_size=8).filter(lambda text: any(sign.isdigit() for sign in text)))
def test_every_sign_of_an_identifier_is_said(catalog: Catalog, identifier: str) -> None:
    words = respond(Reply("no_such", {"what": "lot", "id": identifier}), catalog).said.removesuffix(" here.").split()
    signs = {name: sign for sign, name in NATO.items()} | {name: str(n) for n, name in enumerate(DIGITS)}
    assert "".join(signs[word] for word in words[4:]) == identifier
