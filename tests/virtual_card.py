"""A sound card that is none: a PulseAudio of our own, whose loudspeaker is heard by its microphone."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

DEADLINE_S = 10.0
"""For the daemon to answer; it takes 0.2 s on an idle machine."""


class Card:
    """A PulseAudio daemon of our own, which can be unplugged and plugged in again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "socket"
        self._daemon: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "XDG_RUNTIME_DIR": str(self._folder),
            "PULSE_RUNTIME_PATH": str(self._folder),
            "PULSE_STATE_PATH": str(self._folder),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_COOKIE": str(self._folder / "cookie"),
            "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent",
        }

    def plug_in(self) -> None:
        self._socket.unlink(missing_ok=True)
        command = [
            "pulseaudio",
            "-n",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--use-pid-file=no",
            "--disable-shm=yes",
        ]
        modules = ["module-null-sink sink_name=voicemes rate=48000"]
        modules.append(f"module-native-protocol-unix auth-anonymous=1 socket={self._socket}")
        self._daemon = subprocess.Popen(
            [*command, *(f"--load={module}" for module in modules)],
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ready = ["pactl", "info"]
        deadline_s = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline_s and self._daemon.poll() is None:
            answer = subprocess.run(
                ready, env={**os.environ, **self.environment}, capture_output=True, check=False
            )
            if answer.returncode == 0:
                return
        pytest.skip("pulseaudio cannot be started here")

    def unplug(self) -> None:
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()
            self._daemon = None
