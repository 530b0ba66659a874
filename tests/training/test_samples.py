"""The training data: what a model learns is what it will see and may answer."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from voicemes.config import shipped
from voicemes.errors import CatalogError, TemplateError
from voicemes.intents import Catalog
from voicemes.model import Scope
from voicemes.nlu.ask import NONE, Question, askable, read_answer
from voicemes.nlu.match import Matcher
from voicemes.nlu.network import Network, find_paths
from voicemes.nlu.spans import slot_types
from voicemes.runtime.nlu_bench import Said, read_sentences
from voicemes.training.frames import framed
from voicemes.training.noise import Noise
from voicemes.training.samples import Pair, Sampler
from voicemes.training.wordings import Wordings, load_wordings

DATA = Path(__file__).resolve().parents[1] / "nlu" / "data"
UNSEEN = ("unseen.yaml", "unseen_second.yaml", "unseen_third.yaml", "unseen_fourth.yaml")
N_PAIRS = 1_500

pytestmark = [pytest.mark.xdist_group("samples"), pytest.mark.training]


@pytest.fixture(scope="session")
def wordings(matcher: Matcher) -> Wordings:
    return load_wordings(shipped("intents"), matcher.catalog, matcher.templates)


@pytest.fixture(scope="session")
def pairs(matcher: Matcher, wordings: Wordings) -> list[Pair]:
    return list(Sampler(matcher, wordings, 3).pairs(N_PAIRS))


def test_every_intent_has_wordings_and_is_drawn(catalog: Catalog, wordings: Wordings, pairs: list[Pair]) -> None:
    names = {intent.name for intent in askable(catalog)}
    assert {one.intent for one in wordings.sentences} == names | {""}
    assert {pair.intent for pair in pairs} == names | {NONE}


def test_every_answer_is_one_that_may_be_given_to_its_prompt(matcher: Matcher, wordings: Wordings) -> None:
    """The sampler's own marks: an answer that cannot be read would be learned in vain."""
    sampler = Sampler(matcher, wordings, 5)
    seen: list[tuple[object, Pair]] = []
    sampler.on_pair = lambda marked, pair: seen.append((marked, pair))
    for _ in sampler.pairs(500):
        pass
    intents = askable(matcher.catalog)
    for marked, pair in seen:
        found = read_answer(matcher, Question(marked, intents, matcher.book(slot_types)), pair.answer, 1.0)
        assert (found.intent if found else NONE) == pair.intent


def test_the_same_seed_draws_the_same(matcher: Matcher, wordings: Wordings) -> None:
    first, second = (list(itertools.islice(Sampler(matcher, wordings, 9).pairs(50), 50)) for _ in range(2))
    assert first == second


def test_noise_leaves_marks_and_remarks_alone(pairs: list[Pair]) -> None:
    noise = Noise((piece for pair in pairs for piece in pair.pieces), 1)
    for pair in pairs:
        heard = noise(pair)
        kept = [pair.pieces[at] for at in sorted(pair.kept)]
        rest = iter(heard)
        assert all(piece in rest for piece in kept), (pair.pieces, heard)


def test_noise_changes_something_now_and_then(pairs: list[Pair]) -> None:
    noise = Noise((piece for pair in pairs for piece in pair.pieces), 1)
    assert 0.3 < sum(noise(pair) != list(pair.pieces) for pair in pairs) / len(pairs) < 0.9


def test_no_template_yields_what_the_language_model_is_measured_with(matcher: Matcher, wordings: Wordings) -> None:
    """Neither the catalogue's nor those of the training data: `bench nlu` on them measures what was never seen."""
    network = Network()
    start = network.join([network.enter(one.phrase, network.final()) for one in wordings.sentences])
    said = [one for name in UNSEEN for one in read_sentences(DATA / name)]
    yielded = [one.say for one in said if _is_yielded(matcher, network, start, one)]
    assert yielded == []
    assert sum(one.intent is not None for one in said) >= 600
    assert sum(one.intent is None for one in said) >= 300
    assert {one.intent for one in said if one.intent} == {intent.name for intent in askable(matcher.catalog)}


def _is_yielded(matcher: Matcher, network: Network, start: int, said: Said) -> bool:
    tokens = matcher.tokens(said.say)
    if matcher.match(tokens, Scope()):
        return True
    return bool(find_paths(network, start, tokens, matcher.slot_reader(tokens)).paths)


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("no.such.txt", "do it", "no intent 'no.such'"),
        ("job.start.txt", "begin {colour}", "job.start.txt:1"),
        ("job.start.txt", "begin (now", "job.start.txt:1"),
        ("_none.txt", "{colour} please", "_none.txt:1"),
        ("no.such.remarks.txt", "do it", "no such intent"),
    ],
)
def test_a_faulty_wording_names_file_and_line(
    matcher: Matcher, tmp_path: Path, name: str, text: str, error: str
) -> None:
    (tmp_path / "_wordings").mkdir()
    (tmp_path / "_wordings" / name).write_text(f"{text}\n")
    with pytest.raises((CatalogError, TemplateError), match=error):
        load_wordings(tmp_path, matcher.catalog, matcher.templates)


def test_a_catalogue_without_wordings_is_trained_on_its_templates(drinks: Matcher, tmp_path: Path) -> None:
    wordings = load_wordings(tmp_path, drinks.catalog, drinks.templates)
    pairs = list(Sampler(drinks, wordings, 1).pairs(100))
    assert {pair.intent for pair in pairs} == set(drinks.catalog.intents)


def test_a_command_in_a_frame_is_none(matcher: Matcher, wordings: Wordings) -> None:
    sampler = Sampler(matcher, replace(wordings, frames=("nobody told me to {do}", "so much for {doing} today")), 5)
    said = [" ".join(pair.pieces) for pair in sampler.pairs(400) if pair.answer == NONE]
    framed = [text for text in said if text.startswith(("nobody told me to ", "so much for "))]
    assert len(framed) > 10
    doing = [text.split()[3] for text in framed if text.startswith("so much for ")]
    assert doing
    assert all(verb.endswith("ing") for verb in doing)


@pytest.mark.parametrize(
    ("frame", "command", "expected"),
    [
        ("never {do} on a friday", "scrap two dents", "never scrap two dents on a friday"),
        ("{doing} is not for us", "put it on hold", "putting it on hold is not for us"),
        ("they banned {doing}", "release it", "they banned releasing it"),
        ("they banned {doing}", "free it", "they banned freeing it"),
        ("never {do}", "printer one is down", None),
        ("never {do}", "", None),
    ],
)
def test_a_command_fits_into_a_frame(frame: str, command: str, expected: str | None) -> None:
    words = framed(frame, command.split())
    assert (" ".join(words) if words else None) == expected


@pytest.mark.parametrize("line", ["{do}", "nothing here", "{do} and {doing}"])
def test_a_frame_without_its_place_is_refused(matcher: Matcher, tmp_path: Path, line: str) -> None:
    (tmp_path / "_wordings").mkdir()
    (tmp_path / "_wordings" / "_frames.txt").write_text(f"never {{do}}\n{line}\n", encoding="utf-8")
    with pytest.raises(CatalogError, match=r"_frames.txt:2.*has to have \{do\} or \{doing\} once"):
        load_wordings(tmp_path, matcher.catalog, matcher.templates)
