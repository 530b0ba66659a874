"""The whole way through a sound card: a recording is played into it, heard by a session, and answered into it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from voicemes.clock import SystemClock
from voicemes.config import AudioSettings, MesSettings, Settings
from voicemes.engines.audio.wav import read_speech
from voicemes.events import Event, TurnEnded
from voicemes.model import SPEECH, SpeechChunk
from voicemes.plant.process import PlantProcess
from voicemes.runtime.bus import Bus
from voicemes.runtime.devices import open_loudspeaker, open_microphone
from voicemes.runtime.wiring import open_session

FIXTURES = Path(__file__).resolve().parents[2] / "audio_fixtures"
DEADLINE_S = 30.0

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(shutil.which("pulseaudio") is None, reason="pulseaudio is not installed"),
    pytest.mark.xdist_group("virtual_card"),
]


@pytest.mark.usefixtures("card")
async def test_what_is_said_into_a_headset_is_understood_and_answered() -> None:
    speech = read_speech(FIXTURES / "job.next" / "my-next-slt.flac")
    recording = SpeechChunk(speech + bytes(SPEECH.bytes_per_second), SPEECH)
    ended: asyncio.Future[TurnEnded] = asyncio.get_running_loop().create_future()

    def observe(event: Event) -> None:
        if isinstance(event, TurnEnded) and not ended.done():
            ended.set_result(event)

    with PlantProcess() as plant:
        settings = Settings(
            mes=MesSettings(url=plant.url), audio=AudioSettings(input="pulse", output="pulse", barge_in=False)
        )
        bus = Bus(observe)
        microphone = open_microphone(settings, bus, SystemClock())
        operator = open_loudspeaker(settings)
        async with open_session(settings, bus=bus) as session:
            await session.start(microphone.traits.name)
            hearing = asyncio.create_task(session.hear(microphone))
            await asyncio.to_thread(operator.play, recording)
            turn = await asyncio.wait_for(ended, DEADLINE_S)
            microphone.close()
            await hearing
    operator.close()
    assert (turn.intent, turn.mes) == ("job.next", "accepted")
    assert "4712" in turn.answer
