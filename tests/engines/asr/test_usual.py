"""What is usual of a voice: who never fits well is not refused for it, and nobody is refused for it either."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.engines.asr.trust import PER_NAT, logit
from voicemes.engines.asr.usual import MOST, PEOPLE, SURE, Usual
from voicemes.model import Transcript, Word

QUIET_DB, NOISY_DB = 40.0, 12.0


def heard(excess: float, confidence: float = 0.99, *, range_db: float = QUIET_DB) -> Transcript:
    words = (Word("next", 0.0, 0.5, 4.0, excess), Word("step", 0.5, 1.0, 4.0, excess))
    return Transcript("next step", "test", words, confidence, range_db=range_db)


def after(*said: Transcript) -> Usual:
    usual = Usual()
    for one in said:
        usual.learn(usual.judged(one))
    return usual


def test_of_a_voice_that_never_fits_well_the_same_sentence_is_surer() -> None:
    doubtful = heard(-0.6, 0.4)
    assert Usual().judged(doubtful) == doubtful
    forgiven = after(*[heard(-1.0)] * 10).judged(doubtful)
    assert 0.6 < forgiven.confidence < 0.9
    assert forgiven.words == doubtful.words


def test_it_takes_more_than_one_sentence() -> None:
    gains = [after(*[heard(-1.0)] * n).forgiven for n in range(7)]
    assert gains[0] == 0
    assert gains == sorted(gains)
    assert gains[1] < gains[6] / 2


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(heard(-0.2, SURE - 0.01), id="not surely said"),
        pytest.param(heard(-0.2, range_db=NOISY_DB), id="in noise, where nobody fits well"),
    ],
)
def test_nothing_is_learned_from(said: Transcript) -> None:
    assert after(*[said] * 20).forgiven == 0


def test_who_fits_better_than_most_is_held_to_no_more() -> None:
    doubtful = heard(-0.6, 0.4)
    assert after(*[heard(PEOPLE - 1)] * 20).judged(doubtful) == doubtful


def test_what_was_forgiven_once_does_not_make_the_next_sentence_easier() -> None:
    """Learned is what was heard, not what was made of it."""
    usual = after(*[heard(-1.0)] * 10)
    before = usual.forgiven
    said = usual.judged(heard(0.5, 0.9))
    assert said.confidence > SURE
    usual.learn(said)
    assert usual.forgiven == before


sentences = st.builds(heard, st.floats(-5, 5), st.floats(0, 1), range_db=st.floats(0, 60))


@given(st.lists(sentences, max_size=12), sentences)
def test_nobody_is_refused_for_it_and_not_much_is_forgiven(before: list[Transcript], said: Transcript) -> None:
    judged = after(*before).judged(said)
    gain = logit(judged.confidence) - logit(said.confidence)
    assert -1e-6 <= gain <= -PER_NAT * MOST + 1e-6
    assert (judged.confidence == 0) == (said.confidence == 0)
