"""`voicemes models`: the models and voices that there are, fetching one, and training our own."""

from __future__ import annotations

import importlib
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from voicemes.cli.options import ConfigFile, IntentsDir, Json, Plain, settings_from
from voicemes.cli.output import console, print_json, show_table
from voicemes.config import Settings
from voicemes.engines.llm import glance_file
from voicemes.engines.llm.llama_cpp import shipped_model
from voicemes.errors import ConfigError, EngineMissing
from voicemes.nlu.ask import askable, signature
from voicemes.nlu.glance import Glance, joined
from voicemes.runtime.models import HUB, WEIGHTS, Weights, fetch
from voicemes.runtime.nlu_bench import Said, measure, read_sentences
from voicemes.runtime.reader import LEARNED, build_reader
from voicemes.runtime.wiring import build_matcher, context_of

if TYPE_CHECKING:
    from voicemes.training.network import Network
    from voicemes.training.tokens import Tokenizer
    from voicemes.training.train import Plan, Run

app = typer.Typer(help="Models and voices: list them, fetch one, train our own.", no_args_is_help=True)
INSTALL = "Install what training needs with: uv pip install torch --torch-backend cpu && uv pip install gguf tokenizers"
SCORES = ("intent_accuracy", "exact_accuracy", "false_accepts", "n_in", "n_out")
"""Of the development sentences, that go into the model's file."""


@app.callback()
def options() -> None:
    pass


def _folder(settings: Settings) -> Path:
    return settings.cache_dir / "models"


@app.command("list")
def list_models(config: ConfigFile = None, as_json: Json = False, plain: Plain = False) -> None:
    """What there is: the small model that ships, general ones, voices and Whisper, with licence, size, hash, origin."""
    folder = _folder(settings_from(config))
    own = {"name": "nano", "summary": "Our own, for the catalogue that ships", "licence": "GPL-3.0-or-later"}
    found = [_own(own), *(_weights(one, folder) for one in WEIGHTS)]
    for one in found:
        if as_json:
            print_json(one)
    if not as_json:
        rows = [
            [one["name"], one["summary"], _megabytes(one["size_bytes"]), one["licence"], one["state"], one["from"]]
            for one in found
        ]
        headers = ("name", "what", "size", "licence", "", "from")
        show_table(console(plain=plain), headers, rows, plain=plain)


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.0f} MB"


def _own(about: dict[str, str]) -> dict[str, Any]:
    file = shipped_model()
    card = file.with_suffix(".json")
    size = file.stat().st_size if file.exists() else 0
    made = json.loads(card.read_text(encoding="utf-8")) if card.exists() else {}
    origin = made.get("command", "voicemes models train")
    return {**about, "size_bytes": size, "state": "here" if size else "missing", "from": origin, "made": made}


def _weights(one: Weights, folder: Path) -> dict[str, Any]:
    file = one.place(folder)
    places = [part.place(folder) for part in one.files]
    is_begun = any(place.exists() or place.with_suffix(".part").exists() for place in places)
    state = "here" if all(place.exists() for place in places) else "begun" if is_begun else "not fetched"
    return {
        "name": one.name,
        "kind": one.kind,
        "summary": one.summary,
        "size_bytes": one.all_bytes,
        "licence": one.licence,
        "sha256": one.sha256 or "not known, not checked",
        "state": state,
        "from": one.url(),
        "file": str(file),
    }


