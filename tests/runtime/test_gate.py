"""When the microphone counts."""

from __future__ import annotations

import pytest

from voicemes.runtime.gate import ECHO_S, PUSH_S, Gate


def test_open_it_always_counts_but_muted() -> None:
    gate = Gate()
    assert gate.is_open(0.0, is_speaking=False)
    assert gate.is_open(1.0, is_speaking=True)
    gate.is_muted = True
    assert not gate.is_open(2.0, is_speaking=False)


def test_by_half_duplex_it_never_hears_itself_nor_its_echo() -> None:
    gate = Gate(is_half_duplex=True)
    assert gate.is_open(0.0, is_speaking=False)
    assert not gate.is_open(1.0, is_speaking=True)
    assert not gate.is_open(1.0 + 0.9 * ECHO_S, is_speaking=False)
    assert gate.is_open(1.0 + 1.1 * ECHO_S, is_speaking=False)


def test_a_push_is_for_one_utterance() -> None:
    gate = Gate("push")
    assert not gate.is_open(0.0, is_speaking=False)
    gate.push(1.0)
    assert gate.is_open(1.0, is_speaking=False)
    gate.close()
    assert not gate.is_open(1.1, is_speaking=False)


def test_pushed_again_it_is_closed() -> None:
    gate = Gate("push")
    gate.push(1.0)
    gate.push(1.5)
    assert not gate.is_open(1.6, is_speaking=False)


@pytest.mark.parametrize(("is_hearing", "is_open"), [(False, False), (True, True)])
def test_a_push_that_nobody_follows_is_over_but_never_within_a_word(*, is_hearing: bool, is_open: bool) -> None:
    gate = Gate("push")
    gate.push(1.0)
    assert gate.is_open(0.9 + PUSH_S, is_speaking=False)
    assert gate.is_open(1.1 + PUSH_S, is_speaking=False, is_hearing=is_hearing) is is_open
