"""`voicemes explain`: why a sentence matched, or what came nearest and where it failed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from voicemes.cli import reading
from voicemes.cli.options import ConfigFile, IntentsDir, Json, Plain, State, scope_from, settings_from
from voicemes.cli.output import BAD, GOOD, QUIET, STRONG, console, print_json
from voicemes.config import Settings
from voicemes.model import Candidate, Parse, Scope, Transcript
from voicemes.nlu.ask import ask
from voicemes.nlu.explain import nearest
from voicemes.nlu.interpret import alternatives, interpret
from voicemes.nlu.match import Matcher
from voicemes.runtime.reader import build_reader
from voicemes.runtime.recordings import Listener
from voicemes.runtime.wiring import build_matcher, context_of

FITS = "how well each word fits the sound (0 is perfect, above 4.3 is doubtful), and how far behind others are"
MOST_RIVALS = 3
"""Shown of a word."""


def explain(
    what: Annotated[str, typer.Argument(help="A sentence, or the name of a recording.", metavar="TEXT | FILE")],
    state: State = "idle",
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Say why something was understood, or which templates came nearest and which word they failed at."""
    settings = settings_from(config, intents)
    matcher = build_matcher(settings)
    scope = scope_from(state, matcher.catalog)
    reader = build_reader(settings, context_of(settings))
    for heard in _parses(what, settings, scope, matcher):
        parse = reader.further(heard, scope, matcher)
        tokens = matcher.tokens(parse.transcript.text)
        found: dict[str, Any] = {
            **reading.to_object(parse, {}),
            "state": str(scope),
            "tokens": tokens,
            "asked_of_model": ask(matcher, tokens).prompt if reader.completer else "",
            "words": [asdict(word) for word in parse.transcript.words],
            "thresholds": {"read": settings.asr.accept_read, "write": settings.asr.accept_write},
            "candidates": [_candidate(one) for one in alternatives(tokens, scope, matcher)],
            "nearest": [asdict(attempt) for attempt in nearest(tokens, scope, matcher)],
        }
        if as_json:
            print_json(found)
        else:
            _show(console(plain=plain), found)


def _candidate(one: Candidate) -> dict[str, Any]:
    return {"intent": one.intent, "slots": one.values, "route": one.route, "score": round(one.score, 3)}


def _parses(what: str, settings: Settings, scope: Scope, matcher: Matcher) -> list[Parse]:
    """A name that looks like a recording is one, so that a misspelled file is not explained as a sentence."""
    if Path(what).suffix.lower() in {".wav", ".flac", ".ogg"}:
        return [one.parse for one in Listener(settings, matcher, scope).hear(Path(what))]
    return [interpret(Transcript(what, "keyboard"), scope, matcher)]


def _show(screen: Console, found: dict[str, Any]) -> None:
    reading.show(screen, found)
    if found["words"]:
        screen.print(Text(f"{FITS}:", QUIET))
        for word in found["words"]:
            near = ", ".join(f"{other} {behind:+.0f}" for other, behind in word["rivals"][:MOST_RIVALS])
            screen.print(f"    {word['text']:<14} {word['deficit']:.2f}  {near}".rstrip(), markup=False)
    heard, needed = found["confidence"], found["thresholds"]
    if found["asked_of_model"] and found["route"] not in {"grammar", "fuzzy"}:
        screen.print(Text.assemble(("the language model saw: ", QUIET), found["asked_of_model"]))
    line = f"confidence {heard:.2f}; a question needs {needed['read']:.2f}, a write {needed['write']:.2f}"
    screen.print(Text(line, QUIET))
    for number, one in enumerate(found["candidates"], start=1):
        slots = ", ".join(f"{name} {value}" for name, value in one["slots"].items())
        score = f"   {one['route']} {one['score']:.2f}"
        screen.print(Text.assemble(f"{number}. ", (one["intent"], STRONG), f" {slots}", (score, QUIET)))
    for attempt in found["nearest"]:
        screen.print(Text.assemble((attempt["intent"], STRONG), (f"   {attempt['file']}:{attempt['line']}", QUIET)))
        screen.print(Text.assemble(("    template  ", QUIET), attempt["template"]))
        matched, rest = " ".join(attempt["matched"]), " ".join(attempt["rest"])
        screen.print(
            Text.assemble(("    fits      ", QUIET), (matched or "nothing", GOOD), (f" | {rest}" if rest else "", BAD))
        )
        screen.print(Text.assemble(("    wants     ", QUIET), ", ".join(attempt["expected"])))
