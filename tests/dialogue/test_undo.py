"""Undo takes back the last write, for a while, where that is possible."""

from __future__ import annotations

from dataclasses import replace

import pytest
from talk import Talk

from voicemes.dialogue.policy import UNDO_S
from voicemes.dialogue.submit import DROP
from voicemes.model import Answered, Rejected, Saved, Unknown, Unsaved, Unsent


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


@pytest.mark.parametrize("kind", [Rejected, Unsent, Unknown, Unsaved])
def test_an_undo_that_was_not_done_can_be_tried_again_with_another_id(started: Talk, kind) -> None:
    started.hear("undo")
    assert started.command is not None
    first = started.command.command_id
    started.take(Answered(kind(first, "no", "No.") if kind is Rejected else kind(first, "cut")))
    told = {Rejected: "rejected", Unsent: "mes_unreachable", Unknown: "mes_unknown", Unsaved: "not_saved"}
    assert started.keys == [told[kind]]
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


# --- what is in the outbox -------------------------------------------------------------------------------------------


def save(talk: Talk) -> str:
    """The MES is not there, and the outbox keeps it. Returns the command's id."""
    assert talk.state.command is not None, "nothing was asked"
    command_id = talk.state.command.command_id
    talk.take(Answered(Saved(command_id, "cut")))
    return command_id


@pytest.mark.parametrize(
    "said",
    [("start order 4712",), ("scrap two solder bridge", "yes"), ("hold order 4712", "yes")],
    ids=["with an undo", "without one", "of others"],
)
@pytest.mark.parametrize("after_s", [0.0, 100 * UNDO_S])
def test_what_is_only_saved_is_dropped_whatever_its_undo_would_be(
    talk: Talk, said: tuple[str, ...], after_s: float
) -> None:
    talk.state = replace(talk.state, role="supervisor")
    talk.say(*said)
    saved = save(talk)
    talk.now_s += after_s
    talk.hear("undo")
    assert talk.command is not None
    assert (talk.command.operation, dict(talk.command.fields)) == (DROP, {"command": saved})
    assert talk.command.is_write
    assert talk.command.command_id != saved
    talk.accept()
    assert talk.keys == ["dropped"]
    talk.hear("undo")
    assert talk.keys == ["nothing_to_undo"]


def test_what_was_sent_meanwhile_is_not_dropped_and_that_is_said(talk: Talk) -> None:
    talk.hear("start order 4712")
    save(talk)
    talk.hear("undo")
    assert talk.command is not None
    talk.take(Answered(Rejected(talk.command.command_id, "conflict_stale", "It is done already.")))
    assert (talk.keys, talk.replies[0].values) == (["rejected"], {"reason": "It is done already."})


def test_an_undo_may_wait_itself_and_is_not_undone(started: Talk) -> None:
    started.hear("undo")
    save(started)
    assert started.keys == ["saved"]
    started.hear("undo")
    assert started.keys == ["nothing_to_undo"]


def test_an_undo_is_kept_behind_what_it_takes_back(started: Talk) -> None:
    started.hear("undo")
    assert started.command is not None
    assert started.command.subject == "job/4712"


def test_a_correction_of_what_is_saved_takes_its_place_in_the_outbox(talk: Talk) -> None:
    talk.hear("start order 4712")
    saved = save(talk)
    talk.say("correction order 4713", "yes")
    assert talk.command is not None
    assert (talk.command.operation, dict(talk.command.fields)) == (DROP, {"command": saved})
    talk.accept()
    assert talk.command is not None
    assert (talk.command.operation, talk.command.fields["job"]) == ("job.start", "4713")


def test_a_correction_goes_on_when_the_undo_before_it_has_to_wait(started: Talk) -> None:
    """Otherwise "saved" would be heard, and only the undo would ever be done."""
    started.say("correction order 4713", "yes")
    assert started.command is not None
    assert started.command.operation == "job.start.undo"
    save(started)
    assert started.command is not None
    assert (started.command.operation, started.command.fields["job"]) == ("job.start", "4713")
    save(started)
    assert started.keys == ["job.start/saved"]
