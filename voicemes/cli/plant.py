"""`voicemes plant`: the reference MES."""

from __future__ import annotations

import contextlib
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from voicemes.cli.options import Json, Plain
from voicemes.cli.output import console, print_json
from voicemes.plant.event_store import Event, cloud_event

if TYPE_CHECKING:
    from voicemes.plant.simulation.player import Living

app = typer.Typer(
    help="The reference MES: a small, honest plant to develop and demonstrate against.", no_args_is_help=True
)


Speed = Annotated[
    float | None, typer.Option(help="Simulated seconds in a second; 1 is as it would be.", min=1, max=10_000)
]
Seed = Annotated[int, typer.Option(help="Of the factory's dice: the same seed, the same events.", min=0)]


@app.callback()
def options() -> None:
    pass


@app.command("serve")
def serve_plant(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65_535)] = 8800,
    database: Annotated[
        Path | None, typer.Option(help="Keep the plant in this file; without it, it is forgotten at the end.")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(help="Bearer tokens that may come in, with their roles, one a line.")
    ] = None,
    badge_file: Annotated[
        Path | None, typer.Option(help="Badges and hashed PINs; without it, those of the demo plant (see its file).")
    ] = None,
    scenario: Annotated[str | None, typer.Option(help="Let the factory live: one scenario, or all.")] = None,
    speed: Speed = None,
    seed: Seed = 1,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Serve the plant until Ctrl-C."""
    from voicemes.plant.badges import FILE
    from voicemes.plant.server import Address, read_tokens, serve  # a web server: half a second, only where it is used

    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))

    def announce(url: str) -> None:
        if as_json:
            print_json({"url": url})
        else:
            console(plain=plain).print(f"The plant answers at {url}/api/v1, documented at {url}/docs. Ctrl-C stops it.")

    tokens = read_tokens(token_file) if token_file else {}
    badges = badge_file or FILE
    with contextlib.ExitStack() as stack:
        if database is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="voicemes-plant-"))
            database = Path(folder) / "plant.sqlite"
        living = _living(scenario, speed, seed) if scenario else None
        serve(Address(host, port), database, tokens=tokens, badge_file=badges, living=living, on_ready=announce)


@app.command("badge")
def make_badge(
    badge: Annotated[str, typer.Argument(help="Number on the badge, 3 to 8 digits.")],
    person: Annotated[str, typer.Argument(help="Whose it is, as the plant calls them.")],
    pin: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, help="4 to 8 digits; asked for.")
    ],
) -> None:
    """Print the line of a badge for `serve --badge-file`. The PIN is not kept, only its salted hash."""
    from voicemes.plant.badges import entry
    from voicemes.plant.bodies import Identity

    try:
        known = Identity(badge=badge, pin=pin)
    except ValueError as error:
        raise typer.BadParameter("a badge has 3 to 8 digits, a PIN 4 to 8.") from error
    typer.echo(entry(known.badge, person, known.pin))


def _living(scenario: str, speed: float | None, seed: int) -> Living:
    from voicemes.plant.database import utc_now
    from voicemes.plant.simulation.clock import RunningClock
    from voicemes.plant.simulation.player import Living, names_of

    return Living(RunningClock(utc_now(), speed or 1.0), names_of(scenario), seed)


@app.command("play")
def play_plant(
    scenario: Annotated[str, typer.Argument(help="One of the scenarios, or all.")],
    speed: Speed = None,
    seed: Seed = 1,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Play a scenario in a plant of its own and print its events as they come, as fast as it goes or at --speed."""
    from voicemes.plant.server import open_plant
    from voicemes.plant.simulation.clock import SteppedClock
    from voicemes.plant.simulation.player import events, names_of

    names, clock = names_of(scenario), SteppedClock(speed=speed)
    plant, screen = open_plant(now=clock.now), console(plain=plain)
    with contextlib.closing(plant.database):
        for event in events(plant, clock, names, seed):
            if as_json:
                print_json(cloud_event(event))
            else:
                screen.print(_line(event))


def _line(event: Event) -> Text:
    because = f"because of {event.causationid}" if event.causationid else ""
    words = f"{event.sequence:>5}  {event.time[:19]}  {event.type:<36} {event.subject:<14} {because}"
    decision = event.data.get("decision")
    return Text(f"{words}  {decision['outcome']}: {decision['reason']}" if decision else words.rstrip())


Database = Annotated[Path, typer.Argument(help="The plant's database file.")]


@app.command("rebuild")
def rebuild_plant(database: Database, as_json: Json = False, plain: Plain = False) -> None:
    """Make every table again from the events. Exit 1 when they were not what the events say."""
    from voicemes.plant.rebuild import rebuild

    found = rebuild(database)
    if as_json:
        about = {"before": found.before, "after": found.after, "identical": found.is_identical}
        print_json({"events": found.n_events, "tables": found.n_tables, **about})
    else:
        outcome = "They are as they were." if found.is_identical else "They were not what the events say; now they are."
        console(plain=plain).print(f"Made {found.n_tables} tables again from {found.n_events} events. {outcome}")
    if not found.is_identical:
        raise typer.Exit(1)


@app.command("verify")
def verify_plant(database: Database, as_json: Json = False, plain: Plain = False) -> None:
    """Check the hash chain over all events. Exit 1 when one was changed, with the number of the first."""
    from voicemes.plant.rebuild import verify

    found = verify(database)
    if as_json:
        print_json({"ok": found.broken_at is None, "events": found.n_events, "broken_at": found.broken_at})
    elif found.broken_at is None:
        console(plain=plain).print(f"The chain of {found.n_events} events is whole.")
    else:
        console(plain=plain).print(f"The chain breaks at event {found.broken_at}: it, or one before it, was changed.")
    if found.broken_at is not None:
        raise typer.Exit(1)
