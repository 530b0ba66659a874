"""`voicemes intents`: the kit with which a plant adds what can be said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from voicemes.cli.options import ConfigFile, IntentsDir, Json, Plain, settings_from
from voicemes.cli.output import BAD, GOOD, QUIET, STRONG, console, print_json, show_table
from voicemes.errors import ConfigError
from voicemes.nlu import export
from voicemes.nlu.catalog import NAME
from voicemes.nlu.kit import coverage, lint, proof, sampling, schema, skeleton
from voicemes.nlu.match import Matcher
from voicemes.runtime.recordings import prove_recordings
from voicemes.runtime.wiring import build_matcher, build_sounds
from voicemes.testing.conversation import prove_conversations

app = typer.Typer(help="Intents: write them, prove them, see what is missing.", no_args_is_help=True)
RECORDINGS_HELP = 'Hear these as well: lines of {"audio": path, "intent": name or null, "slots": {…}}.'
CONVERSATIONS_HELP = "Hold these as well: a file, or a folder of them, as voicemes.testing has it."
Only = Annotated[str, typer.Argument(help="One intent; without it all.", metavar="[INTENT]", show_default=False)]


@app.command("test")
def prove(
    only: Only = "",
    recordings: Annotated[Path | None, typer.Option(help=RECORDINGS_HELP)] = None,
    conversations: Annotated[Path | None, typer.Option(help=CONVERSATIONS_HELP)] = None,
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Say every example and not_example of the catalogue. Exit 1 when one is not taken as its file says.

    With a manifest every recording is heard, too. One that is expected to fail says so in its line: "fails": "why".
    """
    settings = settings_from(config, intents)
    matcher = _matcher(intents, config, only)
    screen, n_done, faults = console(plain=plain), 0, 0
    heard = prove_recordings(recordings, settings, matcher, only) if recordings else ()
    for one in chain(proof.prove(matcher, only), heard):
        n_done += 1
        faults += bool(one.fault)
        if as_json:
            print_json(asdict(one))
        elif one.fault:
            _show_fault(screen, one)
    if not as_json:
        good = n_done - faults
        screen.print(Text(f"{good} of {n_done} sentences are taken as their files say.", BAD if faults else GOOD))
    faults += _converse(conversations, matcher, screen, as_json=as_json) if conversations else 0
    if faults:
        raise typer.Exit(1)


def _converse(place: Path, matcher: Matcher, screen: Console, *, as_json: bool) -> int:
    """How many conversations went otherwise than written."""
    n_done = faults = 0
    for file, fault in prove_conversations(place, matcher):
        n_done += 1
        faults += bool(fault)
        if as_json:
            print_json({"conversation": str(file), "fault": fault})
        elif fault:
            screen.print(Text.assemble(("✗ ", BAD), fault))
    if not as_json:
        line = f"{n_done - faults} of {n_done} conversations go as written."
        screen.print(Text(line, BAD if faults else GOOD))
    return faults


@app.command("coverage")
def cover(
    only: Only = "", intents: IntentsDir = None, config: ConfigFile = None, as_json: Json = False, plain: Plain = False
) -> None:
    """Say which templates and which slots together no example has. Exit 1 when a template is never said."""
    found = list(coverage.cover(_matcher(intents, config, only), only))
    n_templates, n_unsaid = sum(len(one.templates) for one in found), sum(len(one.unsaid) for one in found)
    if as_json:
        for one in found:
            print_json(_coverage_object(one))
    else:
        _show_coverage(console(plain=plain), found, plain=plain)
        share = 1 - n_unsaid / max(n_templates, 1)
        line = f"{n_templates - n_unsaid} of {n_templates} templates are said by an example ({share:.0%})."
        console(plain=plain).print(Text(line, BAD if n_unsaid else GOOD))
    if n_unsaid:
        raise typer.Exit(1)


@app.command("lint")
def check(
    intents: IntentsDir = None, config: ConfigFile = None, as_json: Json = False, plain: Plain = False
) -> None:
    """Find what collides, is too short, has no pronunciation, or is not used. Exit 1 unless each has its reason."""
    settings = settings_from(config, intents)
    found = lint.lint(build_matcher(settings), build_sounds(settings))
    screen, faults = console(plain=plain), [one for one in found if not one.reason]
    for one in found:
        if as_json:
            print_json(asdict(one))
        elif one.reason:
            screen.print(Text(f"✓ {one.rule}  {one.about}  stays: {one.reason}", QUIET))
        else:
            place = f"   {one.file}:{one.line}" if one.file else ""
            screen.print(Text.assemble(("✗ ", BAD), (f"{one.rule}  ", STRONG), one.message, (place, QUIET)))
    if not as_json:
        screen.print(Text(f"{len(faults)} to mend, {len(found) - len(faults)} stay.", BAD if faults else GOOD))
    if faults:
        raise typer.Exit(1)


