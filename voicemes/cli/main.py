"""`voicemes`: the commands, and what happens when one fails.

Exit codes: 0 done, 1 something was wrong with what was examined, 2 settings, catalogue or command line, 3 audio,
4 an engine, 5 the MES, 6 the outbox, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import Annotated

import typer

from voicemes import __version__
from voicemes.cli import (
    audit,
    bench,
    check,
    connector,
    demo,
    enrol,
    explain,
    hear,
    intents,
    models,
    outbox,
    plant,
    replay,
    run,
    say,
    text,
    tui,
)
from voicemes.cli.output import print_error
from voicemes.errors import VoicemesError

STOPPED = 130
"""128 + SIGINT, as shells count."""

app = typer.Typer(
    name="voicemes",
    help="Talk to the factory's MES. Speech is recognised here, matched against what can be said, read back, and done.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("tui")(tui.tui)
app.command("hear")(hear.hear)
app.command("text")(text.text)
app.command("say")(say.say)
app.command("enrol")(enrol.enrol)
app.command("explain")(explain.explain)
app.command("check")(check.check)
app.command("replay")(replay.replay)
app.add_typer(intents.app, name="intents")
app.add_typer(models.app, name="models")
app.add_typer(connector.app, name="connector")
app.add_typer(outbox.app, name="outbox")
app.add_typer(audit.app, name="audit")
app.add_typer(plant.app, name="plant")
app.add_typer(bench.app, name="bench")


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"voicemes {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """The program. Never shows a traceback for anything that a person or a machine outside did."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name or a word that the terminal cannot show must not end us
            stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="voicemes")
    except VoicemesError as exc:
        print_error(exc, as_json="--json" in sys.argv)
        sys.exit(exc.exit_code)
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    except SystemExit as exc:  # typer and rich end the program themselves when nobody reads on
        if not isinstance(exc.__context__, BrokenPipeError):
            raise
        with contextlib.suppress(OSError):  # `voicemes … | head` is no error
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
