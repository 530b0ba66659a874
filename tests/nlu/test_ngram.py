"""The little language model: probabilities that are some, of sentences that the catalogue understands."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.model import Live, Reference, Scope
from voicemes.nlu.match import Matcher
from voicemes.nlu.ngram import BEGIN, END, arpa, draw_sentences, nouns_of

SENTENCES = st.lists(
    st.lists(st.sampled_from(["start", "stop", "order", "one", "two"]), min_size=1, max_size=6).map(" ".join),
    min_size=1,
    max_size=20,
)


class Model:
    """Reads the format back, and looks a word up as decoders do."""

    def __init__(self, text: str) -> None:
        self.likely: dict[tuple[str, ...], float] = {}
        self.back: dict[tuple[str, ...], float] = defaultdict(lambda: 1.0)
        order = 0
        for line in text.splitlines():
            if line.endswith("-grams:"):
                order = int(line[1])
            elif order and line and not line.startswith("\\"):
                number, *words = line.split()
                gram = tuple(words[:order])
                self.likely[gram] = 10 ** float(number)
                if len(words) > order:
                    self.back[gram] = 10 ** float(words[order])

    def probability(self, word: str, before: tuple[str, ...]) -> float:
        if (*before, word) in self.likely:
            return self.likely[(*before, word)]
        return self.back[before] * self.probability(word, before[1:]) if before else 0.0


@given(SENTENCES)
def test_after_any_words_the_probabilities_sum_to_one(sentences: list[str]) -> None:
    model = Model(arpa(sentences))
    words = {word for sentence in sentences for word in sentence.split()} | {END}
    pairs = [tuple(f"{BEGIN} {sentence}".split()[at : at + 2]) for sentence in sentences for at in range(2)]
    for before in [(), *pairs]:
        if END not in before:
            assert sum(model.probability(word, before) for word in words) == pytest.approx(1.0, abs=0.01)


def test_what_is_usual_is_likelier_and_nothing_is_impossible() -> None:
    model = Model(arpa(["start order one"] * 8 + ["start order two", "stop order two"]))
    assert model.probability("one", ("start", "order")) > 4 * model.probability("two", ("start", "order"))
    assert model.probability("one", ("stop", "order")) > 0
    assert model.probability("start", (BEGIN,)) > model.probability("stop", (BEGIN,)) > 0


def test_without_a_sentence_there_is_no_model() -> None:
    assert arpa([]) == arpa(["", "  "]) == ""


def test_what_is_drawn_is_understood_and_the_same_every_time(matcher: Matcher) -> None:
    drawn = draw_sentences(matcher, 300)
    assert drawn == draw_sentences(matcher, 300)
    understood = sum(bool(matcher.match(sentence.split(), Scope())) for sentence in drawn)
    assert understood > 0.9 * len(drawn), "but for values that do not fit each other"
    assert len({sentence.split()[-1] for sentence in drawn}) > 60, "slots hold another value each time"


def test_nouns_are_things_and_what_exists_now_comes_first(matcher: Matcher) -> None:
    nouns = nouns_of(matcher)
    assert {"stencil clog", "tombstone", "solder bridge"} <= set(nouns)
    assert not {"start", "scrap", "pause", "report", "stop"} & set(nouns)
    there = matcher.with_live(Live({"equipment": (Reference("X-1", ("the big xylophone",)),)}))
    assert nouns_of(there)[0] == "the big xylophone"
