"""How every view looks, in three sizes and two themes, compared with what was looked at and found good.

`VOICEMES_LOOK=new pytest tests/tui/test_look.py` writes the files in shown/ anew; look at their difference before you
commit it. Each has the text of the screen and, for each theme, which colours are on it.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.color import Color
from rich.style import Style
from staging import Stage, on_stage

from voicemes.config import LlmSettings, Settings
from voicemes.testing import FakeBoard, FakeClock, FakeMes
from voicemes.tui.themes import THEMES
from voicemes.tui.wording import moment_of

HERE = Path(__file__).parent
SHOWN = HERE / "shown"
SIZES = ((80, 24), (120, 36), (200, 50))
STEPS = {
    "operator": ("f2",),
    "stations": ("f3", "1"),
    "approvals": ("f3", "2"),
    "calls": ("f3", "3"),
    "figures": ("f3", "4"),
    "report": ("f3", "5"),
    "events": ("f3", "6"),
    "chain": ("f3", "6", "end", "home", "enter"),
    "integrator": ("f4", "enter"),
}
"""The keys that lead to each view."""
PAIR = re.compile(r"#[0-9a-f]{6} on #[0-9a-f]{6}")
LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, for text of usual size."""


@pytest.fixture(scope="module")
def rows() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((HERE / "board.yaml").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_view_looks_as_it_did(size: tuple[int, int], rows: dict[str, Any]) -> None:
    differing = []
    async with staged(rows, size) as stage:
        for view, keys in STEPS.items():
            looked = await look(stage, keys)
            file = SHOWN / f"{view}-{size[0]}x{size[1]}.txt"
            if os.environ.get("VOICEMES_LOOK") == "new":
                file.write_text(looked, encoding="utf-8")
            text, worn = looked.split("\n\n" + THEMES[0].name)
            if not file.exists() or not file.read_text(encoding="utf-8").startswith(f"{text}\n\n{THEMES[0].name}"):
                differing.append(f"{file.name}:\n{text}")
            strange = set(PAIR.findall(worn)) - known_colours()
            differing += [f"{file.name}: {pair} is on no view that was looked at" for pair in sorted(strange)]
    assert not differing, "\n\n".join(differing)


def known_colours() -> set[str]:
    """Which row is lit is a matter of the moment; which colours there are is not. Those of other themes are looked at
    below.
    """
    return {pair for file in SHOWN.glob("*.txt") for pair in PAIR.findall(file.read_text(encoding="utf-8"))}


async def test_every_colour_on_every_view_can_be_read(rows: dict[str, Any]) -> None:
    """Also by those who see colours otherwise: what counts is how light and how dark."""
    faint = []
    async with staged(rows, (120, 36)) as stage:
        for view, keys in STEPS.items():
            await go_to(stage, keys)
            for theme in THEMES:
                await wear(stage, theme.name)
                pairs = colours(stage)
                faint += [f"{view} {theme.name}: {pair}" for pair in pairs if contrast(*pair) < LEAST_CONTRAST]
    assert not faint


def staged(rows: dict[str, Any], size: tuple[int, int]) -> Any:
    latest = max(filter(None, (moment_of(event["time"]) for event in rows["past"])))
    clock = FakeClock(now_s=100.0, wall_s=latest.timestamp() + 90)
    settings = Settings(llm=LlmSettings(engine="none"))
    return on_stage(settings, FakeBoard(rows), size=size, clock=clock, with_mes=False)


async def prepare(stage: Stage) -> None:
    """A few turns, the last of which waits for its yes."""
    stage.session.connector = FakeMes({"job.remaining": {"job": "4711", "remaining": 80, "quantity": 200}})
    said = ("how many are left on order 4711", "the weather is fine today", "scrap three solder bridge on order 4711")
    for sentence in said:
        await stage.session.type(sentence)


async def go_to(stage: Stage, keys: tuple[str, ...]) -> None:
    if not stage.seen.turns:
        await prepare(stage)
    while len(stage.app.screen_stack) > 1:
        await stage.pilot.press("escape")
    await stage.pilot.press(*keys)
    await stage.until(lambda: len(stage.app.screen_stack) == (2 if keys[-1] == "enter" and "6" in keys else 1))
    await stage.until(lambda: stage.app.focused is not None and stage.app.focused.has_focus)
    stage.app.draw()
    await stage.pilot.pause()
    await stage.pilot.pause()


async def wear(stage: Stage, theme: str) -> None:
    stage.app.theme = theme
    await stage.pilot.pause()


async def look(stage: Stage, keys: tuple[str, ...]) -> str:
    await go_to(stage, keys)
    used = sorted(f"{front} on {back}" for front, back in colours(stage))
    return f"{stage.text}\n\n{THEMES[0].name}: {', '.join(used)}\n"


def colours(stage: Stage) -> Counter[tuple[str, str]]:
    """(foreground, background) of every letter that can be seen."""
    found: Counter[tuple[str, str]] = Counter()
    for strip in stage.strips:
        for segment in strip:  # type: ignore[attr-defined]
            style: Style = segment.style or Style()
            front, back = style.color, style.bgcolor
            if style.reverse:
                front, back = back, front
            if any(letter.isalnum() for letter in segment.text) and front is not None and back is not None:
                found[_hex(front), _hex(back)] += len(segment.text)
    return found


def contrast(front: str, back: str) -> float:
    """WCAG 2.2: (lighter + 0.05) / (darker + 0.05) of the relative luminances."""
    lights = sorted((_luminance(front), _luminance(back)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _hex(colour: Color) -> str:
    triplet = colour.get_truecolor()
    return triplet.hex
