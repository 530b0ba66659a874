"""What people do at the screens, by real key presses, against a real plant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from staging import over_plant
from textual import events
from textual.widgets import Button, Tree

from voicemes.plant.process import PlantProcess
from voicemes.tui.chain import ChainScreen
from voicemes.tui.event_list import EventList
from voicemes.tui.sentence import Sentence


@pytest.fixture
def plant() -> Iterator[PlantProcess]:
    with PlantProcess() as running:
        yield running


def read(plant: PlantProcess, path: str) -> Any:
    return httpx.get(f"{plant.url}/api/v1{path}", trust_env=False).json()


async def test_a_typed_report_is_read_back_in_large_type_and_written_after_y(plant: PlantProcess) -> None:
    before = read(plant, "/job-orders/4711")["scrap"]
    async with over_plant(plant.url) as stage:
        await stage.type("scrap three solder bridge")
        await stage.until_shown("WILL BE WRITTEN: Scrap 3, solder bridge, on order 4711. Correct?")
        await stage.until_shown("job 4711")
        await stage.until_shown("╶─╮")  # the number stands in large type
        assert read(plant, "/job-orders/4711")["scrap"] == before
        await stage.pilot.press("y")
        await stage.until_shown("3 scrap recorded on order 4711")
        await stage.until_shown(f"{before + 3} scrap")
    assert read(plant, "/job-orders/4711")["scrap"] == before + 3


async def test_n_writes_nothing(plant: PlantProcess) -> None:
    before = read(plant, "/events?newest=true")["last"]
    async with over_plant(plant.url) as stage:
        await stage.type("scrap three solder bridge")
        await stage.until(lambda: stage.seen.question is not None)
        await stage.pilot.press("n")
        await stage.until(lambda: len(stage.seen.turns) == 2)
        await stage.pilot.press("c")
        await stage.until(lambda: stage.seen.question is None)
    assert read(plant, "/events?newest=true")["last"] == before


async def test_a_correction_changes_what_will_be_written(plant: PlantProcess) -> None:
    before = read(plant, "/job-orders/4711")["scrap"]
    async with over_plant(plant.url) as stage:
        await stage.type("scrap three solder bridge")
        await stage.until_shown("Scrap 3, solder bridge")
        await stage.type("no, four")
        await stage.until_shown("WILL BE WRITTEN: Scrap 4, solder bridge")
        await stage.pilot.press("y")
        await stage.until_shown("4 scrap recorded")
    assert read(plant, "/job-orders/4711")["scrap"] == before + 4


async def test_letters_as_quick_as_a_scanners_are_no_keys(plant: PlantProcess) -> None:
    """All that is typed after the slash is in the line, and a "y" in it answers nothing."""
    before = read(plant, "/events?newest=true")["last"]
    async with over_plant(plant.url) as stage:
        await stage.type("scrap three solder bridge")
        await stage.until(lambda: stage.seen.question is not None)
        for key in ("slash", *"yncry4711"):
            stage.app.post_message(events.Key(key, "/" if key == "slash" else key))
        await stage.until(lambda: len(stage.app.query_one(Sentence).value) >= len("yncry4711"))
        assert stage.app.query_one(Sentence).value == "yncry4711"
        assert len(stage.seen.turns) == 1
    assert read(plant, "/events?newest=true")["last"] == before


async def test_a_query_is_answered_and_the_turn_shows_its_route(plant: PlantProcess) -> None:
    async with over_plant(plant.url) as stage:
        await stage.type("how many are left on order 4711")
        await stage.until_shown("left of 200 on order 4711")
        await stage.until(lambda: len(stage.seen.turns) == 1)
        assert stage.seen.turns[0].route == "grammar"
        await stage.until_shown("grammar")


async def test_a_supervisor_approves_what_the_screen_shows_in_full(plant: PlantProcess) -> None:
    request = read(plant, "/change-requests?status=Open")["items"][0]
    async with over_plant(plant.url, "Farid", "supervisor") as stage:
        await stage.pilot.press("2")
        await stage.until_shown(f"Request {request['id']}: tolerance width +0.15 / −0.15 mm")
        await stage.until_shown("WAITS FOR YOUR DECISION")
        await stage.pilot.press("a")
        await stage.until_shown(f"WILL BE WRITTEN: Approve request {request['id']}, tolerance of width plus 0.15 minus")
        await stage.until_shown(f"request {request['id']}: tolerance width +0.15 / −0.15 mm")
        await stage.pilot.press("y")
        await stage.until_shown("is approved")
        await stage.until_shown("Approved by Farid")
        await stage.pilot.press("a")
        assert stage.seen.question is None, "what is decided is not asked about again"
    assert read(plant, f"/change-requests/{request['id']}")["status"] == "Approved"


async def test_a_supervisor_rejects(plant: PlantProcess) -> None:
    request = read(plant, "/change-requests?status=Open")["items"][0]
    async with over_plant(plant.url, "Farid", "supervisor") as stage:
        await stage.pilot.press("2", "x")
        await stage.until_shown("WILL BE WRITTEN: Reject")
        await stage.pilot.press("y")
        await stage.until_shown("Rejected by Farid")
    assert read(plant, f"/change-requests/{request['id']}")["status"] == "Rejected"


async def test_an_operator_may_not_approve(plant: PlantProcess) -> None:
    before = read(plant, "/events?newest=true")["last"]
    async with over_plant(plant.url, "Ana", "supervisor") as stage:
        await stage.pilot.press("2")
        await stage.until_shown("WAITS FOR A SUPERVISOR. You are Ana, operator, rework: you may not decide. Ask Farid.")
        await stage.until_shown("SUPERVISOR VIEW   Ana (operator, rework)")
        assert stage.app.query_one("#approve", Button).disabled
        await stage.pilot.press("a")
        await stage.until_shown("Only a supervisor may do that, such as Farid. They can confirm it here with")
        await stage.pilot.press("y")
        await stage.until(lambda: len(stage.seen.turns) == 2)
    assert read(plant, "/events?newest=true")["last"] == before


async def test_a_call_is_taken(plant: PlantProcess) -> None:
    call = read(plant, "/work-alerts?status=Open")["items"][0]
    async with over_plant(plant.url, "Farid", "supervisor") as stage:
        await stage.pilot.press("3")
        await stage.until_shown("▲ open")
        await stage.pilot.press("k")
        await stage.until_shown(f"You take call {call['id']}. Correct?")
        await stage.until_shown(f"call {call['id']}: {call['team']}, {call['equipment']}, {call['text']}")
        await stage.pilot.press("y")
        await stage.until_shown("▶ taken")
    assert read(plant, f"/work-alerts/{call['id']}")["acknowledged_by"] == "Farid"


async def test_events_are_filtered_as_they_come(plant: PlantProcess) -> None:
    async with over_plant(plant.url, "Farid", "supervisor") as stage:
        await stage.pilot.press("2", "a")
        await stage.until(lambda: stage.seen.question is not None)
        await stage.pilot.press("y", "6")
        events = stage.app.query_one(EventList)
        await stage.until(lambda: events.n_lines >= 2)
        await stage.until_shown("test-specification.changed")
        await stage.pilot.press("f", *"approved", "enter")
        await stage.until(lambda: events.n_lines == 1)
        await stage.until_shown("change-request.approved")
        await stage.until(lambda: "test-specification.changed" not in stage.text)
        await stage.pilot.press("f", *["backspace"] * 8, "enter")
        await stage.until(lambda: events.n_lines > 1)


async def test_the_chain_of_an_event_is_followed_to_its_cause(plant: PlantProcess) -> None:
    async with over_plant(plant.url, "Farid", "supervisor") as stage:
        await stage.pilot.press("2", "a")
        await stage.until(lambda: stage.seen.question is not None)
        await stage.pilot.press("y", "6")
        await stage.until_shown("test-specification.changed")
        await stage.pilot.press("home", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, ChainScreen))
        await stage.until_shown("➤")
        roots = stage.app.screen.query_one(Tree).root.children
        assert "change-request.approved" in str(roots[0].label)
        assert "test-specification.changed" in str(roots[0].children[0].label)
        await stage.pilot.press("escape")
        await stage.until(lambda: not isinstance(stage.app.screen, ChainScreen))


async def test_a_sentence_is_begun_over_whatever_is_open(plant: PlantProcess) -> None:
    """Not half of it: a "q" would close the chain, and the rest would stand in the line."""
    async with over_plant(plant.url) as stage:
        await stage.type("scrap three solder bridge")
        await stage.until(lambda: stage.seen.question is not None)
        stage.app.push_screen(ChainScreen({}, ()))
        await stage.until(lambda: isinstance(stage.app.screen, ChainScreen))
        await stage.pilot.press("slash", *"request")
        assert stage.app.query_one(Sentence).value == "request"


async def test_the_line_completes_and_remembers(plant: PlantProcess) -> None:
    async with over_plant(plant.url) as stage:
        sentence = stage.app.query_one(Sentence)
        await stage.pilot.press("slash", *"what is ne")
        suggested = await sentence.sayable.get_suggestion("what is ne")
        assert suggested is not None
        assert suggested.startswith("what is ne")
        await stage.pilot.press(*["backspace"] * 10, "escape")
        await stage.type("what is next")
        await stage.until(lambda: len(stage.seen.turns) == 1)
        await stage.pilot.press("slash", "up")
        assert sentence.value == "what is next"


async def test_a_refusal_becomes_an_example_of_what_came_nearest(plant: PlantProcess) -> None:
    async with over_plant(plant.url, view="integrator") as stage:
        await stage.type("scrap three flying saucers")
        await stage.until_shown("scrap three flying saucers")
        await stage.pilot.press("enter")
        await stage.until_shown("expected:")
        await stage.pilot.press("e")
        collected = stage.session.settings.trace_folder.parent / "collected.yaml"
        await stage.until(collected.exists)
        assert '{say: "scrap three flying saucers", intent: "scrap.report"}' in collected.read_text(encoding="utf-8")


async def test_a_no_is_a_no_in_every_view(plant: PlantProcess) -> None:
    async with over_plant(plant.url, view="integrator") as stage:
        await stage.type("scrap two solder bridge")
        await stage.until_shown("WILL BE WRITTEN")
        await stage.pilot.press("n")
        await stage.until(lambda: len(stage.seen.turns) == 2)
        assert stage.seen.question is None


async def test_without_a_microphone_there_is_nothing_to_mute(plant: PlantProcess) -> None:
    async with over_plant(plant.url) as stage:
        await stage.pilot.press("m")
        await stage.until(lambda: "There is no microphone here." in stage.notices)
        assert not stage.session.is_muted


async def test_what_was_rightly_refused_is_collected_too(plant: PlantProcess) -> None:
    async with over_plant(plant.url, view="integrator") as stage:
        await stage.type("scrap three flying saucers")
        await stage.type("my cat flies a kite")
        await stage.until(lambda: len(stage.seen.refusals) == 2)
        await stage.until_shown("my cat flies a kite")
        await stage.pilot.press("down", "enter")
        await stage.until_shown("expected:")
        await stage.pilot.press("up", "x")
        collected = stage.session.settings.trace_folder.parent / "collected.yaml"
        await stage.until(collected.exists)
        assert '{say: "my cat flies a kite", intent: null}' in collected.read_text(encoding="utf-8")


async def test_the_palette_says_a_sentence(plant: PlantProcess) -> None:
    async with over_plant(plant.url) as stage:
        await stage.pilot.press("ctrl+p")
        await stage.pilot.press(*"what is next")
        await stage.until_shown("Say this")
        await stage.pilot.press("down", "enter")
        await stage.until(lambda: len(stage.seen.turns) == 1)
        assert stage.seen.turns[0].heard in stage.app.sayable()
