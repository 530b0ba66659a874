"""`voicemes check`: what is there, what is missing, and how to get it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

import typer
from rich.text import Text

from voicemes.cli.options import ConfigFile, IntentsDir, Json, Plain, settings_from
from voicemes.cli.output import BAD, GOOD, QUIET, console, print_json
from voicemes.runtime.check import State, inspect

MARKS: dict[State, tuple[str, str]] = {"ok": ("✓ ", GOOD), "note": ("- ", QUIET), "failed": ("✗ ", BAD)}


def check(
    intents: IntentsDir = None, config: ConfigFile = None, as_json: Json = False, plain: Plain = False
) -> None:
    """Look at settings, catalogue, grammar, engines, devices and MES; exit 1 when something `run` needs is missing."""
    findings = asyncio.run(inspect(settings_from(config, intents)))
    is_ready = all(finding.state != "failed" for finding in findings)
    if as_json:
        print_json({"ready": is_ready, "findings": [asdict(finding) for finding in findings]})
    else:
        screen = console(plain=plain)
        for finding in findings:
            screen.print(Text.assemble(MARKS[finding.state], f"{finding.part:<15} ", finding.detail))
    if not is_ready:
        raise typer.Exit(1)
