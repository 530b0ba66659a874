"""The engine of llama.cpp on models of our own: what is wrong with a file is a sentence, and a grammar is obeyed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tiny_model import write_tiny_model

from voicemes.engines.llm.gguf_header import read_header
from voicemes.engines.llm.llama_cpp import Options, create
from voicemes.errors import EngineFailed, EngineMissing
from voicemes.intents import Catalog
from voicemes.nlu.ask import signature
from voicemes.ports import Asked, EngineContext

pytest.importorskip("llama_cpp", reason="the extra llm is not installed")
CONTEXT = EngineContext(Path())


@pytest.fixture
def model(tmp_path: Path, drinks_catalog: Catalog) -> Path:
    return write_tiny_model(tmp_path / "tiny.gguf", drinks_catalog)


def never() -> bool:
    return False


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.9999])
def test_a_file_that_is_cut_off_is_a_sentence(model: Path, share: float) -> None:
    data = model.read_bytes()
    model.write_bytes(data[: int(share * len(data))])
    with pytest.raises(EngineFailed, match=r"tiny\.gguf"):
        create(Options(model), CONTEXT)


def test_another_kind_of_file_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "song.gguf"
    file.write_bytes(b"RIFF" * 100)
    with pytest.raises(EngineFailed, match="no whole GGUF file"):
        create(Options(file), CONTEXT)


@pytest.mark.parametrize("name", [b"lamma", b"bert\0"])
def test_another_architecture_is_a_sentence(model: Path, name: bytes) -> None:
    model.write_bytes(model.read_bytes().replace(b"llama", name))
    with pytest.raises(EngineFailed, match="no language model that"):
        create(Options(model), CONTEXT)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match="voicemes models pull"):
        create(Options(tmp_path / "nowhere.gguf"), CONTEXT)


def test_a_missing_library_says_how_to_install_it(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    with pytest.raises(EngineMissing, match="uv sync --extra llm"):
        create(Options(model), CONTEXT)


def test_the_file_says_what_it_learned(model: Path, drinks_catalog: Catalog) -> None:
    traits = create(Options(model), CONTEXT).traits
    assert traits.name == "voicemes"
    assert traits.notes["intents"].splitlines() == [signature(one) for one in drinks_catalog.intents.values()]


def test_a_grammar_that_does_not_compile_is_an_error(model: Path) -> None:
    """llama.cpp itself would only print a line, and say anything."""
    with pytest.raises(EngineFailed, match="does not compile"):
        create(Options(model), CONTEXT).complete(Asked("tea", 'root ::= my_rule\nmy_rule ::= "a"\n'), never)


def test_no_seed_says_what_the_grammar_does_not_allow(tmp_path: Path, drinks_catalog: Catalog) -> None:
    grammar = 'root ::= ("red" | "green") (" " [0-9]{2})?\n'
    for seed in range(20):
        model = write_tiny_model(tmp_path / f"{seed}.gguf", drinks_catalog, seed=seed)
        answer = create(Options(model), CONTEXT).complete(Asked("purple 7", grammar), never)
        assert answer.is_complete
        colour, *number = answer.text.split()
        assert colour in {"red", "green"}
        assert number == [] or (len(number[0]) == 2 and number[0].isdecimal())


def test_a_prompt_longer_than_the_model_is_an_error(model: Path) -> None:
    with pytest.raises(EngineFailed, match="tokens"):
        create(Options(model), CONTEXT).complete(Asked("tea " * 400, 'root ::= "none"\n'), never)


def test_a_model_without_our_notes_gets_the_instructions(tmp_path: Path, drinks_catalog: Catalog) -> None:
    """What they change shows in the probabilities: the answer has to be the same."""
    completer = create(Options(write_tiny_model(tmp_path / "g.gguf", drinks_catalog, notes={})), CONTEXT)
    grammar = 'root ::= "none" | "tea"\n'
    plain = completer.complete(Asked("tea", grammar), never)
    told = completer.complete(Asked("tea", grammar, "Answer with tea."), never)
    assert plain.parts != told.parts


def test_the_header_has_the_metadata_without_loading_the_model(model: Path) -> None:
    header = read_header(model)
    assert header["general.architecture"] == "llama"
    assert header["llama.context_length"] == 1024
    assert header["tokenizer.ggml.tokens"] is None
