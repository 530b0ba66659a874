"""Tryton as a MES to test against: a program of its own (GPL-3.0), spoken to over JSON-RPC and never imported.

    template = make_database(cache)              # once: installs, initialises and seeds; about half a minute
    with TrytonServer(template, tmp_path) as mes:
        mes.call("model.production.search_read", [["number", "=", "4711"]], 0, 1, None, ["state"])
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import seed
from client import DATABASE, Client

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
"""One series of Tryton, with the libraries it was tried with; 43 MB in all."""
MODULES = ("ir", "res", "production", "production_work", "stock_lot", "quality", "production_split")
INSTALL_WITHIN_S = 300.0
"""With an empty cache of packages; it takes 4 s over a good line."""
INITIALISE_WITHIN_S = 240.0
"""It takes 18 s on an idle machine."""
READY_WITHIN_S = 60.0
"""It takes 2 s on an idle machine."""
ANSWER_WITHIN_S = 5.0
STOP_WITHIN_S = 5.0
POLL_S = 0.05
LOG_TAIL_CHARS = 2000

# Ends the server when this process does, however that happens: the pipe on standard input closes.
WATCHED = 'exec 3<&0; "$@" 3<&- & server=$!; { cat <&3; kill -9 $server; } >/dev/null 2>&1 & wait $server'


class TrytonMissing(Exception):
    """Tryton cannot be installed here; the sentence is the reason for a skip."""


class TrytonFailed(Exception):
    """It is installed and does not do what it should."""


@dataclass(frozen=True, slots=True)
class Template:
    """What each server starts from."""

    python: Path
    """Of the environment that has Tryton."""
    database: Path
    """A closed SQLite file."""
    password_file: Path


def install(folder: Path) -> Path:
    """The Python that has Tryton, in an environment under `folder`; one that is there is kept. Raises TrytonMissing."""
    done = folder / "environment" / "installed.txt"
    python = folder / "environment" / "bin" / "python"
    with _alone(folder):
        if done.is_file() and done.read_text() == REQUIREMENTS.read_text():
            return python
        uv = shutil.which("uv")
        if uv is None:
            raise TrytonMissing("uv is not installed, so Tryton cannot be")
        _install(uv, "venv", "--clear", "--quiet", "--python", sys.executable, str(folder / "environment"))
        _install(uv, "pip", "install", "--quiet", "--python", str(python), "-r", str(REQUIREMENTS))
        shutil.copyfile(REQUIREMENTS, done)
    return python


def make_database(folder: Path) -> Template:
    """The plant of seed.py, made once for each version of it under `folder`. Raises TrytonMissing, or TrytonFailed."""
    python = install(folder)
    made_of = REQUIREMENTS.read_bytes() + Path(seed.__file__).read_bytes() + " ".join(MODULES).encode()
    kept = folder / f"plant-{hashlib.sha256(made_of).hexdigest()[:12]}"
    with _alone(folder):
        if not kept.is_dir():
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                _make(python, Path(scratch)).rename(kept)
    return Template(python, kept / f"{DATABASE}.sqlite", kept / "password")


class TrytonServer:
    """A server with a fresh copy of the template, in `folder`, on a free loopback port."""

    def __init__(self, template: Template, folder: Path) -> None:
        self._template, self._folder = template, folder
        self._child: subprocess.Popen[bytes] | None = None
        self._client: Client | None = None
        self.url = ""
        """Such as http://127.0.0.1:40123, once it is started."""
        self.password = template.password_file.read_text()
        """Of the user `admin`."""

    @property
    def client(self) -> Client:
        """Logged in, with the context of the plant's company."""
        assert self._client is not None
        return self._client

    def call(self, method: str, *params: Any, context: Mapping[str, Any] | None = None) -> Any:
        """See Client.call."""
        return self.client.call(method, *params, context=context)

    def __enter__(self) -> Self:
        """Returns when it answers. Raises TrytonFailed."""
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(self.stop)
            self._start()
            self._client = Client(self.url, self.password)
            on_failure.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the server and whatever it started. Idempotent."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._child is not None:
            _end(self._child)
            self._child = None

    def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._template.database, self._folder / f"{DATABASE}.sqlite")
        port = _free_port()
        command = _command(self._template.python, "trytond.cli", self._folder, port)
        with (self._folder / "server.log").open("w+b") as log:
            self._child = subprocess.Popen(
                ["/bin/sh", "-c", WATCHED, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=_environment(),
                start_new_session=True,
            )
        self.url = f"http://127.0.0.1:{port}"
        _wait_until_ready(self.url, self._child, self._folder / "server.log")


def _install(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_WITHIN_S)
    except subprocess.TimeoutExpired as error:
        raise TrytonMissing(f"Tryton was not installed within {INSTALL_WITHIN_S:.0f} s") from error
    except subprocess.CalledProcessError as error:
        raise TrytonMissing(f"Tryton cannot be installed: {' '.join(error.stderr.split())[:LOG_TAIL_CHARS]}") from error


def _make(python: Path, scratch: Path) -> Path:
    """A folder with a seeded database and its password."""
    made, seeding = scratch / "made", scratch / "seeding"
    empty = _initialise(python, made)
    with TrytonServer(empty, seeding) as server:
        seed.seed(server.client)
    empty.database.unlink()
    source, target = sqlite3.connect(seeding / f"{DATABASE}.sqlite"), sqlite3.connect(empty.database)
    with contextlib.closing(source), contextlib.closing(target):
        source.backup(target)  # with what is still in the write-ahead log
        target.execute("PRAGMA journal_mode = DELETE")
    return made


def _initialise(python: Path, folder: Path) -> Template:
    """Tables and modules, and nothing of a plant."""
    folder.mkdir()
    template = Template(python, folder / f"{DATABASE}.sqlite", folder / "password")
    template.database.touch()
    template.password_file.touch(mode=0o600)
    template.password_file.write_text(secrets.token_urlsafe(16))
    command = _command(python, "trytond.cli.admin", folder, 0)
    command += ["--email", "admin@example.com", "--activate-dependencies", "-u", *MODULES]
    environment = _environment() | {"TRYTONPASSFILE": str(template.password_file)}
    try:
        subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True, timeout=INITIALISE_WITHIN_S
        )
    except subprocess.CalledProcessError as error:
        raise TrytonFailed(f"The database was not made: {error.stderr[-LOG_TAIL_CHARS:]}") from error
    return template


