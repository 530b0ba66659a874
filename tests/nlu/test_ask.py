"""What a language model is asked, and what may come of its answer."""

from __future__ import annotations

import pytest

from voicemes.intents import Catalog
from voicemes.model import Ambiguous, NotUnderstood, Scope, SlotValue, Transcript, Understood
from voicemes.nlu.ask import ask, askable, read_answer, signature, slot_order
from voicemes.nlu.consult import Bars
from voicemes.nlu.instructions import instructions
from voicemes.nlu.match import Matcher
from voicemes.runtime.reader import LEARNED, Reader
from voicemes.testing import FakeCompleter

BIN = "binned three of them, solder bridge, the order was 4711"
BIN_SHOWN = "binned A # of them B<defect> solder bridge the order was C ####"


def test_the_grammar_names_marks_and_never_values(matcher: Matcher) -> None:
    question = ask(matcher, matcher.tokens(BIN))
    grammar = question.grammar()
    assert question.prompt == BIN_SHOWN
    assert '"scrap.report" (" quantity " values-' in grammar
    assert "solder-bridge" not in grammar
    assert "4711" not in grammar


def test_rule_names_have_no_underscores(matcher: Matcher) -> None:
    names = [line.partition(" ::= ")[0] for line in ask(matcher, matcher.tokens(BIN)).grammar().splitlines()]
    assert len(names) > 5
    assert not any("_" in name for name in names)


def test_an_answer_is_a_reading_with_its_values(matcher: Matcher) -> None:
    question = ask(matcher, matcher.tokens(BIN))
    found = read_answer(matcher, question, "scrap.report quantity A defect B job C", 0.9)
    assert found is not None
    assert (found.intent, found.values, found.route) == (
        "scrap.report",
        {"quantity": 3, "defect": "solder-bridge", "job": "4711"},
        "llm",
    )
    assert found.slots[1] == SlotValue("defect", "solder-bridge", "solder bridge", type="defect")


def test_none_is_nothing(matcher: Matcher) -> None:
    assert read_answer(matcher, ask(matcher, ["hello"]), "none", 1.0) is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("binned 4711", "scrap.report quantity A job A"),
        ("finished that with 50", "job.complete quantity A scrap A"),
        ("before order 4711", "job.priority job A position A"),
        ("printer one offset minus eighteen millimeters", "parameter.adjust_request equipment A parameter B delta C"),
    ],
)
def test_words_are_no_two_values_and_a_unit_is_its_own(matcher: Matcher, text: str, answer: str) -> None:
    question = ask(matcher, matcher.tokens(text))
    assert answer.split(maxsplit=1)[0] in question.names
    assert read_answer(matcher, question, answer, 1.0) is None


@pytest.mark.parametrize(
    "answer",
    [
        "scrap.everything",
        "scrap.report colour A",
        "scrap.report defect C",
        "scrap.report defect",
        "none A",
        "note.add text tea",
    ],
)
def test_an_answer_outside_the_grammar_is_an_error(matcher: Matcher, answer: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_answer(matcher, ask(matcher, matcher.tokens(BIN)), answer, 1.0)


def test_a_remark_comes_last(catalog: Catalog) -> None:
    assert slot_order(catalog.intent("andon.call"))[-1] == "text"
    assert signature(catalog.intent("andon.call")).endswith("text:text)")


def test_what_the_speaker_may_not_do_is_not_offered(matcher: Matcher) -> None:
    offered = {one.name for one in ask(matcher.heard_by(["operator"]), ["hello"]).intents}
    assert "scrap.report" in offered
    assert "lot.release" not in offered


def test_what_the_model_never_learned_is_not_offered(matcher: Matcher, catalog: Catalog) -> None:
    learned = {signature(catalog.intent("job.next"))}
    assert [one.name for one in ask(matcher, ["hello"], learned).intents] == ["job.next"]


def test_the_instructions_have_every_intent_and_examples_that_point(matcher: Matcher, catalog: Catalog) -> None:
    text = instructions(matcher)
    assert all(f"\n{intent.name}: " in text for intent in askable(catalog))
    assert "alert.list line A" in text
    assert len(text) < 12_000


# --- what becomes of a confidence ------------------------------------------------------------------------------------


MODEL_ONLY = ("llm", "clarify")


def read(matcher: Matcher, answers: dict[str, tuple[str, float]]) -> object:
    reader = Reader(completer=FakeCompleter(answers), bars=Bars(read=0.6, write=0.6, asked=0.2))
    return reader.read(Transcript(BIN, "keyboard"), Scope(), matcher, MODEL_ONLY)


def test_a_sure_answer_is_understood(matcher: Matcher) -> None:
    parse = read(matcher, {BIN_SHOWN: ("scrap.report quantity A", 0.9)})
    assert isinstance(parse, Understood)
    assert (parse.candidate.intent, parse.candidate.route) == ("scrap.report", "llm")
    assert parse.candidate.score == pytest.approx(0.9)


def test_an_unsure_answer_becomes_a_question(matcher: Matcher) -> None:
    parse = read(matcher, {BIN_SHOWN: ("scrap.report", 0.4)})
    assert isinstance(parse, Ambiguous)
    assert [one.route for one in parse.candidates] == ["clarify"]


def test_a_guess_into_the_blue_is_nothing(matcher: Matcher) -> None:
    assert isinstance(read(matcher, {BIN_SHOWN: ("scrap.report", 0.1)}), NotUnderstood)


def test_templates_come_first(matcher: Matcher) -> None:
    completer = FakeCompleter({"what's my next job": ("job.abort", 1.0)})
    parse = Reader(completer=completer).read(Transcript("what's my next job", "keyboard"), Scope(), matcher)
    assert isinstance(parse, Understood)
    assert (parse.candidate.route, completer.asked) == ("grammar", [])


def test_a_model_that_breaks_is_no_harm(matcher: Matcher) -> None:
    completer = FakeCompleter()
    completer.is_broken = True
    reader = Reader(completer=completer)
    assert isinstance(reader.read(Transcript(BIN, "keyboard"), Scope(), matcher, MODEL_ONLY), NotUnderstood)
    assert "broken" in reader.lacks


def test_a_model_of_another_catalogue_is_not_asked(matcher: Matcher, drinks: Matcher) -> None:
    learned = "\n".join(signature(one) for one in matcher.catalog.intents.values())
    completer = FakeCompleter(notes={LEARNED: learned})
    reader = Reader(completer=completer)
    reader.read(Transcript("a glass of something", "keyboard"), Scope(), drinks)
    assert completer.asked == []
    assert reader.unlearned(drinks.catalog) == list(drinks.catalog.intents)
    assert reader.unlearned(matcher.catalog) == []


def test_an_answer_to_a_question_is_never_the_models(matcher: Matcher) -> None:
    completer = FakeCompleter({"yes maybe": ("job.next", 1.0)})
    Reader(completer=completer).read(Transcript("yes maybe", "keyboard"), Scope("confirming", "scrap.report"), matcher)
    assert completer.asked == []
