"""`voicemes text`: what a sentence means, without a microphone."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from voicemes.cli import reading
from voicemes.cli.options import ConfigFile, IntentsDir, Json, Plain, State, scope_from, settings_from
from voicemes.cli.output import console, print_json
from voicemes.model import Transcript
from voicemes.runtime.reader import build_reader
from voicemes.runtime.wiring import build_matcher, context_of


def text(
    sentences: Annotated[list[str], typer.Argument(help="What is said; - reads one sentence a line.", metavar="TEXT…")],
    state: State = "idle",
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Say what a sentence means: its intent, its slots, and by which route it was understood."""
    settings = settings_from(config, intents)
    matcher, reader = build_matcher(settings), build_reader(settings, context_of(settings))
    scope = scope_from(state, matcher.catalog)
    reader.read(Transcript("hello there", "keyboard"), scope, matcher)  # to prepare is not the first sentence's time
    for sentence in _sentences(sentences):
        started_s = time.perf_counter()
        parse = reader.read(Transcript(sentence, "keyboard"), scope, matcher)
        spent_s = time.perf_counter() - started_s
        found = reading.to_object(parse, {"nlu": spent_s, "decision": spent_s})
        if as_json:
            print_json(found)
        else:
            reading.show(console(plain=plain), found)


def _sentences(given: list[str]) -> Iterator[str]:
    for sentence in given:
        if sentence == "-":
            yield from (line.rstrip("\n") for line in sys.stdin if line.strip())
        else:
            yield sentence
