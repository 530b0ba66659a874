"""The only file that starts threads.

Engines block and are not thread-safe, so each has one thread of its own and a deadline around each call. An engine
that does not answer in time is stalled: it is never called on top of, and the session is told. The threads are
daemons, so that a stalled engine cannot keep the program from ending.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from voicemes.errors import EngineFailed, EngineStalled, VoicemesError

P = ParamSpec("P")
T = TypeVar("T")


class EngineThread:
    """One engine's thread. Calls are done in order, one at a time."""

    def __init__(self, name: str, deadline_s: float | None) -> None:
        """`deadline_s` bounds each call; None is for calls that wait for the outside world, such as a microphone."""
        self.name = name
        self._deadline_s = deadline_s
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_stalled = False

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs `function` in the thread.

        Raises EngineStalled past the deadline, and EngineFailed for what a library throws.
        """
        return await self.call_within(self._deadline_s, lambda: function(*args, **kwargs))

    async def call_within(self, deadline_s: float | None, function: Callable[[], T]) -> T:
        """The same with a deadline of its own: to get ready may take longer than to answer."""
        if self._is_stalled:
            raise EngineStalled(f"{self.name} did not answer earlier and is not asked again. Restart voicemes.")
        if self._thread is None:
            self._thread = start_thread(self.name, self._run)
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_read)
        self._work.put(lambda: _do(function, answer))
        try:
            return await asyncio.wait_for(asyncio.shield(answer), deadline_s)
        except TimeoutError:
            self._is_stalled = True
            raise EngineStalled(f"{self.name} did not answer within {deadline_s:g} s.") from None
        except VoicemesError:
            raise
        except Exception as exc:  # an engine's thread: whatever a library throws must become one of our errors
            raise EngineFailed(f"{self.name} failed: {exc}") from exc

    def close(self, last: Callable[[], None] | None = None) -> None:
        """The thread ends after what it is doing, and after `last`: what it uses is closed when nobody uses it any
        more. Waits for nothing.
        """
        if last is not None and self._thread is None:
            last()
        elif last is not None:
            self._work.put(last)
        self._work.put(None)

    def _run(self) -> None:
        while (job := self._work.get()) is not None:
            job()


def _do(function: Callable[[], Any], answer: asyncio.Future[Any]) -> None:
    """In the thread: hands the result, or what was thrown, back to the loop of the caller."""
    try:
        result = function()
    except BaseException as exc:  # noqa: BLE001 - an engine's thread: nothing may end it, and the caller decides
        _hand_over(answer, answer.set_exception, exc)
    else:
        _hand_over(answer, answer.set_result, result)


def _hand_over(answer: asyncio.Future[Any], setter: Callable[[Any], None], value: Any) -> None:
    with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
        answer.get_loop().call_soon_threadsafe(lambda: None if answer.done() else setter(value))


def _read(answer: asyncio.Future[Any]) -> None:
    """What came after its deadline is nobody's, and must not be reported as an error that nobody saw."""
    if not answer.cancelled():
        answer.exception()


def start_thread(name: str, target: Callable[[], None]) -> threading.Thread:
    """A daemon thread for an edge that must own one, such as a microphone's blocking reads."""
    thread = threading.Thread(target=target, name=f"voicemes-{name}", daemon=True)
    thread.start()
    return thread
