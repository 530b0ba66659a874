"""A process that makes something once and then answers calls to it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from voicemes.errors import EngineFailed

STOP_S = 5.0
ENDED = "A process of this benchmark ended early; what it wrote stands above."


class Worker:
    """`make(*given)` is called in a new process; `ask` and `answer` call what it made. All of it must be picklable."""

    def __init__(self, make: Callable[..., Callable[..., Any]], *given: Any) -> None:
        """Returns at once: the first answer waits until it is made."""
        context = multiprocessing.get_context("spawn")
        self._end, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make, given), daemon=True)
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.close()
        self._process.join(STOP_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def ask(self, *given: Any) -> None:
        """Raises EngineFailed where the process has ended."""
        try:
            self._end.send(given)
        except OSError as exc:
            raise EngineFailed(ENDED) from exc

    def answer(self) -> Any:
        """Of the call that was asked first. Raises EngineFailed where the process has ended."""
        try:
            return self._end.recv()
        except (EOFError, OSError) as exc:
            raise EngineFailed(ENDED) from exc


def _serve(end: Any, make: Callable[..., Callable[..., Any]], given: tuple[Any, ...]) -> None:
    """Until the other end is closed."""
    made = make(*given)
    while True:
        try:
            asked = end.recv()
        except (EOFError, KeyboardInterrupt):
            return
        end.send(made(*asked))
