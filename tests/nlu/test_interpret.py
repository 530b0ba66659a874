"""From a transcript to a parse: what is accepted, what is asked, what is refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tea_catalog import TEA, Compile

from voicemes.model import Ambiguous, NotUnderstood, Parse, Scope, Transcript, Understood
from voicemes.nlu.interpret import EXPECTED, UNEXPECTED, Acceptance, interpret, shifted
from voicemes.nlu.match import Matcher
from voicemes.nlu.normalize import MAX_CHARS

IDLE = Scope()
CONFIRMING = Scope("confirming", "scrap.report")
READ, WRITE = "what's my next job", "start order 4711"


def hear(matcher: Matcher, text: str, confidence: float = 1.0, scope: Scope = IDLE, *, complete: bool = True) -> Parse:
    said = Transcript(text, "test", confidence=confidence, is_complete=complete)
    return interpret(said, scope, matcher, Acceptance(read=0.5, write=0.6))


def refusal(result: Parse) -> str:
    assert isinstance(result, NotUnderstood), result
    return result.reason


def understood(result: Parse) -> tuple[str, dict[str, object]]:
    assert isinstance(result, Understood), result
    return result.candidate.intent, dict(result.candidate.values)


@pytest.mark.parametrize("text", ["", "   ", "…", "?!", "\n", "²"])
def test_nothing_said_is_silence(matcher: Matcher, text: str) -> None:
    assert refusal(hear(matcher, text)) == "silence"


def test_a_sentence_that_was_cut_off_is_incomplete_even_where_it_could_stand(matcher: Matcher) -> None:
    assert refusal(hear(matcher, "start order 4711", complete=False)) == "incomplete"


@pytest.mark.parametrize(
    "text",
    ["what is the weather today", "launch the rockets", "order order order", "xyzzy"],
)
def test_what_no_template_says_is_out_of_grammar(matcher: Matcher, text: str) -> None:
    assert refusal(hear(matcher, text)) == "out_of_grammar"


def test_an_answer_is_out_of_grammar_where_nothing_was_asked(matcher: Matcher) -> None:
    assert refusal(hear(matcher, "affirm")) == "out_of_grammar"
    assert understood(hear(matcher, "affirm", scope=CONFIRMING)) == ("affirm", {})


def test_a_command_is_out_of_grammar_while_a_confirmation_is_open(matcher: Matcher) -> None:
    assert refusal(hear(matcher, "start order 4711", scope=CONFIRMING)) == "out_of_grammar"


def test_a_longer_text_is_refused_not_cut_to_something_that_fits(matcher: Matcher) -> None:
    assert understood(hear(matcher, WRITE))[0] == "job.start"
    assert refusal(hear(matcher, WRITE + " " * MAX_CHARS + "but only if Ben agrees")) == "out_of_grammar"


@pytest.mark.parametrize(
    ("text", "confidence", "is_accepted"),
    [
        (READ, 0.5, True), (READ, 0.49, False), (WRITE, 0.6, True), (WRITE, 0.59, False), (WRITE, 0.5, False),
        (READ, math.nan, False), (WRITE, math.nan, False),
    ],
)  # fmt: skip
def test_a_write_needs_more_confidence_than_a_question(
    matcher: Matcher, text: str, confidence: float, *, is_accepted: bool
) -> None:
    result = hear(matcher, text, confidence)
    assert isinstance(result, Understood) is is_accepted
    assert is_accepted or refusal(result) == "noise"


WHAT_IS_ASKED = [("affirm", 0.6), ("no three", 0.6), ("negative", 0.5), ("cancel", 0.5)]


@pytest.mark.parametrize(("word", "needed"), WHAT_IS_ASKED)
def test_what_was_just_asked_for_needs_less_and_a_write_still_more_than_the_rest(
    matcher: Matcher, word: str, needed: float
) -> None:
    needed = shifted(needed, -EXPECTED)
    assert isinstance(hear(matcher, word, needed, CONFIRMING), Understood | Ambiguous)
    assert refusal(hear(matcher, word, needed - 0.01, CONFIRMING)) == "noise"


@pytest.mark.parametrize(("word", "needed"), [("undo that", 0.6), ("slower please", 0.5), ("help", 0.5)])
def test_a_word_to_the_dialogue_that_comes_out_of_nothing_needs_more(
    matcher: Matcher, word: str, needed: float
) -> None:
    needed = shifted(needed, UNEXPECTED)
    assert refusal(hear(matcher, word, needed - 0.01)) == "noise"
    assert isinstance(hear(matcher, word, needed), Understood | Ambiguous)


def test_where_something_was_said_before_a_word_about_it_comes_not_out_of_nothing(matcher: Matcher) -> None:
    assert isinstance(hear(matcher, "undo that", 0.6, Scope(follows=True)), Understood)
    assert refusal(hear(matcher, "undo that", 0.59, Scope(follows=True))) == "noise"


@pytest.mark.parametrize("text", ["the previous step", "repeat that step"])
def test_a_value_that_points_back_at_nothing_needs_more(matcher: Matcher, text: str) -> None:
    needed = shifted(0.5, UNEXPECTED)
    assert refusal(hear(matcher, text, needed - 0.01)) == "noise"
    assert isinstance(hear(matcher, text, needed), Understood)
    after_a_step = Scope(recalled=("step",))
    assert refusal(hear(matcher, text, 0.49, after_a_step)) == "noise"
    assert isinstance(hear(matcher, text, 0.5, after_a_step), Understood)


def test_a_value_that_points_at_nothing_before_needs_no_more(matcher: Matcher) -> None:
    assert isinstance(hear(matcher, "next step", 0.5), Understood)


@given(st.floats(0, 1), st.floats(-3, 3))
def test_what_needs_nothing_or_everything_stays_so(probability: float, log_odds: float) -> None:
    assert shifted(0.0, log_odds) == 0.0
    assert shifted(1.0, log_odds) == 1.0
    assert 0 <= shifted(probability, log_odds) <= 1
    assert shifted(shifted(probability, log_odds), -log_odds) == pytest.approx(probability)


LOUD = Acceptance(write_above_db=6.0)
CRY = "someone is hurt"


@pytest.mark.parametrize(
    ("text", "range_db", "is_accepted"),
    [(WRITE, 5.9, False), (WRITE, 6.0, True), (WRITE, None, True), (READ, 0.0, True), (CRY, 0.0, True)],
)
def test_where_it_is_too_loud_nothing_is_written_but_a_cry_for_help(
    matcher: Matcher, text: str, range_db: float | None, *, is_accepted: bool
) -> None:
    result = interpret(Transcript(text, "test", confidence=0.9, range_db=range_db), IDLE, matcher, LOUD)
    assert isinstance(result, Understood) is is_accepted
    assert is_accepted or refusal(result) == "too_loud"


def test_a_yes_in_too_much_noise_confirms_nothing(matcher: Matcher) -> None:
    transcript = Transcript("yes", "test", confidence=0.9, range_db=3.0)
    assert refusal(interpret(transcript, CONFIRMING, matcher, LOUD)) == "too_loud"


def test_what_was_not_meant_is_no_matter_of_noise(matcher: Matcher) -> None:
    transcript = Transcript(WRITE, "test", confidence=0.3, range_db=3.0)
    assert refusal(interpret(transcript, IDLE, matcher, LOUD)) == "noise"


@given(
    text=st.sampled_from([READ, WRITE, "scrap two solder bridge", "OEE of line two", "undo", "help", "nonsense", ""]),
    lower=st.floats(0, 1),
    higher=st.floats(0, 1),
)
def test_more_confidence_never_turns_acceptance_into_refusal(
    matcher: Matcher, text: str, lower: float, higher: float
) -> None:
    lower, higher = sorted((lower, higher))
    if not isinstance(hear(matcher, text, lower), NotUnderstood):
        assert not isinstance(hear(matcher, text, higher), NotUnderstood)


@given(st.text(max_size=300), st.sampled_from([IDLE, CONFIRMING, Scope("filling", "andon.call", "text")]))
def test_nothing_that_can_be_said_raises(matcher: Matcher, text: str, scope: Scope) -> None:
    assert isinstance(hear(matcher, text, scope=scope), Understood | Ambiguous | NotUnderstood)


def test_the_score_is_the_confidence_for_a_sentence_without_free_text(matcher: Matcher) -> None:
    result = hear(matcher, WRITE, 0.8)
    assert isinstance(result, Understood)
    assert result.candidate.score == pytest.approx(0.8)
    assert result.candidate.route == "grammar"


def test_two_intents_that_say_the_same_are_asked_about(compiled: Compile) -> None:
    other = TEA.replace("tea.make", "pot.make").replace("R0", "R2")
    matcher = compiled(other=other)
    result = hear(matcher, "make a small tea")
    assert isinstance(result, Ambiguous)
    assert {candidate.intent for candidate in result.candidates} == {"tea.make", "pot.make"}


def test_where_one_meaning_writes_both_need_the_confidence_of_a_write(compiled: Compile) -> None:
    matcher = compiled(other=TEA.replace("tea.make", "pot.make").replace("R0", "R2"))
    assert refusal(hear(matcher, "make a small tea", 0.55)) == "noise"
    assert isinstance(hear(matcher, "make a small tea", 0.6), Ambiguous)


def test_a_number_that_can_be_split_in_two_ways_is_asked_about(matcher: Matcher) -> None:
    result = hear(matcher, "completed order seven thousand five hundred eighteen twenty two good")
    assert isinstance(result, Ambiguous)
    jobs = {(candidate.values["job"], candidate.values["quantity"]) for candidate in result.candidates}
    assert jobs == {("7500", 1822), ("7518", 22)}


def test_the_same_meaning_through_two_templates_is_no_ambiguity(compiled: Compile) -> None:
    matcher = compiled(tea=TEA + '  - "make a (small|{size}) tea"\n  - "make a {size} tea"\n')
    assert understood(hear(matcher, "make a large tea")) == ("tea.make", {"size": "large"})


def test_a_reading_with_less_free_text_wins(compiled: Compile) -> None:
    note = "intent: note.add\nsummary: Note.\nrisk: R1\nslots: {text: {type: text}}\nsentences: ['make {text}']\n"
    matcher = compiled(note=note)
    assert understood(hear(matcher, "make a small tea")) == ("tea.make", {"size": "small"})
    assert understood(hear(matcher, "make haste")) == ("note.add", {"text": "haste"})


def test_a_slot_remembers_the_words_it_came_from(matcher: Matcher) -> None:
    result = hear(matcher, "Start order forty-seven eleven!")
    assert isinstance(result, Understood)
    (job,) = result.candidate.slots
    assert (job.name, job.value, job.spoken, job.source) == ("job", "4711", "forty seven eleven", "said")


@pytest.mark.parametrize(
    ("scope", "text", "meant"),
    [
        (Scope("filling", "scrap.report", "defect"), "solder bridge", ("answer", {"defect": "solder-bridge"})),
        (Scope("filling", "scrap.report", "job"), "the order forty seven eleven", ("answer", {"job": "4711"})),
        (Scope("filling", "scrap.report", "quantity"), "it's three", ("answer", {"quantity": 3})),
        (
            Scope("filling", "measurement.record", "value"),
            "1.5 newton meters",
            ("answer", {"value": 1.5, "unit": "Nm"}),
        ),
        (Scope("filling", "measurement.record", "unit"), "microns", ("answer", {"unit": "um"})),
        (CONFIRMING, "no, tombstone", ("correct", {"defect": "tombstone"})),
        (CONFIRMING, "tombstone not solder bridge", ("correct", {"defect": "tombstone"})),
        (CONFIRMING, "never mind", ("cancel", {})),
        (CONFIRMING, "say again", ("repeat", {})),
    ],
)
def test_what_the_dialogue_asked_for_is_understood(matcher: Matcher, scope: Scope, text: str, meant: object) -> None:
    assert understood(hear(matcher, text, scope=scope)) == meant
