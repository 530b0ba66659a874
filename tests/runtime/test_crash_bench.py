"""`bench crash` on a few kills: nothing is lost; and where something is broken on purpose, it says so."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from voicemes.errors import EngineFailed
from voicemes.runtime.crash_bench import MUST_BE_0, bench_crash, is_clean, moment
from voicemes.runtime.crash_plan import MARKS, MOST_TALKS, Plan, draw

BROKEN_LIVES = (sys.executable, str(Path(__file__).with_name("broken_lives.py")))
pytestmark = [pytest.mark.timeout(180)]


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where everything is made that has to be gone afterwards."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def children() -> str:
    """The processes that this one has started and that are not over."""
    return "".join(file.read_text() for file in Path("/proc/self/task").glob("*/children"))


def test_whatever_is_said_is_in_the_mes_once_though_voicemes_is_killed_again_and_again(scratch: Path) -> None:
    told: list[tuple[int, int]] = []
    before = children()
    result = bench_crash(15, seed=2, on_progress=lambda done, total: told.append((done, total)))
    assert {name: result[name] for name in MUST_BE_0} == dict.fromkeys(MUST_BE_0, 0), result["misses"]
    assert is_clean(result)
    assert result["by_ear"] >= 1
    assert result["confirmed"] >= 5
    assert result["in_the_mes"] + result["refused"] >= result["confirmed"]
    assert sum(result["killed"].values()) == result["kills"] == 15
    assert told[0] == (0, 15)
    assert told[-1] == (15, 15)
    assert (list(scratch.iterdir()), children()) == ([], before)


def test_commands_that_are_sent_under_fresh_keys_are_found_twice() -> None:
    result = bench_crash(15, seed=3, with_ears=False, lives=(*BROKEN_LIVES, "fresh-keys"))
    assert result["doubled"] > 0
    assert not is_clean(result)
    assert any(miss.startswith("doubled: ") for miss in result["misses"])


def test_an_outbox_that_forgets_is_found_out() -> None:
    result = bench_crash(15, seed=3, with_ears=False, lives=(*BROKEN_LIVES, "forgets"))
    assert result["lost"] > 0
    assert result["untrue"] > 0
    assert not is_clean(result)


def test_who_stops_it_finds_nothing_left_behind(scratch: Path) -> None:
    before, outbox = children(), []

    def stop(done: int, _total: int) -> None:
        if done == 3:
            outbox.extend(scratch.glob("voicemes-crash-*/outbox/*.sqlite"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bench_crash(15, seed=2, with_ears=False, on_progress=stop)
    assert len(outbox) == 1, "there was something to be left behind"
    assert (list(scratch.iterdir()), children()) == ([], before)


def test_what_keeps_the_lives_from_beginning_is_said(scratch: Path) -> None:
    with pytest.raises(EngineFailed, match=r"does not go on\. .*no such outbox"):
        bench_crash(1, with_ears=False, lives=(sys.executable, "-c", "raise SystemExit('no such outbox')"))
    assert list(scratch.iterdir()) == []


# --- what is said ----------------------------------------------------------------------------------------------------


def test_the_seed_alone_decides_what_is_said_and_when_it_ends() -> None:
    plans = [draw(1, number) for number in range(300)]
    assert plans == [draw(1, number) for number in range(300)]
    assert plans != [draw(2, number) for number in range(300)]
    assert [Plan.from_json(plan.as_json()) for plan in plans] == plans
    assert {plan.death.mark for plan in plans if plan.death} == set(MARKS)
    assert {plan.weather for plan in plans} == {"faulty", "fair", "cut_off"}
    assert 15 <= sum(plan.is_by_ear for plan in plans) <= 45
    assert all(1 <= len(plan.talks) <= MOST_TALKS for plan in plans)


def test_no_two_sentences_with_a_number_are_the_same() -> None:
    said = [talk.say for number in range(300) for talk in draw(1, number).talks if talk.say]
    counted = [say for say in said if say != "undo" and not say.startswith("what is")]
    assert len(counted) == len(set(counted)) > 300


SENT = {"k": "submitted", "id": "a", "is_write": True}
ASKED = {"k": "heard", "key": "scrap.report/confirm"}


@pytest.mark.parametrize(
    ("lines", "between"),
    [
        ([], "starting, or delivering"),
        ([{"k": "born"}, {"k": "trouble"}], "starting, or delivering"),
        ([{"k": "said"}], "said, not understood"),
        ([{"k": "said"}, ASKED], "asked"),
        ([{"k": "said"}, ASKED, {"k": "yes"}], "said, not understood"),
        ([{"k": "yes"}, SENT], "confirmed, not saved"),
        ([{"k": "yes"}, {**SENT, "id": "kept"}], "saved, not answered"),
        ([{"k": "yes"}, SENT, {"k": "answered", "id": "a"}], "answered, not heard"),
        ([SENT, {"k": "answered", "id": "a"}, {"k": "heard", "key": "scrap.report/done"}], "idle, or delivering"),
    ],
)
def test_a_kill_is_named_after_what_it_came_between(lines: list[dict[str, object]], between: str) -> None:
    assert moment(lines, {"kept"}) == between
