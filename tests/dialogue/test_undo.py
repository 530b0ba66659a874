"""Undo takes back the last write, for a while, where that is possible."""

from __future__ import annotations

import pytest
from talk import Talk

from voicemes.dialogue.policy import UNDO_S
from voicemes.model import Answered, Rejected, Unknown, Unsent


@pytest.fixture
def started(talk: Talk) -> Talk:
    talk.hear("start order 4712")
    talk.accept(product="phone", quantity=120)
    return talk


def test_a_write_can_be_undone_in_time(started: Talk) -> None:
    started.now_s += UNDO_S
    started.hear("undo")
    assert started.command is not None
    assert (started.command.operation, dict(started.command.fields)) == ("job.start.undo", {"job": "4712"})
    assert started.command.is_write
    started.accept()
    assert started.keys == ["job.start/undone"]
    assert started.replies[0].values["job"] == "4712"


def test_what_the_undo_needs_comes_from_the_answer_of_the_mes(talk: Talk) -> None:
    talk.hear("call maintenance to press three")
    talk.accept(alert="A-7")
    talk.hear("undo that")
    assert talk.command is not None
    assert dict(talk.command.fields) == {"alert": "A-7"}


def test_it_is_undone_once(started: Talk) -> None:
    started.hear("undo")
    started.accept()
    started.hear("undo")
    assert started.keys == ["nothing_to_undo"]
    assert started.command is None


def test_too_late_is_said_once_and_then_there_is_nothing(started: Talk) -> None:
    started.now_s += UNDO_S + 0.1
    for key in ("undo_too_late", "nothing_to_undo"):
        started.hear("undo")
        assert started.keys == [key]
        assert started.command is None


def test_nothing_was_done_yet(talk: Talk) -> None:
    talk.hear("undo")
    assert talk.keys == ["nothing_to_undo"]


def test_a_question_in_between_does_not_matter(started: Talk) -> None:
    started.hear("what's my next job")
    started.accept(job="4713")
    started.hear("undo")
    assert started.command is not None
    assert started.command.operation == "job.start.undo"


def test_after_a_write_for_good_the_one_before_it_is_not_undone_instead(started: Talk) -> None:
    started.say("scrap two solder bridge", "yes")
    started.accept()
    started.hear("undo")
    assert started.keys == ["nothing_to_undo"]


def test_after_a_write_that_may_have_been_done_the_one_before_it_is_not_undone_instead(started: Talk) -> None:
    started.hear("start order 4713")
    assert started.command is not None
    started.take(Answered(Unknown(started.command.command_id, "lost")))
    started.hear("undo")
    assert started.keys == ["nothing_to_undo"]


@pytest.mark.parametrize("kind", [Rejected, Unsent, Unknown])
def test_an_undo_that_was_not_done_can_be_tried_again_with_another_id(started: Talk, kind) -> None:
    started.hear("undo")
    assert started.command is not None
    first = started.command.command_id
    started.take(Answered(kind(first, "no", "No.") if kind is Rejected else kind(first, "cut")))
    assert started.keys == [{Rejected: "rejected", Unsent: "mes_unreachable", Unknown: "mes_unknown"}[kind]]
    started.hear("undo")
    assert started.command is not None
    assert started.command.command_id != first


def test_a_refused_write_leaves_the_one_before_it_undoable(started: Talk) -> None:
    started.hear("start order 4713")
    assert started.command is not None
    started.take(Answered(Rejected(started.command.command_id, "busy", "Busy.")))
    started.hear("undo")
    assert started.command is not None
    assert dict(started.command.fields) == {"job": "4712"}
