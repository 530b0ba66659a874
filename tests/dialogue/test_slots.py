"""Slots: said, carried over, implied, asked for, and refused when they do not exist."""

from __future__ import annotations

import pytest
from talk import LIVE, Talk

from voicemes.model import Live, Reference


def fields(talk: Talk) -> dict[str, object]:
    assert talk.command is not None, talk.keys
    return dict(talk.command.fields)


def test_what_belongs_to_the_station_need_not_be_said(talk: Talk) -> None:
    talk.hear("what's my next job")
    assert fields(talk) == {"equipment": "SPP-1"}


def test_what_is_said_beats_what_is_carried_over(talk: Talk) -> None:
    talk.hear("what is next on printer two")
    assert fields(talk) == {"equipment": "SPP-2"}


def test_the_running_order_is_meant_when_none_is_named(talk: Talk) -> None:
    talk.hear("scrap two solder bridge")
    assert talk.replies[0].values["job"] == "4711"


def test_the_order_last_spoken_of_is_meant_before_the_running_one(talk: Talk) -> None:
    talk.hear("start order 4712")
    talk.accept()
    talk.hear("scrap two solder bridge")
    assert talk.replies[0].values["job"] == "4712"


def test_an_order_that_is_gone_is_not_meant_any_more(talk: Talk) -> None:
    talk.hear("start order 4712")
    talk.accept()
    talk.live = Live({"job": (Reference("4711"),)}, LIVE.current)
    talk.hear("scrap two solder bridge")
    assert talk.replies[0].values["job"] == "4711"


def test_a_serial_is_one_piece(talk: Talk) -> None:
    talk.hear("scrap board 123 for crack")
    assert talk.replies[0].values == {"serial": "123", "defect": "crack", "quantity": 1, "job": "4711"}


def test_missing_slots_are_asked_one_by_one_in_their_order(talk: Talk) -> None:
    talk.hear("report scrap")
    assert talk.keys == ["scrap.report/ask.quantity"]
    talk.hear("four pieces")
    assert talk.keys == ["scrap.report/ask.defect"]
    talk.hear("solder bridge")
    assert talk.keys == ["scrap.report/confirm"]
    assert talk.replies[0].values == {"quantity": 4, "defect": "solder-bridge", "job": "4711"}


def test_one_answer_may_fill_two_slots(talk: Talk) -> None:
    talk.say("we're out of labels", "two rolls")
    assert fields(talk) == {"material": "label", "quantity": 2, "unit": "rolls", "line": "LINE-1"}


def test_a_filled_r1_action_is_done_at_once(talk: Talk) -> None:
    talk.say("printer two is down", "feeder jam")
    assert fields(talk) == {"equipment": "SPP-2", "reason": "feeder-jam"}


def test_an_order_that_does_not_exist_is_refused_by_name(talk: Talk) -> None:
    talk.hear("start order 4799")
    assert talk.keys == ["no_such"]
    assert talk.replies[0].values == {"what": "job", "id": "4799"}
    assert (talk.command, talk.state.phase, talk.forgotten) == (None, "idle", [])


def test_an_answer_that_does_not_exist_ends_the_action(talk: Talk) -> None:
    talk.say("begin a new order", "4799")
    assert talk.keys == ["no_such"]
    assert [(gone.intent, gone.why) for gone in talk.forgotten] == [("job.start", "replaced")]
    assert (talk.state.phase, talk.state.pending) == ("idle", None)


def test_an_order_that_does_not_exist_is_not_spoken_of(talk: Talk) -> None:
    talk.say("start order 4799", "scrap two solder bridge")
    assert talk.replies[0].values["job"] == "4711"


def test_where_nothing_is_known_any_order_may_be_named(talk: Talk) -> None:
    talk.live = Live()
    talk.hear("start order 4799")
    assert fields(talk) == {"job": "4799"}


@pytest.mark.parametrize(("said", "number"), [("next step", 3), ("repeat that step", 2), ("go back one step", 1)])
def test_a_step_is_counted_from_the_one_last_read(talk: Talk, said: str, number: int) -> None:
    talk.hear("read me step two")
    talk.accept(number=2)
    talk.hear(said)
    assert fields(talk) == {"step": number, "job": "4711"}


def test_another_order_begins_with_its_first_step(talk: Talk) -> None:
    talk.hear("read me step two")
    talk.accept(number=2)
    talk.hear("what's the next step for order 4712")
    assert fields(talk) == {"step": 1, "job": "4712"}


def test_there_is_no_step_before_the_first(talk: Talk) -> None:
    talk.hear("go back one step")
    assert fields(talk)["step"] == 1


@pytest.mark.parametrize(
    ("number", "following"),
    [(2, 3), (2.0, 3), ("2", 3), ("2 of 6", 1), (float("nan"), 1), (float("inf"), 1), ({"at": 2}, 1)],
)
def test_however_the_mes_numbers_a_step_the_next_one_can_be_asked_for(talk: Talk, number, following: int) -> None:
    talk.hear("read me step two")
    talk.accept(number=number)
    talk.hear("next step")
    assert fields(talk)["step"] == following
