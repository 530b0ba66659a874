"""`voicemes enrol`: a minute of reading aloud, after which an operator is heard better."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from voicemes.cli.options import ConfigFile, IntentsDir, Json, Plain, settings_from
from voicemes.cli.output import QUIET, console, print_json
from voicemes.config import Settings
from voicemes.engines.asr.enrolment import Spoken
from voicemes.engines.asr.own_voice import forget
from voicemes.runtime.enrolling import enrol as enrol_voice
from voicemes.runtime.enrolling import open_headset, read_aloud, read_recordings, sentences_to_read
from voicemes.runtime.wiring import build_matcher, build_sounds


def enrol(
    operator: Annotated[str, typer.Argument(help="As the MES names them, and [station] operator.")],
    recordings: Annotated[
        Path | None, typer.Option("--input", help='Recordings instead: lines of {"audio": path, "say": sentence}.')
    ] = None,
    is_forgotten: Annotated[bool, typer.Option("--forget", help="Delete what is kept of this voice.")] = False,
    intents: IntentsDir = None,
    config: ConfigFile = None,
    as_json: Json = False,
    plain: Plain = False,
) -> None:
    """Read some sentences aloud, once. What is kept is how the voice differs from an average one, at this machine only:
    no sound, and nothing from which one could be made. Nobody has to enrol.
    """
    settings = settings_from(config, intents)
    if is_forgotten:
        was_known = forget(settings.voices_dir, operator)
        told = f"Forgotten: {operator}." if was_known else f"Nothing was kept of {operator}."
        _tell({"operator": operator, "forgotten": was_known}, told, as_json=as_json, plain=plain)
        return
    spoken = _spoken(settings, recordings, plain=plain)
    file = enrol_voice(settings, operator, spoken)
    told = f"{operator} is known now, from {len(spoken)} sentences ({file})."
    _tell({"operator": operator, "sentences": len(spoken), "file": str(file)}, told, as_json=as_json, plain=plain)


def _spoken(settings: Settings, recordings: Path | None, *, plain: bool) -> list[Spoken]:
    matcher = build_matcher(settings)
    if recordings is not None:
        return read_recordings(recordings, matcher)
    texts = sentences_to_read(matcher, build_sounds(settings))
    screen = console(plain=plain, stderr=True)
    screen.print(Text(f"Read {len(texts)} sentences, with a pause after each. Ctrl-C leaves all as it was.", QUIET))

    def show(number: int, text: str, is_again: bool) -> None:
        again = "  (once more, please)" if is_again else ""
        screen.print(f"{number + 1:>3}  {text}{again}", markup=False)

    return read_aloud(settings, open_headset(settings), texts, show)


def _tell(found: dict[str, object], told: str, *, as_json: bool, plain: bool) -> None:
    if as_json:
        print_json(found)
    else:
        console(plain=plain).print(told, markup=False)
