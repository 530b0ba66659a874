"""`voicemes demo`: a shift, from recorded speech to what stands in the MES."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from voicemes.cli.options import Json, Plain
from voicemes.cli.output import BAD, GOOD, QUIET, STRONG, console, milliseconds, print_json, show_table
from voicemes.cli.turns import TurnPrinter
from voicemes.config import Settings, load_settings, shipped
from voicemes.connectors import open_board
from voicemes.errors import MesUnreachable
from voicemes.events import Event, TurnEnded
from voicemes.runtime.demo import Played, Stage, open_shift, play
from voicemes.runtime.devices import open_loudspeaker
from voicemes.runtime.floor import follow_floor
from voicemes.runtime.scenario import PlayedTurn, Scenario, read_scenario
from voicemes.tui.seen import Seen

READ_S = 1.0
"""In the screens, between two turns."""
HEADERS = ("turn", "said", "understood", "route", "MES", "decided", "first sound", "right")


def demo(
    output: Annotated[Path, typer.Option("--output", help="Where the spoken answers and the trace go.")] = Path(
        "demo-output"
    ),
    scenario: Annotated[
        Path | None, typer.Option("--scenario", help="Another shift than the one that ships with voicemes.")
    ] = None,
    stop_plant_at: Annotated[
        int | None, typer.Option("--stop-plant-at", min=1, help="Kill the plant before this turn, to see what is said.")
    ] = None,
    aloud: Annotated[bool, typer.Option("--aloud", help="Play recordings and answers on the loudspeaker.")] = False,
    tui: Annotated[bool, typer.Option("--tui", help="Inside the screens; Ctrl-Q ends them.")] = False,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Play a shift: recorded operators, a plant of its own, every answer spoken. Exit 0 when every turn was right."""
    file = scenario or shipped("audio_fixtures") / "demo.yaml"
    shift, screen = read_scenario(file), console(plain=plain)
    show, seen = Show(screen, shift, as_json=as_json), Seen()
    stage = Stage(
        recordings=file.parent,
        output=output,
        observer=seen.take if tui else show.event,
        on_turn=(lambda _number, _turn: None) if tui else show.turn,
        aloud=open_loudspeaker(Settings()) if aloud else None,
        stop_plant_at=stop_plant_at,
        llm=load_settings().llm,
    )
    show.title()
    played = asyncio.run(_play_inside(shift, stage, seen) if tui else _play(shift, stage, show))
    skipped = [one.skipped for one in played if one.skipped]
    (n_right, n_played), n_turns = counted(played), len(shift.turns) - len(skipped)
    if as_json:
        print_json({"turns": n_turns, "played": n_played, "right": n_right, "lacks": skipped, "output": str(output)})
    else:
        screen.print()
        show_table(screen, HEADERS, [_row(one) for one in played], plain=plain)
        screen.print(f"\n{n_right} of {n_turns} turns right. Spoken answers and trace: {output}", style=STRONG)
        if skipped:
            screen.print(f"{len(skipped)} turns were left out. {skipped[0]}")
    if any(one.mes_failed for one in played):
        raise MesUnreachable("The MES failed in the middle of the shift. What was not confirmed was not written.")
    if n_right < n_turns:
        raise typer.Exit(1)


def counted(played: list[Played]) -> tuple[int, int]:
    """How many turns were right, of how many that were played."""
    tried = [one for one in played if not one.skipped]
    return sum(not one.fault for one in tried), len(tried)


async def _play(shift: Scenario, stage: Stage, show: Show) -> list[Played]:
    done = []
    async for played in play(shift, stage):
        done.append(played)
        show.played(played)
    return done


async def _play_inside(scenario: Scenario, stage: Stage, seen: Seen) -> list[Played]:
    """In the screens, slowly enough to be followed. What was not played when they were closed is missing."""
    from voicemes.tui.app import Screens

    done: list[Played] = []
    async with (
        open_shift(scenario, stage) as shift,
        follow_floor(open_board(shift.session.settings.mes), shift.session.clock) as floor,
    ):

        async def go_on() -> None:
            async for played in shift.turns():
                done.append(played)
                await asyncio.sleep(READ_S)
            n_right, n_played = counted(done)
            screens.notify(f"The shift is over, {n_right} of {n_played} turns right. Ctrl-Q ends.", timeout=600)

        screens = Screens(shift.session, floor, seen, play=go_on)
        await screens.run_async()
    return done


class Show:
    """The shift while it runs."""

    def __init__(self, screen: Console, shift: Scenario, *, as_json: bool) -> None:
        self._screen, self._shift, self._as_json = screen, shift, as_json
        self._printer = TurnPrinter(screen)

    def title(self) -> None:
        if not self._as_json:
            station = self._shift.station
            where = f"  {station.operator} at {station.name}, {len(self._shift.turns)} turns"
            self._screen.print(Text.assemble((self._shift.title, STRONG), (where, QUIET)))

    def turn(self, number: int, turn: PlayedTurn) -> None:
        if not self._as_json:
            self._screen.print(Text.assemble("\n", (f"[{number}/{len(self._shift.turns)}] {turn.why}", QUIET)))

    def event(self, event: Event) -> None:
        if not self._as_json:
            self._printer(event)

    def played(self, one: Played) -> None:
        if self._as_json:
            print_json(_object(one))
        elif one.skipped:
            self._screen.print(Text.assemble(("      - left out: ", QUIET), one.skipped))
        elif one.fault:
            self._screen.print(Text.assemble(("      ✗ wrong: ", BAD), one.fault))
        elif not one.turn.happens and one.turn.expect.intent is None:
            taken = "heard" if one.turn.hear else "understood"
            self._screen.print(Text.assemble(("      ✓ ", GOOD), f"nothing was {taken}, nothing was done"))


def _object(one: Played) -> dict[str, Any]:
    return {
        "turn": one.number,
        "audio": one.turn.hear or None,
        "typed": one.turn.type or None,
        "skipped": one.skipped or None,
        "happens": one.turn.happens.path if one.turn.happens else None,
        "right": not one.fault,
        "fault": one.fault,
        "spoken": str(one.spoken) if one.spoken else None,
        "heard": [turn.to_json() for turn in one.ended],
    }


def _row(one: Played) -> tuple[str, ...]:
    last: TurnEnded | None = one.ended[-1] if one.ended else None
    times = last.timings_s if last else {}
    return (
        str(one.number),
        (last.heard if last and last.intent else "") or "-",
        (last.intent if last else None) or ("news" if last and last.outcome == "told" else "nothing"),
        (last.route if last else None) or "-",
        (last.mes if last else None) or "-",
        milliseconds(times.get("decision")),
        milliseconds(times.get("first_audio")),
        "-" if one.skipped else "✗" if one.fault else "✓",
    )
