"""`text` and `explain`: what a sentence means, and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import CONTRACT, MY_NEXT, Run

SCRAP = "scrap three solder bridge on order forty-seven eleven"


def test_a_sentence_is_understood_with_its_values(run: Run) -> None:
    ended = run("text", SCRAP, "--json")
    (found,) = ended.lines
    assert ended.code == 0
    assert found.keys() == CONTRACT
    assert (found["outcome"], found["intent"], found["route"]) == ("understood", "scrap.report", "grammar")
    assert found["slots"] == {"quantity": 3, "defect": "solder-bridge", "job": "4711"}
    assert found["transcript"] == SCRAP
    assert found["confidence"] == 1.0
    assert 0 < found["timings_s"]["decision"] < 1


def test_a_doubled_digit_is_two(run: Run) -> None:
    (found,) = run("text", "start order four seven double one", "--json").lines
    assert (found["intent"], found["slots"]) == ("job.start", {"job": "4711"})


def test_what_is_no_sentence_is_rejected_with_the_same_keys(run: Run) -> None:
    ended = run("text", "the coffee is cold", "--json")
    (found,) = ended.lines
    assert ended.code == 0
    assert found.keys() == CONTRACT | {"reason", "detail"}
    assert (found["outcome"], found["intent"], found["slots"], found["route"]) == ("rejected", None, {}, None)


def test_several_sentences_and_standard_input_are_a_line_each(run: Run) -> None:
    ended = run("text", "what's my next job", "-", "--json", stdin="start order 4711\n\nthe coffee is cold\n")
    assert [found["intent"] for found in ended.lines] == ["job.next", "job.start", None]


def test_a_sentence_means_what_the_state_lets_it_mean(run: Run) -> None:
    assert run("text", "affirm", "--json").lines[0]["outcome"] == "rejected"
    confirming = run("text", "affirm", "--state", "confirming:scrap.report", "--json")
    assert confirming.lines[0]["intent"] == "affirm"
    filling = run("text", "stencil clog", "--state", "filling:downtime.start.reason", "--json")
    assert filling.lines[0]["slots"] == {"reason": "stencil-clog"}


@pytest.mark.parametrize("state", ["dreaming", "filling", "confirming:no.such", "filling:scrap.report.colour"])
def test_a_state_that_does_not_exist_is_one_sentence(run: Run, state: str) -> None:
    ended = run("text", "affirm", "--state", state)
    assert ended.code == 2
    (sentence,) = ended.sentences
    assert sentence.startswith("voicemes: ")


def test_a_person_reads_the_same(run: Run) -> None:
    out = run("text", SCRAP).out
    assert "✓ scrap.report" in out
    assert "solder-bridge" in out
    assert "✗ rejected: no sentence of the catalogue" in run("text", "the coffee is cold").out


def test_explain_says_which_templates_came_nearest_and_what_they_wanted(run: Run) -> None:
    (found,) = run("explain", "scrap three solder", "--json").lines
    nearest = found["nearest"][0]
    assert found["outcome"] == "rejected"
    assert nearest["intent"] == "scrap.report"
    assert nearest["matched"][:2] == ["scrap", "three"]
    assert nearest["file"].endswith("scrap.report.yaml")
    assert nearest["line"] > 1
    shown = run("explain", "scrap three solder").out
    assert "template" in shown
    assert "wants" in shown


def test_explain_shows_how_well_each_word_was_heard(run: Run) -> None:
    (found,) = run("explain", MY_NEXT, "--json").lines
    assert found["intent"] == "job.next"
    assert [word["text"] for word in found["words"]] == found["transcript"].split()
    assert all(word["ended_s"] > word["started_s"] for word in found["words"])
    assert "how well each word fits the sound" in run("explain", MY_NEXT).out


def test_explain_takes_a_misspelled_recording_for_a_recording(run: Run) -> None:
    ended = run("explain", "missing.wav")
    assert (ended.code, ended.sentences) == (3, ["voicemes: missing.wav does not exist. Check the name."])


def test_other_words_are_measured_by_route(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "said.yaml"
    lines = ['{say: "start order 4711", intent: job.start, slots: {job: "4711"}}', '{say: "the coffee is cold"}']
    lines.append('{say: "um please start order 4711", intent: job.start, slots: {job: "4711"}}')
    file.write_text("".join(f"- {line}\n" for line in lines), encoding="utf-8")
    (found,) = run("bench", "nlu", "--file", file, "--identifiers", "--json").lines
    assert (found["n_in"], found["exact_accuracy"], found["n_out"]) == (2, 1.0, 1)
    by_route = {name: (one["n"], one["exact_accuracy"]) for name, one in found["routes"].items()}
    assert by_route == {"fuzzy": (1, 1.0), "grammar": (1, 1.0), "none": (0, 0.0)}
    assert all(one["p95_s"] >= one["p50_s"] > 0 for one in found["routes"].values())
    assert "switched off" in found["lacks"]
    assert found["false_accepts"] == {"read": 0, "write": 0}
    assert list(found["p50_s_by_identifiers"]) == ["100", "1000", "10000"]
    assert "100.0% of 2 exact" in run("bench", "nlu", "--file", file, "--plain").out


@pytest.mark.parametrize("text", ["", "[]", "- {say: 7}", "- {said: x}", "- say: [", "just words"])
def test_a_file_that_is_no_list_of_sentences_is_refused_with_its_name(run: Run, tmp_path: Path, text: str) -> None:
    file = tmp_path / "said.yaml"
    file.write_text(text, encoding="utf-8")
    ended = run("bench", "nlu", "--file", file)
    assert ended.code == 2
    assert str(file) in ended.err
