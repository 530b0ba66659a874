"""The recogniser's graph accepts what the matcher accepts, once, in as few arcs as possible."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.errors import CatalogError
from voicemes.intents import BUILT_IN_TYPES, Catalog
from voicemes.model import Live, Reference, Scope, WordGraph
from voicemes.nlu import grammar
from voicemes.nlu.grammar import build_graph
from voicemes.nlu.match import Matcher
from voicemes.nlu.phrase import FreeText, Less, Phrase, Seq, Word, one_of, optional, sample, seq, words
from voicemes.nlu.spoken import NUMBER_WORD
from voicemes.nlu.values import MAX_SPELLED_OUT, UNLISTED

SCOPES = (
    Scope(),
    Scope("confirming"),
    Scope("confirming", "scrap.report"),
    Scope("filling", "scrap.report", "defect"),
    Scope("filling", "job.start", "job"),
    Scope("filling", "measurement.record", "value"),
)
Arcs = Mapping[int, Mapping[str, tuple[int, float]]]


def arcs_of(graph: WordGraph) -> dict[int, dict[str, tuple[int, float]]]:
    arcs: dict[int, dict[str, tuple[int, float]]] = {state: {} for state in range(graph.n_states)}
    for source, target, word, weight in graph.arcs:
        arcs[source][word] = (target, weight)
    return arcs


def accepts(graph: WordGraph, tokens: list[str], arcs: Arcs | None = None) -> bool:
    arcs = arcs or arcs_of(graph)
    state = 0
    for token in tokens:
        if token not in arcs[state]:
            return False
        state = arcs[state][token][0]
    return state in graph.finals


def weight_of(graph: WordGraph, said: str) -> float:
    """The product of the weights along one sentence."""
    arcs, state, product = arcs_of(graph), 0, 1.0
    for token in said.split():
        state, weight = arcs[state][token]
        product *= weight
    return product


def walk(arcs: Arcs, finals: frozenset[int], rng: random.Random) -> list[str]:
    """One random sentence of the graph."""
    state, said = 0, list[str]()
    while not (state in finals and (not arcs[state] or rng.random() < 0.3)):
        word = rng.choice(sorted(arcs[state]))
        said.append(word)
        state = arcs[state][word][0]
    return said


def is_said(matcher: Matcher, tokens: list[str], scope: Scope) -> bool:
    """Whether the matcher reads it without free text, which no recogniser's grammar can hear."""
    found = lenient(matcher).match(tokens, scope)
    return any(all(slot.type != "text" for slot in item.slots) for item in found)


@cache
def lenient(matcher: Matcher) -> Matcher:
    """The same without a look at units: the recogniser hears "offset minus two newtons", and the matcher refuses it."""
    return Matcher(replace(matcher.catalog, units={})).with_live(matcher.live)


def slot_phrases(matcher: Matcher) -> dict[str, Phrase]:
    """What can be heard of each slot type; typing knows more ways."""
    types = {*BUILT_IN_TYPES, *matcher.catalog.lists}
    return {name: phrase for name in types if (phrase := matcher.vocabulary.heard_phrase(name)) is not None}


