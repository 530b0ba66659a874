"""The ISA-95 state machine of job orders, and what is counted on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from voicemes.plant.bodies import CommandName
from voicemes.plant.commands.job_orders import STATUSES, next_status

if TYPE_CHECKING:
    import httpx

COMMANDS: tuple[CommandName, ...] = get_args(CommandName)

ALLOWED = {
    ("Waiting", "Start"): "Running",
    ("Dispatched", "Start"): "Running",
    ("Ready", "Start"): "Running",
    ("Running", "Stop"): "Completed",
    ("Suspended", "Stop"): "Completed",
    ("Running", "Pause"): "Suspended",
    ("Suspended", "Resume"): "Running",
    ("Running", "Reset"): "Ready",
    ("Held", "Restart"): "Ready",
    **{(s, "Hold"): "Held" for s in ("Waiting", "Dispatched", "Ready", "Pending", "Running", "Suspended")},
    **{(s, "Abort"): "Aborted" for s in ("Waiting", "Dispatched", "Ready", "Pending", "Running", "Suspended", "Held")},
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("status", STATUSES)
def test_a_command_is_obeyed_only_in_the_states_of_the_table(status: str, command: CommandName) -> None:
    assert next_status(status, command, has_started=False) == ALLOWED.get((status, command))


def test_a_held_order_goes_on_where_it_was_stopped() -> None:
    assert next_status("Held", "Restart", has_started=True) == "Running"


async def command(client: httpx.AsyncClient, job: str, name: str, **more: object) -> httpx.Response:
    return await client.post(f"/job-orders/{job}/commands", json={"command": name, **more})


async def test_start_runs_the_order_on_its_machine(client: httpx.AsyncClient) -> None:
    answer = await command(client, "4902", "Start")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["equipment"]) == ("Running", "ROB-2")
    assert (await client.get("/equipment/ROB-2/state")).json()["state"] == "PRD"


async def test_start_can_move_the_order_to_another_machine(client: httpx.AsyncClient) -> None:
    answer = await command(client, "4712", "Start", equipment="SPP-2")
    assert (answer.json()["equipment"], answer.json()["line"]) == ("SPP-2", "LINE-2")


async def test_a_machine_runs_one_order_at_a_time(client: httpx.AsyncClient) -> None:
    answer = await command(client, "4712", "Start")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "Printer one is still running order 4711."


async def test_a_line_is_no_machine_to_start_on(client: httpx.AsyncClient) -> None:
    assert (await command(client, "4712", "Start", equipment="LINE-2")).json()["code"] == "invalid_input"


@pytest.mark.parametrize(
    ("job", "name", "sentence"),
    [
        ("4711", "Start", "Order 4711 is already running."),
        ("4708", "Start", "Order 4708 is completed, so it cannot be started."),
        ("4804", "Pause", "Order 4804 is already paused."),
        ("4712", "Pause", "Order 4712 is waiting, so it cannot be paused."),
        ("4715", "Start", "Order 4715 is on hold, so it cannot be started."),
        ("4805", "Start", "Order 4805 is not released yet, so it cannot be started."),
        ("4711", "Reset", "Order 4711 has quantities, so its start cannot be taken back."),
    ],
)
async def test_a_refused_command_says_why(client: httpx.AsyncClient, job: str, name: str, sentence: str) -> None:
    before = (await client.get(f"/job-orders/{job}")).json()
    answer = await command(client, job, name)
    assert (answer.status_code, answer.json()["code"]) == (409, "transition_refused")
    assert answer.json()["detail"] == sentence
    assert (await client.get(f"/job-orders/{job}")).json() == before


async def test_reset_takes_a_start_back(client: httpx.AsyncClient) -> None:
    await command(client, "4902", "Start")
    answer = await command(client, "4902", "Reset")
    assert (answer.json()["status"], answer.json()["started"]) == ("Ready", None)
    assert (await client.get("/equipment/ROB-2/state")).json()["state"] == "SBY"


async def test_stop_adds_the_last_quantities_and_completes(client: httpx.AsyncClient) -> None:
    answer = (await command(client, "4711", "Stop", good=50, scrap=2, defect="solder-bridge")).json()
    assert answer["reported"] == {"good": 50, "scrap": 2, "rework": 0}
    assert (answer["status"], answer["good"], answer["scrap"], answer["remaining"]) == ("Completed", 170, 5, 30)


async def test_quantities_go_with_stop_only(client: httpx.AsyncClient) -> None:
    answer = await command(client, "4712", "Start", good=3)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_more_than_planned_leaves_nothing_remaining(client: httpx.AsyncClient) -> None:
    answer = await client.post("/job-orders/4711/material-actuals", json={"good": 500})
    assert (answer.json()["good"], answer.json()["remaining"]) == (620, 0)


async def test_scrap_is_added_to_what_was_scrapped_before(client: httpx.AsyncClient) -> None:
    answer = await client.post("/job-orders/4711/material-actuals", json={"scrap": 2, "defect": "void"})
    assert (answer.status_code, answer.json()["scrap"], answer.json()["remaining"]) == (201, 5, 80)


async def test_nothing_is_reported_on_an_order_that_has_not_started(client: httpx.AsyncClient) -> None:
    answer = await client.post("/job-orders/4712/material-actuals", json={"good": 1})
    assert answer.json()["detail"] == "Order 4712 is waiting, so nothing can be reported on it."


@pytest.mark.parametrize("quantity", [-1, 10_000, 2.5, "2", True, None])
async def test_a_quantity_is_a_whole_number_up_to_9999(client: httpx.AsyncClient, quantity: object) -> None:
    answer = await client.post("/job-orders/4711/material-actuals", json={"good": quantity})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


async def test_a_whole_number_may_be_written_with_decimals(client: httpx.AsyncClient) -> None:
    assert (await client.post("/job-orders/4711/material-actuals", json={"good": 2.0})).status_code == 201


async def test_a_unit_is_scrapped_once(client: httpx.AsyncClient) -> None:
    body = {"scrap": 1, "defect": "crack", "serial": "123"}
    assert (await client.post("/job-orders/4711/material-actuals", json=body)).status_code == 201
    assert (await client.get("/units/123")).json()["status"] == "Scrapped"
    again = await client.post("/job-orders/4711/material-actuals", json=body)
    assert again.json()["detail"] == "Unit 123 is already scrapped."


async def test_a_serial_stands_for_one_piece(client: httpx.AsyncClient) -> None:
    body = {"scrap": 2, "defect": "crack", "serial": "123"}
    answer = await client.post("/job-orders/4711/material-actuals", json=body)
    assert answer.json()["detail"] == "A serial number stands for one piece."


async def test_the_job_list_has_what_may_be_started_in_its_sequence(client: httpx.AsyncClient) -> None:
    jobs = [order["id"] for order in (await client.get("/job-lists/SPP-1")).json()["items"]]
    line = [order["id"] for order in (await client.get("/job-lists/LINE-1")).json()["items"]]
    assert (jobs, line) == (["4712", "4713"], ["4712", "4713", "10233"])


async def test_orders_are_filtered_by_status_and_machine(client: httpx.AsyncClient) -> None:
    query = {"status": "Running", "equipment": "SPP-1"}
    running = (await client.get("/job-orders", params=query)).json()["items"]
    assert [order["id"] for order in running] == ["4711"]
