"""Job numbers out loud: what is said, and how it is counted."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.model import Ambiguous, Candidate, NotUnderstood, Parse, Scope, SlotValue, Transcript, Understood
from voicemes.nlu.interpret import Acceptance, interpret
from voicemes.nlu.match import Matcher
from voicemes.ports import Voice
from voicemes.runtime.number_bench import SENTENCES, VOICES, Tally, Trial, bench_numbers, draw, ways_to_say
from voicemes.runtime.speech_bench import Bench
from voicemes.testing.fakes import FakeRecognizer, FakeSynthesizer

TRIAL = Trial("4711", "start order forty seven eleven", Voice("en-us"))


def taken(*jobs: str) -> Parse:
    said = Transcript("start order something", "test")
    found = tuple(Candidate("job.start", (SlotValue("job", job, job, type="job"),), 1.0, "grammar") for job in jobs)
    if not found:
        return NotUnderstood("noise", said)
    return Understood(found[0], said) if len(found) == 1 else Ambiguous(found, said)


@pytest.mark.parametrize(
    ("parse", "outcome"),
    [
        (taken("4711"), (1, 0, 0)),
        (taken("4712"), (0, 0, 1)),
        (taken("4799"), (0, 1, 0)),
        (taken("4711", "4712"), (0, 1, 0)),
        (taken(), (0, 1, 0)),
    ],
    ids=["right", "another order", "no order", "one of two", "not understood"],
)
def test_what_is_taken_is_right_asked_about_or_wrong(parse: Parse, outcome: tuple[int, int, int]) -> None:
    tally = Tally(decisions_s=[0.1])
    tally.count(TRIAL, parse, {"4711", "4712"}.__contains__)
    assert (tally.right, tally.asked, tally.wrong) == outcome
    found = tally.to_json(1)
    assert found["right_or_asked"] == 1 - outcome[2]
    assert found["voices"]["en-us"] == {"n": 1, "right": outcome[0], "wrong": outcome[2]}
    assert len(found["mistakes"]) == 1 - outcome[0]


@given(st.integers(1_000, 9_999))
def test_every_way_to_say_a_number_is_that_number(matcher: Matcher, number: int) -> None:
    for words in ways_to_say(str(number)):
        for sentence in SENTENCES:
            parse = interpret(Transcript(sentence.format(words), "test"), Scope(), matcher, Acceptance())
            readings = parse.candidates if isinstance(parse, Ambiguous) else (parse.candidate,)
            assert str(number) in {slot.value for one in readings for slot in one.slots}


def test_every_voice_says_every_kind_of_sentence() -> None:
    trials = list(draw(random.Random(1), ["4711", "1200"], 200))
    assert {trial.voice.name for trial in trials} == set(VOICES)
    assert {trial.text.rpartition(" order ")[0] for trial in trials} == {"start", "how many left on"}
    assert len({(trial.voice.name, trial.text.split()[0]) for trial in trials}) == 2 * len(VOICES)


def test_it_counts_what_the_recogniser_hears(matcher: Matcher) -> None:
    heard = ["start order one two three four"] * 6
    bench = Bench(matcher, FakeRecognizer(*heard), Acceptance())
    result = bench_numbers(bench, FakeSynthesizer(), n_trials=6, n_orders=9_000, seed=3)
    assert (result["orders"], result["trials"], result["wrong"]) == (9_000, 6, 6)
    few = bench_numbers(
        Bench(matcher, FakeRecognizer(*heard), Acceptance()), FakeSynthesizer(), n_trials=6, n_orders=2, seed=3
    )
    assert (few["wrong"], few["asked"]) == (0, 1.0), "an order that does not exist is never taken"
