"""A courier with everything around it in the hands of the test: its MES, its clock, and its dice."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from parts import Events

from voicemes.dialogue.submit import DROP
from voicemes.errors import MesBusy, MesProtocolError, MesUncertain
from voicemes.model import Accepted, Live, MesCommand, MesReply, Reference, SlotData
from voicemes.outbox.entry import Entry
from voicemes.outbox.store import Looker
from voicemes.runtime.bus import Bus
from voicemes.runtime.courier import Courier, Route
from voicemes.testing import FakeClock, FakeMes

DAY_S = 86_400.0
DONE = {"scrap.report": {"remaining": 80}, "job.start": {}, "job.pause": {}}


class EvenDice(random.Random):
    """Leave every wait as it is."""

    def random(self) -> float:
        return 0.5


class StillClock(FakeClock):
    """No wait on it is ever over."""

    def __init__(self) -> None:
        super().__init__()
        self.is_waited_on = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        del seconds
        self.is_waited_on.set()
        await asyncio.Event().wait()


class HangingMes(FakeMes):
    """Takes a command and never answers, until it is told."""

    def __init__(self) -> None:
        super().__init__(DONE)
        self.has_it, self.may_answer = asyncio.Event(), asyncio.Event()

    async def execute(self, command: MesCommand) -> MesReply:
        self.commands.append(command)
        self.has_it.set()
        await self.may_answer.wait()
        return Accepted(command.command_id)


class BusyMes(FakeMes):
    """Busy for one operation only."""

    busy_with = ""

    async def execute(self, command: MesCommand) -> MesReply:
        if command.operation == self.busy_with:
            self.commands.append(command)
            raise MesBusy("Stocktaking.", retry_after_s=20.0)
        return await super().execute(command)


class BreakingMes(FakeMes):
    """Falls over at one command, however often it comes."""

    breaks_at = ""

    async def execute(self, command: MesCommand) -> MesReply:
        if command.command_id == self.breaks_at:
            self.commands.append(command)
            raise MesUncertain("It fell over.")
        return await super().execute(command)


class BlindMes(FakeMes):
    """Shows what exists when it wants to."""

    is_blind = False
    n_looks = 0

    async def live(self, station: str, only: Collection[str] = ()) -> Live:
        self.n_looks += 1
        if self.is_blind:
            raise MesProtocolError("That is no list of orders.")
        return await super().live(station, only)


class LivelyMes(FakeMes):
    """An order runs when it was started; then the line breaks."""

    async def execute(self, command: MesCommand) -> MesReply:
        reply = await super().execute(command)
        if isinstance(reply, Accepted) and command.operation == "job.start":
            self.snapshot = jobs(**{str(command.fields["job"]): "Running"})
            self.trouble = "unreachable"
        return reply


def jobs(**status: str) -> Live:
    """Orders, by what is said of them."""
    facts: dict[str, dict[str, SlotData]] = {name: {"status": one} for name, one in status.items()}
    return Live({"job": tuple(Reference(name) for name in status)}, facts={"job": facts}, steady={"job": ("status",)})


class Post:
    """One station, from the moment a write is confirmed."""

    def __init__(
        self, file: Path, mes: FakeMes | None = None, *, keep_s: float = 3 * DAY_S, clock: FakeClock | None = None
    ) -> None:
        self.mes, self.clock, self.events = mes or FakeMes(DONE), clock or FakeClock(), Events()
        self.file, self._keep_s, self._n = file, keep_s, 0
        self.courier = self._new()

    def _new(self) -> Courier:
        route = Route(self.file, "SPP-1", self._keep_s)
        return Courier(route, self.mes, Bus(self.events), self.clock, EvenDice())

    def command(self, job: str = "", operation: str = "scrap.report", **changes: Any) -> MesCommand:
        """The next that is confirmed."""
        self._n += 1
        values: dict[str, Any] = {
            "command_id": f"c{self._n}",
            "operation": operation,
            "fields": {"job": job} if job else {},
            "is_write": True,
            "operator_id": "Ana",
            "spoken_text": f"sentence {self._n}",
            "confirmed_s": self.clock.now_s(),
            "subject": f"job/{job}" if job else "",
        }
        return MesCommand(**{**values, **changes})

    async def say(self, job: str = "", operation: str = "scrap.report", **changes: Any) -> MesReply:
        return await self.courier.submit(self.command(job, operation, **changes))

    async def drop(self, command_id: str) -> MesReply:
        return await self.courier.submit(self.command("", DROP, fields={"command": command_id}))

    async def later(self, seconds: float = 0.0) -> float:
        """Time passes, and what may be sent is. Returns for how many seconds nothing can be done."""
        self.clock.advance(seconds)
        return await self.courier.deliver_due()

    async def end(self) -> None:
        await self.courier.close()

    async def restart(self) -> None:
        await self.end()
        self.courier = self._new()

    @property
    def sent(self) -> list[str]:
        """The ids of all attempts."""
        return [command.command_id for command in self.mes.commands]

    def kept(self) -> dict[str, Entry]:
        with contextlib.closing(Looker.open(self.file)) as looker:
            return {entry.command.command_id: entry for entry in looker.entries()}

    def states(self) -> list[str]:
        return [entry.state for entry in self.kept().values()]

    def untold(self) -> list[tuple[str, str]]:
        return states_of(self.courier.untold)


def states_of(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    return [(entry.command.command_id, entry.state) for entry in entries]
