"""`voicemes bench numbers`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from voicemes.cli.options import ConfigFile, IntentsDir, Json, Plain, settings_from
from voicemes.cli.output import console, print_json, show_table
from voicemes.runtime.clips import read_audio
from voicemes.runtime.engines import create_engine
from voicemes.runtime.live import live_in_the_plant
from voicemes.runtime.number_bench import SPACE, bench_numbers
from voicemes.runtime.reader import acceptance_of
from voicemes.runtime.speech_bench import Bench, of_session
from voicemes.runtime.wiring import build_detector, build_matcher, build_recognizer, context_of


def numbers(
    trials: Annotated[int, typer.Option(help="Numbers that are said.", min=1, max=100_000)] = 200,
    orders: Annotated[int, typer.Option(help="Orders that are open.", min=1, max=SPACE)] = 5_000,
    noise: Annotated[Path | None, typer.Option(help="Recording of noise to mix in.")] = None,
    snr: Annotated[float, typer.Option(help="Signal-to-noise ratio in dB, where there is noise.")] = 15.0,
    seed: Annotated[int, typer.Option(help="Of the numbers, the voices and the noise.", min=0)] = 1,
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Say job numbers of four digits in synthetic voices while thousands of orders are open, and count the wrong ones.

    Exit 1 when a wrong order is taken and nobody is asked.
    """
    settings = settings_from(config, intents)
    live = live_in_the_plant(settings) if intents is None else None
    matcher = of_session(build_matcher(settings), live, settings.station.operator)
    bench = Bench(matcher, build_recognizer(settings), acceptance_of(settings.asr), build_detector(settings))
    with Progress(console=console(plain=plain, stderr=True), transient=True, disable=plain or as_json) as progress:
        task = progress.add_task("Listening", total=trials)
        result = bench_numbers(
            bench,
            create_engine("tts", "espeak_ng", context_of(settings)),  # the trials name its voices
            n_trials=trials,
            n_orders=orders,
            seed=seed,
            noise=read_audio(noise) if noise else None,
            snr_db=snr,
            on_progress=lambda done: progress.update(task, completed=done),
        )
    if as_json:
        print_json(result)
    else:
        _show(result, plain=plain)
    if result["wrong"]:
        raise typer.Exit(1)


def _show(result: dict[str, Any], *, plain: bool) -> None:
    screen = console(plain=plain)
    rows = [[name, str(one["n"]), str(one["right"]), str(one["wrong"])] for name, one in result["voices"].items()]
    show_table(screen, ("voice", "said", "right", "wrong"), rows, plain=plain)
    right, asked = f"{result['right']:.1%} right", f"{result['asked']:.1%} asked about"
    screen.print(f"{result['orders']} orders open: {right}, {asked}, {result['wrong']} of {result['trials']} wrong")
    for miss in result["mistakes"]:
        screen.print(f'{miss["was"]}: "{miss["said"]}" heard as "{miss["heard"]}" ({miss["voice"]})', markup=False)