@app.command("sample")
def sample(
    only: Only = "",
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=100_000, help="How many sentences.")] = 10,
    seed: Annotated[int, typer.Option(help="The same seed draws the same sentences.")] = 1,
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Draw sentences that can be said: to read aloud, to record, to test with."""
    screen = console(plain=plain)
    for one in sampling.samples(_matcher(intents, config, only), count, seed, only):
        if as_json:
            print_json(asdict(one))
        else:
            screen.print(Text.assemble((one.say, STRONG), (f"   {one.intent}", QUIET)))


@app.command("schema")
def print_schema(
    kind: Annotated[str, typer.Argument(help=f"One of: {', '.join(schema.TITLES)}.")] = "intent",
    folder: Annotated[Path | None, typer.Option("--write", help="Write all of them into this folder instead.")] = None,
) -> None:
    """JSON Schema of the catalogue's files, for editors."""
    if kind not in schema.TITLES:
        raise ConfigError(f"There is no kind of file '{kind}'. Known: {', '.join(schema.TITLES)}.", key="KIND")
    if folder is None:
        print_json(schema.schema(kind))
        return
    for name in schema.TITLES:
        _write(folder / f"{name}.schema.json", json.dumps(schema.schema(name), indent=2) + "\n", is_new=False)


@app.command("grammar")
def grammar(
    folder: Annotated[Path, typer.Option("--write", help="Where the files go.")] = Path("grammars/generated"),
    intents: IntentsDir = None,
    config: ConfigFile = None,
) -> None:
    """Write the catalogue as grammars for other tools: commands.jsgf, and intent.gbnf for language models."""
    matcher = _matcher(intents, config, "")
    for name, text in (("commands.jsgf", export.to_jsgf(matcher)), ("intent.gbnf", export.to_gbnf(matcher.catalog))):
        _write(folder / name, text, is_new=False)
        console().print(Text.assemble(("Written: ", GOOD), str(folder / name)))


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="Such as clean.record.")],
    say: Annotated[list[str] | None, typer.Option("--say", help="A sentence template; give several.")] = None,
    slot: Annotated[list[str] | None, typer.Option("--slot", help="NAME or NAME:TYPE; give several.")] = None,
    summary: Annotated[str, typer.Option(help="What it does, in one sentence.")] = "",
    risk: Annotated[str, typer.Option(help="R0 asks, R1 own work, R2 is read back, R3 and R4 need others.")] = "",
    role: Annotated[str, typer.Option(help="Who may.")] = "operator",
    area: Annotated[str, typer.Option(help="The folder inside the catalogue.")] = "own",
    intents: IntentsDir = None,
    config: ConfigFile = None,
) -> None:
    """Write the file of a new intent. What is not given is asked for; nothing is overwritten."""
    settings = settings_from(config, intents)
    for key, value in (("NAME", name), ("--area", area)):
        if not re.fullmatch(NAME, value):
            raise ConfigError(f"'{value}' is no name. Write small letters, digits and dots, as clean.record.", key=key)
    summary = summary or typer.prompt("What does it do, in one sentence?")
    chosen: Any = risk or typer.prompt("Risk (R0 asks, R1 own work, R2 is read back)", default="R1")
    templates = say or [typer.prompt("How is it said? (a|b) alternatives, [a] optional, {slot} a value")]
    slots = dict(_slot(text) for text in slot or [])
    file = settings.intents_dir / area / f"{name}.yaml"
    text = skeleton.written(skeleton.NewIntent(name, summary, chosen, role, slots, templates))
    _write(file, text, is_new=True)
    loads = False
    try:
        build_matcher(settings).catalog.intent(name)
        loads = True
    finally:
        if not loads:
            file.unlink()
    after = "   Next: its examples, then voicemes intents test"
    console().print(Text.assemble(("Written: ", GOOD), str(file), (after, QUIET)))


def _slot(text: str) -> tuple[str, str]:
    name, _, kind = text.partition(":")
    return name, kind or name


def _write(file: Path, text: str, *, is_new: bool) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb" if is_new else "wb") as opened:
            opened.write(text.encode("utf-8", "backslashreplace"))
    except FileExistsError as exc:
        raise ConfigError("is there already; nothing was written.", file=file) from exc
    except OSError as exc:
        raise ConfigError(f"cannot be written: {exc.strerror}.", file=file) from exc


def _matcher(intents: Path | None, config: Path | None, only: str) -> Matcher:
    matcher = build_matcher(settings_from(config, intents))
    if only:
        matcher.catalog.intent(only)
    return matcher


def _show_fault(screen: Console, one: proof.Proof) -> None:
    place = f"{one.file}:{one.line}" if one.line else one.file
    screen.print(Text.assemble(("✗ ", BAD), (f"“{one.say}”", STRONG), f"  {one.fault}", (f"   {place}", QUIET)))


def _coverage_object(one: coverage.Coverage) -> dict[str, Any]:
    return {
        "intent": one.intent,
        "templates": len(one.templates),
        "unsaid": [{"template": template.text, "line": template.line} for template in one.unsaid],
        "combinations": len(one.combinations),
        "unsaid_combinations": _sorted(one.unsaid_combinations),
    }


def _show_coverage(screen: Console, found: list[coverage.Coverage], *, plain: bool) -> None:
    rows = [
        (
            one.intent,
            f"{len(one.templates) - len(one.unsaid)}/{len(one.templates)}",
            f"{len(one.combinations) - len(one.unsaid_combinations)}/{len(one.combinations)}",
        )
        for one in found
    ]
    show_table(screen, ("intent", "templates", "slots together"), rows, plain=plain)
    for one in found:
        for template in one.unsaid:
            place = f"   {template.file}:{template.line}"
            screen.print(Text.assemble(("never said: ", BAD), (template.text, STRONG), (place, QUIET)))


def _sorted(sets: Iterable[frozenset[str]]) -> list[list[str]]:
    return sorted(sorted(one) for one in sets)
