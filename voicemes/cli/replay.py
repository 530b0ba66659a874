"""`voicemes replay`: a trace is a test."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from voicemes.cli.options import ConfigFile, IntentsDir, Json, Plain, settings_from
from voicemes.cli.output import BAD, GOOD, QUIET, console, print_json
from voicemes.runtime.reader import acceptance_of
from voicemes.runtime.replay import replay as run_again
from voicemes.runtime.wiring import build_catalog


def replay(
    trace: Annotated[Path, typer.Argument(help="A trace that demo or run wrote (.jsonl).")],
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Run a trace again through nlu and dialogue; exit 1 when something is decided otherwise now."""
    settings = settings_from(config, intents)
    acceptance = acceptance_of(settings.asr)
    result = run_again(trace, build_catalog(settings), acceptance)
    if as_json:
        print_json(asdict(result))
    else:
        _show(asdict(result), trace, plain=plain)
    if result.differences:
        raise typer.Exit(1)


def _show(result: dict[str, Any], trace: Path, *, plain: bool) -> None:
    screen = console(plain=plain)
    if not result["is_same_catalog"]:
        screen.print(Text("The catalogue has changed since this trace was written.", QUIET))
    for difference in result["differences"]:
        place = f"{trace}:{difference['line']}, turn {difference['turn']}"
        screen.print(Text.assemble(("✗ ", BAD), place, f"  {difference['heard']}"))
        screen.print(Text.assemble(("    then  ", QUIET), str(difference["before"])))
        screen.print(Text.assemble(("    now   ", QUIET), str(difference["now"])))
    if not result["differences"]:
        screen.print(Text.assemble(("✓ ", GOOD), f"{result['n_inputs']} inputs, decided as they were."))
