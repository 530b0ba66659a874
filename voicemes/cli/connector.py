"""`voicemes connector`: proves the files that describe a MES, and shows what a sentence would send."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console
from rich.text import Text

from voicemes.cli.options import ConfigFile, IntentsDir, Json, Plain, settings_from
from voicemes.cli.output import BAD, GOOD, QUIET, STRONG, console, print_json
from voicemes.clock import SystemClock
from voicemes.config import Settings
from voicemes.connectors import load
from voicemes.connectors.dryrun import Planned, plan
from voicemes.connectors.proof import NOW_S, Proof, StillClock, prove
from voicemes.connectors.record import record
from voicemes.connectors.template import MissingValueError
from voicemes.dialogue.slots import complete
from voicemes.dialogue.state import beginning
from voicemes.errors import ConfigError
from voicemes.model import Live, MesCommand, Scope, Transcript, Understood
from voicemes.runtime.reader import build_reader
from voicemes.runtime.wiring import build_matcher, context_of

app = typer.Typer(help="The files that describe a MES: prove them, and see what they would send.", no_args_is_help=True)
MASK = "••••"


@app.callback()
def options() -> None:
    pass


@app.command()
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Connector files; without any, all that ship with voicemes.")
    ] = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Play the exchanges that stand in each file, without a network; exit 1 where one does not come out as written."""
    proofs = [asyncio.run(prove(file)) for file in files or [load.find(name) for name in load.shipped()]]
    for proof in proofs:
        if as_json:
            print_json({**asdict(proof), "is_good": proof.is_good})
        else:
            _show(console(plain=plain), proof)
    if not all(proof.is_good for proof in proofs):
        raise typer.Exit(1)


@app.command("dry-run")
def dry_run(
    sentence: Annotated[str, typer.Argument(help="What would be said.", metavar="TEXT")],
    connector: Annotated[
        str | None, typer.Option("--connector", help="A shipped connector's name or a file, not that of the settings.")
    ] = None,
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Show the requests that a sentence would send. Nothing is sent; what an answer would tell is in angle brackets."""
    settings = settings_from(config, intents)
    mes = settings.mes.model_copy(update={"connector": connector} if connector else {})
    command = _command(settings, sentence)
    planned = asyncio.run(_plan(settings.model_copy(update={"mes": mes}), command))
    if as_json:
        requests = [asdict(one) for one in planned]
        print_json({"operation": command.operation, "fields": command.fields, "requests": requests})
        return
    screen = console(plain=plain)
    screen.print(Text.assemble((command.operation, STRONG), f" {dict(command.fields)}"))
    for one in planned:
        screen.print(Text.assemble((f"  {one.what}: ", QUIET), str(one)))
    screen.print(Text("Nothing was sent.", QUIET))


@app.command("record")
def record_exchange(
    sentence: Annotated[str, typer.Argument(help="What is said.", metavar="TEXT")],
    send: Annotated[bool, typer.Option("--send", help="Yes, send it: to a MES for test only.")] = False,
    intents: IntentsDir = None,
    config: ConfigFile = None,
) -> None:
    """Send a command to the MES of the settings, unconfirmed, and print the exchange for its connector file (YAML)."""
    settings = settings_from(config, intents)
    command = replace(_command(settings, sentence), command_id=str(uuid.uuid4()))
    if not send:
        raise ConfigError(f"This writes to {settings.mes.url}. Say --send if that is a MES for test.", key="--send")
    case = asyncio.run(record(settings.mes, command, SystemClock()))
    typer.echo(yaml.safe_dump([case], sort_keys=False, allow_unicode=True, width=2000))


async def _plan(settings: Settings, command: MesCommand) -> list[Planned]:
    spec, clock = load.load_spec(load.find(settings.mes.connector)), StillClock()
    exchange = load.open_exchange(spec, settings.mes, None, clock, lambda _name: MASK)
    try:
        return list(plan(spec, exchange, clock, command))
    except MissingValueError as exc:
        raise ConfigError(f"The {exc} is missing. Say it in the sentence.", key="TEXT") from exc
    finally:
        await exchange.aclose()


def _command(settings: Settings, sentence: str) -> MesCommand:
    """What would be sent, had it been confirmed. Raises ConfigError where nobody knows what it means."""
    matcher, reader = build_matcher(settings), build_reader(settings, context_of(settings))
    catalog, parse = matcher.catalog, reader.read(Transcript(sentence, "keyboard"), Scope(), matcher)
    if not isinstance(parse, Understood) or parse.candidate.intent not in catalog.intents:
        raise ConfigError("is not understood as one thing. See: voicemes explain.", key=sentence)
    intent = catalog.intent(parse.candidate.intent)
    state = beginning("dry-run", settings)
    here = Live(current={"equipment": settings.station.name, "line": settings.station.line})
    slots = complete(intent, {slot.name: slot for slot in parse.candidate.slots}, state, here)
    fields = {name: slot.value for name, slot in slots.items()}
    action = intent.action
    return MesCommand("<command id>", action.operation, fields, action.is_write, state.operator_id, sentence, NOW_S)


def _show(screen: Console, proof: Proof) -> None:
    for case in proof.cases:
        mark = ("✗ ", BAD) if case.fault else ("✓ ", GOOD)
        fault = f": {case.fault}" if case.fault else ""
        screen.print(Text.assemble(mark, (f"{proof.name}: ", STRONG), case.about, fault))
    n_good = sum(not case.fault for case in proof.cases)
    rest = f"; without one: {', '.join(proof.unproved)}" if proof.unproved else ""
    count = f"{n_good} of {len(proof.cases)} exchanges as written"
    screen.print(Text(f"  {proof.name}: {count} ({proof.source}){rest}", QUIET))
