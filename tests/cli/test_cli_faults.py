"""Faults of settings, catalogue and command line: one sentence that names the place, exit 2, never a traceback."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from commands import ROOT, Run

from voicemes import __version__


@pytest.fixture
def intents(tmp_path: Path) -> Path:
    """A copy of the catalogue, to be broken."""
    return Path(shutil.copytree(ROOT / "intents", tmp_path / "intents"))


def change(file: Path, before: str, after: str) -> int:
    """Returns the line on which the change stands."""
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")
    return text[: text.index(before)].count("\n") + 1


def test_broken_yaml_is_named_with_file_and_line(run: Run, intents: Path) -> None:
    file = intents / "production" / "job.next.yaml"
    line = change(file, "risk: R0", "risk: [R0")
    ended = run("text", "help", "--intents", intents)
    (sentence,) = ended.sentences
    assert ended.code == 2
    assert sentence.startswith(f"voicemes: {file}:{line + 1}: ")


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("risk: R0", "risk: R9", "risk"),
        ("summary:", "sumary:", "unknown key 'sumary'"),
        ('sentences:\n  - "', 'sentences:\n  - "(what ', "column"),
        ("{type: equipment, fill: station}", "{type: machinery}", "machinery"),
    ],
    ids=["value", "key", "template", "slot-type"],
)
def test_a_fault_in_an_intent_is_named_with_file_line_and_intent(
    run: Run, intents: Path, before: str, after: str, what: str
) -> None:
    file = intents / "production" / "job.next.yaml"
    change(file, before, after)
    ended = run("text", "help", "--intents", intents, "--json")
    (sentence,) = ended.sentences
    assert ended.code == 2
    assert sentence.startswith(f"voicemes: {file}:")
    assert sentence.removeprefix(f"voicemes: {file}:").split(":")[0].isdigit()
    assert "intent job.next: " in sentence
    assert what in sentence
    assert f"voicemes: {ended.lines[0]['error']['message']}" == sentence


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[mes]\nulr = 'http://127.0.0.1'\n", "mes.ulr"),
        ("[mess]\nurl = 'http://127.0.0.1'\n", "mess"),
        ("[mes]\ntimeout_s = 'soon'\n", "mes.timeout_s"),
    ],
)
def test_a_typing_error_in_the_settings_names_file_and_key(run: Run, tmp_path: Path, text: str, key: str) -> None:
    file = tmp_path / "voicemes.toml"
    file.write_text(text, encoding="utf-8")
    ended = run("check", "--config", file, "--json")
    (sentence,) = ended.sentences
    assert ended.code == 2
    assert sentence.startswith(f"voicemes: {file}, key '{key}': ")
    assert ended.lines[0]["error"]["kind"] == "ConfigError"


def test_a_typing_error_in_the_environment_names_the_variable(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICEMES_MES__ULR", "http://127.0.0.1")
    ended = run("text", "help")
    (sentence,) = ended.sentences
    assert ended.code == 2
    assert sentence.startswith("voicemes: VOICEMES_MES__ULR, key 'mes.ulr': ")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("text", "help", "--config", "absent.toml"), 2, "absent.toml: does not exist"),
        (("text", "help", "--intents", "absent"), 2, "absent"),
        (("replay", "absent.jsonl"), 2, "absent.jsonl: cannot be read as a trace"),
        (("demo", "--scenario", "absent.yaml"), 2, "absent.yaml: cannot be read as a scenario"),
        (("bench", "speech", "--manifest", "absent.jsonl"), 2, "absent.jsonl: cannot be read as a manifest"),
        (("say", " "), 2, "key 'TEXT': give between 1 and 10,000 characters"),
        (("say", "hello", "-o", "absent/x.wav"), 3, "absent/x.wav cannot be written: No such file or directory"),
        (("plant", "serve", "--token-file", "absent"), 2, "absent: cannot be read"),
        (("run", "--input", "absent.wav", "--trace", "trace.jsonl"), 3, "absent.wav does not exist"),
        (("run", "--input", "absent.wav", "--trace", "/dev/null/trace.jsonl"), 2, "no trace can be written here"),
        (("demo", "--output", "/dev/null/demo"), 3, "/dev/null/demo/replies: cannot hold the answers"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_not_there_is_one_sentence(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = run(*arguments, "--plain")
    assert ended.code == code
    assert [line for line in ended.sentences if line.startswith("voicemes: ")][-1].count(sentence) == 1


@pytest.mark.parametrize("arguments", [("nonsense",), ("text",), ("hear", "--loud"), ("demo", "--stop-plant-at", "0")])
def test_a_wrong_command_line_shows_how_it_goes(run: Run, arguments: tuple[str, ...]) -> None:
    ended = run(*arguments)
    assert ended.code == 2
    assert "Usage: voicemes" in ended.err


def test_the_version_and_the_commands_are_told(run: Run) -> None:
    version = run("--version")
    assert (version.code, version.out) == (0, f"voicemes {__version__}\n")
    told = run("--help")
    assert told.code == 0
    commands = ("demo", "run", "hear", "text", "say", "explain", "check", "replay", "plant", "bench", "outbox", "audit")
    for command in commands:
        assert f" {command} " in told.out
