"""`bench outage`: the MES is away for a shift while people go on confirming, and then it comes back.

The courier, the outbox file and the connector are the real ones; only the time is not: whoever sleeps wakes at once,
and the time has passed. While the plant is away, nobody listens at its port. Then a real plant is started there, and
everything has to arrive, once, and for each order in the sequence in which it was confirmed.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from voicemes.config import MesSettings, OutboxSettings, Settings
from voicemes.connectors import open_connector
from voicemes.errors import MesUnreachable
from voicemes.events import CommandDelivered, Event
from voicemes.model import Live, MesCommand, Saved
from voicemes.plant.process import PlantProcess
from voicemes.runtime.bus import Bus
from voicemes.runtime.courier import Courier
from voicemes.runtime.memory import resident_bytes
from voicemes.runtime.wiring import build_courier

N_ORDERS = 20
OPERATION = "quantity.report"
MOST = 1000
"""Parts in one report."""
TIMEOUT_S = 3.0
BACK_WITHIN_S = 600.0
"""Real time for everything to arrive; it takes some 15 ms each."""
PAGE = 1000
AS_PLANNER, AS_SUPERVISOR = {"On-Behalf-Of": "Ines"}, {"On-Behalf-Of": "Farid"}

Progress = Callable[[str, int, int], None]
"""What is going on, how much of it is done, and of how much."""
MUST_BE_0 = ("not_saved", "missing", "doubled", "misordered")


class LeapingClock:
    """Whoever sleeps wakes at once, and the time has passed."""

    def __init__(self) -> None:
        self._slept_s, self._wall_s = 0.0, time.time()
        self._leapt = asyncio.Event()

    def now_s(self) -> float:
        return self._slept_s

    def wall_s(self) -> float:
        return self._wall_s + self._slept_s

    async def sleep(self, seconds: float) -> None:
        self._slept_s += seconds
        self._leapt.set()
        await asyncio.sleep(0)

    async def reach(self, now_s: float) -> None:
        """Returns when others have slept for so long."""
        while self._slept_s < now_s:
            self._leapt.clear()
            await self._leapt.wait()


class Wire(httpx.AsyncBaseTransport):
    """The network, counting what is tried on it."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport(trust_env=False)
        self.n_requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.n_requests += 1
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass(slots=True)
class Arrivals:
    """An observer that counts what arrived, and tells when it is all."""

    n_expected: int
    on_progress: Progress
    n: int = 0
    is_all: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, event: Event) -> None:
        if isinstance(event, CommandDelivered):
            self.n += 1
            self.on_progress("Arriving", self.n, self.n_expected)
            if self.n >= self.n_expected:
                self.is_all.set()


async def bench_outage(
    commands: int, hours: float, on_progress: Progress = lambda _what, _done, _total: None
) -> dict[str, Any]:
    """The object that `bench outage --json` prints. Raises VoicemesError where it cannot be measured."""
    with tempfile.TemporaryDirectory(prefix="voicemes-outage-") as name:
        folder, clock, wire = Path(name), LeapingClock(), Wire()
        with PlantProcess(folder / "plant.sqlite") as plant:
            url, orders = plant.url, _orders(plant.url)
            live = await _look(url)
        arrivals = Arrivals(commands, on_progress)
        async with _station(url, folder, hours, clock, wire, Bus(arrivals)) as courier:
            wanted = [_command(number, orders, live, clock) for number in range(commands)]
            shift = await _while_away(courier, wanted, hours * 3600, clock, on_progress)
            n_tried = wire.n_requests
            with PlantProcess(folder / "plant.sqlite", port=int(url.rpartition(":")[2])):
                began_s = time.perf_counter()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(arrivals.is_all.wait(), BACK_WITHIN_S)
                drain_s = time.perf_counter() - began_s
                after = resident_bytes()
                arrived = _arrived(url)
    figures = {
        "commands": commands,
        "orders": len(orders),
        "hours": hours,
        "requests_while_away": n_tried,
        **compare(wanted, arrived),
        "not_saved": shift.not_saved,
        "drain_s": round(drain_s, 2),
        "per_s": round(arrivals.n / drain_s, 1),
    }
    return {**figures, **_memory(shift.before, shift.fullest, after)}


def is_clean(result: dict[str, Any]) -> bool:
    """Whether all is well."""
    return not any(result[name] for name in MUST_BE_0)


