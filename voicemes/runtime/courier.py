"""Brings what was confirmed into the MES: saved first, then sent, and again until somebody knows what became of it.

An attempt is made at once, so that the operator usually hears what the MES says. Where there is no answer, the command
waits on the disk and is delivered by a task of the session's loop; the session tells its end when it is quiet.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from voicemes.dialogue.news import Quiet, may_tell
from voicemes.dialogue.submit import DROP
from voicemes.errors import MesBusy, MesDenied, MesError, MesUnreachable, OutboxError, VoicemesError
from voicemes.events import CommandDelivered, EngineTroubled
from voicemes.model import Accepted, Live, MesCommand, MesReply, Rejected, Saved, Unknown, Unsaved, Unsent
from voicemes.outbox.delivery import MAX_IN_DOUBT, Again, Held, Over, is_expired, judge, wait_s, what_moved
from voicemes.outbox.entry import Entry, State
from voicemes.outbox.store import Store, waiting_for_others
from voicemes.runtime.mes import outcome
from voicemes.runtime.threads import EngineThread

if TYPE_CHECKING:
    from voicemes.clock import Clock
    from voicemes.ports import MesConnector
    from voicemes.runtime.bus import Bus

POLL_S = 5.0
"""How often the file is looked at for what a person put back from beside."""
FRESH_S = 10.0
"""How old a look at the MES may be when it says that nothing has moved."""
N_EACH = 3
"""Of things that are done, so many are told singly."""
STATES: dict[type[MesReply], State] = {Accepted: "done", Rejected: "refused", Unknown: "unknown"}
NOT_DROPPED: dict[State, str] = {
    "waiting": "It cannot be taken out of the outbox.",
    "sending": "It may have been sent already.",
    "done": "It is done already.",
    "refused": "The MES refused it already.",
    "unknown": "It was sent, and nobody knows whether it was done.",
}
"""Why something is not taken back."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where commands come from and go to."""

    file: Path
    station: str
    keep_s: float
    """How long a command waits whose intent does not say less."""


