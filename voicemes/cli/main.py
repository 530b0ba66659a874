"""`voicemes`: the commands, and what happens when one fails.

Exit codes: 0 done, 1 something was wrong with what was examined, 2 settings, catalogue or command line, 3 audio,
4 an engine, 5 the MES, 6 the outbox, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
import typer.core

from voicemes import __version__
from voicemes.cli.output import print_error
from voicemes.errors import VoicemesError

COMMANDS = (
    *("demo", "run", "tui", "hear", "text", "say", "enrol", "explain", "check", "replay"),
    *("intents", "models", "connector", "outbox", "audit", "plant", "bench"),
)
"""Each in the file of its name: a function of its name, or an `app` of commands of its own."""
STOPPED = 130
"""128 + SIGINT, as shells count."""



class Commands(Mapping[str, Any]):
    """By name. A command is imported when it is called: all of them take a second, and most people want one."""

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        module = importlib.import_module(f"voicemes.cli.{name}")
        alone = typer.Typer(callback=lambda: None)
        if hasattr(module, "app"):
            alone.add_typer(module.app, name=name)
        else:
            alone.command(name)(getattr(module, name))
        return typer.main.get_group(alone).commands[name]


class Program(typer.core.TyperGroup):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = Commands()  # type: ignore[assignment]


app = typer.Typer(
    name="voicemes",
    cls=Program,
    help="Talk to the factory's MES. Speech is recognised here, matched against what can be said, read back, and done.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
