"""Text that another recogniser wrote becomes the sentence that sounds like it, or nothing."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.config import Settings
from voicemes.engines.asr.lexicon import SOUNDS
from voicemes.engines.asr.pocketsphinx import open_vocabulary
from voicemes.engines.tts.espeak_library import phonemes
from voicemes.model import Scope, WordGraph
from voicemes.nlu.match import Matcher
from voicemes.nlu.sounding import MAX_SOUNDS, Say, Text, gone, snap, spread, taken_for
from voicemes.ports import EngineContext

IDLE = Scope()
ORDER = Scope.parse("filling:job.start.job")
QUANTITY = Scope.parse("filling:scrap.report.quantity")
SOUND = st.sampled_from(sorted(SOUNDS))


@pytest.fixture(scope="module")
def say() -> Say:
    vocabulary = open_vocabulary(EngineContext(Path("unused"), Settings().lexicon_files), phonemes)
    return cache(lambda word: [way.split() for way in vocabulary.pronunciations(word)])


@pytest.mark.parametrize(
    ("text", "scope", "words"),
    [
        ("tree", QUANTITY, "three"),
        ("a y one is down", IDLE, "aoi one is down"),
        ("A.O.I. one is down", IDLE, "aoi one is down"),
        ("for seven double one", ORDER, "four seven double one"),
        ("start order for seven one one", IDLE, "start order four seven one one"),
        ("scrap to solder bridge", IDLE, "scrap two solder bridge"),
        ("scrap tree soda bridge", IDLE, "scrap three solder bridge"),
        ("next stop", IDLE, "next step"),
        ("how many our left", IDLE, "how many are left"),
    ],
)
def test_what_sounds_alike_is_taken_for_what_can_be_said(
    matcher: Matcher, say: Say, text: str, scope: Scope, words: str
) -> None:
    found = snap(matcher.tokens(text), matcher.graph(scope), say)
    assert found is not None
    assert " ".join(found.words) == words
    assert matcher.match(list(found.words), scope)


def test_its_number_is_the_one_that_was_meant(matcher: Matcher, say: Say) -> None:
    found = snap(matcher.tokens("for seven double one"), matcher.graph(ORDER), say)
    assert found is not None
    assert matcher.match(list(found.words), ORDER)[0].values["job"] == "4711"


@pytest.mark.parametrize(
    "text",
    [
        "what is the weather like in london today",
        "i went to the cinema with my brother last night and it was good",
        "thank you for watching",
        "could somebody bring me a cup of coffee please",
        "the meeting is moved to thursday",
        "",
        "q",
        " ".join(["supercalifragilistic"] * 30),
    ],
)
def test_what_nobody_says_to_a_machine_is_not_forced_into_a_sentence(
    matcher: Matcher, say: Say, text: str
) -> None:
    assert snap(matcher.tokens(text), matcher.graph(IDLE), say) is None


def test_a_word_that_nobody_can_say_is_no_sound(matcher: Matcher) -> None:
    assert snap(["start", "order"], matcher.graph(IDLE), lambda _: []) is None
    assert Text.of(["start"], lambda _: []) is None


def test_where_both_may_be_said_the_word_stays(say: Say) -> None:
    arcs = tuple((0, 1, word, 1.0) for word in ("for", "four", "fore"))
    both = WordGraph("both", 2, frozenset({1}), arcs)
    for word in ("for", "four"):
        found = snap([word], both, say)
        assert found is not None
        assert (found.words, found.cost) == ((word,), 0.0)


# --- for any sentence ------------------------------------------------------------------------------------------------


def drawn(graph: WordGraph, seed: int) -> list[str]:
    """A sentence of the graph."""
    rng, arcs = random.Random(seed), {}
    for start, end, word, _ in graph.arcs:
        arcs.setdefault(start, []).append((end, word))
    state, words = 0, []
    while state not in graph.finals or (state in arcs and rng.random() < 0.5):
        state, word = rng.choice(arcs[state])
        words.append(word)
    return words


def accepts(graph: WordGraph, words: tuple[str, ...]) -> bool:
    states = {0}
    for word in words:
        states = {end for start, end, said, _ in graph.arcs if start in states and said == word}
    return not states.isdisjoint(graph.finals)


@given(seed=st.integers(0, 10_000))
def test_every_sentence_sounds_like_itself(drinks: Matcher, say: Say, seed: int) -> None:
    graph = drinks.graph(IDLE)
    words = drawn(graph, seed)
    if sum(max(map(len, say(word))) for word in words) <= MAX_SOUNDS:
        found = snap(words, graph, say)
        assert found is not None
        assert (list(found.words), found.cost) == (words, 0.0)


@given(st.lists(st.sampled_from(["tea", "tree", "large", "to", "for", "order", "won", "the", "of", "ate"]), max_size=6))
def test_what_comes_out_can_be_said_and_costs_no_more_than_allowed(drinks: Matcher, say: Say, words: list[str]) -> None:
    graph = drinks.graph(IDLE)
    found = snap(words, graph, say, most=0.4)
    if found is not None:
        assert accepts(graph, found.words)
        assert 0 <= found.cost <= 0.4


@given(SOUND, SOUND)
def test_sounds_are_as_far_from_each_other_both_ways(one: str, other: str) -> None:
    assert taken_for(one, other) == taken_for(other, one)
    assert (taken_for(one, other) == 0) is (one == other)
    assert taken_for(one, other) <= gone(one) + gone(other) + 0.6


@given(st.lists(SOUND, min_size=1, max_size=6), st.lists(SOUND, min_size=1, max_size=6))
def test_a_piece_of_text_costs_what_the_cheapest_edits_cost(written: list[str], wanted: list[str]) -> None:
    text = Text.of(["word"], lambda _: [written])
    assert text is not None
    reached = dict(spread(text, 0, wanted, most=99.0))
    assert reached[len(written)] == pytest.approx(edits(tuple(written), tuple(wanted)))


@cache
def edits(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """The textbook's recursion."""
    if not one or not other:
        return sum(map(gone, one or other))
    return min(
        edits(one[1:], other[1:]) + taken_for(one[0], other[0]),
        edits(one[1:], other) + gone(one[0]),
        edits(one, other[1:]) + gone(other[0]),
    )
