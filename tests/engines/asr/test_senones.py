"""The acoustic model of pocketsphinx, read by ourselves."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from voicemes.engines.asr.pocketsphinx import MODEL, model_file
from voicemes.engines.asr.senones import (
    BEGIN,
    END,
    INSIDE,
    SINGLE,
    AcousticModel,
    Phones,
    read_model,
    read_transitions,
    with_deltas,
)
from voicemes.errors import EngineFailed

FILES = ("mdef", "means", "variances", "sendump", "transition_matrices")


@pytest.fixture(scope="module")
def model() -> AcousticModel:
    return read_model(model_file(MODEL))


def sequence(phones: Phones, place: int, *names: str) -> int:
    return int(phones.sequences(place, *(np.array([phones.names.index(name)]) for name in names))[0])


def test_the_model_has_the_sounds_of_the_lexicon_and_three_that_are_none(model: AcousticModel) -> None:
    assert len(model.phones.names) == 42
    assert {model.phones.names[n] for n in model.phones.fillers} == {"SIL", "+NSN+", "+SPN+"}


def test_weights_and_transitions_are_probabilities(model: AcousticModel) -> None:
    assert model.weights.sum(axis=1) == pytest.approx(1, abs=0.1), "a byte for each"
    assert np.exp(model.log_transitions).sum(axis=2) == pytest.approx(1, abs=1e-3)


def test_every_senone_belongs_to_the_phone_that_has_it(model: AcousticModel) -> None:
    for name in model.phones.names:
        phone = model.phones.names.index(name)
        assert set(model.phone_of[model.phones.senones[model.phones.alone[phone]]]) == {phone}


def test_a_phone_sounds_by_its_neighbours(model: AcousticModel) -> None:
    phones = model.phones
    known = sequence(phones, INSIDE, "AO", "M", "R")
    assert known != sequence(phones, INSIDE, "AO", "F", "R")
    assert known != phones.alone[phones.names.index("AO")]


def test_a_noise_beside_a_phone_is_heard_as_silence(model: AcousticModel) -> None:
    phones = model.phones
    assert sequence(phones, BEGIN, "M", "+NSN+", "AO") == sequence(phones, BEGIN, "M", "SIL", "AO")
    assert sequence(phones, END, "R", "AO", "+SPN+") == sequence(phones, END, "R", "AO", "SIL")


def test_without_the_context_the_nearest_counts_and_at_last_the_phone_alone(model: AcousticModel) -> None:
    phones = model.phones
    rare = sequence(phones, SINGLE, "ZH", "NG", "OY")
    assert rare in (sequence(phones, SINGLE, "ZH", "SIL", "SIL"), phones.alone[phones.names.index("ZH")])


def test_the_best_senone_of_each_frame_has_nothing_against_it(model: AcousticModel) -> None:
    frames = np.random.default_rng(1).normal(0, 5, (300, 13))
    scores = model.scores(frames)
    assert scores.shape == (300, len(model.phone_of))
    assert scores.max(axis=1) == pytest.approx(0)
    assert scores[260] == pytest.approx(model.scores(frames[250:270])[10], abs=0.01), "three frames on each side count"


def test_a_score_is_that_of_the_mixture(model: AcousticModel) -> None:
    frames = np.random.default_rng(2).normal(0, 5, (7, 13))
    streams = [stream[3] for stream in with_deltas(frames)]

    def by_hand(senone: int) -> float:
        total, phone = 0.0, model.phone_of[senone]
        for n, frame in enumerate(streams):
            means, variances = model.means[phone, n], model.variances[phone, n]
            logs = -((frame - means) ** 2 / variances + np.log(variances)).sum(axis=1) / 2
            total += float(np.logaddexp.reduce(logs + np.log(model.weights[n, :, senone])))
        return total

    scores = model.scores(frames)[3]
    for senone in (5, 1_000, 4_000):
        assert scores[senone] - scores[2_000] == pytest.approx(by_hand(senone) - by_hand(2_000), abs=0.02)


def test_steady_sound_has_no_change(model: AcousticModel) -> None:
    statics, first, second = with_deltas(np.ones((5, 13)))
    assert (statics == 1).all()
    assert not first.any()
    assert not second.any()


def test_a_transition_that_cannot_be_is_none(tmp_path: Path) -> None:
    header = b"s3\nendhdr\n" + np.array([0x11223344, 1, 3, 4, 12], "<i4").tobytes()
    counts = np.array([[1, 3, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]], "<f4")
    read = read_transitions(header + counts.tobytes())
    assert np.exp(read[0, 0]) == pytest.approx([0.25, 0.75, 0, 0])
    assert read[0, 1, 0] == -np.inf


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["missing", "empty", "cut"])
def test_a_damaged_model_is_refused_by_name(tmp_path: Path, name: str, damage: str) -> None:
    for file in FILES:
        shutil.copy(model_file(MODEL) / file, tmp_path / file)
    damaged = tmp_path / name
    if damage == "missing":
        damaged.unlink()
    else:
        damaged.write_bytes(damaged.read_bytes()[: 0 if damage == "empty" else damaged.stat().st_size // 2])
    with pytest.raises(EngineFailed, match=str(tmp_path)):
        read_model(tmp_path)
