"""The promise: no answer of a language model names an intent, a value or a number that nobody said.

Models with random weights say anything that their grammar lets them: if one can invent, they do. 5,000 sentences of
words, numbers and noise, on catalogues with intents left out, roles, and what exists now.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_model import write_tiny_model

from voicemes.engines.llm.llama_cpp import LlamaCompleter, Options, create
from voicemes.intents import Catalog
from voicemes.model import Candidate, Live, Reference
from voicemes.nlu.ask import ask, read_answer
from voicemes.nlu.match import Matcher
from voicemes.ports import Asked, EngineContext

pytest.importorskip("llama_cpp", reason="the extra llm is not installed")
N_SENTENCES, N_CATALOGS = 5_000, 10
NOISE = (
    *("ÄÖ", "\"'", "<equipment>", "A", "root ::=", "\\n", "none", "job.abort", "0x1F", "½", "\uff11\uff12"),
    *("{job}", "…", "+-", "1e9", "don't"),
)


@pytest.mark.parametrize("number", range(N_CATALOGS))
def test_nothing_is_invented(number: int, tmp_path: Path, catalog: Catalog, drinks_catalog: Catalog) -> None:
    rng = random.Random(number)
    matcher = _matcher(rng, drinks_catalog if number == 0 else catalog)
    model = write_tiny_model(tmp_path / "random.gguf", matcher.catalog, seed=number)
    completer = create(Options(model), EngineContext(tmp_path))
    words = sorted(matcher.words)
    n_read = 0
    for _ in range(N_SENTENCES // N_CATALOGS):
        tokens = matcher.tokens(_sentence(rng, words))
        found = _ask(matcher, completer, tokens)
        if found is not None:
            n_read += 1
            _check(matcher, tokens, found)
    completer.close()
    assert n_read > N_SENTENCES // N_CATALOGS // 10


def _matcher(rng: random.Random, catalog: Catalog) -> Matcher:
    kept = rng.sample(sorted(catalog.intents), k=rng.randint(max(1, len(catalog.intents) // 2), len(catalog.intents)))
    lists = {name: tuple(rng.sample(values, k=max(1, len(values) - 1))) for name, values in catalog.lists.items()}
    some = replace(catalog, intents={name: catalog.intents[name] for name in kept}, lists=lists, hash=str(rng.random()))
    jobs = tuple(Reference(str(rng.randint(1000, 99999))) for _ in range(5))
    matcher = Matcher(some).with_live(Live({"job": jobs}, {"job": jobs[0].id}))
    return matcher.heard_by(rng.choice([(), ("operator",), ("supervisor",)]))


def _sentence(rng: random.Random, words: list[str]) -> str:
    parts = []
    for _ in range(rng.randint(1, 14)):
        kind = rng.random()
        if kind < 0.65:
            parts.append(rng.choice(words))
        elif kind < 0.9:
            parts.append(rng.choice([str(rng.randint(0, 10**rng.randint(1, 9))), f"{rng.uniform(-99, 99):.2f}"]))
        else:
            parts.append(rng.choice(NOISE))
    return " ".join(parts)


def _ask(matcher: Matcher, completer: LlamaCompleter, tokens: list[str]) -> Candidate | None:
    question = ask(matcher, tokens)
    answer = completer.complete(Asked(question.prompt, question.grammar()), lambda: False)
    return read_answer(matcher, question, answer.text, 1.0) if answer.is_complete else None


def _check(matcher: Matcher, tokens: list[str], found: Candidate) -> None:
    """Every value is what our own rules make of words that stand in the sentence, next to each other."""
    intent = matcher.catalog.intents[found.intent]
    assert matcher.hears(intent)
    _check_apart(tokens, found)
    for slot in found.slots:
        said = slot.spoken.split()
        places = [at for at in range(len(tokens)) if tokens[at : at + len(said)] == said]
        assert said, slot
        assert places, (slot, tokens)
        assert slot.name in intent.slots
        if slot.type == "text":
            assert slot.value == slot.spoken
            continue
        read = matcher.slot_reader(tokens)
        values = [
            matcher.vocabulary.finish(slot.type, emitted)
            for at in places
            for end, emitted in read(slot.type, at)
            if end == at + len(said)
        ]
        assert slot.value in values, (slot, tokens)
        if slot.type in matcher.catalog.lists:
            known = {one.id for one in matcher.catalog.lists[slot.type]}
            assert slot.value in known | {one.id for one in matcher.live.references.get(slot.type, ())}


def _check_apart(tokens: list[str], found: Candidate) -> None:
    """No two values take more words together than were said."""
    needed = Counter(word for slot in found.slots if slot.type != "text" for word in slot.spoken.split())
    assert needed <= Counter(tokens), found
