"""`bench crash`: voicemes is killed (SIGKILL) again and again while it hears, saves, sends and delivers.

The plant that it works with fails a third of the requests, in every way that faults.py knows; in some lives it is not
there at all, and in some all is well, so that what has waited arrives. Two plants serve one database for that. The
lives follow each other on one outbox file (crash_life.py says what a life is, crash_plan.py what is said in it and when
it is killed), so what one left undone the next ones deliver. In about one life in ten the sentence and its answer are
recordings that go through voice detector and recogniser, as with `voicemes run --input`; in the others they are typed.

The last life has a plant without faults and ends when nothing is left. Then what was heard, what the outbox file has,
and what the plant's events say are held against each other: crash_account.py says what counts as lost, doubled,
unconfirmed and untrue.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Self

import httpx

from voicemes.config import MesSettings, OutboxSettings, Settings
from voicemes.errors import EngineFailed, MesUnreachable
from voicemes.outbox import audit
from voicemes.outbox.entry import Entry
from voicemes.outbox.store import Looker
from voicemes.plant.process import Faults, PlantProcess
from voicemes.runtime.crash_account import BROKEN, Account, Effect, Line, effect_of, settle
from voicemes.runtime.crash_plan import LAST, ORDERS, PLANT, Plan, draw

LIVES = (sys.executable, "-m", "voicemes.runtime.crash_life")
SHARE = 1 / 3
DELAY_S = 0.5
"""Of an answer that comes too late: longer than a life waits for one."""
READY_WITHIN_S, LIFE_WITHIN_S = 120.0, 200.0
LOG_TAIL_CHARS = 2000
PAGE = 1000
STEPS = frozenset({"said", "yes", "no", "silence", "submitted", "answered", "heard"})
AS_SUPERVISOR = {"On-Behalf-Of": "Farid"}

Progress = Callable[[int, int], None]
MUST_BE_0 = (*BROKEN, "open", "broken_records", "fell_over")
"""open: left in the outbox at the end. broken_records: the audit chain does not hold. fell_over: lives that ended by
an error of their own."""


def bench_crash(
    kills: int,
    seed: int = 1,
    *,
    share: float = SHARE,
    with_ears: bool = True,
    on_progress: Progress = lambda _done, _total: None,
    lives: Sequence[str] = LIVES,
) -> dict[str, Any]:
    """The object that `bench crash --json` prints. Raises VoicemesError where it cannot be measured.

    `lives` is the program that lives are forked from; a test gives one that is broken on purpose.
    """
    began_s = time.perf_counter()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="voicemes-crash-")))
        file, outbox = folder / "plant.sqlite", folder / "outbox"
        fair = stack.enter_context(PlantProcess(file))
        faulty = stack.enter_context(PlantProcess(file, faults=Faults(share, seed, DELAY_S)))
        _let_reports_in(fair.url)
        urls = {"fair": fair.url, "faulty": faulty.url}
        given = {"urls": urls, "outbox": str(outbox), "with_ears": with_ears}
        nursery = stack.enter_context(Nursery(lives, given, folder / "lives.log"))
        plans = [draw(seed, number, may_hear=with_ears) for number in range(kills)]
        ended = [nursery.live(plan) for plan in _counted(plans, on_progress)]
        ended.append(nursery.live(LAST))
        effects = list(_effects(fair.url))
        entries, is_whole = _read(outbox)
    told = [lines for lines, _ in ended]
    account = settle(told, entries, effects)
    account.counts["open"] = sum(entry.is_open for entry in entries)
    account.counts["broken_records"] = int(not is_whole)
    account.counts["fell_over"] = sum(status not in {-signal.SIGKILL, 0} for _, status in ended)
    about = {"kills": kills, "seed": seed, "by_ear": sum(plan.is_by_ear for plan in plans)}
    return {**about, **_report(account, told[:-1], entries), "seconds": round(time.perf_counter() - began_s, 1)}


def is_clean(result: dict[str, Any]) -> bool:
    """Whether all is well."""
    return not any(result[name] for name in MUST_BE_0)


class Nursery:
    """The program that lives are forked from, in a session of its own: Ctrl-C reaches only us, and we end it."""

    def __init__(self, command: Sequence[str], given: dict[str, Any], log: Path) -> None:
        self._command, self._given, self._log = command, given, log
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._child = subprocess.Popen(  # noqa: S603 - our own module, no shell
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(self.end)
            self._ask(self._given, READY_WITHIN_S)
            on_failure.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def live(self, plan: Plan) -> tuple[list[Line], int]:
        """One life, from its beginning to its end: what came out of it, and its status."""
        answer = self._ask(plan.as_json(), LIFE_WITHIN_S)
        return answer["lines"], answer["status"]

    def end(self) -> None:
        """With whoever lives now. Idempotent."""
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):  # what could not be said any more
                pipe.close()

    def _ask(self, question: dict[str, Any], within_s: float) -> dict[str, Any]:
        assert self._child is not None
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it is gone: said below
            self._child.stdin.write(json.dumps(question).encode() + b"\n")
            self._child.stdin.flush()
        line = _line(self._child.stdout, within_s)
        if not line:
            tail = self._log.read_text("utf-8", "replace")[-LOG_TAIL_CHARS:].strip()
            raise EngineFailed(f"The program that is killed does not go on. {tail}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _line(pipe: IO[bytes], within_s: float) -> bytes:
    """Empty where none comes. One is asked for at a time, so nothing waits in the buffer."""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        return pipe.readline() if selector.select(within_s) else b""


def _counted(plans: Sequence[Plan], on_progress: Progress) -> Iterator[Plan]:
    for number, plan in enumerate(plans):
        on_progress(number, len(plans))
        yield plan
    on_progress(len(plans), len(plans))


def _let_reports_in(url: str) -> None:
    """What waits is held instead: then counts may be reported on it."""
    with _client(url) as client:
        orders = client.get("/job-orders", params={"limit": 200}).raise_for_status().json()["items"]
        for order in orders:
            if order["id"] in ORDERS and order["status"] == "Waiting":
                path = f"/job-orders/{order['id']}/commands"
                client.post(path, json={"command": "Hold"}, headers=AS_SUPERVISOR).raise_for_status()


def _effects(url: str) -> Iterator[Effect]:
    """What operators did: every event with an idempotency key, and every report and note."""
    after = 0
    with _client(url) as client:
        while True:
            page = client.get("/events", params={"after": after, "limit": PAGE}).raise_for_status().json()
            yield from (effect_of(event) for event in page["items"] if _is_of_a_station(event))
            if page["last"] == after:
                return
            after = page["last"]


def _is_of_a_station(event: dict[str, Any]) -> bool:
    return event["idempotencykey"] is not None or event["type"] in {"mes.quantity.reported", "mes.note.added"}


@contextlib.contextmanager
def _client(url: str) -> Iterator[httpx.Client]:
    try:
        with httpx.Client(base_url=f"{url}/api/v1", trust_env=False, timeout=10) as client:
            yield client
    except httpx.HTTPError as exc:
        raise MesUnreachable(f"The plant does not tell what it did: {exc}") from exc


def _read(folder: Path) -> tuple[list[Entry], bool]:
    """What the outbox file has, and whether its chain of records is whole."""
    looker = Looker.open(Settings(mes=MesSettings(name=PLANT), outbox=OutboxSettings(folder=folder)).outbox_file)
    try:
        return looker.entries(), audit.verify(looker.records()).broken_at is None
    finally:
        looker.close()


def _report(account: Account, lives: Sequence[Sequence[Line]], entries: Sequence[Entry]) -> dict[str, Any]:
    saved = {entry.command.command_id for entry in entries}
    moments = Counter(moment(lines, saved) for lines in lives)
    heard = Counter(line["key"].rpartition("/")[2] for lines in lives for line in lines if line["k"] == "heard")
    names = ("done", "saved", "rejected", "dropped", "late_done", "late_refused", "mes_unknown", "late_unknown")
    return {
        **{name: account.counts[name] for name in ("confirmed", "in_the_mes", "refused", *MUST_BE_0)},
        "attempts": sum(entry.attempts for entry in entries),
        "heard": {name: heard[name] for name in names if heard[name]},
        "killed": dict(moments.most_common()),
        "misses": account.misses,
    }


def moment(lines: Sequence[Line], saved: set[str]) -> str:
    """Between what a life was killed."""
    writes = [line for line in lines if line["k"] == "submitted" and line["is_write"]]
    answered = {line["id"] for line in lines if line["k"] == "answered"}
    if writes and writes[-1]["id"] not in answered:
        return "saved, not answered" if writes[-1]["id"] in saved else "confirmed, not saved"
    last = next((line for line in reversed(lines) if line["k"] in STEPS), {"k": "born"})
    match last["k"]:
        case "said" | "yes" | "no" | "silence":
            return "said, not understood"
        case "submitted" | "answered":
            return "answered, not heard"
        case "heard" if last["key"].endswith("/confirm"):
            return "asked"
        case "heard":
            return "idle, or delivering"
        case _:
            return "starting, or delivering"