def _command(python: Path, program: str, folder: Path, port: int) -> list[str]:
    """For the database in `folder`, where the configuration is written, too."""
    settings = folder / "trytond.conf"
    settings.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n")
    return [str(python), "-m", program, "-c", str(settings), "-d", DATABASE]


def _environment() -> dict[str, str]:
    """Ours, without what would configure Tryton otherwise."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("TRYTON", "PYTHON"))}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    """Polls until it answers. Raises TrytonFailed."""
    question = {"id": 0, "method": "common.server.version", "params": []}
    ends_s = time.monotonic() + READY_WITHIN_S
    while child.poll() is None and time.monotonic() < ends_s:
        with contextlib.suppress(httpx.TransportError):
            httpx.post(f"{url}/rpc/", json=question, timeout=ANSWER_WITHIN_S, trust_env=False).raise_for_status()
            return
        time.sleep(POLL_S)
    raise TrytonFailed(f"Tryton does not answer. {log.read_text(errors='replace')[-LOG_TAIL_CHARS:].strip()}")


def _end(child: subprocess.Popen[bytes]) -> None:
    """In good order, then by force; the group is the shell, its watcher and the server."""
    assert child.stdin is not None
    for how, within_s in ((signal.SIGTERM, STOP_WITHIN_S), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(child.pid, how)
            child.wait(within_s)
    child.wait()
    child.stdin.close()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Other test processes wait for what one of them makes."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