@app.command("pull")
def pull(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(one.name for one in WEIGHTS)}.")],
    folder: Annotated[Path | None, typer.Option(help="Where to keep it, instead of the user's cache.")] = None,
    hub: Annotated[str, typer.Option(help="A mirror of the hub, as a plant may have one.")] = HUB,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Fetch a model or a voice, go on where it was broken off, and check it against its hash where that is known."""
    chosen = next((one for one in WEIGHTS if one.name == name), None)
    if chosen is None:
        known = ", ".join(one.name for one in WEIGHTS)
        raise ConfigError(f"there is no model '{name}'. Known: {known}.", key="NAME")
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(plain=plain, stderr=True), transient=True, disable=plain) as progress:
        task = progress.add_task(chosen.file, total=chosen.all_bytes)
        file = fetch(
            chosen,
            folder or _folder(settings_from(config)),
            lambda done, total: progress.update(task, completed=done, total=total),
            hub,
        )
    if as_json:
        print_json({"file": str(file), "sha256": chosen.sha256 or None, "settings": chosen.settings(file)})
        return
    is_checked = all(one.sha256 for one in chosen.files)
    unchecked = "" if is_checked else "Its hash is not known, so only its size was checked.\n"
    screen = console(plain=plain)
    screen.print(f"{file}\n{unchecked}Use it with this in the settings:\n", markup=False)
    screen.print(chosen.settings(file), markup=False)


@app.command("train")
def train(
    out: Annotated[Path, typer.Option(help="The model's file; a card with its scores is written beside it.")],
    dev: Annotated[Path | None, typer.Option(help="Development sentences, to score it: as for bench nlu.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    steps: Annotated[int | None, typer.Option(min=1, help="Of training, each with 128 sentences.")] = None,
    minutes: Annotated[float, typer.Option(min=0.1, help="The most that it may take; it gets ready in time.")] = 45.0,
    join: Annotated[
        Path | None, typer.Option(help="An earlier model, whose second reader has half of the say in the new one.")
    ] = None,
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Train our own model on this catalogue and its wordings. Broken off, it goes on where it was."""
    earlier = glance_file.load(glance_file.beside(join)) if join else None
    settings = settings_from(config, intents)
    sentences = read_sentences(dev) if dev else []
    run = _run(settings, seed, steps, minutes * 60, out)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[loss]}"), TimeRemainingColumn())
    with Progress(*columns, console=console(plain=plain, stderr=True), transient=True, disable=plain) as progress:
        task = progress.add_task("drawing sentences", total=1.0, loss="")
        run.tell = lambda far: progress.update(
            task, description=far.stage, completed=far.done, loss="" if far.loss != far.loss else f"loss {far.loss:.3f}"
        )
        network, tokenizer = run.train()
    made = _made(run, seed, steps, minutes, intents, dev)
    notes = {LEARNED: "\n".join(signature(intent) for intent in askable(run.matcher.catalog))}
    _write(out, network, tokenizer, {**notes, "card": json.dumps(made)})
    if run.glance is not None:
        glance_file.save(_joined(earlier, run.glance, join), glance_file.beside(out))
    run.forget()
    if sentences:
        made["development"] = _scores(settings, out, sentences)
        _write(out, network, tokenizer, {**notes, "card": json.dumps(made)})
    out.with_suffix(".json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    if as_json:
        print_json({"file": str(out), **made})
        return
    console(plain=plain).print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, {run.steps} steps in {run.spent_s:.0f} s")
    for name, value in made.get("development", {}).items():
        console(plain=plain).print(f"{name}: {value}")


def _joined(earlier: Glance | None, new: Glance, file: Path | None) -> Glance:
    try:
        return joined(earlier, new) if earlier is not None else new
    except ValueError as exc:
        raise ConfigError(f"its second reader cannot be joined: {exc}.", file=file) from exc


def _write(out: Path, network: Network, tokenizer: Tokenizer, notes: dict[str, str]) -> None:
    from voicemes.training.gguf_writer import write_gguf
    from voicemes.training.network import weights_of

    write_gguf(out, network.shape, weights_of(network), tokenizer, notes)


def _run(settings: Settings, seed: int, steps: int | None, limit_s: float, out: Path) -> Run:
    try:
        for name in ("torch", "gguf", "tokenizers"):
            importlib.import_module(name)
    except ImportError as exc:
        raise EngineMissing(f"{exc.name}, which trains models,", install=INSTALL) from exc
    from voicemes.training.train import Plan, Run
    from voicemes.training.wordings import load_wordings

    matcher = build_matcher(settings)
    wordings = load_wordings(settings.intents_dir, matcher.catalog, matcher.templates)
    plan: Plan = Plan(seed=seed, limit_s=limit_s)
    plan = replace(plan, steps=steps) if steps else plan
    return Run(matcher, wordings, plan, time.monotonic, lambda _: None, out.with_suffix(".checkpoint"))


def _made(
    run: Run, seed: int, steps: int | None, minutes: float, intents: Path | None, dev: Path | None
) -> dict[str, Any]:
    """How it was made, so that anybody can make it again; folders are left out."""
    parts = ["voicemes models train --out nano.gguf", f"--seed {seed}"]
    parts += [f"--steps {steps}"] if steps else []
    parts += [f"--minutes {minutes:g}"]
    parts += [f"--intents {intents.name}"] if intents else []
    parts += [f"--dev {dev.name}"] if dev else []
    return {
        "command": " ".join(parts),
        "catalog": run.matcher.catalog.hash,
        "seed": seed,
        "steps": run.steps,
        "seconds": round(run.spent_s),
        "wordings": len(run.wordings.sentences),
        "loss": round(run.loss, 4),
    }


def _scores(settings: Settings, file: Path, sentences: list[Said]) -> dict[str, Any]:
    llm = settings.llm.model_copy(update={"model": file})
    reader = build_reader(settings.model_copy(update={"llm": llm}), context_of(settings))
    if reader.completer is None:
        return {"lacks": reader.lacks}
    found = measure(reader, build_matcher(settings), sentences)
    reader.close()
    return {name: found[name] for name in SCORES}