def with_orders(matcher: Matcher, *orders: str) -> Matcher:
    return matcher.with_live(Live(references={"job": tuple(Reference(order) for order in orders)}))


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_every_sentence_of_the_graph_is_matched(matcher: Matcher, scope: Scope) -> None:
    graph = matcher.graph(scope)
    arcs = arcs_of(graph)
    rng = random.Random(str(scope))
    for _ in range(200):
        said = walk(arcs, graph.finals, rng)
        assert lenient(matcher).match(said, scope), said


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_every_sentence_of_a_template_is_in_the_graph(matcher: Matcher, scope: Scope) -> None:
    graph, slots = matcher.graph(scope), slot_phrases(matcher)
    arcs = arcs_of(graph)
    rng = random.Random(str(scope))
    for sentence in matcher.sentences(scope):
        if "{text}" not in sentence.template.text and matcher.can_be_heard(sentence, scope):
            said = sample(sentence.phrase, slots, rng)
            assert accepts(graph, said, arcs), said


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_a_sentence_with_a_wrong_word_is_in_the_graph_only_if_it_is_matched(matcher: Matcher, scope: Scope) -> None:
    graph = matcher.graph(scope)
    arcs, vocabulary = arcs_of(graph), sorted(graph.words)
    rng = random.Random(str(scope))
    for _ in range(200):
        said = walk(arcs, graph.finals, rng)
        place = rng.randrange(len(said))
        said[place : place + rng.randrange(2)] = rng.sample(vocabulary, rng.randrange(2))
        assert not accepts(graph, said, arcs) or is_said(matcher, said, scope), said


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_no_two_arcs_of_a_state_have_the_same_word(matcher: Matcher, scope: Scope) -> None:
    graph = matcher.graph(scope)
    assert len({(source, word) for source, _, word, _ in graph.arcs}) == len(graph.arcs)


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_no_two_states_of_a_graph_could_be_one(matcher: Matcher, scope: Scope) -> None:
    graph = matcher.graph(scope)
    endings = {
        (state in graph.finals, frozenset((word, to, weight) for word, (to, weight) in arcs.items()))
        for state, arcs in arcs_of(graph).items()
    }
    assert len(endings) == graph.n_states


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_every_state_is_reached_and_reaches_an_end(matcher: Matcher, scope: Scope) -> None:
    graph = matcher.graph(scope)
    forward: dict[int, set[int]] = {}
    backward: dict[int, set[int]] = {}
    for source, target, _, _ in graph.arcs:
        forward.setdefault(source, set()).add(target)
        backward.setdefault(target, set()).add(source)
    assert _closure({0}, forward) == set(range(graph.n_states))
    assert _closure(set(graph.finals), backward) == set(range(graph.n_states))


def _closure(states: set[int], arcs: Mapping[int, set[int]]) -> set[int]:
    todo, reached = list(states), set(states)
    while todo:
        fresh = arcs.get(todo.pop(), set()) - reached
        reached |= fresh
        todo += fresh
    return reached


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_silence_is_no_sentence_of_the_graph(matcher: Matcher, scope: Scope) -> None:
    graph = matcher.graph(scope)
    assert 0 not in graph.finals
    assert all(word and word == word.lower() and " " not in word for word in graph.words)
    assert all(0 < weight <= 1 for _, _, _, weight in graph.arcs)


def test_fifty_orders_in_twenty_sentences_are_in_the_graph_once() -> None:
    """What an order costs is paid once, however many sentences end with it."""
    orders = one_of(words(" ".join(f"w{digit}" for digit in str(1000 + 37 * n))) for n in range(50))
    one = build_graph("one", [seq(Word("verb"), orders)], lambda _: None)
    twenty = build_graph("twenty", [seq(Word(f"verb{n}"), orders) for n in range(20)], lambda _: None)
    assert len(twenty.arcs) == len(one.arcs) + 19
    assert twenty.n_states == one.n_states


def test_a_graph_that_lists_fifty_orders_is_smaller_than_one_of_free_digits(matcher: Matcher) -> None:
    free = len(matcher.graph(Scope()).arcs)
    listed = len(with_orders(matcher, *(str(4_700 + n) for n in range(50))).graph(Scope()).arcs)
    assert listed < free


def test_an_order_that_exists_is_likelier_than_one_that_does_not(matcher: Matcher) -> None:
    graph = with_orders(matcher, "4711").graph(Scope())
    listed = weight_of(graph, "start order four seven one one")
    assert accepts(graph, ["start", "order", "forty", "seven", "eleven"])
    assert not accepts(graph, ["start", "order", "fifty", "six", "twenty", "two"])
    assert weight_of(graph, "start order four seven one two") < listed
    assert weight_of(graph, "start order five six two two") == pytest.approx(listed * UNLISTED**4)


def test_without_a_snapshot_every_order_is_as_likely(matcher: Matcher) -> None:
    graph = matcher.graph(Scope())
    assert weight_of(graph, "start order four seven one one") == weight_of(graph, "start order five six two two")


def test_an_order_that_does_not_exist_can_still_be_heard_to_be_refused(matcher: Matcher) -> None:
    assert accepts(with_orders(matcher, "4711").graph(Scope()), ["start", "order", "five", "six", "two", "two"])


def test_more_orders_than_decode_in_time_are_heard_as_digits_of_their_length(matcher: Matcher) -> None:
    scope = Scope("filling", "job.start", "job")
    many = with_orders(matcher, *(str(10_000 + n) for n in range(MAX_SPELLED_OUT + 1))).graph(scope)
    assert accepts(many, ["five", "six", "two", "two", "three"])
    assert not accepts(many, ["five", "six", "two", "two"])
    assert len(many.arcs) < len(matcher.graph(scope).arcs)


