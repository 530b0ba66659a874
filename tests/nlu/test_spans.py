"""Which words may fill a slot: the marks that a language model points at."""

from __future__ import annotations

import pytest

from voicemes.intents import Catalog
from voicemes.model import Live, Reference
from voicemes.nlu.match import Matcher
from voicemes.nlu.spans import Marked, mark, slot_types


def marked(matcher: Matcher, text: str) -> Marked:
    types = {slot.type for intent in matcher.catalog.intents.values() for slot in intent.slots.values()}
    return mark(matcher, matcher.tokens(text), types)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("binned three, solder bridge, order 4711", "binned A # B<defect> solder bridge order C ####"),
        ("finish order 4711, 50 good", "finish order A #### B ## good"),
        ("torque is -1.25", "A<characteristic><parameter> torque is B -#.##"),
        ("lot A17 to oven one", "lot A a## to B<equipment> oven one"),
        ("bent pin on U7", "A<defect> bent pin on B u#"),
        ("the order to the end", "the order A<position> to the end"),
        ("nothing to see", "nothing to see"),
    ],
)
def test_numbers_are_shapes_and_names_have_tags(matcher: Matcher, text: str, shown: str) -> None:
    assert marked(matcher, text).text() == shown


@pytest.mark.parametrize(
    ("text", "slot_type", "pointer", "value"),
    [
        ("order forty-seven eleven", "job", "A", "4711"),
        ("lower it by five microns", "delta", "down A", -5),
        ("raise it by five microns", "delta", "up A", 5),
        ("minus five microns", "delta", "A", -5),
        ("plus minus twenty microns", "limits", "A", {"plus": 20, "minus": 20, "unit": "um"}),
        ("before order 4712", "position", "A", {"before": "4712"}),
        ("to the very end, to the end", "position", "A", "last"),
        ("once more", "step", "A", "repeat"),
    ],
)
def test_a_pointer_stands_for_a_value(
    matcher: Matcher, text: str, slot_type: str, pointer: str, value: object
) -> None:
    same = [types for types in matcher.book(slot_types).values() if types[0] == slot_type]
    types = max(same, key=len)
    found = marked(matcher, text)
    assert found.value(matcher, "slot", found.offered(types)[pointer]).value == value


def test_what_exists_decides_where_a_number_ends(matcher: Matcher) -> None:
    text = "order four seven one one fifty good"
    assert marked(matcher, text).text() == "order A ###### good"
    here = matcher.with_live(Live({"job": (Reference("4711"),)}))
    assert marked(here, text).text() == "order A #### B ## good"


def test_two_numbers_that_were_typed_apart_are_two(matcher: Matcher) -> None:
    assert marked(matcher, "close 3, 4").text() == "close A # B #"


def test_more_stretches_than_marks_are_left_unmarked(matcher: Matcher) -> None:
    text = marked(matcher, ", ".join("oven one" for _ in range(20))).text()
    assert text.count("<equipment>") == 16
    assert text.endswith("oven one oven one")


def test_a_remark_ends_with_the_sentence_or_before_a_mark(matcher: Matcher) -> None:
    found = marked(matcher, "the paste is dry on printer one today")
    assert found.pieces() == ["the", "paste", "is", "dry", "on", "printer", "one", "today"]
    assert found.remark(["is", "dry", "on"]) == "is dry"
    assert found.remark(["never", "said"]) == ""
    assert set(found.last_pieces()) >= {4, 6, 7}


def test_a_number_in_a_remark_is_what_was_said(matcher: Matcher) -> None:
    assert marked(matcher, "feeder forty two is loose").remark(["feeder", "##", "is", "loose"]) == (
        "feeder forty two is loose"
    )


def test_templates_say_what_else_may_stand_in_a_slot(matcher: Matcher, catalog: Catalog) -> None:
    types = matcher.book(slot_types)
    assert types["instruction.step", "step"][0] == "step"
    assert "again" in types["instruction.step", "step"]
    assert types["note.add", "text"] == ("text",)
    assert "container" in types["container.close", "serial"]
    assert types["scrap.report", "serial"] == ("serial",), "what one intent takes is nothing to another"
    assert set(types) == {(name, slot) for name, intent in catalog.intents.items() for slot in intent.slots}


def test_what_has_a_sign_needs_no_direction(matcher: Matcher) -> None:
    assert set(marked(matcher, "offset minus five microns").choices["delta"]) == {"B"}
    assert set(marked(matcher, "offset five microns").choices["delta"]) == {"up B", "down B"}