@contextlib.asynccontextmanager
async def _station(
    url: str, folder: Path, hours: float, clock: LeapingClock, wire: Wire, bus: Bus
) -> AsyncIterator[Courier]:
    settings = Settings(
        mes=MesSettings(url=url, timeout_s=TIMEOUT_S),
        outbox=OutboxSettings(folder=folder / "outbox", keep_h=hours * 2 + 1),
    )
    connector = open_connector(settings.mes, transport=wire, clock=clock)
    courier = build_courier(settings, connector, bus, clock)
    await courier.open()
    try:
        yield courier
    finally:
        await courier.close()
        await connector.aclose()


@dataclass(slots=True)
class Shift:
    """What was seen while the plant was away."""

    before: int
    """Bytes in memory when the first was saved."""
    fullest: int = 0
    not_saved: int = 0
    """Answers other than "saved"."""


async def _while_away(
    courier: Courier, wanted: Sequence[MesCommand], seconds: float, clock: LeapingClock, on_progress: Progress
) -> Shift:
    """The operators go on, evenly over the time."""
    shift = Shift(resident_bytes())
    for number, command in enumerate(wanted):
        await clock.reach(seconds * number / len(wanted))
        reply = await courier.submit(command)
        shift.not_saved += not isinstance(reply, Saved)
        if number == 0:
            shift.before = resident_bytes()
        on_progress("Confirming", number + 1, len(wanted))
    await clock.reach(seconds)
    shift.fullest = resident_bytes()
    return shift


def _command(number: int, orders: Sequence[str], live: Live, clock: LeapingClock) -> MesCommand:
    """As the dialogue makes one: it knows what must not change while it waits."""
    order = orders[number % len(orders)]
    steady, facts = live.steady.get("job", ()), live.facts_of("job", order)
    return MesCommand(
        command_id=str(uuid.uuid4()),
        operation=OPERATION,
        fields={"quantity": number % MOST + 1, "job": order},
        is_write=True,
        operator_id="Ana",
        spoken_text=f"book {number % MOST + 1} good parts on order {order}",
        confirmed_s=clock.now_s(),
        subject=f"job/{order}",
        seen={f"job/{order}": {name: facts[name] for name in steady if name in facts}},
    )


def compare(wanted: Sequence[MesCommand], arrived: Sequence[str]) -> dict[str, int]:
    """`wanted` in the sequence of their confirmation; `arrived` are keys, in that of the plant."""
    number = {command.command_id: n for n, command in enumerate(wanted)}
    once = [key for key in dict.fromkeys(arrived) if key in number]
    newest: dict[str, int] = defaultdict(lambda: -1)
    misordered = 0
    for key in once:
        subject = wanted[number[key]].subject
        misordered += number[key] < newest[subject]
        newest[subject] = max(newest[subject], number[key])
    figures = {"arrived": len(once), "missing": len(wanted) - len(once)}
    return {**figures, "doubled": len(arrived) - len(once), "misordered": misordered}


def _memory(before: int, fullest: int, after: int) -> dict[str, float]:
    figures = {"before": before, "fullest": fullest, "after": after}
    ratio = max(fullest, after) / before
    return {**{f"memory_{name}_mb": round(n / 1e6, 1) for name, n in figures.items()}, "memory_ratio": round(ratio, 3)}


def _orders(url: str) -> list[str]:
    """New orders on which counts may be reported: held ones, because a machine runs one at a time."""
    with _client(url) as client:
        made = []
        for _ in range(N_ORDERS):
            wish = {"product": "controller-board", "quantity": 1000}
            order = client.post("/work-requests", json=wish, headers=AS_PLANNER).raise_for_status().json()["job"]
            path = f"/job-orders/{order}/commands"
            client.post(path, json={"command": "Hold"}, headers=AS_SUPERVISOR).raise_for_status()
            made.append(str(order))
    return made


async def _look(url: str) -> Live:
    connector = open_connector(MesSettings(url=url))
    try:
        return await connector.live(Settings().station.name)
    finally:
        await connector.aclose()


def _arrived(url: str) -> list[str]:
    """The key of every count, in the sequence of the plant."""
    found: list[str] = []
    asked: dict[str, str | int] = {"after": 0, "limit": PAGE, "type": "mes.quantity.reported"}
    with _client(url) as client:
        while True:
            page = client.get("/events", params=asked).raise_for_status().json()
            found += [str(event["idempotencykey"]) for event in page["items"]]
            if page["last"] == asked["after"]:
                return found
            asked["after"] = page["last"]


@contextlib.contextmanager
def _client(url: str) -> Iterator[httpx.Client]:
    try:
        with httpx.Client(base_url=f"{url}/api/v1", trust_env=False, timeout=10) as client:
            yield client
    except httpx.HTTPError as exc:
        raise MesUnreachable(f"The plant does not do what the bench needs: {exc}") from exc
