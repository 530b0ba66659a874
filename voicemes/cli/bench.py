"""`voicemes bench`: measurements on real material, as tables or as one object."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from voicemes.cli.bench_numbers import numbers
from voicemes.cli.options import ConfigFile, IntentsDir, Json, Plain, State, settings_from
from voicemes.cli.output import console, milliseconds, print_json, show_table
from voicemes.config import Settings, shipped
from voicemes.errors import ConfigError
from voicemes.model import Route
from voicemes.plant.process import PlantProcess
from voicemes.runtime.clips import read_manifest, spread_out
from voicemes.runtime.dialogue_bench import bench_dialogue
from voicemes.runtime.latency_bench import bench_latency
from voicemes.runtime.live import live_in_the_plant
from voicemes.runtime.load_bench import bench_headsets, is_full
from voicemes.runtime.nlu_bench import measure, measure_identifiers, read_sentences
from voicemes.runtime.reader import ROUTES, acceptance_of, build_reader
from voicemes.runtime.speech_bench import bench_speech
from voicemes.runtime.speech_picture import write_picture
from voicemes.runtime.wiring import build_detector, build_matcher, build_recognizer, context_of

app = typer.Typer(help="Measurements: how well, and how fast.", no_args_is_help=True)
LIVE_HELP = (
    "Hear what exists in a reference plant that is started for this, as a session does, or any identifier. "
    "Without either the plant is asked unless --intents names another catalogue."
)
UNITS_HELP = "Units in the young store; the old one has ten times more: a day at one unit a second."
HEADSETS_HELP = "How many headsets; without it the largest number that this machine takes is looked for."
LOAD_HEADERS = ("headsets", "decision p50", "p95", "with endpoint p50", "p95", "rtf each", "memory", "lost")
RECORDINGS = shipped("audio_fixtures") / "manifest.jsonl"
HEADERS = (
    *("noise", "in", "right", "strict", "refused: reads", "writes"),
    *("out", "false reads", "false writes", "rtf", "p50", "p95"),
)
PICTURE_HELP = "Draw accuracy over noise beside published engines, and acceptance, into this SVG."

app.command("numbers")(numbers)


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
    picture: Annotated[Path | None, typer.Option(help=PICTURE_HELP)] = None,
    voice: Annotated[str, typer.Option(help="Expect the voice that enrolled as this (voicemes enrol).")] = "",
    live: Annotated[bool | None, typer.Option("--live/--no-live", help=LIVE_HELP, show_default=False)] = None,
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Recognise every recording of a manifest, clean and in noise, and count what was right and what was refused."""
    settings = settings_from(config, intents)
    matcher, levels = build_matcher(settings), _levels(snr)
    with Progress(console=console(plain=plain, stderr=True), transient=True, disable=plain) as progress:
        task = progress.add_task("Listening", total=None)
        result = bench_speech(
            manifest,
            matcher,
            build_recognizer(settings),
            build_detector(settings),
            noise=noise,
            snrs=levels,
            state=state,
            seed=seed,
            acceptance=acceptance_of(settings.asr),
            live=live_in_the_plant(settings) if (intents is None if live is None else live) else None,
            operator=settings.station.operator,
            speaker=voice,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    if picture is not None:
        write_picture(result["sets"], picture)
    if as_json:
        print_json(result)
    else:
        _show_speech(result, plain=plain)


def _show_speech(result: dict[str, Any], *, plain: bool) -> None:
    screen, sets = console(plain=plain), result["sets"]
    show_table(screen, HEADERS, [_row(one) for one in sets], plain=plain)
    if "mean" in result:
        screen.print(f"{result['mean']:.1%} right on average over the noise")
    if sets[0]["voices"]:
        names = ["none" if one["snr_db"] is None else f"{one['snr_db']:g} dB" for one in sets]
        rows = [
            [voice, *(f"{one['voices'][voice]['accuracy']:.1%}" for one in sets)] for voice in sets[0]["voices"]
        ]
        show_table(screen, ("voice", *names), rows, plain=plain)


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
    matcher, routes = build_matcher(settings), _routes(route)
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
    recordings: Annotated[int, typer.Option(help="How many of the recordings to hear and answer.", min=0)] = 20,
    manifest: Annotated[Path | None, typer.Option(help="Recordings of one's own, as for bench speech.")] = None,
    live: Annotated[bool | None, typer.Option("--live/--no-live", help=LIVE_HELP, show_default=False)] = None,
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Time from text to parse by route, of each stage from speech to the first sound, and the memory of it all."""
    sentences = [said.say for said in read_sentences(file)] if file else []
    settings = settings_from(config, intents)
    known = live_in_the_plant(settings) if (live if live is not None else intents is None) else None
    clips = spread_out(read_manifest(manifest or RECORDINGS, "idle"), recordings)
    result = bench_latency(settings, sentences, known, clips)
    if as_json:
        print_json(result)
        return
    screen = console(plain=plain)
    rows = [
        [route, str(one["n"]), f"{one['p50_s'] * 1000:.1f} ms", f"{one['p95_s'] * 1000:.1f} ms"]
        for route, one in result["routes"].items()
    ]
    show_table(screen, ("route", "sentences", "p50", "p95"), rows, plain=plain)
    for title, part in (("stage", "stages"), ("speech end to first sound, without the endpoint", "first_sound")):
        times = result.get(part, {})
        cuts = [(name, one, one["p50_s"], one["p95_s"]) for name, one in times.items()]
        shown = [[name, str(one["n"]), milliseconds(p50_s), milliseconds(p95_s)] for name, one, p50_s, p95_s in cuts]
        show_table(screen, (title, "n", "p50", "p95"), shown, plain=plain)
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
    headsets: Annotated[int | None, typer.Option(help=HEADSETS_HELP, min=1, max=256)] = None,
    seconds: Annotated[float, typer.Option(help="How long people speak, or events arrive.", min=1)] = 10.0,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Several headsets on this machine at once: how soon they are answered, and what is lost.

    With --plant: fill a plant with a day's events, call it while a thousand a second arrive, and say what that costs.
    """
    if not plant:
        _load_headsets(settings_from(config), headsets, seconds, as_json=as_json, plain=plain)
        return
    from voicemes.plant.load import measure_calls, measure_store  # a web server: half a second, only where it is used

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


def _load_headsets(
    settings: Settings, headsets: int | None, seconds: float, *, as_json: bool, plain: bool
) -> None:
    """Exit 1 where the number that was asked for is too much for this machine."""
    with Progress(console=console(plain=plain, stderr=True), transient=True, disable=plain or as_json) as progress:
        task = progress.add_task("Listening", total=None)
        lines = bench_headsets(
            settings,
            headsets,
            seconds,
            live_in_the_plant(settings),
            lambda n: progress.update(task, description=f"{n} headsets speaking"),
        )
    largest = max((line["headsets"] for line in lines if not is_full(line)), default=0)
    if as_json:
        print_json({"lines": lines, "largest": largest})
    else:
        screen = console(plain=plain)
        show_table(screen, LOAD_HEADERS, [_load_row(line) for line in lines], plain=plain)
        screen.print(f"{largest} headsets are answered in time." if largest else "That is too much for this machine.")
    if not largest:
        raise typer.Exit(1)


def _load_row(line: dict[str, Any]) -> list[str]:
    decision, whole = line["decision"], line["speech_end_to_decision"]
    times = (decision["p50_s"], decision["p95_s"], whole["p50_s"], whole["p95_s"])
    memory, dropped = f"{line['memory_bytes'] / 1e6:.0f} MB", f"{line['dropped_s']:.1f} s"
    return [str(line["headsets"]), *map(milliseconds, times), f"{line['rtf']:.2f}", memory, dropped]


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


@app.command("crash")
def crash(
    kills: Annotated[int, typer.Option(help="How often voicemes is killed.", min=1, max=1_900)] = 500,
    seed: Annotated[int, typer.Option(help="Of what is said, when it is killed, and what fails.", min=0)] = 1,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Kill voicemes while it works with a plant that fails, and see that nothing is lost, doubled or untrue.

    Exit 1 when anything is.
    """
    from voicemes.runtime.crash_bench import bench_crash, is_clean

    with Progress(console=console(plain=plain, stderr=True), transient=True, disable=plain or as_json) as progress:
        task = progress.add_task("Getting ready", total=kills)
        what = "Killing"
        result = bench_crash(
            kills, seed, on_progress=lambda done, _: progress.update(task, description=what, completed=done)
        )
    _show_counts(result, "crash", as_json=as_json, plain=plain)
    if not is_clean(result):
        raise typer.Exit(1)


@app.command("outage")
def outage(
    commands: Annotated[int, typer.Option(help="What is confirmed while the MES is away.", min=1, max=100_000)] = 2_000,
    hours: Annotated[float, typer.Option(help="How long it is away. It takes a few seconds.", min=0.1, max=72)] = 8.0,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Confirm commands while the MES is away for hours, and see that all arrive when it is back, in their order.

    Exit 1 when they do not.
    """
    from voicemes.runtime.outage_bench import bench_outage, is_clean

    with Progress(console=console(plain=plain, stderr=True), transient=True, disable=plain or as_json) as progress:
        task = progress.add_task("Getting ready", total=None)
        result = asyncio.run(
            bench_outage(
                commands,
                hours,
                lambda what, done, total: progress.update(task, description=what, completed=done, total=total),
            )
        )
    _show_counts(result, "outage", as_json=as_json, plain=plain)
    if not is_clean(result):
        raise typer.Exit(1)


def _show_counts(result: dict[str, Any], name: str, *, as_json: bool, plain: bool) -> None:
    if as_json:
        print_json(result)
        return
    rows = []
    for key, value in result.items():
        if isinstance(value, dict):
            rows += [[f"{key}: {part.replace('_', ' ')}", str(n)] for part, n in value.items()]
        elif not isinstance(value, list):
            rows.append([key.replace("_", " "), str(value)])
    screen = console(plain=plain)
    show_table(screen, (name, ""), rows, plain=plain)
    for miss in result.get("misses", []):
        screen.print(miss, markup=False)


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
        str(one["false_rejects_by_risk"]["read"]),
        str(one["false_rejects_by_risk"]["write"]),
        str(one["n_out"]),
        str(false["read"]),
        str(false["write"]),
        f"{one['rtf']:.2f}",
        milliseconds(one["decision_p50_s"]),
        milliseconds(one["decision_p95_s"]),
    ]
