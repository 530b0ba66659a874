"""The catalogue proves itself: every example, every template, every question and every reply.

One test per example, so a new intent file brings its own tests.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from voicemes.connectors.load import load_spec
from voicemes.dialogue.state import Tally
from voicemes.intents import BUILT_IN_TYPES, Catalog, Example, Intent
from voicemes.model import Scope, Transcript, Understood
from voicemes.nlu.catalog import load_catalog
from voicemes.nlu.interpret import interpret
from voicemes.nlu.kit.proof import meant, read
from voicemes.nlu.match import Matcher, Sentence
from voicemes.nlu.phrase import sample
from voicemes.nlu.values import Vocabulary

ROOT = Path(__file__).resolve().parents[2]
CATALOG = load_catalog(ROOT / "intents")
DRINKS = load_catalog(ROOT / "tests" / "catalogs" / "drinks", base=ROOT / "intents")
CATALOGS = {"plant": CATALOG, "drinks": DRINKS}

CORE = (
    "job.start", "job.complete", "scrap.report", "defect.record", "downtime.start", "andon.call", "material.request",
    "measurement.record", "job.next", "instruction.step", "kpi.get", "report.shift",
)  # fmt: skip
"""The twelve that carry a station: shared/intents.md."""

CONNECTOR = load_spec(ROOT / "voicemes" / "connectors" / "reference.yaml")


def answers(operation: str) -> set[str]:
    """What the answer of the MES brings beyond the slots: names, and those of the items of a list."""
    known = CONNECTOR.operations.get(operation)
    expressions = known.answer if known else {}
    return set(expressions) | {
        name for expression in expressions.values() for name in re.findall(r"(\w+):", expression.expression)
    }


COMMON_VALUES = {"first", "second", "what", "who", "id", "reason", "example", "examples", "n", "items", "many"} | {
    *("value", "most", "job", "limit", "unit", "characteristic", "known", "person", "asked_by", "said", "thing", "why")
}
"""What the dialogue puts into a reply that no intent owns; `said` and `thing`: of what had to wait in the outbox."""


TALLY = Tally(1, 1, 1).told.keys()
"""What became of the actions so far: any answer may tell it."""


def examples() -> Iterator[object]:
    for name, catalog in CATALOGS.items():
        for intent in catalog.intents.values():
            for example in intent.examples:
                yield pytest.param(name, intent, example, id=f"{intent.name}: {example.say}")


def not_examples() -> Iterator[object]:
    for name, catalog in CATALOGS.items():
        for intent in catalog.intents.values():
            for say in intent.not_examples:
                yield pytest.param(name, intent, say, id=f"{intent.name}: {say}")


def sentences() -> Iterator[object]:
    for name, catalog in CATALOGS.items():
        for sentence in Matcher(catalog).sentences(Scope()):
            if sentence.name in catalog.intents:
                yield pytest.param(name, sentence, id=f"{sentence.name}: {sentence.template.text}")


@pytest.fixture(scope="session")
def matchers(matcher: Matcher, drinks: Matcher) -> dict[str, Matcher]:
    return {"plant": matcher, "drinks": drinks}


@pytest.mark.parametrize(("name", "intent", "example"), list(examples()))
def test_an_example_is_understood_with_exactly_its_slots(
    name: str, intent: Intent, example: Example, matchers: dict[str, Matcher]
) -> None:
    result = read(matchers[name], example.say)
    assert isinstance(result, Understood), result
    assert result.candidate.intent == intent.name
    assert result.candidate.values == dict(example.slots)


@pytest.mark.parametrize(("name", "intent", "say"), list(not_examples()))
def test_a_sentence_from_elsewhere_is_not_taken_for_the_intent(
    name: str, intent: Intent, say: str, matchers: dict[str, Matcher]
) -> None:
    assert intent.name not in meant(read(matchers[name], say))


@pytest.mark.parametrize(("name", "sentence"), list(sentences()))
def test_every_template_can_be_reached_by_what_it_describes(
    name: str, sentence: Sentence, matchers: dict[str, Matcher]
) -> None:
    matcher = matchers[name]
    slots = matcher.vocabulary.drawable()
    for seed in range(3):
        said = " ".join(sample(sentence.phrase, slots, random.Random(f"{sentence.template.text}{seed}")))
        assert said
        assert sentence.name in meant(read(matcher, said)), said


@pytest.mark.parametrize("name", CORE)
def test_a_core_intent_is_there_with_enough_ways_to_say_it_and_enough_proof(name: str) -> None:
    intent = CATALOG.intent(name)
    assert len({template.text for template in intent.sentences}) >= 6
    assert len({example.say for example in intent.examples}) >= 6
    assert len(set(intent.not_examples)) >= 2


@pytest.mark.parametrize("intent", [pytest.param(one, id=one.name) for one in CATALOG.intents.values()])
def test_every_intent_has_enough_ways_to_say_it_and_enough_proof(intent: Intent) -> None:
    assert len({template.text for template in intent.sentences}) >= 4
    assert len({example.say for example in intent.examples}) >= 6
    assert len(set(intent.not_examples)) >= 2


ALL_INTENTS = [
    pytest.param(catalog, intent, id=intent.name)
    for catalog in CATALOGS.values()
    for intent in catalog.intents.values()
]


@pytest.mark.parametrize(("catalog", "intent"), ALL_INTENTS)
def test_every_required_slot_has_a_question(catalog: Catalog, intent: Intent) -> None:
    assert catalog
    assert all(slot.ask.endswith("?") for slot in intent.slots.values() if slot.is_required)


@pytest.mark.parametrize(("catalog", "intent"), ALL_INTENTS)
def test_a_reply_only_mentions_slots_and_values_of_the_answer(catalog: Catalog, intent: Intent) -> None:
    assert catalog
    mentioned = {value for text in intent.say.values() for value in re.findall(r"{(\w+)}", text)}
    steady = tuple(f"{slot.name}_" for slot in intent.slots.values() if slot.is_steady)
    known = {value for value in mentioned if steady and value.startswith(steady)}
    assert mentioned - known - TALLY <= set(intent.slots) | answers(intent.action.operation)


@pytest.mark.parametrize(("catalog", "intent"), ALL_INTENTS)
def test_an_action_that_is_read_back_names_every_required_slot(catalog: Catalog, intent: Intent) -> None:
    assert catalog
    if intent.risk in {"R2", "R3"}:
        required = {slot.name for slot in intent.slots.values() if slot.is_required}
        assert required <= set(re.findall(r"{(\w+)}", intent.say["confirm"]))


REPLIES = sorted(item for item in CATALOG.replies.items() if not item[0].startswith("news_"))
"""What the plant says by itself has the values of the connector's rules: tests/connectors/test_news_stream.py."""


