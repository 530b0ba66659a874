"""`voicemes outbox`: what was confirmed and is not in the MES yet, and what a person decides about it."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from voicemes.cli.options import ConfigFile, Json, Plain, StationName, outbox_of
from voicemes.cli.output import age, console, local_time, print_json, show_table
from voicemes.clock import SystemClock
from voicemes.errors import ConfigError, OutboxError
from voicemes.outbox.entry import DEAD, OPEN, Entry, State
from voicemes.outbox.store import Looker

app = typer.Typer(
    help="What was confirmed and is not in the MES yet: see it, send it again, drop it. The station may run meanwhile.",
    no_args_is_help=True,
)
HEADERS = ("id", "saved", "who", "said", "state", "attempts", "why")
SHORT = 8
"""Characters of an id that are shown, unless two begin alike."""
Ids = Annotated[
    list[str] | None, typer.Argument(metavar="ID", help="The beginning of an id is enough where no other has it.")
]


@app.callback()
def options() -> None:
    pass


@app.command("list")
def list_entries(
    every: Annotated[bool, typer.Option("--all", help="Also what is done, and what was dropped.")] = False,
    station: StationName = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """What waits, what is under way, and what could not be delivered, so that a person has to decide."""
    with outbox_of(config, station) as looker:
        found, ids = looker.entries(() if every else sorted(OPEN | DEAD)), _ids(looker)
    now_s, screen = SystemClock().wall_s(), console(plain=plain)
    if as_json:
        for one in found:
            print_json(_object(one, now_s))
    elif found:
        show_table(screen, HEADERS, [_row(one, now_s, ids) for one in found], plain=plain)
    else:
        screen.print("Nothing is in the outbox." if every else "Nothing waits.")


@app.command()
def retry(
    ids: Ids = None,
    dead: Annotated[bool, typer.Option("--dead", help="All that could not be delivered.")] = False,
    station: StationName = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Send again what could not be delivered, as something that may have been done already."""
    if bool(ids) == dead:
        raise ConfigError("name what to send again: one or more ids, or --dead for all that could not be delivered.")
    with outbox_of(config, station) as looker:
        for one in looker.entries(sorted(DEAD)) if dead else _named(looker, ids or []):
            looker.retry(one.command.command_id, SystemClock().wall_s(), _who())
            _tell(one, "sending", "is sent again", as_json=as_json, plain=plain)


@app.command()
def drop(
    ids: Ids = None,
    station: StationName = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Do not send what waits or could not be delivered. What may be under way cannot be dropped."""
    if not ids:
        raise ConfigError("name what to drop: one or more ids.")
    with outbox_of(config, station) as looker:
        for one in _named(looker, ids):
            looker.drop(one.command.command_id, SystemClock().wall_s(), _who())
            _tell(one, "dropped", "is dropped", as_json=as_json, plain=plain)


def _named(looker: Looker, beginnings: Sequence[str]) -> list[Entry]:
    """Each once, and none where one of them is not clear. Raises OutboxError."""
    entries = {one.command.command_id: one for one in looker.entries()}
    return list({(one := _only(entries, beginning)).seq: one for beginning in beginnings}.values())


def _only(entries: dict[str, Entry], beginning: str) -> Entry:
    if beginning in entries:
        return entries[beginning]
    fitting = [one for command_id, one in entries.items() if beginning and command_id.startswith(beginning)]
    if not fitting:
        raise OutboxError(f"there is no entry '{beginning}'. See: voicemes outbox list --all.")
    if len(fitting) > 1:
        raise OutboxError(f"{len(fitting)} entries begin with '{beginning}'. Write more of the id.")
    return fitting[0]


def _tell(one: Entry, state: State, words: str, *, as_json: bool, plain: bool) -> None:
    command_id, said = one.command.command_id, one.command.spoken_text or one.command.operation
    if as_json:
        print_json({"command_id": command_id, "was": one.state, "state": state})
    else:
        console(plain=plain).print(f"{command_id} {words}: {said}", markup=False)


def _who() -> str:
    try:
        return f"{getpass.getuser()}, at the command line"
    except (KeyError, OSError):  # a user whom this machine has no name for
        return "the command line"


def _ids(looker: Looker) -> dict[str, str]:
    """Id -> as much of it as tells it from all others."""
    known = [one.command.command_id for one in looker.entries()]
    length = SHORT
    while len({command_id[:length] for command_id in known}) < len(known):
        length += 1
    return {command_id: command_id[:length] for command_id in known}


def _row(one: Entry, now_s: float, ids: dict[str, str]) -> list[str]:
    command = one.command
    who = f"{command.operator_id}, asked by {command.asked_by}" if command.asked_by else command.operator_id or "nobody"
    return [
        ids.get(command.command_id, command.command_id),
        f"{local_time(one.saved_s)} ({age(now_s - one.saved_s)})",
        who,
        command.spoken_text or command.operation,
        one.state,
        str(one.attempts),
        one.reason,
    ]


def _object(one: Entry, now_s: float) -> dict[str, Any]:
    command = one.command
    return {
        "command_id": command.command_id,
        "state": one.state,
        "saved_s": one.saved_s,
        "age_s": round(now_s - one.saved_s, 3),
        "operator": command.operator_id,
        "asked_by": command.asked_by,
        "said": command.spoken_text,
        "operation": command.operation,
        "fields": command.fields,
        "subject": command.subject,
        "attempts": one.attempts,
        "reason": one.reason,
        "told": one.is_told,
    }
