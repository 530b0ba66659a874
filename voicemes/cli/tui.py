"""`voicemes tui`: the screens of operator, supervisor and integrator."""

from __future__ import annotations

import asyncio
import contextlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from voicemes.cli.lines import converse
from voicemes.cli.options import ConfigFile, IntentsDir, Plain, settings_from
from voicemes.clock import SystemClock
from voicemes.config import Settings
from voicemes.connectors import open_board
from voicemes.errors import ConfigError
from voicemes.ports import AudioSource
from voicemes.runtime.bus import Bus
from voicemes.runtime.devices import open_loudspeaker, open_microphone
from voicemes.runtime.floor import follow_floor
from voicemes.runtime.kept_audio import KeptAudio
from voicemes.runtime.speaker import NoSink
from voicemes.runtime.tail import TraceTail
from voicemes.runtime.trace import TraceWriter, new_trace
from voicemes.runtime.wiring import open_session
from voicemes.tui.seen import Seen

LOCAL = "127.0.0.1"


class ViewName(StrEnum):
    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    INTEGRATOR = "integrator"


def tui(
    view: Annotated[ViewName, typer.Option(help="What is looked at first.")] = ViewName.SUPERVISOR,
    operator: Annotated[str, typer.Option(help="Who sits here, instead of the settings' operator.")] = "",
    listen: Annotated[bool, typer.Option("--listen", help="Hear the microphone and speak, too.")] = False,
    browser: Annotated[bool, typer.Option("--serve", help="In a browser instead of this terminal.")] = False,
    host: Annotated[str, typer.Option(help="Address to serve on; others than this machine need another one.")] = LOCAL,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to serve on; 0 takes a free one.")] = 8765,
    token_file: Annotated[
        Path | None, typer.Option(help="Holds what a browser must know; else a new token is made each time.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Write what is shown into this SVG, and end.")] = None,
    intents: IntentsDir = None,
    config: ConfigFile = None,
    plain: Plain = False,
) -> None:
    """Watch the factory, decide what waits, and type whatever could be said. F1 shows the keys, Ctrl-Q ends."""
    settings = as_operator(settings_from(config, intents), operator)
    if browser:
        from voicemes.tui.serve import serve

        given = {"--view": view.value, "--operator": operator, "--intents": intents, "--config": config}
        arguments = [str(part) for name, value in given.items() if value for part in (name, value)]
        asyncio.run(serve(arguments, host, port, _token(token_file), lambda url: typer.echo(f"The screens: {url}")))
    elif plain:
        asyncio.run(converse(settings))
    elif picture is not None:
        asyncio.run(draw(settings, view, picture))
    else:
        asyncio.run(show(settings, view, with_sound=listen))


def _token(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"cannot be read: {exc}", file=file, key="--token-file") from exc


def as_operator(settings: Settings, operator: str) -> Settings:
    if not operator:
        return settings
    return settings.model_copy(update={"station": settings.station.model_copy(update={"operator": operator})})


async def show(settings: Settings, view: ViewName, *, with_sound: bool) -> None:
    """The screens until somebody closes them. Raises VoicemesError."""
    from voicemes.tui.app import Screens
    from voicemes.tui.elsewhere import Elsewhere

    seen, clock = Seen(), SystemClock()
    writer = TraceWriter(new_trace(settings), personal=settings.trace.personal)
    bus = Bus(writer, seen.take)
    with contextlib.closing(writer), contextlib.ExitStack() as devices:
        source: AudioSource | None = None
        if with_sound:
            source = open_microphone(settings, bus, clock)
            devices.callback(source.close)
        sink = open_loudspeaker(settings) if with_sound else NoSink()
        kept = KeptAudio(settings, bus, clock)
        opened = open_session(settings, bus=bus, sink=sink, with_ears=with_sound, with_news=True, kept=kept)
        async with (
            opened as session,
            follow_floor(open_board(settings.mes), clock) as floor,
        ):
            await session.start(source.traits.name if source else "screen")
            elsewhere = Elsewhere(seen, TraceTail(settings.trace_folder))
            await Screens(session, floor, seen, view.value, source, elsewhere=elsewhere).run_async()


async def draw(settings: Settings, view: ViewName, picture: Path) -> None:
    """One look at a view, as SVG. Raises VoicemesError."""
    from voicemes.tui.picture import draw_view

    seen, clock = Seen(), SystemClock()
    async with (
        open_session(settings, bus=Bus(seen.take), with_ears=False, with_outbox=False) as session,
        follow_floor(open_board(settings.mes), clock) as floor,
    ):
        await session.start("picture")
        await draw_view(session, floor, seen, view.value, picture)