class Courier:
    """The one way of a write into the MES."""

    def __init__(self, route: Route, connector: MesConnector, bus: Bus, clock: Clock, dice: random.Random) -> None:
        self._route, self._connector, self._bus, self._clock, self._dice = route, connector, bus, clock, dice
        self._thread = EngineThread("outbox", None)
        self._store: Store | None = None
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._busy: set[str] = set()
        """Commands that are on their way."""
        self._not_before: dict[str, float] = {}
        """Command -> when it may be tried again, on the session's clock."""
        self._n_away = 0
        """Attempts in a row at which the MES was not there."""
        self._closed_until_s = float("-inf")
        """Nothing is tried before: the MES is not there, or lets nothing in."""
        self._opens = asyncio.Lock()
        self._trouble_told = ""
        """What is told once and not with every attempt, until something succeeds."""
        self._seen: tuple[float, frozenset[str], Live] | None = None
        """When the MES was last looked at, for which slot types."""
        self._doubts: Counter[str] = Counter()
        """Command -> attempts whose answer was lost. Those at which the MES was away say nothing against it."""
        self._being_said: list[Entry] = []
        """Who is cut off while they are told what became of these, hears it again in the next session."""
        self.untold: list[Entry] = []
        """What became of those that waited, for the operator to hear."""

    async def open(self) -> None:
        """Takes up what an earlier session left. Without a usable file nothing is written, and that is told."""
        await self._ready()
        if self._task is None:
            self._task = asyncio.create_task(self._deliver_for_ever(), name="outbox")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._store is not None:
            await self._thread.call(self._store.close)
        self._thread.close()

    async def submit(self, command: MesCommand) -> MesReply:
        """Saves and tries once. What stays is `Saved`; what could not even be saved was not sent: `Unsaved`."""
        if command.operation == DROP:
            return await self._drop(command)
        self._busy.add(command.command_id)
        try:
            store = await self._ready()
            if store is None:
                return Unsaved(command.command_id, "there is no outbox")
            must_wait = await self._thread.call(store.has_open, command.subject)
            state: State = "waiting" if must_wait else "sending"
            entry = await self._thread.call(store.add, command, state, self._clock.wall_s())
            if must_wait:
                return Saved(command.command_id, "what was said before about the same has not arrived yet")
            return await self._first(store, entry)
        except VoicemesError as exc:
            self._trouble(exc)
            return Unsaved(command.command_id, str(exc))
        finally:
            self._busy.discard(command.command_id)
            self._wake.set()

    def next(self, quiet: Quiet) -> Entry | None:
        """What the operator is to hear now."""
        return self.untold[0] if self.untold and may_tell(quiet, "soon") else None

    def together(self, first: Entry) -> list[Entry]:
        """What is told with it in one sentence: nobody wants to hear of many things one by one that they are done."""
        done = [one for one in self.untold if one.state == "done"]
        return done if first.state == "done" and len(done) > N_EACH else [first]

    async def told(self, entry: Entry) -> None:
        """The operator heard it."""
        self.untold = [one for one in self.untold if one.seq != entry.seq]
        if self._store is not None:
            await self._note(self._store.told, entry)

    def saying(self, *entries: Entry) -> None:
        """What `next` gave, and what is told together with it, is being said."""
        self.untold = [one for one in self.untold if one not in entries]
        self._being_said += entries

    async def heard(self) -> None:
        """Nothing is being said any more."""
        said, self._being_said = self._being_said, []
        for entry in said:
            await self.told(entry)

    async def deliver_due(self) -> float:
        """Sends what may go now, one after the other. Returns for how many seconds nothing can be done."""
        store = await self._ready()
        if store is None:
            return POLL_S
        while True:
            heads = await self._heads(store)
            now_s = self._clock.now_s()
            due_s = {one.seq: self._due_s(one) for one in heads if one.command.command_id not in self._busy}
            if not due_s:
                return POLL_S
            soonest = min(due_s, key=lambda seq: (max(due_s[seq], now_s), seq))
            if due_s[soonest] > now_s:
                return min(due_s[soonest] - now_s, POLL_S)
            await self._again(store, next(one for one in heads if one.seq == soonest))

    def _due_s(self, entry: Entry) -> float:
        return max(self._closed_until_s, self._not_before.get(entry.command.command_id, float("-inf")))

    async def _ready(self) -> Store | None:
        """The open file; an attempt is made each time, because a disk may come back."""
        async with self._opens:
            if self._store is None:
                await self._open_store()
        return self._store

    async def _open_store(self) -> None:
        try:
            store = self._store = await self._thread.call(Store.open, self._route.file)
            await self._thread.call(store.prune, self._clock.wall_s())
            self.untold = await self._thread.call(store.untold)
        except VoicemesError as exc:
            self._trouble(exc)
            return
        for other in await self._thread.call(waiting_for_others, store.file):
            self._trouble(OutboxError(f"{other}: here something waits for another MES. See to it: outbox list."))
        if store.set_aside is not None:
            aside = f"{store.file} was damaged and is {store.set_aside.name} now. Somebody must look into it."
            self._trouble(OutboxError(aside))

    async def _first(self, store: Store, entry: Entry) -> MesReply:
        """While the operator waits: whatever comes is told at once."""
        came = await self._send(entry.command)
        verdict = judge(came, entry.command.command_id, self._nth(entry, came), self._roll(), was_sent=False)
        if isinstance(verdict, Held):  # this one is not let in; whether any would be, the next one shows
            verdict = Over(Rejected(entry.command.command_id, "forbidden", verdict.reason))
        if isinstance(verdict, Over):
            state, reason = self._ended(verdict)
            await self._note(store.end, entry, state, reason, self._clock.wall_s(), is_told=False)
            self._being_said.append(entry)
            return verdict.reply
        await self._put_off(store, entry, verdict)
        return Saved(entry.command.command_id, verdict.reason)

    async def _again(self, store: Store, entry: Entry) -> None:
        """One that waited. What has moved meanwhile, or is too old, is not sent."""
        self._busy.add(entry.command.command_id)
        try:
            if is_expired(entry, self._clock.wall_s(), self._route.keep_s):
                await self._over(store, entry, "expired", "it waited too long")
                return
            was_sent = entry.was_sent
            moved = await self._moved(store, entry)
            if moved:
                await self._over(store, entry, "moved", moved)
                return
            entry = await self._thread.call(store.begin, entry, self._clock.wall_s())
            came = await self._send(replace(entry.command, may_have_been_sent=was_sent))
        except MesError as exc:  # it cannot be seen whether something has moved, so nothing was sent
            came = exc if isinstance(exc, (MesBusy, MesDenied)) else Unsent(entry.command.command_id, str(exc))
        except VoicemesError as exc:  # somebody dropped it meanwhile, or the disk is full
            self._trouble(exc)
            self._not_before[entry.command.command_id] = self._clock.now_s() + POLL_S
            return
        finally:
            self._busy.discard(entry.command.command_id)
        verdict = judge(came, entry.command.command_id, self._nth(entry, came), self._roll(), was_sent=was_sent)
        is_given_up = isinstance(verdict, Over) and self._doubts[entry.command.command_id] >= MAX_IN_DOUBT
        if is_given_up and not await self._is_there():
            verdict = Again(0.0, was_sent=True, reason=str(came), is_away=True)
        if isinstance(verdict, Over):
            await self._over(store, entry, *self._ended(verdict))
        else:
            await self._put_off(store, entry, verdict)

    async def _send(self, command: MesCommand) -> MesReply | MesError:
        try:
            return await self._connector.execute(command)
        except MesError as exc:
            return exc

    def _nth(self, entry: Entry, came: MesReply | MesError) -> int:
        """Which attempt it was; of those whose answer was lost, which one in doubt."""
        if not isinstance(came, MesError) or isinstance(came, (MesUnreachable, MesBusy, MesDenied)):
            return max(entry.attempts, 1)
        self._doubts[entry.command.command_id] += 1
        return self._doubts[entry.command.command_id]

    def _ended(self, verdict: Over) -> tuple[State, str]:
        """The MES is there."""
        self._n_away, self._closed_until_s = 0, float("-inf")
        return STATES[type(verdict.reply)], outcome(verdict.reply)[1]

    async def _over(self, store: Store, entry: Entry, state: State, reason: str) -> None:
        """The operator has to hear of it. What cannot be written down is tried again, and told when it is written."""
        wall_s, command = self._clock.wall_s(), entry.command
        if not await self._note(store.end, entry, state, reason, wall_s, is_told=False):
            self._not_before[command.command_id] = self._clock.now_s() + POLL_S
            return
        self._not_before.pop(command.command_id, None)
        self._doubts.pop(command.command_id, None)
        self.untold.append(replace(entry, state=state, reason=reason, changed_s=wall_s))
        self._bus.publish(CommandDelivered(self._clock.now_s(), command.command_id, command.operation, state, reason))

    async def _put_off(self, store: Store, entry: Entry, verdict: Again | Held) -> None:
        now_s, after_s = self._clock.now_s(), verdict.after_s
        match verdict:
            case Held():
                self._closed_until_s = now_s + after_s
                closed = f"The MES does not let this station in; what was confirmed waits. {verdict.reason}"
                self._trouble(OutboxError(closed))
            case Again(is_away=True):
                self._n_away += 1
                self._closed_until_s = now_s + wait_s(self._n_away, self._roll())
            case Again():
                self._n_away = 0
                self._not_before[entry.command.command_id] = now_s + after_s
            case _ as never:
                assert_never(never)
        await self._note(store.wait, entry, verdict.reason, self._clock.wall_s(), was_sent=verdict.was_sent)

    async def _moved(self, store: Store, entry: Entry) -> str:
        """What is not as it was, of what the command names. What moved because of us has not moved."""
        if entry.was_sent or not entry.command.seen or await self._thread.call(store.has_delivered_since, entry):
            return ""
        now_s, kinds = self._clock.now_s(), frozenset(thing.partition("/")[0] for thing in entry.command.seen)
        if self._seen is None or now_s - self._seen[0] > FRESH_S or not kinds <= self._seen[1]:
            self._seen = now_s, kinds, await self._connector.live(self._route.station, kinds)
        return what_moved(entry, self._seen[2])

    async def _is_there(self) -> bool:
        """Whether the MES answers anything at all. A gateway may say 503 for it through a whole night."""
        try:
            await self._connector.live(self._route.station)
        except MesError:
            return False
        return True

    async def _heads(self, store: Store) -> list[Entry]:
        try:
            return await self._thread.call(store.heads)
        except VoicemesError as exc:
            self._trouble(exc)
            return []

    async def _drop(self, command: MesCommand) -> MesReply:
        """Takes back what was not sent yet. What may be on its way cannot be taken back here."""
        store, which = await self._ready(), str(command.fields["command"])
        if store is None:
            return Rejected(command.command_id, "conflict_stale", NOT_DROPPED["waiting"])
        if which in self._busy:
            return Rejected(command.command_id, "conflict_stale", "It is being sent right now.")
        try:
            taken = await self._thread.call(store.take_back, which, self._clock.wall_s(), command.operator_id)
        except VoicemesError as exc:
            return Rejected(command.command_id, "conflict_stale", await self._why_not(store, which, exc))
        self._being_said.append(taken)
        self._wake.set()
        return Accepted(command.command_id)

    async def _why_not(self, store: Store, command_id: str, exc: VoicemesError) -> str:
        try:
            entry = await self._thread.call(store.entry, command_id)
        except VoicemesError:
            return NOT_DROPPED["waiting"]
        if entry.state == "waiting":
            self._trouble(exc)
        return NOT_DROPPED.get(entry.state, "It is not in the outbox any more.")

    async def _note(self, function: Callable[..., None], *args: Any, **kwargs: Any) -> bool:
        """Writes down what happened. Where that fails, the MES is asked again later, with the same id."""
        try:
            await self._thread.call(function, *args, **kwargs)
        except VoicemesError as exc:
            self._trouble(exc)
            return False
        self._trouble_told = ""
        return True

    async def _deliver_for_ever(self) -> None:
        while True:
            self._wake.clear()
            idle_s = await self.deliver_due()
            pause = asyncio.ensure_future(self._clock.sleep(idle_s))
            called = asyncio.ensure_future(self._wake.wait())
            try:
                await asyncio.wait({pause, called}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                pause.cancel()
                called.cancel()

    def _roll(self) -> float:
        return self._dice.random()

    def _trouble(self, exc: VoicemesError) -> None:
        if str(exc) != self._trouble_told:
            self._trouble_told = str(exc)
            self._bus.publish(EngineTroubled(self._clock.now_s(), "outbox", str(exc)))
