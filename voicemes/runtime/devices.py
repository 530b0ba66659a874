"""The headset that the settings name, wired to a bus."""

from __future__ import annotations

import asyncio

from voicemes.clock import Clock
from voicemes.config import Settings
from voicemes.engines.audio import sounddevice
from voicemes.events import Event
from voicemes.ports import AudioSink, AudioSource
from voicemes.runtime.bus import Bus
from voicemes.runtime.threads import start_thread
from voicemes.runtime.wiring import context_of


def open_microphone(settings: Settings, bus: Bus, clock: Clock) -> AudioSource:
    """Must be called in the loop of the session: what the device's thread has to tell is told there.

    Raises DeviceMissing, and EngineMissing where PortAudio is not installed.
    """
    loop = asyncio.get_running_loop()

    def tell(event: Event) -> None:
        loop.call_soon_threadsafe(bus.publish, event)

    options = sounddevice.SourceOptions(settings.audio.input, settings.audio.ring_s)
    surroundings = sounddevice.Surroundings(start_thread, tell, clock.now_s)
    return sounddevice.create_source(options, context_of(settings), surroundings)


def open_loudspeaker(settings: Settings) -> AudioSink:
    """Raises DeviceMissing, and EngineMissing where PortAudio is not installed."""
    return sounddevice.create_sink(sounddevice.SinkOptions(settings.audio.output), context_of(settings))
