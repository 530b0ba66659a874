"""One thread for each engine: results, failures and deadlines come back, and nothing keeps us from ending."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from voicemes.errors import AudioError, EngineFailed, EngineStalled
from voicemes.runtime.threads import EngineThread

WITHIN_S = 20.0
SHORT_S = 0.02


@pytest.fixture
def engine() -> Iterator[EngineThread]:
    engine = EngineThread("engine", WITHIN_S)
    yield engine
    engine.close()


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a stuck engine waits for; opened at the end, so that no thread stays."""
    gate = threading.Event()
    yield gate
    gate.set()


def threads_named(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == f"voicemes-{name}"]


async def test_a_result_comes_back(engine: EngineThread) -> None:
    assert await engine.call(divmod, 17, 5) == (3, 2)
    assert await engine.call(sorted, [2, 3, 1], reverse=True) == [3, 2, 1]


async def test_what_a_library_throws_is_a_failed_engine_with_its_cause(engine: EngineThread) -> None:
    with pytest.raises(EngineFailed, match="engine failed: invalid literal") as caught:
        await engine.call(int, "seven")
    assert isinstance(caught.value.__cause__, ValueError)
    assert await engine.call(int, "7") == 7


async def test_our_own_errors_pass_through(engine: EngineThread) -> None:
    def lose_the_headset() -> None:
        raise AudioError("The headset is gone.")

    with pytest.raises(AudioError, match=r"^The headset is gone\.$"):
        await engine.call(lose_the_headset)


async def test_calls_run_in_order_in_one_thread_that_is_not_ours(engine: EngineThread) -> None:
    done: list[int] = []

    def work(number: int) -> int:
        done.append(number)
        return threading.get_ident()

    idents = await asyncio.gather(*(engine.call(work, number) for number in range(50)))
    assert done == list(range(50))
    assert len(set(idents)) == 1
    assert idents[0] != threading.get_ident()


async def test_a_stalled_engine_is_never_called_on_top_of(gate: threading.Event) -> None:
    engine, called = EngineThread("stuck", SHORT_S), []
    with pytest.raises(EngineStalled, match=r"did not answer within 0\.02 s"):
        await engine.call(gate.wait, WITHIN_S)
    with pytest.raises(EngineStalled, match="not asked again"):
        await engine.call(called.append, "second")
    gate.set()
    engine.close()
    for thread in threads_named("stuck"):
        thread.join(WITHIN_S)
    assert called == []


async def test_what_fails_after_its_deadline_is_not_reported_as_an_error_of_nobody(gate: threading.Event) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))

    def fail_late() -> None:
        gate.wait(WITHIN_S)
        raise ValueError("too late")

    engine = EngineThread("late", SHORT_S)
    with pytest.raises(EngineStalled):
        await engine.call(fail_late)
    gate.set()
    engine.close()
    for thread in threads_named("late"):
        thread.join(WITHIN_S)
    await asyncio.sleep(0)
    assert complaints == []


async def test_without_a_deadline_it_may_take_as_long_as_it_likes(gate: threading.Event) -> None:
    engine = EngineThread("patient", None)
    call = asyncio.create_task(engine.call(gate.wait, WITHIN_S))
    await asyncio.sleep(0)
    assert not call.done()
    gate.set()
    assert await call
    engine.close()


async def test_a_closed_engine_ends_its_thread_after_its_work() -> None:
    engine, done = EngineThread("closing", WITHIN_S), []
    await engine.call(done.append, 1)
    (thread,) = threads_named("closing")
    engine.close()
    thread.join(WITHIN_S)
    assert not thread.is_alive()
    assert done == [1]


def test_a_stalled_engine_does_not_keep_the_program_from_ending() -> None:
    code = """
import asyncio, threading
from voicemes.errors import EngineStalled
from voicemes.runtime.threads import EngineThread

async def main():
    try:
        await EngineThread("stuck", 0.02).call(threading.Event().wait)
    except EngineStalled as exc:
        print(exc)

asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "stuck did not answer within 0.02 s.\n", "")
