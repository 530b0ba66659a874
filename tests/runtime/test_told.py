"""What counts as told, and when; and what says nothing against a command."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from post import Post

from voicemes.intents import Catalog
from voicemes.model import Accepted, Saved
from voicemes.outbox.delivery import LONGEST_WAIT_S, MAX_IN_DOUBT
from voicemes.respond import respond
from voicemes.runtime.late import told_of

LONG_S = 2 * LONGEST_WAIT_S


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    post = Post(tmp_path / "outbox.sqlite")
    async with contextlib.aclosing(_ended(post)):
        yield post


async def _ended(post: Post) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await post.end()


async def test_news_that_was_cut_off_is_told_again(post: Post) -> None:
    post.mes.trouble = "unreachable"
    assert isinstance(await post.say("4711"), Saved)
    post.mes.trouble = "none"
    await post.later(LONG_S)
    (entry,) = post.courier.untold
    post.courier.saying(entry)
    assert post.untold() == []
    await post.restart()
    await post.later()
    (entry,) = post.courier.untold
    assert entry.state == "done"
    post.courier.saying(entry)
    await post.courier.heard()
    await post.restart()
    await post.later()
    assert post.untold() == []


async def test_who_was_cut_off_before_they_heard_that_it_is_taken_back_hears_it_later(
    post: Post, catalog: Catalog
) -> None:
    post.mes.trouble = "unreachable"
    await post.say("4711")
    assert isinstance(await post.drop("c1"), Accepted)
    await post.restart()
    await post.later()
    (entry,) = post.courier.untold
    assert entry.state == "dropped"
    assert respond(told_of(entry, "Ana"), catalog).shown == "It was not sent, and is dropped: sentence 1."


async def test_attempts_at_a_mes_that_was_away_say_nothing_against_a_command(post: Post) -> None:
    post.mes.trouble = "unreachable"
    await post.say("4711")
    for _ in range(3 * MAX_IN_DOUBT):
        await post.later(LONG_S)
    post.mes.trouble = "uncertain"
    await post.later(LONG_S)
    assert post.states() == ["sending"], "one answer was lost, and that is no reason to give up"
    post.mes.trouble = "none"
    await post.later(LONG_S)
    assert (post.states(), len(post.mes.performed)) == (["done"], 1)
