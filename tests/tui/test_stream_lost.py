"""A plant that dies and comes back while somebody looks: the gap is seen, and nothing is missing after it."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
from staging import over_plant

from voicemes.plant.process import PlantProcess


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def test_the_stream_is_lost_and_regained(tmp_path: Path) -> None:
    port, database = free_port(), tmp_path / "plant.sqlite"
    plant = PlantProcess(database, port=port)
    plant.start()
    try:
        async with over_plant(plant.url, "Farid", "supervisor") as stage:
            await stage.pilot.press("6")
            await stage.until_shown("● live")
            plant.kill()
            await stage.until_shown("▲ LOST")
            await stage.until_shown("── The stream broke")
            await stage.until_shown("What is shown is old")
            plant.start()
            async with httpx.AsyncClient(trust_env=False) as client:
                call = {"team": "quality", "text": "come"}
                written = await client.post(f"{plant.url}/api/v1/work-alerts", json=call)
            assert written.is_success, written.text
            await stage.until_shown("── The stream is back")
            await stage.until_shown("alert.raised")
            await stage.until(lambda: "What is shown is old" not in stage.text)
            await stage.until(lambda: not stage.app.query_one("#banner").display)
    finally:
        plant.stop()
