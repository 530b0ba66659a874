"""Plants that are forked from a process that has imported what a plant needs: a hundred starts cost a second less each.

Each is a process of its own all the same, with its database, its port and its end; `tests/plant` starts real ones.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from typing import IO


@cache
def _nursery() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["voicemes.plant.__main__", "uvicorn.protocols.http.h11_impl"])
    return context


class ForkedPlant:
    """As much of a subprocess.Popen as who starts a plant needs."""

    def __init__(self, arguments: list[str], log: IO[bytes]) -> None:
        input_end, to_input = _nursery().Pipe(duplex=False)
        from_output, output_end = _nursery().Pipe(duplex=False)
        errors = Connection(os.dup(log.fileno()), readable=False)
        ends = (input_end, output_end, errors)
        self._process = _nursery().Process(target=_serve, args=(arguments, dict(os.environ), ends), daemon=True)
        self._process.start()
        for end in ends:
            end.close()
        self.stdin, self.stdout = _file(to_input, "wb"), _file(from_output, "rb")
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("the plant", timeout or 0.0)
        return self._process.exitcode

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def _file(end: Connection, mode: str) -> IO[bytes]:
    with end:
        return os.fdopen(os.dup(end.fileno()), mode)  # type: ignore[no-any-return]


def _serve(arguments: list[str], environment: dict[str, str], ends: tuple[Connection, ...]) -> None:
    """In the child: becomes what `python -m voicemes.plant` is."""
    from voicemes.plant.__main__ import main

    os.setsid()
    for number, end in enumerate(ends):
        os.dup2(end.fileno(), number)
        end.close()
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.stdin, sys.argv = os.fdopen(0, closefd=False), ["plant", *arguments]
    sys.exit(main())
