"""The endpointer, by example and by property."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.endpoint import (
    COMMANDS,
    IDENTIFIERS,
    SHORT_WORDS,
    Boundary,
    Closed,
    Discarded,
    EndpointSettings,
    EndpointState,
    Opened,
    finish,
    settings_for,
    step,
)
from voicemes.ports import Hypothesis

WINDOW_S = 0.032
INCOMPLETE = Hypothesis("start order", is_complete=False)
EXTENDABLE = Hypothesis("start order four seven", is_complete=True, can_extend=True)
COMPLETE = Hypothesis("start order four seven one one", is_complete=True, can_extend=False)


def windows(seconds: float) -> int:
    return round(seconds / WINDOW_S)


def listen(
    probabilities: list[float], settings: EndpointSettings = COMMANDS, hypothesis: Hypothesis | None = None
) -> list[tuple[int, Boundary]]:
    """Every boundary, with the number of windows heard by then."""
    state, boundaries = EndpointState(), []
    for n_windows, probability in enumerate(probabilities, start=1):
        state, boundary = step(settings, state, probability, WINDOW_S, hypothesis)
        if boundary is not None:
            boundaries.append((n_windows, boundary))
    return boundaries


def speech(seconds: float) -> list[float]:
    return [0.9] * windows(seconds)


def silence(seconds: float) -> list[float]:
    return [0.05] * windows(seconds)


# --- by example ------------------------------------------------------------------------------------------------------


def test_a_sentence_opens_with_a_pre_roll_and_closes_after_the_silence() -> None:
    (opened_at, opened), (closed_at, closed) = listen(silence(1) + speech(1) + silence(2))
    assert isinstance(opened, Opened)
    assert opened.began_ago_s == pytest.approx(2 * WINDOW_S + 0.3)
    assert opened_at == windows(1) + 2
    assert isinstance(closed, Closed)
    assert closed.ended_by == "silence"
    assert closed.speech_ended_ago_s == pytest.approx(0.8)
    assert closed_at == windows(1) + windows(1) + windows(0.8)


@pytest.mark.parametrize(
    ("hypothesis", "ended_by", "after_s"),
    [
        (None, "silence", COMMANDS.silence_s),
        (INCOMPLETE, "silence", COMMANDS.silence_s),
        (EXTENDABLE, "complete", COMMANDS.extendable_silence_s),
        (COMPLETE, "complete", COMMANDS.complete_silence_s),
    ],
)
def test_the_silence_that_is_needed_depends_on_what_was_said(
    hypothesis: Hypothesis | None, ended_by: str, after_s: float
) -> None:
    _, (_, closed) = listen(speech(1) + silence(2), hypothesis=hypothesis)
    assert isinstance(closed, Closed)
    assert closed.ended_by == ended_by
    assert after_s <= closed.speech_ended_ago_s < after_s + WINDOW_S


def test_a_complete_sentence_is_not_cut_while_somebody_speaks() -> None:
    assert len(listen(speech(3), hypothesis=COMPLETE)) == 1


def test_a_pause_inside_an_identifier_is_waited_for() -> None:
    said = speech(0.8) + silence(1.0) + speech(0.8) + silence(2)
    assert len(listen(said, IDENTIFIERS)) == 2
    assert len(listen(said, COMMANDS)) == 4


def test_a_short_yes_is_heard_while_confirming_and_is_too_short_for_a_command() -> None:
    said = silence(0.5) + [0.45] * windows(0.16) + silence(1)
    assert [type(boundary) for _, boundary in listen(said, SHORT_WORDS)] == [Opened, Closed]
    assert listen(said, COMMANDS) == []


def test_speech_that_falls_between_the_thresholds_goes_on_but_does_not_begin_again() -> None:
    between = (COMMANDS.open_probability + COMMANDS.close_probability) / 2
    assert len(listen(speech(0.5) + [between] * windows(2))) == 1
    (_, _), (closed_at, _) = listen(speech(0.5) + silence(0.1) + [between] * windows(2))
    assert closed_at == windows(0.5) + windows(0.8)


def test_two_commands_do_not_share_audio() -> None:
    boundaries = listen(speech(1) + silence(0.26) + speech(1), hypothesis=COMPLETE)
    (_, _), (closed_at, _), (opened_at, again) = boundaries
    assert isinstance(again, Opened)
    assert again.began_ago_s == pytest.approx((opened_at - closed_at) * WINDOW_S)


def test_endless_noise_is_cut_at_the_cap_and_goes_on_as_the_next() -> None:
    boundaries = listen([0.9] * windows(30))
    assert [type(boundary) for _, boundary in boundaries] == [Opened, Closed, Opened, Closed, Opened]
    assert boundaries[1] == (windows(12), Closed("cap", speech_ended_ago_s=0))


def test_the_end_of_the_source_closes_what_is_open() -> None:
    assert finish(COMMANDS, EndpointState()) == (EndpointState(), None)
    state = EndpointState(is_open=True, since_s=1.0, speech_s=0.9, quiet_s=0.1)
    assert finish(COMMANDS, state) == (EndpointState(), Closed("source_end", speech_ended_ago_s=0.1))
    assert finish(COMMANDS, replace(state, speech_s=0.1))[1] == Discarded(0.1)


def test_each_phase_has_its_settings() -> None:
    assert settings_for("idle") is settings_for("waiting") is COMMANDS
    assert settings_for("filling") is IDENTIFIERS
    assert settings_for("confirming") is SHORT_WORDS


@pytest.mark.parametrize(
    "wrong",
    [
        {"close_probability": 0.6},
        {"close_probability": 0.0},
        {"open_probability": 1.1},
        {"complete_silence_s": 0.6},
        {"extendable_silence_s": 0.9},
        {"complete_silence_s": 0.0},
        {"cap_s": 0.5},
        {"open_windows": 0},
        {"min_speech_s": -0.1},
        {"pre_roll_s": -0.1},
    ],
)
def test_settings_that_contradict_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must|negative"):
        replace(COMMANDS, **wrong)  # type: ignore[arg-type]


# --- by property -----------------------------------------------------------------------------------------------------

PROBABILITY = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.3, 0.4, 0.45, 0.9, 1.0]))
RUNS = st.lists(st.tuples(PROBABILITY, st.integers(1, 60)), max_size=25)
STREAMS = RUNS.map(lambda runs: [probability for probability, n_windows in runs for _ in range(n_windows)])
SETTINGS = st.sampled_from([COMMANDS, IDENTIFIERS, SHORT_WORDS, replace(COMMANDS, cap_s=1.0, open_windows=5)])
HYPOTHESES = st.sampled_from([None, INCOMPLETE, EXTENDABLE, COMPLETE])


@given(STREAMS, SETTINGS, HYPOTHESES)
def test_openings_and_endings_alternate(
    stream: list[float], settings: EndpointSettings, hypothesis: Hypothesis | None
) -> None:
    boundaries = [boundary for _, boundary in listen(stream, settings, hypothesis)]
    assert all(isinstance(boundary, Opened) for boundary in boundaries[::2])
    assert all(isinstance(boundary, (Closed, Discarded)) for boundary in boundaries[1::2])


@given(STREAMS, SETTINGS, HYPOTHESES)
def test_nothing_stays_open_longer_than_the_cap(
    stream: list[float], settings: EndpointSettings, hypothesis: Hypothesis | None
) -> None:
    boundaries = listen([*stream, *([1.0] * (windows(settings.cap_s) + 10))], settings, hypothesis)
    opened_at = [n_windows for n_windows, boundary in boundaries if isinstance(boundary, Opened)]
    ended_at = [n_windows for n_windows, boundary in boundaries if not isinstance(boundary, Opened)]
    assert len(ended_at) >= len(opened_at) - 1
    for began, ended in zip(opened_at, ended_at, strict=False):
        assert (ended - began) * WINDOW_S < settings.cap_s + WINDOW_S


@given(st.lists(st.floats(0, 1), max_size=500), SETTINGS, HYPOTHESES)
def test_silence_never_opens(stream: list[float], settings: EndpointSettings, hypothesis: Hypothesis | None) -> None:
    quiet = [probability * settings.open_probability * 0.999 for probability in stream]
    assert listen(quiet, settings, hypothesis) == []


@given(st.integers(1, 60), SETTINGS, HYPOTHESES)
def test_a_burst_of_noise_is_discarded_and_never_closed(
    n_windows: int, settings: EndpointSettings, hypothesis: Hypothesis | None
) -> None:
    burst = [1.0] * n_windows + silence(2 * settings.silence_s)
    boundaries = [boundary for _, boundary in listen(silence(1) + burst, settings, hypothesis)]
    is_speech = n_windows * WINDOW_S >= settings.min_speech_s and n_windows >= settings.open_windows
    assert any(isinstance(boundary, Closed) for boundary in boundaries) == is_speech
    if not is_speech:
        assert [type(boundary) for boundary in boundaries] in ([], [Opened, Discarded])


@given(STREAMS, SETTINGS, HYPOTHESES)
def test_the_pre_roll_is_bounded_and_utterances_never_overlap(
    stream: list[float], settings: EndpointSettings, hypothesis: Hypothesis | None
) -> None:
    last_boundary_s = 0.0
    for n_windows, boundary in listen(stream, settings, hypothesis):
        now_s = n_windows * WINDOW_S
        if isinstance(boundary, Opened):
            assert boundary.began_ago_s <= settings.pre_roll_s + settings.open_windows * WINDOW_S + 1e-9
            assert now_s - boundary.began_ago_s >= last_boundary_s - 1e-9
        last_boundary_s = now_s


@given(STREAMS, SETTINGS, HYPOTHESES)
def test_speech_ended_before_the_close_and_after_the_opening(
    stream: list[float], settings: EndpointSettings, hypothesis: Hypothesis | None
) -> None:
    opened_s = 0.0
    for n_windows, boundary in listen(stream, settings, hypothesis):
        if isinstance(boundary, Opened):
            opened_s = n_windows * WINDOW_S
        elif isinstance(boundary, Closed):
            assert 0 <= boundary.speech_ended_ago_s <= n_windows * WINDOW_S - opened_s + 1e-9


@given(STREAMS, SETTINGS)
def test_a_complete_hypothesis_never_closes_later(stream: list[float], settings: EndpointSettings) -> None:
    whole = [*speech(0.5), *stream, *silence(2)]
    first_end = {
        hypothesis: next(n for n, boundary in listen(whole, settings, hypothesis) if not isinstance(boundary, Opened))
        for hypothesis in (COMPLETE, EXTENDABLE, INCOMPLETE)
    }
    assert first_end[COMPLETE] <= first_end[EXTENDABLE] <= first_end[INCOMPLETE]
