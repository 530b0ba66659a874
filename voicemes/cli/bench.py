"""`voicemes bench`: measurements on real material, as tables or as one object."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from voicemes.cli.options import ConfigFile, IntentsDir, Json, Plain, State, settings_from
from voicemes.cli.output import console, milliseconds, print_json, show_table
from voicemes.errors import ConfigError
from voicemes.model import Route
from voicemes.nlu.interpret import Acceptance
from voicemes.nlu.match import Matcher
from voicemes.plant.process import PlantProcess
from voicemes.runtime.dialogue_bench import bench_dialogue
from voicemes.runtime.latency_bench import bench_latency
from voicemes.runtime.live import live_in_the_plant
from voicemes.runtime.nlu_bench import measure, measure_identifiers, read_sentences
from voicemes.runtime.reader import ROUTES, build_reader
from voicemes.runtime.speech_bench import bench_speech
from voicemes.runtime.wiring import build_catalog, build_recognizer, context_of

app = typer.Typer(help="Measurements: how well, and how fast.", no_args_is_help=True)
LIVE_HELP = (
    "Hear what exists in a reference plant that is started for this, as a session does, or any identifier. "
    "Without either the plant is asked unless --intents names another catalogue."
)
UNITS_HELP = "Units in the young store; the old one has ten times more: a day at one unit a second."
HEADERS = ("noise", "in", "right", "strict", "rejected", "out", "false reads", "false writes", "rtf", "p50", "p95")


@app.callback()
def options() -> None:
    pass


@app.command("speech")
def speech(
    manifest: Annotated[Path, typer.Option(help='Lines of {"audio": path, "intent": name or null, "slots": {…}}.')],
    noise: Annotated[Path | None, typer.Option(help="Recording of noise to mix in.")] = None,
    snr: Annotated[str, typer.Option(help="Signal-to-noise ratios in dB, as 15,9.")] = "",
    state: State = "idle",
    seed: Annotated[int, typer.Option(help="Of the places in the noise.", min=0)] = 1,
    live: Annotated[bool | None, typer.Option("--live/--no-live", help=LIVE_HELP, show_default=False)] = None,
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Recognise every recording of a manifest, clean and in noise, and count what was right and what was refused."""
    settings = settings_from(config, intents)
    catalog, levels = build_catalog(settings), _levels(snr)
    with Progress(console=console(plain=plain, stderr=True), transient=True, disable=plain) as progress:
        task = progress.add_task("Listening", total=None)
        result = bench_speech(
            manifest,
            catalog,
            build_recognizer(settings),
            noise=noise,
            snrs=levels,
            state=state,
            seed=seed,
            acceptance=Acceptance(settings.asr.accept_read, settings.asr.accept_write),
            live=live_in_the_plant(settings) if (intents is None if live is None else live) else None,
            operator=settings.station.operator,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    if as_json:
        print_json(result)
    else:
        show_table(console(plain=plain), HEADERS, [_row(one) for one in result["sets"]], plain=plain)


@app.command("nlu")
def nlu(
    file: Annotated[
        list[Path], typer.Option(help='A YAML list of {say: "…", intent: name or null, slots: {…}}; may be repeated.')
    ],
    route: Annotated[str, typer.Option(help="Only what these understand, as grammar,fuzzy.")] = ",".join(ROUTES),
    identifiers: Annotated[bool, typer.Option("--identifiers", help="Time it with 100 to 10,000 live orders.")] = False,
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Understand sentences that people may say in other words than the templates, and refuse what means nothing."""
    settings = settings_from(config, intents)
    matcher, routes = Matcher(build_catalog(settings)), _routes(route)
    sentences = [said for one in file for said in read_sentences(one)]
    reader = build_reader(settings, context_of(settings))
    result = measure(reader, matcher, sentences, routes)
    result["lacks"] = reader.lacks
    if identifiers:
        result["p50_s_by_identifiers"] = measure_identifiers(reader, matcher, sentences)
    if as_json:
        print_json(result)
        return
    screen, false = console(plain=plain), result["false_accepts"]
    rows = [
        [name, str(one["n"]), f"{one['exact_accuracy']:.1%}", milliseconds(one["p50_s"]), milliseconds(one["p95_s"])]
        for name, one in result["routes"].items()
    ]
    show_table(screen, ("route", "sentences", "exact", "p50", "p95"), rows, plain=plain)
    screen.print(f"{result['exact_accuracy']:.1%} of {result['n_in']} exact, median {milliseconds(result['p50_s'])}")
    screen.print(f"{result['intent_accuracy']:.1%} with the right intent; {result['asked']['in']} asked about")
    taken = f"{false['read']} taken for a question, {false['write']} for a write"
    screen.print(f"{result['n_out']} out of scope: {taken}, {result['asked']['out']} asked about")
    if result["lacks"]:
        screen.print(result["lacks"])
    for size, seconds in result.get("p50_s_by_identifiers", {}).items():
        screen.print(f"{size} live identifiers: {seconds * 1000:.2f} ms")


def _routes(text: str) -> list[Route]:
    named = [name.strip() for name in text.split(",")]
    for name in named:
        if name not in ROUTES:
            raise ConfigError(f"There is no route '{name}'. Known: {', '.join(ROUTES)}.", key="--route")
    return [name for name in ROUTES if name in named]


@app.command("latency")
def latency(
    file: Annotated[Path | None, typer.Option(help="Sentences, as for bench nlu, instead of the examples.")] = None,
    live: Annotated[bool | None, typer.Option("--live/--no-live", help=LIVE_HELP, show_default=False)] = None,
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Time from text to parse for each route, and the memory of the process with everything loaded."""
    sentences = [said.say for said in read_sentences(file)] if file else []
    settings = settings_from(config, intents)
    known = live_in_the_plant(settings) if (live if live is not None else intents is None) else None
    result = bench_latency(settings, sentences, known)
    if as_json:
        print_json(result)
        return
    screen = console(plain=plain)
    rows = [
        [route, str(one["n"]), f"{one['p50_s'] * 1000:.1f} ms", f"{one['p95_s'] * 1000:.1f} ms"]
        for route, one in result["routes"].items()
    ]
    show_table(screen, ("route", "sentences", "p50", "p95"), rows, plain=plain)
    screen.print(f"{result['memory_bytes'] / 1e6:.0f} MB with everything loaded, at most")
    if result["lacks"]:
        screen.print(result["lacks"])


@app.command("dialogue")
def dialogue(
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Time the dialogue's steps, over talks with every example of the catalogue."""
    settings = settings_from(config, intents)
    result = bench_dialogue(settings, live_in_the_plant(settings) if intents is None else None)
    if as_json:
        print_json(result)
        return
    times = ", ".join(f"p{share} {result[f'p{share}_s'] * 1e3:.3f} ms" for share in (50, 95, 99))
    console(plain=plain).print(f"{result['steps']} steps of {result['sentences']} sentences: {times}")


@app.command("load")
def load(
    plant: Annotated[bool, typer.Option("--plant", help="Load the reference plant.")] = False,
    units: Annotated[int, typer.Option(help=UNITS_HELP, min=10)] = 8_640,
    seconds: Annotated[float, typer.Option(help="How long events arrive during the calls.", min=1)] = 10.0,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Fill a plant with a day's events, call it while a thousand a second arrive, and say what that costs."""
    from voicemes.plant.load import measure_calls, measure_store  # a web server: half a second, only where it is used

    if not plant:
        raise ConfigError("Say what is to be loaded: --plant.", key="--plant")
    with tempfile.TemporaryDirectory(prefix="voicemes-load-") as folder, PlantProcess() as served:
        with Progress(console=console(plain=plain, stderr=True), transient=True, disable=plain or as_json) as progress:
            task = progress.add_task("Writing units", total=None)
            file = Path(folder) / "plant.sqlite"
            store = measure_store(file, units, lambda done, total: progress.update(task, completed=done, total=total))
        calls = asyncio.run(measure_calls(served.url, seconds))
    if as_json:
        print_json({"store": store, "calls": calls})
        return
    screen = console(plain=plain)
    show_table(screen, ("store", ""), [[name, str(value)] for name, value in store.items()], plain=plain)
    waits = [[name, f"{value:.0f} ms"] for name, value in calls["p95_ms"].items()]
    show_table(screen, (f"call, {calls['arrived_per_s']} events a second", "p95"), waits, plain=plain)


@app.command("screen")
def screens(
    minutes: Annotated[float, typer.Option(help="How long events arrive.", min=0.05)] = 10.0,
    events: Annotated[int, typer.Option(help="Events a minute.", min=1, max=60_000)] = 2_000,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Press keys in the screens while events pour in: time from key to repaint, and memory."""
    from voicemes.tui.bench import measure_screen

    with Progress(console=console(plain=plain, stderr=True), transient=True, disable=plain or as_json) as progress:
        task = progress.add_task("Pressing keys", total=1.0)
        result = asyncio.run(measure_screen(minutes, events, lambda done: progress.update(task, completed=done)))
    if as_json:
        print_json(result)
        return
    rows = [[name.replace("_", " "), str(value)] for name, value in result.items()]
    show_table(console(plain=plain), ("screens", ""), rows, plain=plain)


def _levels(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError as exc:
        raise ConfigError(f"'{text}' is no list of numbers. Write for example 15,9.", key="--snr") from exc


def _row(one: dict[str, Any]) -> list[str]:
    name = "none" if one["snr_db"] is None else f"{one['snr_db']:g} dB"
    false = one["false_accepts"]
    return [
        name,
        str(one["n_in"]),
        f"{one['accuracy']:.1%}",
        f"{one['accuracy_strict']:.1%}",
        str(one["false_rejects"]),
        str(one["n_out"]),
        str(false["read"]),
        str(false["write"]),
        f"{one['rtf']:.2f}",
        milliseconds(one["decision_p50_s"]),
        milliseconds(one["decision_p95_s"]),
    ]
