"""What was confirmed comes into the MES once, in its order, and the operator hears what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parts import WITHIN_S
from post import (
    DAY_S,
    DONE,
    BlindMes,
    BreakingMes,
    BusyMes,
    HangingMes,
    LivelyMes,
    Post,
    StillClock,
    jobs,
    states_of,
)

from voicemes.dialogue.news import Quiet
from voicemes.errors import OutboxError
from voicemes.events import CommandDelivered, EngineTroubled
from voicemes.model import Accepted, MesReply, Rejected, Saved, Unknown, Unsaved
from voicemes.outbox.audit import verify
from voicemes.outbox.delivery import HELD_S, MAX_IN_DOUBT
from voicemes.outbox.store import Looker, Store
from voicemes.runtime.courier import POLL_S
from voicemes.testing import FakeClock, FakeMes

LONG_S = 60.0
"""Longer than any wait of a MES that is away."""
QUIET = Quiet("idle", LONG_S)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "outbox" / "SPP-1.sqlite"


@contextlib.asynccontextmanager
async def station(
    file: Path, mes: FakeMes | None = None, *, keep_s: float = 3 * DAY_S, clock: FakeClock | None = None
) -> AsyncIterator[Post]:
    post = Post(file, mes, keep_s=keep_s, clock=clock)
    try:
        yield post
    finally:
        await post.end()


# --- at once, or later -----------------------------------------------------------------------------------------------


async def test_what_the_mes_answers_is_told_at_once_and_not_again(file: Path) -> None:
    async with station(file) as post:
        assert await post.say("4711") == Accepted("c1", {"remaining": 80})
        assert await post.say("4711", "coffee.brew") == Rejected("c2", "unsupported", "This MES cannot do that.")
        await post.later(LONG_S)
        assert (post.sent, post.states(), post.untold()) == (["c1", "c2"], ["done", "refused"], [])
        await post.courier.heard()
        await post.restart()
        await post.later()
        assert post.untold() == []


async def test_who_was_cut_off_before_the_answer_was_said_hears_it_in_the_next_session(file: Path) -> None:
    async with station(file) as post:
        await post.say("4711")
        await post.restart()
        await post.later()
        assert (post.untold(), post.sent) == ([("c1", "done")], ["c1"])


async def test_it_is_on_the_disk_before_the_mes_gets_it(file: Path) -> None:
    mes = HangingMes()
    async with station(file, mes) as post:
        said = asyncio.create_task(post.say("4711"))
        await asyncio.wait_for(mes.has_it.wait(), WITHIN_S)
        assert post.states() == ["sending"]
        mes.may_answer.set()
        assert await said == Accepted("c1")


async def test_what_could_not_be_sent_is_sent_when_the_mes_is_back_and_told_once(file: Path) -> None:
    async with station(file) as post:
        post.mes.trouble = "unreachable"
        assert await post.say("4711") == Saved("c1", "The fake MES cannot be reached.")
        assert (post.states(), post.untold()) == (["waiting"], [])
        post.mes.trouble = "none"
        assert await post.later(0.5) == 0.5, "not yet"
        assert await post.later(0.5) == POLL_S
        assert (post.sent, post.states()) == (["c1", "c1"], ["done"])
        (delivered,) = post.events.of(CommandDelivered)
        assert (delivered.command_id, delivered.operation, delivered.outcome) == ("c1", "scrap.report", "done")
        told = post.courier.next(QUIET)
        assert told is not None
        assert (told.command.spoken_text, told.state) == ("sentence 1", "done")
        post.courier.saying(told)
        assert post.courier.next(QUIET) is None
        await post.courier.heard()
        await post.restart()
        await post.later(LONG_S)
        assert (post.sent, post.untold()) == (["c1", "c1"], [])


@pytest.mark.parametrize("quiet", [Quiet("idle", 0.1), Quiet("confirming", LONG_S), Quiet("standby", LONG_S)])
async def test_it_is_told_where_it_disturbs_nobody(file: Path, quiet: Quiet) -> None:
    async with station(file) as post:
        post.mes.trouble = "unreachable"
        await post.say("4711")
        post.mes.trouble = "none"
        await post.later(LONG_S)
        assert post.courier.next(quiet) is None
        assert post.courier.next(QUIET) is not None


async def test_what_was_not_told_before_the_end_is_told_by_the_next_session(file: Path) -> None:
    async with station(file) as post:
        post.mes.trouble = "unreachable"
        await post.say("4711")
        post.mes.trouble = "none"
        await post.later(LONG_S)
        await post.restart()
        await post.later()
        assert post.untold() == [("c1", "done")]


async def test_a_mes_that_stays_away_is_tried_less_and_less_often(file: Path) -> None:
    async with station(file) as post:
        post.mes.trouble = "unreachable"
        await post.say("4711")
        await post.say("4712")
        tried_s = []
        while len(tried_s) < 7:
            before, idle_s = len(post.sent), await post.later()
            if len(post.sent) > before:
                tried_s.append(post.clock.now_s())
            post.clock.advance(idle_s)
        waits = [after - before for before, after in itertools.pairwise(tried_s)]
        assert waits == [4.0, 8.0, 16.0, 30.0, 30.0, 30.0], "one attempt for all that wait"


async def test_a_new_write_that_arrives_calls_the_others(file: Path) -> None:
    """The MES is there: nobody waits for the half minute to be over."""
    async with station(file) as post:
        post.mes.trouble = "unreachable"
        for job in ("1", "2", "3", "4", "5", "6"):
            await post.say(job)
        post.mes.trouble = "none"
        assert isinstance(await post.say("7"), Accepted)
        await post.later()
        assert post.states() == ["done"] * 7


async def test_it_delivers_by_itself(file: Path) -> None:
    """The task of the courier, on a clock whose waits are over at once."""
    async with station(file) as post:
        await post.courier.open()
        post.mes.trouble = "unreachable"
        assert isinstance(await post.say("4711"), Saved)
        post.mes.trouble = "none"
        await delivered(post)
    assert (post.states(), len(post.mes.performed)) == (["done"], 1)


async def delivered(post: Post) -> None:
    """Waits until something of what waited has arrived; the bus calls us, nobody polls."""
    arrived = asyncio.get_running_loop().create_future()

    def look() -> None:
        if post.events.of(CommandDelivered) and not arrived.done():
            arrived.set_result(None)

    post.events.watchers.append(look)
    look()
    await asyncio.wait_for(arrived, WITHIN_S)


@pytest.mark.parametrize("what", ["a write", "a drop"])
async def test_what_the_operator_does_wakes_it(file: Path, what: str) -> None:
    """On a clock whose waits are never over."""
    clock = StillClock()
    async with station(file, clock=clock) as post:
        post.mes.trouble = "unreachable"
        await post.say("4711")
        await post.say("4711")
        await post.courier.open()
        await asyncio.wait_for(clock.is_waited_on.wait(), WITHIN_S)
        post.mes.trouble = "none"
        if what == "a write":
            assert isinstance(await post.say("4712"), Accepted)
        else:
            post.clock.advance(LONG_S)
            assert isinstance(await post.drop("c1"), Accepted)
        await delivered(post)


async def test_two_who_come_at_once_open_it_once(file: Path) -> None:
    async with station(file) as post:
        assert [type(one) for one in await asyncio.gather(post.say("1"), post.say("2"))] == [Accepted, Accepted]
        assert post.events.of(EngineTroubled) == []


# --- order -----------------------------------------------------------------------------------------------------------


async def test_the_second_write_on_an_order_waits_for_the_first_and_another_order_for_neither(file: Path) -> None:
    async with station(file) as post:
        post.mes.trouble = "unreachable"
        await post.say("4711")
        post.mes.trouble = "none"
        assert await post.say("4711") == Saved("c2", "what was said before about the same has not arrived yet")
        assert isinstance(await post.say("4712"), Accepted)
        assert post.sent == ["c1", "c3"]
        await post.later(LONG_S)
        assert post.sent == ["c1", "c3", "c1", "c2"]
        assert post.untold() == [("c1", "done"), ("c2", "done")]


async def test_what_has_no_subject_waits_for_nothing(file: Path) -> None:
    async with station(file) as post:
        post.mes.trouble = "unreachable"
        await post.say()
        post.mes.trouble = "none"
        assert isinstance(await post.say(), Accepted)


async def test_what_comes_while_the_same_is_on_its_way_goes_behind_it(file: Path) -> None:
    mes = HangingMes()
    async with station(file, mes) as post:
        first = asyncio.create_task(post.say("4711"))
        await asyncio.wait_for(mes.has_it.wait(), WITHIN_S)
        assert isinstance(await post.say("4711"), Saved)
        await post.later()
        assert post.sent == ["c1"]
        mes.may_answer.set()
        assert await first == Accepted("c1")
        await post.later()
        assert post.sent == ["c1", "c2"]


# --- doubt -----------------------------------------------------------------------------------------------------------


async def test_a_lost_answer_is_asked_for_with_the_same_id_and_as_one_that_may_be_done(file: Path) -> None:
    async with station(file) as post:
        post.mes.trouble = "uncertain"
        assert isinstance(await post.say("4711"), Saved)
        assert post.states() == ["sending"]
        post.mes.trouble = "none"
        await post.later(LONG_S)
        assert [(one.command_id, one.may_have_been_sent) for one in post.mes.commands] == [("c1", False), ("c1", True)]
        assert (len(post.mes.performed), post.states()) == (1, ["done"])


async def test_what_was_surely_never_sent_is_not_in_doubt(file: Path) -> None:
    async with station(file) as post:
        post.mes.trouble = "unreachable"
        await post.say("4711")
        post.mes.trouble = "none"
        await post.later(LONG_S)
        assert [one.may_have_been_sent for one in post.mes.commands] == [False, False]


async def test_a_crash_between_saving_and_sending_delivers_exactly_once(file: Path) -> None:
    mes = HangingMes()
    async with station(file, mes) as before:
        said = asyncio.create_task(before.say("4711"))
        await asyncio.wait_for(mes.has_it.wait(), WITHIN_S)
        said.cancel()
        await asyncio.gather(said, return_exceptions=True)
    async with station(file) as post:
        for _ in range(3):
            await post.later(LONG_S)
        assert [(one.command_id, one.may_have_been_sent) for one in post.mes.commands] == [("c1", True)]
        assert (post.states(), post.untold()) == (["done"], [("c1", "done")])


async def test_what_breaks_the_mes_each_time_is_given_up_and_what_is_behind_it_goes_on(file: Path) -> None:
    mes = BreakingMes(DONE)
    mes.breaks_at = "c1"
    async with station(file, mes) as post:
        await post.say("4711")
        await post.say("4711")
        for _ in range(2 * MAX_IN_DOUBT):
            await post.later(LONG_S)
        assert (post.sent.count("c1"), post.sent.count("c2")) == (MAX_IN_DOUBT, 1)
        assert post.untold() == [("c1", "unknown"), ("c2", "done")]


async def test_a_gateway_that_speaks_for_an_absent_mes_gives_nothing_up(file: Path) -> None:
    """Every answer is lost, and nothing else is answered either: whatever says so, the MES is away."""
    mes = FakeMes(DONE)
    async with station(file, mes) as post:
        mes.trouble = "uncertain"
        await post.say("4711")
        for _ in range(3 * MAX_IN_DOUBT):
            await post.later(LONG_S)
        assert post.states() == ["sending"]
        mes.trouble = "none"
        for _ in range(3):
            await post.later(LONG_S)
        assert (post.states(), len(mes.performed)) == (["done"], 1)


async def test_many_that_are_done_are_told_together(file: Path) -> None:
    async with station(file) as post:
        post.mes.trouble = "unreachable"
        for order in ("4711", "4712", "4713", "4714", "4715"):
            await post.say(order)
        post.mes.trouble = "none"
        for _ in range(3):
            await post.later(LONG_S)
        first = post.courier.untold[0]
        assert len(post.courier.together(first)) == 5
        post.courier.saying(*post.courier.together(first))
        assert post.courier.untold == []


# --- no --------------------------------------------------------------------------------------------------------------


async def test_a_late_no_is_told_with_its_reason(file: Path) -> None:
    async with station(file, FakeMes({"scrap.report": "The order is closed."})) as post:
        post.mes.trouble = "unreachable"
        await post.say("4711")
        post.mes.trouble = "none"
        await post.later(LONG_S)
        (entry,) = post.courier.untold
        assert (entry.state, entry.reason) == ("refused", "refused: The order is closed.")
        assert post.states() == ["refused"]


async def test_who_is_not_let_in_hears_it_at_once(file: Path) -> None:
    async with station(file) as post:
        post.mes.trouble = "denied"
        assert await post.say("4711") == Rejected("c1", "forbidden", "The fake MES does not allow it.")
        assert (post.states(), post.untold()) == (["refused"], [])


async def test_a_station_that_is_not_let_in_later_waits_with_everything_and_loses_nothing(file: Path) -> None:
    async with station(file) as post:
        post.mes.trouble = "unreachable"
        await post.say("4711")
        await post.say("4712")
        post.mes.trouble = "denied"
        await post.later(LONG_S)
        assert post.sent == ["c1", "c2", "c1"]
        assert [event.engine for event in post.events.of(EngineTroubled)] == ["outbox"]
        post.mes.trouble = "none"
        await post.later(HELD_S - 0.1)
        assert len(post.sent) == 3
        assert post.states() == ["waiting", "waiting"]
        await post.later(0.1)
        assert (post.sent[3:], post.states()) == (["c1", "c2"], ["done", "done"])


async def test_a_busy_mes_is_left_alone_as_long_as_it_asks_and_other_orders_go_on(file: Path) -> None:
    mes = BusyMes(DONE)
    mes.busy_with = "scrap.report"
    async with station(file, mes) as post:
        assert await post.say("4711") == Saved("c1", "Stocktaking.")
        assert isinstance(await post.say("4712", "job.start"), Accepted)
        mes.busy_with = ""
        await post.later(19.9)
        assert post.sent == ["c1", "c2"]
        await post.later(0.1)
        assert post.sent == ["c1", "c2", "c1"]


# --- too late, or not so any more ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("own_s", "keep_s"), [(60.0, 3 * DAY_S), (None, 60.0)])
async def test_what_waited_too_long_is_not_sent_and_told(file: Path, own_s: float | None, keep_s: float) -> None:
    async with station(file, keep_s=keep_s) as post:
        post.mes.trouble = "unreachable"
        await post.say("4711", keep_s=own_s)
        post.mes.trouble = "none"
        await post.later(60.1)
        assert (post.sent, post.untold()) == (["c1"], [("c1", "expired")])
        assert post.events.of(CommandDelivered)[0].outcome == "expired"


async def test_what_may_have_been_done_is_asked_about_however_old_it_is(file: Path) -> None:
    async with station(file, keep_s=60.0) as post:
        post.mes.trouble = "uncertain"
        await post.say("4711")
        post.mes.trouble = "none"
        await post.later(DAY_S)
        assert (post.sent, post.untold()) == (["c1", "c1"], [("c1", "done")])


RUNNING = {"job/4711": {"status": "Running"}}


@pytest.mark.parametrize(("now", "state"), [("Running", "done"), ("Held", "moved")])
async def test_what_is_not_as_it_was_is_not_sent_and_told(file: Path, now: str, state: str) -> None:
    async with station(file) as post:
        post.mes.trouble = "unreachable"
        await post.say("4711", seen=RUNNING)
        post.mes.trouble, post.mes.snapshot = "none", jobs(**{"4711": now})
        await post.later(LONG_S)
        assert post.untold() == [("c1", state)]
        assert len(post.mes.performed) == (state == "done")
        assert post.courier.untold[0].reason == ("4711" if state == "moved" else "")


async def test_what_may_have_been_done_is_asked_about_even_where_it_moved(file: Path) -> None:
    """Perhaps it moved because of this very command."""
    async with station(file) as post:
        post.mes.trouble = "uncertain"
        await post.say("4711", seen=RUNNING)
        post.mes.trouble, post.mes.snapshot = "none", jobs(**{"4711": "Held"})
        await post.later(LONG_S)
        assert post.untold() == [("c1", "done")]


async def test_a_mes_that_does_not_show_what_exists_is_waited_for_and_nothing_is_in_doubt(file: Path) -> None:
    mes = BlindMes(DONE, jobs(**{"4711": "Running"}))
    async with station(file, mes) as post:
        mes.trouble = "unreachable"
        await post.say("4711", seen=RUNNING)
        mes.trouble, mes.is_blind = "none", True
        for _ in range(2 * MAX_IN_DOUBT):
            await post.later(LONG_S)
        assert (post.sent, post.states()) == (["c1"], ["waiting"])
        mes.is_blind = False
        await post.later(LONG_S)
        assert (post.sent, post.mes.commands[-1].may_have_been_sent) == (["c1", "c1"], False)


async def test_what_exists_is_looked_at_once_for_all_that_wait(file: Path) -> None:
    mes = BlindMes(DONE, jobs(**{"4711": "Running"}))
    async with station(file, mes) as post:
        for _ in range(2):
            mes.trouble = "unreachable"
            for _ in range(5):
                await post.say(seen=RUNNING)
            mes.trouble = "none"
            await post.later(LONG_S)
        assert post.states() == ["done"] * 10
        assert mes.n_looks == 2


async def test_what_moved_because_of_us_has_not_moved(file: Path) -> None:
    """The order runs because it was started: what was said of it afterwards still holds, also after a restart."""
    waiting = {"job/4711": {"status": "Waiting"}}
    mes = LivelyMes(DONE, jobs(**{"4711": "Waiting"}))
    async with station(file, mes) as post:
        mes.trouble = "unreachable"
        await post.say("4711", "job.start", seen=waiting)
        await post.say("4711", seen=waiting)
        await post.say("4711", "job.pause", seen=waiting)
        mes.trouble = "none"
        await post.later(LONG_S)
        assert mes.snapshot.facts_of("job", "4711") == {"status": "Running"}
        assert post.states() == ["done", "waiting", "waiting"]
        await post.restart()
        mes.trouble = "none"
        await post.later(LONG_S)
        assert post.untold() == [("c1", "done"), ("c2", "done"), ("c3", "done")]


@pytest.mark.parametrize("first", ["refused by the MES", "confirmed after it"])
async def test_what_others_moved_has_moved(file: Path, first: str) -> None:
    """Neither what we did not do, nor what we did before, explains it."""
    mes = FakeMes({**DONE, "job.start": "No." if first.startswith("refused") else {}})
    async with station(file, mes) as post:
        if first == "confirmed after it":
            assert isinstance(await post.say("4711", "job.start"), Accepted)
            post.clock.advance(1.0)
        mes.trouble = "unreachable"
        if first == "refused by the MES":
            await post.say("4711", "job.start")
        await post.say("4711", seen=RUNNING)
        mes.trouble, mes.snapshot = "none", jobs(**{"4711": "Held"})
        await post.later(LONG_S)
        assert post.untold()[-1] == ("c2", "moved")


# --- taken back ------------------------------------------------------------------------------------------------------


async def test_what_was_not_sent_yet_can_be_taken_back(file: Path) -> None:
    async with station(file) as post:
        post.mes.trouble = "unreachable"
        await post.say("4711")
        await post.say("4711")
        assert isinstance(await post.drop("c1"), Accepted)
        post.mes.trouble = "none"
        await post.later(LONG_S)
        assert (post.sent, post.states()) == (["c1", "c2"], ["dropped", "done"])
        assert post.untold() == [("c2", "done")], "who drops it knows"
        with contextlib.closing(Looker.open(file)) as looker:
            assert [one.content["by"] for one in looker.records() if one.content["what"] == "dropped"] == ["Ana"]


async def test_what_may_have_been_sent_is_not_taken_back_and_why_is_said(file: Path) -> None:
    async with station(file, FakeMes({**DONE, "job.pause": "No."})) as post:
        post.mes.trouble = "uncertain"
        await post.say("1")
        assert await post.drop("c1") == Rejected("c2", "conflict_stale", "It may have been sent already.")
        post.mes.trouble = "unreachable"
        await post.say("2")
        await post.say("3", "job.pause")
        post.mes.trouble = "none"
        await post.later(LONG_S)
        assert await post.drop("c3") == Rejected("c5", "conflict_stale", "It is done already.")
        assert isinstance(await post.drop("c4"), Accepted), "it was refused, and need not be kept"
        assert await post.drop("nobody") == Rejected("c7", "conflict_stale", "It cannot be taken out of the outbox.")
        assert post.states() == ["done", "done", "dropped"]


async def test_what_is_on_its_way_is_not_taken_back(file: Path) -> None:
    mes = HangingMes()
    async with station(file, mes) as post:
        said = asyncio.create_task(post.say("4711"))
        await asyncio.wait_for(mes.has_it.wait(), WITHIN_S)
        assert await post.drop("c1") == Rejected("c2", "conflict_stale", "It is being sent right now.")
        mes.may_answer.set()
        assert await said == Accepted("c1")


async def test_the_mes_never_hears_of_a_drop(file: Path) -> None:
    async with station(file) as post:
        await post.drop("nobody")
        assert (post.sent, post.states()) == ([], [])


async def test_what_a_person_puts_back_from_beside_is_sent_within_moments(file: Path) -> None:
    async with station(file, FakeMes({"scrap.report": ["The order is closed.", {"remaining": 1}]})) as post:
        assert isinstance(await post.say("4711"), Rejected)
        with contextlib.closing(Looker.open(file)) as looker:
            looker.retry("c1", post.clock.wall_s(), "grace")
        post.mes._replies.clear()
        await post.later(POLL_S)
        assert post.untold() == [("c1", "done")]
        assert post.mes.commands[-1].may_have_been_sent


async def test_what_a_person_drops_from_beside_is_not_sent(file: Path) -> None:
    async with station(file) as post:
        post.mes.trouble = "unreachable"
        await post.say("4711")
        with contextlib.closing(Looker.open(file)) as looker:
            looker.drop("c1", post.clock.wall_s(), "grace")
        post.mes.trouble = "none"
        await post.later(LONG_S)
        assert (post.sent, post.untold()) == (["c1"], [])


# --- the disk --------------------------------------------------------------------------------------------------------


async def test_without_a_usable_file_nothing_is_sent_and_that_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    async with station(tmp_path / "outbox" / "SPP-1.sqlite") as post:
        for number in (1, 2, 3):
            assert await post.say("4711") == Unsaved(f"c{number}", "there is no outbox")
            assert await post.later(LONG_S) == POLL_S
        assert post.sent == []
        assert len(post.events.of(EngineTroubled)) == 1
        (tmp_path / "outbox").unlink()
        assert isinstance(await post.say("4711"), Accepted), "a disk may come back"


async def test_a_second_program_at_the_station_writes_nothing(file: Path) -> None:
    async with station(file) as first, station(file, first.mes) as second:
        assert isinstance(await first.say("4711"), Accepted)
        assert isinstance(await second.say("4711"), Unsaved)
        assert first.sent == ["c1"]
        (trouble,) = second.events.of(EngineTroubled)
        assert "another voicemes works at this station" in trouble.reason


@pytest.fixture
def damaged(file: Path) -> Path:
    file.parent.mkdir()
    file.write_bytes(b"nothing that SQLite knows")
    return file


async def test_a_damaged_file_is_told_of_and_a_new_one_begun(damaged: Path) -> None:
    async with station(damaged) as post:
        assert isinstance(await post.say("4711"), Accepted)
        (trouble,) = post.events.of(EngineTroubled)
        assert "was damaged and is SPP-1-damaged-" in trouble.reason


def failing(*_args: object, **_kwargs: object) -> None:
    raise OutboxError("The disk is full.")


async def test_what_cannot_be_saved_is_not_sent(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with station(file) as post:
        with monkeypatch.context() as full:
            full.setattr(Store, "add", failing)
            assert await post.say("4711") == Unsaved("c1", "The disk is full.")
        assert post.sent == []
        assert isinstance(await post.say("4711"), Accepted)


async def test_what_cannot_be_marked_as_sent_is_not_sent(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with station(file) as post:
        post.mes.trouble = "unreachable"
        await post.say("4711")
        post.mes.trouble = "none"
        with monkeypatch.context() as full:
            full.setattr(Store, "begin", failing)
            await post.later(LONG_S)
            await post.later(LONG_S)
        assert (post.sent, post.states(), post.untold()) == (["c1"], ["waiting"], [])
        assert len(post.events.of(EngineTroubled)) == 1
        await post.later(LONG_S)
        assert post.untold() == [("c1", "done")]


@pytest.mark.parametrize("trouble", ["none", "unreachable"])
async def test_an_end_that_cannot_be_written_down_is_asked_for_again_and_told_when_it_is(
    file: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """Whether it was told at once or had to wait, the MES does it once."""
    async with station(file) as post:
        post.mes.trouble = trouble
        with monkeypatch.context() as full:
            full.setattr(Store, "end", failing)
            await post.say("4711")
            post.mes.trouble = "none"
            n_before = len(post.sent)
            await post.later(LONG_S)
            assert len(post.sent) == n_before + 1, "and not again and again"
            assert post.untold() == []
        await post.later(POLL_S)
        assert (post.untold(), len(post.mes.performed)) == ([("c1", "done")], 1)


# --- whatever happens ------------------------------------------------------------------------------------------------

TROUBLES = ("none", "unreachable", "uncertain", "busy", "denied")
MOVES = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(["", "1", "2"])),
    st.tuples(st.just("say"), st.sampled_from(["1", "2"])),
    st.tuples(st.just("mes"), st.sampled_from(TROUBLES)),
    st.tuples(st.just("later"), st.sampled_from([0.0, 1.0, 5.0, 70.0])),
    st.tuples(st.just("restart")),
)


async def play(post: Post, moves: list[tuple]) -> dict[str, MesReply]:
    """What the operator heard at once of each."""
    heard: dict[str, MesReply] = {}
    for move in moves:
        match move:
            case "say", job:
                reply = await post.say(job)
                heard[reply.command_id] = reply
            case "mes", trouble:
                post.mes.trouble = trouble
            case "later", seconds:
                await post.later(seconds)
            case _:
                await post.restart()
    return heard


async def check(folder: Path, moves: list[tuple]) -> None:
    async with station(folder / "outbox.sqlite") as post:
        heard = await play(post, moves)
        post.mes.trouble = "none"
        for _ in range(3):
            await post.later(LONG_S)
        kept = post.kept()
        told_late = dict(states_of(post.courier.untold))
    done = [one.command_id for one in post.mes.performed]
    assert len(done) == len(set(done)), "nothing is done twice"
    for command_id, reply in heard.items():
        match reply:
            case Accepted():
                assert command_id in done
            case Rejected():
                assert command_id not in done
            case Saved():
                assert command_id in done, "what is saved is not lost"
                assert told_late[command_id] in {"done", "unknown"}, "and the operator hears of it"
            case Unknown() | _:
                raise AssertionError(f"{reply} was heard at once")
    for job in ("1", "2"):
        in_order = [int(one[1:]) for one in done if kept[one].command.subject == f"job/{job}"]
        assert in_order == sorted(in_order), "one order after the other, as it was said"
    assert not any(entry.is_open for entry in kept.values())
    with contextlib.closing(Looker.open(folder / "outbox.sqlite")) as looker:
        assert verify(looker.records()).broken_at is None


@settings(max_examples=60)
@given(st.lists(MOVES, max_size=25))
def test_whatever_happens_everything_is_done_once_in_its_order_and_told(moves: list[tuple]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check(Path(folder), moves))
