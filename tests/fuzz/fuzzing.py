"""What the fuzzing has in common: how many examples, how long one may take, and how files and data are spoiled.

By default each test takes a few examples, so that the folder is done in seconds. To look harder, and to see the counts:

    VOICEMES_FUZZ_EXAMPLES=2000 pytest tests/fuzz -n 0 --hypothesis-show-statistics
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

N_EXAMPLES = int(os.environ.get("VOICEMES_FUZZ_EXAMPLES", "12"))
some = settings(
    max_examples=N_EXAMPLES,
    deadline=None,  # `within` says how long
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    database=None,
    print_blob=True,
)
patient = [
    pytest.mark.timeout(120 + N_EXAMPLES * 3),
    pytest.mark.filterwarnings("ignore:Generating overly large repr"),  # of what was found, when it is shown
]
BUDGET_S = 20.0
"""For one example: a hundred times what it takes, because other tests run beside; a hang takes longer."""


@contextmanager
def within(limit_s: float = BUDGET_S) -> Iterator[None]:
    started = time.monotonic()
    yield
    took_s = time.monotonic() - started
    assert took_s < limit_s, f"one example took {took_s:.1f} s"


SIGNS = (
    *("{", "}", "[", "]", "${HOME}", "{__class__}", "{a.b.c}", "|", "|b64", ": ", "- ", "\n", "\n  ", "#", "'", '"'),
    *("\\", "!!int ", "!!float ", "!!python/object/apply:os.system ", "&a ", "*a", "<<: ", "? ", "---\n"),
    *("%YAML 9.9\n", "\t"),
    *("null", "~", "yes", "1e999", "-1", "0x10", "²", "9" * 5_000, "x" * 3_000, "[" * 500, "(" * 500, "@ | " * 200),
    *("\x00", "\ufeff", "\u202e", "\x85", "\U0001f525", "<rule>", "{slot}", "(a|b)", "[x]", "//evil", "http://evil/"),
)
TEXTS = st.one_of(st.sampled_from(SIGNS), st.text(max_size=40))
NUMBERS = st.one_of(
    st.integers(), st.integers(-3, 100_000), st.floats(), st.sampled_from([10**400, 1e308, -0.0, float("inf")])
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


@st.composite
def spoiled_text(draw: st.DrawFn, texts: Sequence[str]) -> str:
    """A text that somebody wrote, with some of it cut, doubled, moved, or replaced."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 200)))
        match draw(st.sampled_from(["cut", "double", "move", "put", "put", "end"])):
            case "cut":
                text = text[:start] + text[end:]
            case "double":
                text = text[:end] + text[start:]
            case "move":
                place = draw(st.integers(0, len(text)))
                rest = text[:start] + text[end:]
                text = rest[:place] + text[start:end] + rest[place:]
            case "put":
                text = text[:start] + draw(TEXTS) + text[end if draw(st.booleans()) else start :]
            case _:
                text = text[:end]
    return text


@st.composite
def spoiled_data(draw: st.DrawFn, data: Any, most: int = 4) -> Any:
    """Data with some parts replaced, left out, renamed, or put in another place."""
    for _ in range(draw(st.integers(1, most))):
        data = draw(_spoiled_once(data))
    return data


@st.composite
def _spoiled_once(draw: st.DrawFn, data: Any) -> Any:
    if not isinstance(data, dict | list) or not data or draw(st.integers(0, 5)) == 0:
        return draw(st.one_of(JSON, st.just([data]), st.just({"a": data})))
    if isinstance(data, list):
        place = draw(st.integers(0, len(data) - 1))
        inner = draw(st.one_of(_spoiled_once(data[place]), _spoiled_once(data[place]), st.just(data)))
        return [*data[:place], inner, *data[place + draw(st.integers(0, 1)) :]]
    name = draw(st.sampled_from(sorted(data, key=str)))
    rest = {key: value for key, value in data.items() if key != name}
    match draw(st.sampled_from(["in", "in", "in", "in", "out", "rename", "add"])):
        case "in":
            return {**rest, name: draw(_spoiled_once(data[name]))}
        case "out":
            return rest
        case "rename":
            return {**rest, draw(TEXTS): data[name]}
        case _:
            return {**data, draw(TEXTS): draw(JSON)}


@st.composite
def spoiled_bytes(draw: st.DrawFn, content: bytes) -> bytes:
    """A file of which some places were written over, and which may be cut off."""
    spoiled = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, max(0, len(spoiled) - 1)))
        piece = draw(st.one_of(st.binary(min_size=1, max_size=64), st.sampled_from([b"\0" * 512, b"\xff" * 512])))
        spoiled[start : start + len(piece)] = piece
    if draw(st.booleans()):
        del spoiled[draw(st.integers(0, len(spoiled))) :]
    return bytes(spoiled)
