"""What the plant says by itself: who is told, in which order, and never into anybody's dialogue."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.dialogue.news import LULL_S, MAX_WAITING, Board, Listener, Quiet, concerns, pin, take
from voicemes.happening import News
from voicemes.model import Reply

ANA = Listener("SPP-1", "LINE-1", "operator", "Ana")
QUIET = Quiet("idle", 60.0)


def news(number: int = 0, **changes: object) -> News:
    made = News(str(number), Reply("news_called", {"team": f"team {number}"}), "soon", ("station",), "SPP-1", "LINE-1")
    return replace(made, **changes)


many = st.lists(
    st.builds(news, st.integers(0, 60), urgency=st.sampled_from(["now", "soon", "shown"])), max_size=3 * MAX_WAITING
)


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({}, True),
        ({"equipment": "SPP-2", "line": "LINE-2"}, False),
        ({"equipment": "OVN-1"}, False),
        ({"equipment": "OVN-1", "audience": ("line",)}, True),
        ({"equipment": "SPP-2", "line": "LINE-2", "audience": ("line",)}, False),
        ({"equipment": "", "line": "", "audience": ("line",)}, True),
        ({"audience": ("supervisor",)}, False),
        ({"operator": "Ana"}, False),
        ({"operator": "Hugo"}, True),
    ],
)
def test_a_station_is_told_what_concerns_it(changes: dict[str, object], is_told: bool) -> None:
    assert concerns(news(**changes), ANA) is is_told


def test_a_role_hears_of_its_line_and_without_one_of_all() -> None:
    other = news(line="LINE-2", equipment="SPP-2", audience=("supervisor",))
    assert not concerns(other, Listener("office", "LINE-1", "supervisor"))
    assert concerns(other, Listener("office", "", "supervisor"))


@given(many)
def test_what_is_urgent_goes_first_and_nothing_is_told_twice(arrived: list[News]) -> None:
    board, told = Board(), []
    for one in arrived:
        board = pin(board, one)
    assert len(board.waiting) <= MAX_WAITING
    while (found := take(board, QUIET))[0] is not None:
        told.append(found[0])
        board = found[1]
    urgencies = [one.urgency for one in told]
    assert urgencies == sorted(urgencies)
    assert len({str(one.reply) for one in told}) == len(told)
    said = {str(one.reply) for one in arrived if one.urgency != "shown"}
    assert len(told) == min(len(said), MAX_WAITING) or len(said) > MAX_WAITING


def test_over_the_limit_urgent_news_stays() -> None:
    board = pin(Board(), news(1000, urgency="now"))
    for number in range(MAX_WAITING + 5):
        board = pin(board, news(number))
    assert board.waiting[0].event_id == "1000"


@pytest.mark.parametrize("phase", ["filling", "confirming", "waiting"])
def test_nothing_is_told_into_a_dialogue(phase: str) -> None:
    board = pin(Board(), news(urgency="now"))
    assert take(board, Quiet(phase, 60.0)) == (None, board)


@pytest.mark.parametrize("urgency", ["now", "soon"])
def test_it_must_have_been_quiet_for_a_while(urgency: str) -> None:
    board = pin(Board(), news(urgency=urgency))
    assert take(board, Quiet("idle", LULL_S[urgency] - 0.01))[0] is None
    assert take(board, Quiet("idle", LULL_S[urgency]))[0] is not None


def test_muted_news_waits() -> None:
    board = replace(pin(Board(), news()), is_muted=True)
    assert take(board, QUIET) == (None, board)
    assert take(replace(board, is_muted=False), QUIET)[0] is not None


def test_what_is_only_shown_is_never_told() -> None:
    assert pin(Board(), news(urgency="shown")) == Board()
