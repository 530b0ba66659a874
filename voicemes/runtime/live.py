"""What exists in a reference plant that has just been started: the grammar of a benchmark is that of a session then."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from voicemes.connectors.load import open_connector
from voicemes.plant.process import PlantProcess

if TYPE_CHECKING:
    from voicemes.config import Settings
    from voicemes.model import Live


def live_in_the_plant(settings: Settings) -> Live:
    """Starts a plant, asks it as the settings' station would, and stops it. Raises MesUnreachable."""
    with PlantProcess() as plant:
        return asyncio.run(_ask(settings, plant.url))


async def _ask(settings: Settings, url: str) -> Live:
    own = settings.mes.model_copy(update={"url": url, "token_file": None, "connector": "reference"})
    connector = open_connector(own)
    try:
        return await connector.live(settings.station.name)
    finally:
        await connector.aclose()