@pytest.mark.parametrize(("key", "text"), REPLIES)
def test_a_common_reply_only_mentions_what_the_dialogue_gives_it(key: str, text: str) -> None:
    assert text, key
    assert set(re.findall(r"{(\w+)}", text)) <= COMMON_VALUES


@pytest.mark.parametrize(("catalog", "intent"), ALL_INTENTS)
def test_every_example_value_of_a_list_slot_is_in_the_list(catalog: Catalog, intent: Intent) -> None:
    for example in intent.examples:
        for name, value in example.slots.items():
            slot_type = intent.slots[name].type
            if slot_type not in BUILT_IN_TYPES:
                assert value in {item.id for values in catalog.lists.values() for item in values}


@cache
def vocabulary_of(catalog_id: int) -> Vocabulary:
    """Read once for all its lists."""
    (catalog,) = (one for one in CATALOGS.values() if id(one) == catalog_id)
    return Matcher(catalog).vocabulary


@pytest.mark.parametrize(
    ("catalog", "slot_type"),
    [pytest.param(catalog, name, id=name) for catalog in CATALOGS.values() for name in sorted(catalog.lists)],
)
def test_no_two_values_of_a_list_are_said_the_same(catalog: Catalog, slot_type: str) -> None:
    vocabulary = vocabulary_of(id(catalog))
    rng = random.Random(slot_type)
    for value in catalog.lists[slot_type]:
        for alias in value.aliases:
            said = sample(vocabulary.templates.phrase(alias, {}), {}, rng)
            meant = {emitted for end, emitted in vocabulary.read(slot_type, said, 0) if end == len(said)}
            assert meant == {value.id}, said


@pytest.mark.parametrize(
    "scope",
    [
        Scope("filling", intent.name, slot) for intent in CATALOG.intents.values() for slot in intent.slots
    ] + [Scope("confirming", name) for name in CATALOG.intents],
    ids=str,
)
def test_every_state_of_the_dialogue_can_be_matched_and_cancelled(scope: Scope, matcher: Matcher) -> None:
    result = interpret(Transcript("cancel", "typed"), scope, matcher)
    assert isinstance(result, Understood)
    assert result.candidate.intent == "cancel"


def test_an_answer_may_bring_a_second_slot(matcher: Matcher) -> None:
    said = Transcript("two rolls", "typed")
    result = interpret(said, Scope("filling", "material.request", "quantity"), matcher)
    assert isinstance(result, Understood)
    assert result.candidate.values == {"quantity": 2, "unit": "rolls"}


def test_asking_for_the_shift_report_is_not_ambiguous(matcher: Matcher) -> None:
    result = read(matcher, "give me the shift report")
    assert isinstance(result, Understood)
    assert result.candidate.values == {}
