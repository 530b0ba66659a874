"""A new plant is the reference plant: every id that people may name is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from voicemes.errors import ConfigError
from voicemes.plant.server import SEED_FILE, open_plant

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

LINES = {
    "LINE-1": "SPP-1 SPI-1 PNP-1 PNP-2 OVN-1 AOI-1",
    "LINE-2": "SPP-2 SPI-2 PNP-3 PNP-4 OVN-2 AOI-2",
    "LINE-3": "PRS-3 SCR-1 GLU-1 LKT-1 FCT-1 PKG-1 FDR-3",
    "LINE-4": "ROB-1 ROB-2 WLD-1 CNV-4",
}
SPOKEN = {
    "SPP-1": "printer one",
    "SPI-1": "paste inspection one",
    "PNP-1": "placer one",
    "PNP-2": "placer two",
    "OVN-1": "reflow one",
    "AOI-1": "optical inspection one",
    "PRS-3": "press three",
    "SCR-1": "screwdriver one",
    "GLU-1": "glue station one",
    "LKT-1": "leak tester one",
    "FCT-1": "function tester one",
    "PKG-1": "packer one",
    "FDR-3": "feeder three",
    "ROB-1": "robot one",
    "ROB-2": "robot two",
    "WLD-1": "weld cell one",
    "CNV-4": "conveyor four",
    "SPP-2": "printer two",
    "OVN-2": "oven two",
}
IDS = {
    "products": "controller-board flip fold door-module",
    "persons": "Ana Ben Chen Divya Elif Farid Grace Hugo Ines",
    "teams": "maintenance quality logistics engineering supervisor safety",
    "defect-codes": "solder-bridge tombstone missing-part wrong-part wrong-polarity misalignment bent-pin cold-joint"
    " void scratch crack contamination insufficient-paste dent leak",
    "material-definitions": "solder-paste flux r0402 c0603 label tray bare-board screw adhesive battery display nozzle",
}
REASONS = {
    "stencil-clog": 5500,
    "feeder-jam": 5300,
    "no-material": 2202,
    "blocked": 2201,
    "changeover": 4500,
    "broken-belt": 5300,
    "overheating": 5300,
    "sensor-fault": 5300,
    "software-crash": 5300,
    "power-loss": 5600,
    "no-operator": 2100,
    "waiting-for-maintenance": 5100,
    "waiting-for-parts": 5200,
    "waiting-for-quality": 5400,
    "preventive-maintenance": 4300,
    "cleaning": 4400,
    "misaligned-part": 5400,
}
CHARACTERISTICS = (
    "paste-height paste-offset torque temperature humidity width offset gap pressure thickness force vibration"
    " servo-torque dust speed squeegee-pressure"
)
UNITS = {"um", "mm", "Nm", "N", "degC", "percent", "bar", "kPa", "pieces", "rolls"}


@pytest.mark.parametrize("resource", IDS)
async def test_every_id_exists(client: httpx.AsyncClient, resource: str) -> None:
    items = (await client.get(f"/{resource}")).json()["items"]
    assert {item["id"] for item in items} == set(IDS[resource].split())


async def test_every_machine_stands_on_its_line_and_has_a_state(client: httpx.AsyncClient) -> None:
    items = (await client.get("/equipment", params={"level": "WorkUnit"})).json()["items"]
    lines = {line: {item["id"] for item in items if item["line"] == line} for line in LINES}
    assert lines == {line: set(machines.split()) for line, machines in LINES.items()}
    assert all(item["state"] for item in items)


async def test_machines_have_the_names_that_people_use(client: httpx.AsyncClient) -> None:
    items = (await client.get("/equipment")).json()["items"]
    aliases = {item["id"]: item["aliases"] for item in items}
    assert {name: alias for name, alias in SPOKEN.items() if alias not in aliases[name]} == {}
    spoken = [alias for names in aliases.values() for alias in names]
    assert len(spoken) == len(set(spoken)), "a name stands for one machine"


async def test_reasons_have_their_e10_codes(client: httpx.AsyncClient) -> None:
    items = (await client.get("/reason-codes")).json()["items"]
    assert {item["id"]: item["e10_code"] for item in items} == REASONS


async def test_every_characteristic_has_a_specification_in_a_known_unit(client: httpx.AsyncClient) -> None:
    items = (await client.get("/test-specifications")).json()["items"]
    assert {item["characteristic"] for item in items} == set(CHARACTERISTICS.split())
    assert {item["unit"] for item in items} <= UNITS


async def test_roles_cover_the_plant(client: httpx.AsyncClient) -> None:
    items = (await client.get("/persons")).json()["items"]
    roles = {item["id"]: item["role"] for item in items}
    assert (roles["Ana"], roles["Farid"], roles["Grace"]) == ("operator", "supervisor", "quality")
    assert (roles["Hugo"], roles["Ines"]) == ("process-engineer", "planner")


async def test_there_is_work_on_every_line(client: httpx.AsyncClient) -> None:
    orders = (await client.get("/job-orders", params={"status": "open"})).json()["items"]
    assert {order["line"] for order in orders} == set(LINES)
    assert all(re.fullmatch(r"\d{4,6}", order["id"]) for order in orders)
    assert {len(order["id"]) for order in orders} == {4, 5}
    running = [order["equipment"] for order in orders if order["status"] == "Running"]
    assert len(running) == len(set(running))


async def test_every_work_master_has_steps(client: httpx.AsyncClient) -> None:
    for master in (await client.get("/work-masters")).json()["items"]:
        step = (await client.get(f"/work-masters/{master['id']}/steps/1")).json()
        assert step["total"] >= 5
        last = (await client.get(f"/work-masters/{master['id']}/steps/{step['total']}")).json()
        assert last["text"].endswith(".")


async def test_nothing_in_a_new_plant_lies_in_the_future(client: httpx.AsyncClient) -> None:
    orders = (await client.get("/job-orders")).json()["items"]
    stops = (await client.get("/downtime-events")).json()["items"]
    times = [time for row in (*orders, *stops) for time in (row["started"], row["ended"]) if time]
    assert times
    assert max(times) <= "2026-03-03T15:20:00.000Z"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("gremlins: []", "gremlins"),
        ("team: [{id: quality, mood: bad}]", "team"),
        ("person: [{id: Ana, role: operator, team: nobody}]", "person"),
        ("team: [{id: quality, text: {ago: 1}}]", "team"),
    ],
)
def test_a_seed_file_that_does_not_fit_names_file_and_section(tmp_path: Path, text: str, key: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        open_plant(seed_file=file)
    assert (caught.value.file, caught.value.key) == (file, key)


def test_a_failed_seeding_leaves_an_empty_file_that_can_be_seeded(tmp_path: Path) -> None:
    database, seed = tmp_path / "plant.sqlite", tmp_path / "mine.yaml"
    seed.write_text("team: [{id: quality}]", encoding="utf-8")
    with pytest.raises(ConfigError):
        open_plant(database, seed_file=seed)
    open_plant(database).database.close()


def test_a_kept_database_is_not_seeded_again(tmp_path: Path) -> None:
    database = tmp_path / "plant.sqlite"
    open_plant(database).database.close()
    open_plant(database, seed_file=tmp_path / "missing.yaml").database.close()
    assert database.exists()


def test_the_seed_file_is_plain_yaml() -> None:
    assert set(yaml.safe_load(SEED_FILE.read_text(encoding="utf-8"))) >= {"equipment", "job_order", "shift_results"}
