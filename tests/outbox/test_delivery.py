"""What is tried next, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from letters import NOON_S, entry

from voicemes.errors import MesBusy, MesDenied, MesError, MesProtocolError, MesUncertain, MesUnreachable
from voicemes.model import Accepted, Live, MesReply, Reference, Rejected, Saved, Unknown, Unsaved, Unsent
from voicemes.outbox.delivery import (
    FIRST_WAIT_S,
    HELD_S,
    LONGEST_WAIT_S,
    MAX_IN_DOUBT,
    SPREAD,
    Again,
    Held,
    Over,
    Verdict,
    is_expired,
    judge,
    wait_s,
    what_moved,
)
from voicemes.outbox.entry import DEAD, OPEN, State

attempts = st.integers(-(10**6), 10**12)
dice = st.floats(0, 1)
EVEN = 0.5
"""The dice that leave a wait as it is."""

# --- waits -----------------------------------------------------------------------------------------------------------


@given(attempts, dice)
def test_a_wait_is_never_shorter_or_longer_than_may_be(n: int, rolled: float) -> None:
    assert FIRST_WAIT_S * (1 - SPREAD) <= wait_s(n, rolled) <= LONGEST_WAIT_S * (1 + SPREAD)


@given(attempts, attempts, dice)
def test_waits_grow(n: int, other: int, rolled: float) -> None:
    assert wait_s(min(n, other), rolled) <= wait_s(max(n, other), rolled)


def test_they_grow_by_two_until_the_longest() -> None:
    assert [wait_s(n, EVEN) for n in range(1, 8)] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


@given(st.integers(1, 40))
def test_stations_do_not_come_back_together(n: int) -> None:
    assert wait_s(n, 1.0) == pytest.approx(wait_s(n, 0.0) * 1.5)


# --- verdicts --------------------------------------------------------------------------------------------------------

ONE = "c"
TABLE: dict[str, tuple[MesReply | MesError, Verdict]] = {
    "accepted": (Accepted(ONE, {"job": "1"}), Over(Accepted(ONE, {"job": "1"}))),
    "refused": (Rejected(ONE, "closed", "No."), Over(Rejected(ONE, "closed", "No."))),
    "the connector does not know": (Unknown(ONE, "lost"), Over(Unknown(ONE, "lost"))),
    "never left": (Unsent(ONE, "cut"), Again(4.0, was_sent=False, reason="cut", is_away=True)),
    "unreachable": (MesUnreachable("cut"), Again(4.0, was_sent=False, reason="cut", is_away=True)),
    "busy for a moment": (MesBusy("busy", retry_after_s=1.0), Again(4.0, was_sent=False, reason="busy")),
    "busy for long": (MesBusy("busy", retry_after_s=90.0), Again(90.0, was_sent=False, reason="busy")),
    "denied": (MesDenied("keep out"), Held(HELD_S, was_sent=False, reason="keep out")),
    "answer lost": (MesUncertain("lost"), Again(4.0, was_sent=True, reason="lost")),
    "answer lost for good": (MesUncertain("lost", can_ask_again=False), Over(Unknown(ONE, "lost"))),
    "answer garbled": (MesProtocolError("what?"), Again(4.0, was_sent=True, reason="what?")),
}
"""What came of the third attempt -> what follows, where no earlier one may have been done."""


@pytest.mark.parametrize("case", TABLE)
def test_what_follows_from_an_attempt(case: str) -> None:
    came, verdict = TABLE[case]
    assert judge(came, ONE, 3, EVEN, was_sent=False) == verdict


@pytest.mark.parametrize("case", [case for case, (_, verdict) in TABLE.items() if not isinstance(verdict, Over)])
@given(st.integers(1, 10**6), dice)
def test_what_may_have_been_done_stays_so_until_somebody_knows(case: str, n: int, rolled: float) -> None:
    came, _ = TABLE[case]
    verdict = judge(came, ONE, n, rolled, was_sent=True)
    assert isinstance(verdict, Over) or verdict.was_sent


@pytest.mark.parametrize("came", [MesUncertain("lost"), MesProtocolError("what?")])
def test_what_breaks_the_mes_each_time_is_given_up_in_the_end(came: MesError) -> None:
    assert isinstance(judge(came, ONE, MAX_IN_DOUBT - 1, EVEN, was_sent=True), Again)
    assert judge(came, ONE, MAX_IN_DOUBT, EVEN, was_sent=True) == Over(Unknown(ONE, str(came)))


@pytest.mark.parametrize("came", [MesUnreachable("cut"), MesBusy("busy", retry_after_s=1.0), MesDenied("keep out")])
def test_a_mes_that_is_away_is_waited_for_however_long(came: MesError) -> None:
    assert not isinstance(judge(came, ONE, 10**6, EVEN, was_sent=True), Over)


@pytest.mark.parametrize("came", [Saved(ONE, "cut"), Unsaved(ONE, "full")])
def test_our_own_words_are_no_answer_of_a_mes(came: MesReply) -> None:
    with pytest.raises(TypeError, match="is no answer of a MES"):
        judge(came, ONE, 1, EVEN, was_sent=False)


# --- too old ---------------------------------------------------------------------------------------------------------

DAY_S = 86_400.0


@given(st.floats(0, 1e7), st.floats(1, 1e6), st.none() | st.floats(1, 1e6))
def test_it_waits_as_long_as_its_intent_says_or_the_settings(age_s: float, keep_s: float, own_s: float | None) -> None:
    saved = entry(keep_s=own_s)
    limit_s = keep_s if own_s is None else own_s
    is_old = (NOON_S + age_s) - NOON_S > limit_s
    assert is_expired(saved, NOON_S + age_s, keep_s) is is_old


@pytest.mark.parametrize("state", sorted(OPEN | DEAD - {"expired"}))
def test_only_what_was_never_sent_gets_too_old(state: State) -> None:
    assert is_expired(entry(state), NOON_S + 4 * DAY_S, 3 * DAY_S) is (state == "waiting")


def test_a_clock_that_was_set_back_makes_nothing_old() -> None:
    assert not is_expired(entry(), NOON_S - DAY_S, 60.0)


# --- what has moved --------------------------------------------------------------------------------------------------

RUNS = {"job": {"4711": {"status": "Running", "remaining": 80}}}
SEEN = entry(seen={"job/4711": {"status": "Running"}})
THERE = Live({"job": (Reference("4711"),)}, facts=RUNS)
MOVED: dict[str, tuple[Live, str]] = {
    "as it was": (THERE, ""),
    "something else changed": (replace(THERE, facts={"job": {"4711": {"status": "Running", "remaining": 1}}}), ""),
    "it changed": (replace(THERE, facts={"job": {"4711": {"status": "Held"}}}), "4711"),
    "it is gone": (replace(THERE, references={"job": ()}, facts={"job": {}}), "4711"),
    "it is gone, and its facts stay": (replace(THERE, references={"job": ()}), "4711"),
    "nobody says any more": (replace(THERE, facts={}), "4711"),
    "nobody lists orders": (Live(facts=RUNS), ""),
}


@pytest.mark.parametrize("case", MOVED)
def test_what_was_seen_must_still_be_so(case: str) -> None:
    live, moved = MOVED[case]
    assert what_moved(SEEN, live) == moved


@given(st.dictionaries(st.text(max_size=3), st.integers(), max_size=3), st.text(max_size=8))
def test_what_relied_on_nothing_never_moves(facts: dict[str, int], identifier: str) -> None:
    assert what_moved(entry(), Live({"job": ()}, facts={"job": {identifier: facts}})) == ""


@given(st.text(max_size=12))
def test_any_identifier_is_found_again(identifier: str) -> None:
    seen = entry(seen={f"job/{identifier}": {"status": "Running"}})
    there = Live({"job": (Reference(identifier),)}, facts={"job": {identifier: {"status": "Running"}}})
    assert what_moved(seen, there) == ""
