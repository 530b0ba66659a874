"""The demo inside the screens, in a real terminal: the turns are seen as they happen."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

WITHIN_S = 90.0
TMUX = shutil.which("tmux")

pytestmark = pytest.mark.skipif(TMUX is None, reason="tmux is not installed: the screens are not tested in a terminal")


class Terminal:
    """A terminal of its own, 120 columns wide."""

    def __init__(self, folder: Path, command: str, **environment: str) -> None:
        self._socket = str(folder / "tmux")
        given = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "TMUX": "", **environment}
        self._run("new-session", "-d", "-x", "120", "-y", "36", command, env=given)

    def shown(self, *, with_colours: bool = False) -> str:
        return self._run("capture-pane", "-p", *(["-e"] if with_colours else []))

    def press(self, *keys: str) -> None:
        self._run("send-keys", *keys)

    def until(self, is_so: Callable[[str], bool]) -> str:
        ends_s = time.monotonic() + WITHIN_S
        while not is_so(shown := self.shown()):
            assert time.monotonic() < ends_s, shown
            time.sleep(0.1)
        return shown


    def close(self) -> None:
        subprocess.run([str(TMUX), "-S", self._socket, "kill-server"], capture_output=True, check=False)

    def _run(self, *arguments: str, env: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            [str(TMUX), "-S", self._socket, *arguments], capture_output=True, text=True, env=env, check=True
        )
        return done.stdout


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Terminal]:
    command = f"{sys.executable} -m voicemes demo --tui --output {tmp_path / 'out'}; echo ENDED $?; cat"
    terminal = Terminal(tmp_path, command)
    yield terminal
    terminal.close()


@pytest.mark.timeout(300)
def test_the_turns_of_the_demo_are_seen_as_they_happen(demo: Terminal) -> None:
    demo.until(lambda shown: "OPERATOR" in shown and "SPP-1" in shown)
    first = demo.until(lambda shown: "✓" in shown)
    demo.until(lambda shown: "WILL BE WRITTEN" in shown)
    later = demo.until(lambda shown: shown.count("✓") >= first.count("✓") + 3)
    assert "scrap recorded on order 4711" in later or "Next is order" in later
    demo.press("F3")
    demo.until(lambda shown: "SUPERVISOR" in shown and "PNP-1" in shown)
    demo.press("C-q")
    demo.until(lambda shown: "ENDED" in shown and "turns right" in shown)


@pytest.mark.timeout(300)
def test_without_colours_everything_is_still_said(tmp_path: Path) -> None:
    command = f"{sys.executable} -m voicemes demo --tui --output {tmp_path / 'out'}"
    terminal = Terminal(tmp_path, command, NO_COLOR="1")
    try:
        terminal.until(lambda shown: "OPERATOR" in shown and "▶ productive" in shown)
        for red, green, blue in re.findall(r"[34]8;2;(\d+);(\d+);(\d+)", terminal.shown(with_colours=True)):
            assert max(int(red), int(green), int(blue)) - min(int(red), int(green), int(blue)) <= 8
    finally:
        terminal.close()
