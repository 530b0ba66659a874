from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.engines.audio.ring import Ring
from voicemes.model import AudioFrame


def frames(lengths: list[int]) -> list[AudioFrame]:
    starts = [sum(lengths[:place]) for place in range(len(lengths))]
    return [AudioFrame(bytes(2 * length), start) for start, length in zip(starts, lengths, strict=True)]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60), st.integers(50, 400))
def test_the_newest_stay_and_the_rest_is_counted(lengths: list[int], max_samples: int) -> None:
    ring = Ring(max_samples)
    sent = frames(lengths)
    for frame in sent:
        ring.put(frame)
    kept_samples = sum(lengths) - ring.dropped_samples
    assert 0 < kept_samples <= max_samples
    first = ring.get()
    assert first is not None
    assert first.start_samples == ring.dropped_samples
    kept = [first, *(ring.get() for _ in range(len(sent) - sent.index(first) - 1))]
    assert kept == sent[sent.index(first) :]


def test_a_drop_shows_as_a_jump() -> None:
    ring = Ring(20)
    first, *others = frames([10, 10, 10, 10])
    ring.put(first)
    taken = ring.get()
    for frame in others:
        ring.put(frame)
    after = ring.get()
    assert taken is not None
    assert after is not None
    assert after.start_samples - (taken.start_samples + taken.n_samples) == ring.dropped_samples == 10


def test_a_frame_larger_than_the_ring_still_passes() -> None:
    ring = Ring(5)
    ring.put(frames([10])[0])
    assert ring.get() is not None
    assert ring.dropped_samples == 0


def test_get_waits_for_put() -> None:
    ring = Ring(100)
    taken: list[AudioFrame | None] = []
    taker = threading.Thread(target=lambda: taken.append(ring.get()), daemon=True)
    taker.start()
    ring.put(frames([10])[0])
    taker.join(10)
    assert taken == frames([10])


def test_close_wakes_who_waits_and_ends_for_good() -> None:
    ring = Ring(100)
    taken: list[AudioFrame | None] = []
    taker = threading.Thread(target=lambda: taken.append(ring.get()), daemon=True)
    taker.start()
    ring.close()
    ring.close()
    taker.join(10)
    assert taken == [None]
    ring.put(frames([10])[0])
    assert ring.get() is None


def test_samples_lost_elsewhere_are_counted_too() -> None:
    ring = Ring(10)
    ring.count_lost(7)
    assert ring.dropped_samples == 7


def test_an_empty_ring_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Ring(0)
