"""`python -m voicemes.plant`: serves the reference MES and prints one JSON line with its URL when it is ready."""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from voicemes.errors import ConfigError
from voicemes.plant.http.faults import FAULTS, Faults
from voicemes.plant.server import Address, read_tokens, serve


def main() -> int:
    """Returns the exit code."""
    options = _parse()
    # Without this, uvicorn's graceful end would be followed by a SIGTERM that skips the removal of temporary files.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    try:
        with contextlib.ExitStack() as stack, contextlib.suppress(KeyboardInterrupt):
            if options.scratch:
                stack.callback(shutil.rmtree, options.scratch, ignore_errors=True)
            database = options.database or _temporary(stack)
            serve(
                Address(options.host, options.port),
                database,
                tokens=read_tokens(options.token_file) if options.token_file else {},
                faults=_faults(options),
                on_ready=_announce,
                stops_with_stdin=options.stop_with_stdin,
            )
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m voicemes.plant", description=__doc__)
    parser.add_argument("--host", default=Address().host)
    parser.add_argument("--port", type=int, default=Address().port, help="0 takes a free port")
    parser.add_argument("--database", type=Path, help="keep the plant in this file; without it, it is forgotten")
    parser.add_argument("--token-file", type=Path, help="bearer tokens that may come in, with their roles, one a line")
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input is closed")
    parser.add_argument("--scratch", type=Path, help="remove this folder at the end")
    faults = parser.add_argument_group("faults", "fail on purpose, for tests (see http/faults.py)")
    faults.add_argument("--faults", type=float, metavar="SHARE", help="of the requests, 0-1")
    faults.add_argument("--fault-seed", type=int, default=Faults().seed, metavar="N")
    faults.add_argument("--fault-delay-s", type=float, default=Faults().delay_s, metavar="SECONDS")
    faults.add_argument("--fault-kinds", nargs="+", choices=FAULTS, default=FAULTS, metavar="KIND")
    return parser.parse_args()


def _faults(options: argparse.Namespace) -> Faults | None:
    if options.faults is None:
        return None
    return Faults(options.faults, options.fault_seed, options.fault_delay_s, tuple(options.fault_kinds))


def _temporary(stack: contextlib.ExitStack) -> Path:
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="voicemes-plant-"))
    return Path(folder) / "plant.sqlite"


def _announce(url: str) -> None:
    sys.stdout.write(json.dumps({"url": url}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
