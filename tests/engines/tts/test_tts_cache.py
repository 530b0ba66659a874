from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, cast

import pytest

from voicemes.engines.tts.cache import CachingSynthesizer
from voicemes.errors import EngineFailed
from voicemes.model import AudioFormat, SpeechChunk
from voicemes.ports import Voice

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator


class FakeSynthesizer:
    """Says each word as ten bytes; breaks at the word "break"."""

    format = AudioFormat(rate_hz=22_050)

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.n_closed = 0

    def speak(self, text: str, _voice: Voice) -> Iterator[SpeechChunk]:
        self.asked.append(text)
        try:
            for word in text.split():
                if word == "break":
                    raise EngineFailed("broken")
                yield SpeechChunk(word[:1].encode() * 10, self.format)
        finally:
            self.n_closed += 1


@pytest.fixture
def inner() -> FakeSynthesizer:
    return FakeSynthesizer()


def said(synthesizer: CachingSynthesizer, text: str, voice: Voice | None = None) -> bytes:
    return b"".join(chunk.pcm for chunk in synthesizer.speak(text, voice or Voice()))


def test_the_second_time_it_is_there_at_once_in_one_chunk(inner: FakeSynthesizer) -> None:
    cached = CachingSynthesizer(inner)
    first = said(cached, "yes or no")
    chunks = list(cached.speak("yes or no", Voice()))
    assert [chunk.pcm for chunk in chunks] == [first]
    assert inner.asked == ["yes or no"]
    assert chunks[0].format == cached.format == inner.format


def test_another_voice_is_another_answer(inner: FakeSynthesizer) -> None:
    cached = CachingSynthesizer(inner)
    said(cached, "ready")
    said(cached, "ready", Voice(rate_wpm=200))
    assert inner.asked == ["ready", "ready"]


def test_an_answer_that_was_cut_off_is_not_remembered(inner: FakeSynthesizer) -> None:
    cached = CachingSynthesizer(inner)
    with closing(cast("Generator[SpeechChunk]", cached.speak("yes or no", Voice()))) as chunks:
        next(chunks)
    assert inner.n_closed == 1
    assert cached.known_bytes == 0
    assert len(said(cached, "yes or no")) == 30


def test_an_answer_that_broke_is_not_remembered(inner: FakeSynthesizer) -> None:
    cached = CachingSynthesizer(inner)
    for _ in range(2):
        with pytest.raises(EngineFailed):
            said(cached, "soon break")
    assert inner.asked == ["soon break"] * 2
    assert cached.known_bytes == 0


def test_what_was_used_least_recently_is_forgotten(inner: FakeSynthesizer) -> None:
    cached = CachingSynthesizer(inner, max_bytes=20)
    for text in ("a", "b", "a", "c", "a", "b"):
        said(cached, text)
        assert cached.known_bytes <= 20
    assert inner.asked == ["a", "b", "c", "b"]


def test_an_answer_larger_than_the_cache_passes_through(inner: FakeSynthesizer) -> None:
    cached = CachingSynthesizer(inner, max_bytes=20)
    assert len(said(cached, "a b c")) == 30
    assert cached.known_bytes == 0


def test_an_answer_asked_for_twice_at_once_is_kept_once(inner: FakeSynthesizer) -> None:
    cached = CachingSynthesizer(inner)
    one, other = cached.speak("a b", Voice()), cached.speak("a b", Voice())
    assert len(list(zip(one, other, strict=True))) == 2
    assert cached.known_bytes == 20
