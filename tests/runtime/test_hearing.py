"""From frames to utterances: the real voice detector, with a recogniser that writes down what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from parts import frames, recording, silence

from voicemes.engines.vad import silero
from voicemes.model import SPEECH, AudioFrame, Scope, Transcript, WordGraph
from voicemes.ports import EngineContext, Hypothesis, RecognizerTraits
from voicemes.runtime.hearing import Ears, Guessed, Loud, Meter, Sound, SpeechBegan, SpeechOver

ORDERS = WordGraph("orders", 2, frozenset({1}), ((0, 1, "start", 1.0),))
ANSWERS = WordGraph("answers", 2, frozenset({1}), ((0, 1, "yes", 1.0),))
LEAD_S, TRAIL_S = 1.0, 1.5
CLIP = "job.next/my-next-slt.flac"
WINDOW_S = 512 / 16_000


@dataclass
class Notebook:
    """A StreamingRecognizer that believes what the test says, and notes which graphs and which sound it got."""

    belief: Hypothesis = field(default_factory=lambda: Hypothesis("so far", is_complete=False))
    graphs: list[str] = field(default_factory=list)
    speakers: list[str] = field(default_factory=list)
    learned: list[tuple[str, str]] = field(default_factory=list)
    pcm: bytes = b""
    heard_speech: list[bool] = field(default_factory=list)
    """What the detector said with each piece."""
    traits = RecognizerTraits("notebook", streams=True, follows_grammar=True)

    def begin(self, graph: WordGraph, speaker: str = "") -> None:
        self.graphs.append(graph.name)
        self.speakers.append(speaker)
        self.pcm, self.heard_speech = b"", []

    def feed(self, pcm: bytes, *, is_speech: bool = True) -> Hypothesis:
        self.pcm += pcm
        self.heard_speech.append(is_speech)
        return self.belief

    def finish(self) -> Transcript:
        return Transcript(f"sentence {len(self.graphs)}", "notebook")

    def learn(self, heard: Transcript, speaker: str) -> None:
        self.learned.append((heard.text, speaker))


@pytest.fixture(scope="module")
def detector() -> silero.SileroDetector:
    return silero.create(silero.Options(), EngineContext(Path("unused")))


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def ears(detector: silero.SileroDetector, notebook: Notebook) -> Ears:
    detector.reset()
    ears = Ears(detector, notebook)
    ears.tune(Scope(), ORDERS)
    return ears


def heard(ears: Ears, pcm: bytes, size: int = 640) -> list[Sound]:
    heard = [sound for frame in frames(pcm, size) for sound in ears.take(frame)]
    return [sound for sound in heard if not isinstance(sound, Loud)]


def sentences(sounds: Sequence[Sound]) -> list[SpeechOver]:
    return [sound for sound in sounds if isinstance(sound, SpeechOver)]


def loud_part(pcm: bytes) -> tuple[float, float]:
    """Seconds from the first to the last sample that is loud."""
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(float))
    loud = np.flatnonzero(samples > 0.1 * samples.max())
    return loud[0] / SPEECH.rate_hz, loud[-1] / SPEECH.rate_hz


def test_the_boundaries_are_where_the_speech_is(ears: Ears, notebook: Notebook) -> None:
    pcm = silence(LEAD_S) + recording(CLIP) + silence(TRAIL_S)
    began, ended = loud_part(pcm)
    first, *_, last = heard(ears, pcm)
    assert isinstance(first, SpeechBegan)
    assert isinstance(last, SpeechOver)
    utterance = last.utterance
    assert first.source_s == utterance.started_s
    assert began - 0.6 < utterance.started_s < began
    assert utterance.ended_s == pytest.approx(ended, abs=0.25)
    assert utterance.ended_by == "silence"
    assert last.endpoint_s == pytest.approx(0.8, abs=2 * WINDOW_S)
    start = round(utterance.started_s * SPEECH.bytes_per_second)
    assert notebook.pcm == utterance.pcm == pcm[start : start + len(utterance.pcm)]
    assert len(utterance.pcm) / SPEECH.bytes_per_second == pytest.approx(
        utterance.ended_s + last.endpoint_s - utterance.started_s
    )


@pytest.mark.parametrize(("can_extend", "waited_s"), [(False, 0.25), (True, 0.5)])
def test_a_sentence_that_is_complete_is_not_waited_for(
    ears: Ears, notebook: Notebook, can_extend: bool, waited_s: float
) -> None:
    notebook.belief = Hypothesis("all of it", is_complete=True, can_extend=can_extend)
    *_, last = sentences(heard(ears, recording(CLIP) + silence(TRAIL_S)))
    assert last.utterance.ended_by == "complete"
    assert last.endpoint_s == pytest.approx(waited_s, abs=2 * WINDOW_S)


def test_the_recogniser_is_told_when_nobody_speaks(ears: Ears, notebook: Notebook) -> None:
    sentences(heard(ears, recording(CLIP) + silence(TRAIL_S)))
    quiet_s = notebook.heard_speech[::-1].index(True) * WINDOW_S
    assert quiet_s == pytest.approx(0.8, abs=2 * WINDOW_S), "all of the endpoint's silence"
    assert notebook.heard_speech.count(True) * WINDOW_S > 0.5


def test_two_sentences_in_one_stream_are_two(ears: Ears) -> None:
    pcm = recording(CLIP) + silence(TRAIL_S)
    first, second = sentences(heard(ears, pcm + pcm))
    assert first.transcript.text != second.transcript.text
    assert second.utterance.started_s == pytest.approx(first.utterance.started_s + len(pcm) / 32_000, abs=0.1)
    assert first.utterance.ended_s < second.utterance.started_s


@pytest.mark.parametrize("size", [2, 1_024, 5_000, 10**9], ids=["sample", "window", "odd", "all"])
def test_the_size_of_the_frames_changes_nothing(
    ears: Ears, detector: silero.SileroDetector, notebook: Notebook, size: int
) -> None:
    pcm = recording("dialogue/affirm-kal.flac") + silence(TRAIL_S)
    as_usual = [sound.utterance for sound in sentences(heard(ears, pcm))]
    detector.reset()
    again = Ears(detector, notebook)
    again.tune(Scope(), ORDERS)
    assert [sound.utterance for sound in sentences(heard(again, pcm, size))] == as_usual != []


@pytest.mark.parametrize("name", ["noise/factory-piece-1.flac", "noise/factory-piece-4.flac", "silence/silence-1.flac"])
def test_noise_is_no_speech(ears: Ears, name: str) -> None:
    pcm = recording(name)
    assert heard(ears, pcm + pcm) == []
    assert ears.end() == []


def test_a_guess_is_told_only_when_it_changes(ears: Ears) -> None:
    guesses = [sound for sound in heard(ears, recording(CLIP) + silence(TRAIL_S)) if isinstance(sound, Guessed)]
    assert guesses == [Guessed("so far")]


def test_the_end_of_a_source_closes_what_is_open_and_the_next_starts_from_nothing(ears: Ears) -> None:
    pcm = silence(LEAD_S) + recording(CLIP)
    assert sentences(heard(ears, pcm)) == []
    (first,) = sentences(ears.end())
    assert first.utterance.ended_by == "source_end"
    assert sentences(heard(ears, pcm)) == []
    (second,) = sentences(ears.end())
    assert second.utterance == first.utterance


def test_what_may_be_said_changes_with_the_next_sentence(ears: Ears, notebook: Notebook) -> None:
    pcm = recording("dialogue/affirm-kal.flac") + silence(TRAIL_S)
    (before,) = sentences(heard(ears, pcm))
    used = len(notebook.graphs)
    ears.tune(Scope("confirming", "scrap.report"), ANSWERS)
    assert notebook.graphs[used:] == ["answers"], "prepared before anybody speaks"
    (after,) = sentences(heard(ears, pcm))
    assert notebook.graphs == ["orders", "orders", "answers", "answers"]
    assert before.endpoint_s > after.endpoint_s, "a short answer is waited for less"


def test_tuning_to_what_is_tuned_prepares_nothing(ears: Ears, notebook: Notebook) -> None:
    ears.tune(Scope(), ORDERS)
    assert notebook.graphs == ["orders"]


def test_who_is_expected_to_speak_is_told_to_the_recogniser(ears: Ears, notebook: Notebook) -> None:
    ears.tune(Scope(), ORDERS, "2101")
    assert notebook.speakers == ["", "2101"], "prepared before anybody speaks"
    sentences(heard(ears, recording("dialogue/affirm-kal.flac") + silence(TRAIL_S)))
    assert notebook.speakers[2:] == ["2101"]


def test_less_than_a_window_is_kept_for_the_next_frame(ears: Ears) -> None:
    assert ears.take(AudioFrame(bytes(10), 0)) == []


def test_loudness_is_measured_a_few_times_a_second_with_the_noise_below_it() -> None:
    meter = Meter()
    tone = (np.sin(np.arange(SPEECH.rate_hz // 4) / 4) * 32_767).astype("<i2").tobytes()
    hiss = (np.sin(np.arange(SPEECH.rate_hz // 4) / 4) * 327).astype("<i2").tobytes()
    measured = [meter.take(pcm) for pcm in (bytes(len(tone)), hiss, hiss, hiss, tone)]
    assert [round(one.level_db) for one in measured if one] == [-90, -43, -43, -43, -3]
    assert measured[-1] is not None
    assert round(measured[-1].noise_db) == -90
    assert Meter().take(hiss[:100]) is None


def test_what_was_begun_before_the_question_is_heard_among_what_may_be_said_now(ears: Ears, notebook: Notebook) -> None:
    """A key answers while somebody speaks: hearing goes on, and says that the words are older."""
    pcm = recording(CLIP) + silence(TRAIL_S)
    half = len(pcm) // 2 // 640 * 640
    heard(ears, pcm[: half // 2])
    assert ears.is_hearing
    ears.tune(Scope("confirming", "scrap.report"), ANSWERS)
    (over,) = sentences(heard(ears, pcm[half // 2 :]))
    assert over.is_outdated
    assert notebook.graphs[-1] == "answers"
    assert notebook.pcm == over.utterance.pcm, "all of it"
    (after,) = sentences(heard(ears, pcm))
    assert not after.is_outdated