def words_of_need(matcher: Matcher) -> frozenset[str]:
    """An emergency is heard in every state, also by a station that sleeps."""
    heard = matcher.graph(Scope("standby"))
    assert accepts(heard, ["man", "down"])
    return heard.words


def test_need_is_heard_in_every_state(matcher: Matcher) -> None:
    for scope in (Scope(), Scope("choosing"), Scope("checking"), Scope("confirming", "scrap.report")):
        assert accepts(matcher.graph(scope), ["man", "down"]), scope


def test_a_confirmation_hears_little_else_than_yes_and_no(matcher: Matcher) -> None:
    assert len(matcher.graph(Scope("confirming")).words - words_of_need(matcher)) <= 30
    assert accepts(matcher.graph(Scope("confirming")), ["affirm"])


@pytest.mark.parametrize("name", ["job.start", "scrap.report", "job.next"])
def test_filling_a_slot_hears_little_else_than_its_values(matcher: Matcher, catalog: Catalog, name: str) -> None:
    for slot in catalog.intent(name).slots.values():
        values = build_graph("values", [matcher.vocabulary.phrase(slot.type)], lambda _: None).words
        leads = {"order", "job", "board", "unit", "serial", "lot", "number", "the", "pieces", "units", "boards"}
        around = matcher.graph(Scope("filling", name, slot.name)).words - values - leads - words_of_need(matcher)
        assert len(around) <= 20, sorted(around)


def test_nothing_can_be_heard_while_waiting(matcher: Matcher) -> None:
    graph = matcher.graph(Scope("waiting"))
    assert not graph.arcs
    assert not graph.finals


def test_a_graph_is_built_once(matcher: Matcher) -> None:
    assert matcher.graph(Scope()) is matcher.graph(Scope())


def test_a_graph_that_could_not_be_decoded_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "MAX_STATES", 5)
    with pytest.raises(CatalogError, match="'big' has more than 5 states"):
        build_graph("big", [words("a b c d e f g")], lambda _: None)


def test_what_cannot_be_heard_takes_its_sentence_with_it() -> None:
    graph = build_graph("text", [seq(Word("note"), FreeText()), words("go on")], lambda _: None)
    assert graph.words == {"go", "on"}


def test_of_two_ways_to_the_same_words_the_likelier_counts() -> None:
    graph = build_graph("two", [Less(words("go on"), 0.5), words("go on")], lambda _: None)
    assert weight_of(graph, "go on") == 1


PHRASES = st.recursive(
    st.sampled_from("abc").map(Word),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda items: Seq(tuple(items))),
        st.lists(inner, min_size=1, max_size=3).map(one_of),
        inner.map(optional),
    ),
    max_leaves=8,
)


def language(phrase: Phrase) -> set[tuple[str, ...]]:
    """Every sentence of a small phrase, by brute force."""
    match phrase:
        case Word(text):
            return {(text,)}
        case Seq(items):
            found: set[tuple[str, ...]] = {()}
            for item in items:
                found = {head + tail for head in found for tail in language(item)}
            return found
        case _ if hasattr(phrase, "items"):
            return set().union(*map(language, phrase.items))
        case _:
            return {()}


def sentences_of(graph: WordGraph) -> set[tuple[str, ...]]:
    arcs = arcs_of(graph)
    found, todo = set(), [(0, tuple[str, ...]())]
    while todo:
        state, said = todo.pop()
        if state in graph.finals:
            found.add(said)
        todo += [(to, (*said, word)) for word, (to, _) in arcs[state].items()]
    return found


@given(st.lists(PHRASES, min_size=1, max_size=3))
def test_a_graph_accepts_exactly_its_phrases(phrases: list[Phrase]) -> None:
    graph = build_graph("any", phrases, lambda _: None)
    assert sentences_of(graph) == set().union(*map(language, phrases))


def test_please_is_as_unlikely_as_a_digit() -> None:
    """Otherwise "thirty three" is heard as "thirty please"."""
    graph = build_graph("x", [words("thirty please"), seq(Word("thirty"), Less(Word("three"), NUMBER_WORD))])
    assert weight_of(graph, "thirty please") == weight_of(graph, "thirty three") == NUMBER_WORD
