"""`voicemes hear`: what recordings mean."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from voicemes.cli import reading
from voicemes.cli.options import ConfigFile, IntentsDir, Json, Plain, State, scope_from, settings_from
from voicemes.cli.output import console, print_error, print_json
from voicemes.errors import AudioError
from voicemes.runtime.recordings import Listener, Recognised
from voicemes.runtime.wiring import build_matcher


def hear(
    files: Annotated[list[Path], typer.Argument(help="Recordings: WAV, FLAC or OGG, any rate and width.")],
    state: State = "idle",
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Say what recordings mean. One of up to 12 seconds is one sentence; a longer one is cut at its pauses."""
    settings = settings_from(config, intents)
    matcher = build_matcher(settings)
    listener = Listener(settings, matcher, scope_from(state, matcher.catalog))
    worst = 0
    for file in files:
        try:
            heard = listener.hear(file)
        except AudioError as exc:
            print_error(exc, as_json=as_json)
            worst = exc.exit_code
            continue
        for one in heard:
            _show(file, one, as_json=as_json, plain=plain)
    if worst:
        raise typer.Exit(worst)


def _show(file: Path, one: Recognised, *, as_json: bool, plain: bool) -> None:
    place: dict[str, Any] = {"audio": str(file), "started_s": round(one.started_s, 3), "ended_s": round(one.ended_s, 3)}
    found = {**reading.to_object(one.parse, one.timings_s), **place}
    if as_json:
        print_json(found)
        return
    screen = console(plain=plain)
    screen.print(f"{file}  {one.started_s:.1f}-{one.ended_s:.1f} s", style="dim", markup=False)
    reading.show(screen, found)
