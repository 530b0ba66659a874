"""The screens in a browser: a typed query is answered in headless Chromium, and nobody gets in without the token."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, async_playwright

from voicemes.plant.process import PlantProcess

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WITHIN_S = 30.0
ATTEMPTS = 4

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: the browser is not tested"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def plant() -> Iterator[PlantProcess]:
    with PlantProcess() as running:
        yield running


@pytest.fixture(scope="module")
def address(plant: PlantProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where `voicemes tui --serve` says it is, with its token."""
    environment = {**os.environ, "VOICEMES_MES__URL": plant.url, "VOICEMES_LLM__ENGINE": "none"}
    environment["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    command = [sys.executable, "-m", "voicemes", "tui", "--serve", "--port", "0", "--view", "operator"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as served:
        assert served.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(served.stdout, selectors.EVENT_READ)
            assert selector.select(WITHIN_S), "it said nothing"
        line = served.stdout.readline().decode()
        found = re.search(r"http://\S+", line)
        assert found, line
        yield found.group()
        served.terminate()


async def test_a_typed_query_is_answered(address: str, tmp_path: Path) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1200, "height": 700})
        elsewhere: list[str] = []
        page.on("request", lambda request: elsewhere.append(request.url) if "127.0.0.1" not in request.url else None)
        frames: list[bytes] = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(as_bytes(data))))
        await page.goto(address)
        await until_shown(page, frames, "Order 4711")
        await ask(page, frames, "how many are left on order 4711", "80 left of 200 on order 4711")
        picture = tmp_path / "screens.png"
        await page.screenshot(path=picture)
        await browser.close()
    assert picture.stat().st_size > 20_000
    assert not [url for url in elsewhere if not url.startswith(("data:", "blob:"))], "nothing comes from outside"


def as_bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def drawn(frames: list[bytes]) -> str:
    """The letters that the browser was sent to draw, in order: what stands between the escape sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]", "", b"".join(frames).decode("utf-8", "replace"))


async def ask(page: Page, frames: list[bytes], sentence: str, answer: str) -> None:
    """A terminal that was only just drawn may not take keys yet: as a person does, looks and asks again."""
    for _ in range(ATTEMPTS):
        await page.mouse.click(600, 400)
        await page.keyboard.press("/")
        await page.keyboard.type(sentence)
        await page.keyboard.press("Enter")
        with contextlib.suppress(pytest.fail.Exception):
            await until_shown(page, frames, answer, 8.0)
            return
    pytest.fail(f"{answer!r} was never drawn: {drawn(frames)[-2000:]}")


async def until_shown(page: Page, frames: list[bytes], text: str, within_s: float = WITHIN_S) -> None:
    """The terminal is a canvas, so what it draws is looked at on its way there."""
    for _ in range(int(within_s * 10)):
        if text in drawn(frames):
            return
        await page.wait_for_timeout(100)
    pytest.fail(f"{text!r} was never drawn: {drawn(frames)[-2000:]}")


@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js"])
def test_without_the_token_nothing_is_shown(address: str, path: str) -> None:
    base = address.partition("/?")[0]
    for query in ("", "?token=wrong"):
        answer = httpx.get(f"{base}{path}{query}", trust_env=False)
        assert answer.status_code == 401
        assert "token" in answer.text


def test_a_page_of_another_site_cannot_talk_to_it(address: str) -> None:
    base, _, query = address.partition("/?")
    answer = httpx.get(f"{base}/ws?{query}", headers={"Origin": "http://elsewhere.example"}, trust_env=False)
    assert answer.status_code == 403


def test_a_token_that_could_be_guessed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("1234\n")
    command = [sys.executable, "-m", "voicemes", "tui", "--serve", "--token-file", str(tmp_path / "token")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 2
    assert "at least 12 characters" in done.stderr
