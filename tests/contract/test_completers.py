"""The Completer port: whoever answers keeps to the grammar, to its length and to its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tiny_model import write_tiny_model

from voicemes.errors import EngineMissing
from voicemes.intents import Catalog
from voicemes.ports import Asked, Completer, EngineContext
from voicemes.runtime.engines import create_engine, engine_names
from voicemes.testing import FakeCompleter

ONE_ANSWER = 'root ::= "none"\n'


@pytest.fixture(params=["fake", *engine_names("llm")])
def completer(request: pytest.FixtureRequest, tmp_path: Path, drinks_catalog: Catalog) -> Iterator[Completer]:
    if request.param == "fake":
        yield FakeCompleter()
        return
    model = write_tiny_model(tmp_path / "tiny.gguf", drinks_catalog)
    try:
        engine = create_engine("llm", request.param, EngineContext(tmp_path), model=model)
    except EngineMissing as exc:
        pytest.skip(str(exc))
    yield engine
    engine.close()


def never() -> bool:
    return False


def test_nothing_but_the_grammar_comes_out(completer: Completer) -> None:
    answer = completer.complete(Asked("whatever is said", ONE_ANSWER), never)
    assert (answer.text, answer.is_complete) == ("none", True)


def test_the_parts_are_the_text_and_their_probabilities_are_some(completer: Completer) -> None:
    answer = completer.complete(Asked("whatever", ONE_ANSWER), never)
    assert "".join(text for text, _ in answer.parts) == answer.text
    assert all(0 < probability <= 1 for _, probability in answer.parts)


def test_the_same_question_has_the_same_answer(completer: Completer) -> None:
    first = completer.complete(Asked("tea please", ONE_ANSWER), never)
    completer.complete(Asked("something else", ONE_ANSWER), never)
    again = completer.complete(Asked("tea please", ONE_ANSWER), never)
    assert again.text == first.text
    assert [round(part[1], 3) for part in again.parts] == [round(part[1], 3) for part in first.parts]


@pytest.mark.parametrize(("max_tokens", "is_late"), [(64, lambda: True), (0, never)], ids=["late", "no tokens"])
def test_what_was_stopped_says_so(completer: Completer, max_tokens: int, is_late: Callable[[], bool]) -> None:
    answer = completer.complete(Asked("whatever", ONE_ANSWER, max_tokens=max_tokens), is_late)
    assert not answer.is_complete


def test_it_can_be_asked_again_after_it_was_stopped(completer: Completer) -> None:
    completer.complete(Asked("a long sentence that is never answered", ONE_ANSWER), lambda: True)
    assert completer.complete(Asked("short", ONE_ANSWER), never).text == "none"
