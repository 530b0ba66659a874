"""Work in another process."""

from __future__ import annotations

import os

import pytest

from voicemes.errors import EngineFailed
from voicemes.runtime.worker import Worker


class Adder:
    def __init__(self, first: int) -> None:
        self.first = first

    def __call__(self, second: int) -> tuple[int, int]:
        if second < 0:
            os._exit(1)
        return self.first + second, os.getpid()


def test_it_is_made_once_in_another_process_and_answers_in_order() -> None:
    with Worker(Adder, 40) as worker:
        worker.ask(2)
        worker.ask(3)
        (first, there), (second, there_too) = worker.answer(), worker.answer()
    assert (first, second) == (42, 43)
    assert there == there_too != os.getpid()


def test_a_process_that_ended_is_told_of() -> None:
    with Worker(Adder, 40) as worker:
        worker.ask(-1)
        with pytest.raises(EngineFailed, match="ended early"):
            worker.answer()
        worker._process.join()
        with pytest.raises(EngineFailed, match="ended early"):
            worker.ask(1)


def test_nothing_stays_behind() -> None:
    with Worker(Adder, 1) as worker:
        worker.ask(1)
        worker.answer()
    assert not worker._process.is_alive()
