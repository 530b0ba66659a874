"""The plant as a child process: what the demo and the tests run against."""

from __future__ import annotations

import contextlib
import json
import selectors
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from voicemes.errors import MesUnreachable
from voicemes.plant.http.faults import Faults

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Faults", "PlantProcess"]

STOP_WITHIN_S = 5.0
LOG_TAIL_CHARS = 2000


class PlantProcess:
    """Starts the plant on a free loopback port, or on `port`, and stops it again.

    The child holds one end of a pipe: when this process dies, however it dies, the child stops. Without `database`
    the plant lives in a temporary folder that both of them remove. With `faults` it fails on purpose. Raises
    MesUnreachable when it does not get ready, or does not answer, within `deadline_s` seconds each.
    """

    def __init__(
        self,
        database: Path | None = None,
        *,
        token_file: Path | None = None,
        port: int = 0,
        faults: Faults | None = None,
        deadline_s: float = 20.0,
    ) -> None:
        self._database, self._token_file, self._port, self._deadline_s = database, token_file, port, deadline_s
        self._faults = faults
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self.url = ""
        """Such as http://127.0.0.1:40123, once it is started."""

    def start(self) -> Self:
        """Returns when /health answers."""
        with contextlib.ExitStack() as on_failure, tempfile.TemporaryFile() as log:
            on_failure.callback(self.kill)
            self._folder = tempfile.TemporaryDirectory(prefix="voicemes-plant-")
            self._child = run_plant(self._arguments(Path(self._folder.name)), log)
            self.url = _read_url(self._child, log, self._deadline_s)
            _check_health(self.url, self._deadline_s)
            on_failure.pop_all()
        return self

    def stop(self) -> None:
        """Ends the plant in good order, then by force. Idempotent."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
        self._clean()

    def kill(self) -> None:
        """Ends the plant at once (SIGKILL), as a power cut would. Idempotent."""
        if self._child is not None:
            self._child.kill()
        self._clean()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _arguments(self, folder: Path) -> list[str]:
        database = self._database or folder / "plant.sqlite"
        given = ["--port", str(self._port), "--stop-with-stdin", "--database", str(database), "--scratch", str(folder)]
        if self._faults is not None:
            given += ["--faults", str(self._faults.share), "--fault-seed", str(self._faults.seed)]
            given += ["--fault-delay-s", str(self._faults.delay_s), "--fault-kinds", *self._faults.kinds]
        return [*given, "--token-file", str(self._token_file)] if self._token_file else given

    def _clean(self) -> None:
        if self._child is not None:
            self._child.wait()
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe is not None:
                    pipe.close()
            self._child = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def run_plant(arguments: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """`python -m voicemes.plant` with these arguments, its standard error in `log`."""
    return subprocess.Popen(  # noqa: S603 - our own module, no shell
        [sys.executable, "-m", "voicemes.plant", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,
    )


def _read_url(child: subprocess.Popen[bytes], log: IO[bytes], deadline_s: float) -> str:
    """The URL from the line that the plant prints when it is ready."""
    assert child.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        is_readable = bool(selector.select(deadline_s))
    line = child.stdout.readline() if is_readable else b""
    if not line:
        log.seek(0)
        tail = log.read().decode("utf-8", "replace")[-LOG_TAIL_CHARS:].strip()
        raise MesUnreachable(f"The reference plant did not start. {tail or 'It said nothing.'}")
    return str(json.loads(line)["url"])


def _check_health(url: str, deadline_s: float) -> None:
    import httpx  # 0.2 s, which the plant itself, who imports this file too, does not need

    try:
        with httpx.Client(trust_env=False, timeout=deadline_s) as client:
            client.get(f"{url}/api/v1/health").raise_for_status()
    except httpx.HTTPError as error:
        raise MesUnreachable(f"The reference plant started but does not answer: {error}.") from error
