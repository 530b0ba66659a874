"""One operation of a connector file: resolve, guard, act, verify, and what is true when something went wrong between.

What counts is whether the MES may have changed something. Before the first request that changes something nothing was
done; after it only an answer, a proof, or a repetition that cannot do it twice says more than "nobody knows".
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voicemes.connectors import extract
from voicemes.connectors.filters import FilterError
from voicemes.connectors.messages import LostError, NonsenseError, NotSentError, Request, Response
from voicemes.connectors.refusal import MAX_REASON_CHARS, judge, refuses
from voicemes.connectors.rendering import request_of
from voicemes.connectors.template import ABSENT, MAPS, MissingValueError
from voicemes.errors import MesBusy, MesDenied, MesError, MesProtocolError, MesUncertain, MesUnreachable
from voicemes.model import Accepted, MesCommand, Rejected, SlotData

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from voicemes.clock import Clock
    from voicemes.connectors.exchange import Exchange
    from voicemes.connectors.messages import ExchangeError
    from voicemes.connectors.parts import Ask, Reads
    from voicemes.connectors.spec import ConnectorSpec, Operation, Poll, Resolve, Step, Verify

FIRST_SHARE = 0.6
"""Part of the time for the first attempt of a write that may be repeated; a stored answer comes quickly."""
N_CANDIDATES, MAX_LABEL_CHARS = 3, 60
"""Of an ambiguous name, those that are read aloud, and what of each."""


@dataclass(slots=True)
class _Work:
    """One command on its way."""

    operation: Operation
    command: MesCommand
    values: dict[str, Any]
    ends_s: float
    has_written: bool = False
    """Something may have been changed: by a request that was accepted, or one that was sent and not answered."""


class Performer:
    """Runs operations over one exchange."""

    def __init__(self, spec: ConnectorSpec, exchange: Exchange, clock: Clock) -> None:
        self._spec, self._exchange, self._clock = spec, exchange, clock
        self._numbers: Iterator[int] = itertools.count(1)

    async def perform(self, operation: Operation, command: MesCommand) -> Accepted | Rejected:
        """Raises MesError when there is no answer to rely on, and MissingValueError or FilterError for a request that
        lacks a value, where nothing was changed before.
        """
        ends_s = self._clock.now_s() + self._exchange.timeout_s
        work = _Work(operation, command, self.values(operation, command), ends_s)
        try:
            return await self._before(work) or await self._steps(work) or await self._act(work)
        except NotSentError as error:
            if work.has_written:
                raise self._in_doubt(work, error) from error
            raise MesUnreachable(str(error)) from error
        except (LostError, NonsenseError) as error:
            if operation.is_write and work.has_written:
                raise self._in_doubt(work, error) from error
            raise nothing_done(error) from error
        except (MesBusy, MesDenied) as error:
            if work.has_written:
                raise self._in_doubt(work, error) from error
            raise
        except (MissingValueError, FilterError) as error:
            if work.has_written or command.may_have_been_sent:
                raise MesUncertain(f"what to send next lacks {error}", can_ask_again=False) from error
            raise

    def values(self, operation: Operation, command: MesCommand) -> dict[str, Any]:
        """What templates may name. Raises MissingValueError."""
        known = {*operation.needs, *operation.takes}
        given = {name: value for name, value in command.fields.items() if name in known}
        for name in operation.needs:
            if given.get(name) in (None, ""):  # a set would not take a mapping
                raise MissingValueError(name)
        return {**given, **self.about(command)}

    def about(self, command: MesCommand) -> dict[str, Any]:
        return {
            "_id": command.command_id,
            "_operator": command.operator_id,
            "_asked_by": command.asked_by,
            "_said": command.spoken_text,
            "_now": self._clock.wall_s(),
            MAPS: self._spec.maps,
        }

    def request(self, ask: Ask, values: Mapping[str, Any]) -> Request:
        return request_of(ask, {**values, "_n": next(self._numbers)}, self._spec.envelope)

    async def _before(self, work: _Work) -> Accepted | None:
        """A repetition: what an earlier attempt may have done must not be done again."""
        operation = work.operation
        if not work.command.may_have_been_sent or operation.idempotency in {"header", "state_guard"}:
            return None
        look = operation.find or operation.verify
        if look is None:
            raise MesUncertain("it was sent, and cannot be looked for", can_ask_again=False)
        for step in operation.steps:  # what they resolve is needed to look; what they change is not done again
            if not step.writes and await self._step(work, step) is not None:
                break
        found = await self._proof(work, look)
        if found is not None:
            return found
        if operation.find is None:
            raise MesUncertain("it was sent, and the MES does not show it", can_ask_again=False)
        return None

    async def _steps(self, work: _Work) -> Accepted | Rejected | None:
        """None where the operation itself is still to be done."""
        for step in work.operation.steps:
            if step.when is not None and not extract.search(step.when, work.values):
                continue
            reply = await self._step(work, step)
            if reply is not None:
                return reply
        return None

    async def _step(self, work: _Work, step: Step) -> Accepted | Rejected | None:
        request = self.request(step, work.values)
        try:
            response = await self._send(work, request)
        except (LostError, NonsenseError):
            work.has_written |= step.writes
            raise
        refused = self._refusal(work, step, request, response)
        if refused is not None:
            return refused
        work.has_written |= step.writes
        found = extract.read(step, response.data, self._spec.maps)
        if step.done_when is not None and extract.search(step.done_when, response.data):
            return _already(work, found)
        work.values |= {name: extract.plain(value) for name, value in found.items()}
        return self._resolved(work, step.resolve, response) if step.resolve is not None else None

    def _resolved(self, work: _Work, resolve: Resolve, response: Response) -> Rejected | None:
        """Exactly one is it. Of several the names are told, so that a person can say which."""
        items = extract.listed(resolve.items, response.data)
        if len(items) == 1:
            work.values[resolve.name] = extract.search(resolve.id, items[0])
            return None
        command_id = work.command.command_id
        if not items:
            return Rejected(command_id, "not_found", f"There is no such {resolve.what}.")
        labels = ", ".join(str(extract.search(resolve.label, item))[:MAX_LABEL_CHARS] for item in items[:N_CANDIDATES])
        return Rejected(command_id, "ambiguous", f"There are several: {labels}.")

    async def _act(self, work: _Work) -> Accepted | Rejected:
        """Sends it once, and once more where the MES does a request with the same id only once."""
        request = self.acting(work.operation, work.command, work.values)
        may_repeat = work.operation.idempotency == "header"
        try:
            return await self._attempt(work, request, FIRST_SHARE if may_repeat else 1.0)
        except (LostError, NonsenseError):
            work.has_written |= work.operation.is_write
            if may_repeat:
                return await self._attempt(work, request, 1.0)
            proven = await self._proven(work)
            if proven is None:
                raise
            return proven

    async def _attempt(self, work: _Work, request: Request, share: float) -> Accepted | Rejected:
        operation = work.operation
        response = await self._exchange.send(request, self._left_s(work) * share)
        refused = self._refusal(work, operation, request, response)
        if refused is not None:
            return await self._proven(work) or refused
        answer = extract.read(operation, response.data, self._spec.maps)
        work.has_written |= operation.is_write
        if operation.poll is not None:
            response = await self._polled(work, operation.poll, answer)
            answer |= extract.read(operation.poll.ask, response.data, self._spec.maps)
        if operation.partial_when is not None and extract.search(operation.partial_when, response.data):
            assert operation.partial is not None
            answer["partial"] = str(operation.partial.value({**work.values, **answer}))
        return await self._verified(work, answer)

    def acting(self, operation: Operation, command: MesCommand, values: Mapping[str, Any]) -> Request:
        """The request that does it."""
        spec, headers = self._spec, {}
        if operation.idempotency == "header":
            headers[spec.idempotency_header] = command.command_id
        if operation.on_behalf_of and spec.on_behalf_of_header and command.operator_id:
            headers[spec.on_behalf_of_header] = command.operator_id
        asked = self.request(operation, values)
        return Request(asked.method, asked.path, asked.query, asked.body, {**asked.headers, **headers})

    async def _verified(self, work: _Work, answer: dict[str, SlotData]) -> Accepted | Rejected:
        """What the MES accepted is done when it shows it."""
        verify = work.operation.verify
        if verify is None:
            return _accepted(work, answer)
        request = self.request(verify, {**work.values, **answer})
        response = await self._send(work, request)
        refused = self._refusal(work, verify, request, response)
        if refused is not None:
            return refused
        if not _shows(verify, response, work):
            raise NonsenseError(f"{request} does not show what was done")
        found = extract.read(verify, response.data, self._spec.maps)
        return _accepted(work, {**answer, **found})

    async def _proven(self, work: _Work) -> Accepted | Rejected | None:
        """After an act that was refused or got no answer: done all the same, or why not; None where nobody can tell."""
        verify = work.operation.verify
        if verify is None:
            return None
        try:
            request = self.request(verify, work.values)
            response = await self._send(work, request)
            if not refuses(self._spec.errors, response) and _shows(verify, response, work):
                return _accepted(work, extract.read(verify, response.data, self._spec.maps))
            return self._own_refusal(work, verify, response)
        except (NotSentError, LostError, NonsenseError, MesError, MissingValueError):
            return None

    async def _proof(self, work: _Work, look: Verify) -> Accepted | None:
        request = self.request(look, work.values)
        response = await self._send(work, request)
        if refuses(self._spec.errors, response):
            judge(self._spec.errors, request, response, work.command.command_id, self._clock.wall_s())
            return None
        if not _shows(look, response, work):
            return None
        return _accepted(work, extract.read(look, response.data, self._spec.maps))

    async def _polled(self, work: _Work, poll: Poll, answer: Mapping[str, SlotData]) -> Response:
        """Asks until it is over. Past the time nobody knows what will come of it."""
        while True:
            request = self.request(poll.ask, {**work.values, **answer})
            response = await self._send(work, request)
            refused = self._refusal(work, poll.ask, request, response)
            if refused is not None:
                raise LostError(f"{request}: {refused.reason}")
            if extract.search(poll.until, response.data):
                return response
            await self._clock.sleep(min(poll.every_s, self._left_s(work)))

    def _refusal(self, work: _Work, part: Reads, request: Request, response: Response) -> Rejected | None:
        """Raises MesBusy, MesDenied, MesUncertain or NonsenseError."""
        if refuses(self._spec.errors, response):
            return judge(self._spec.errors, request, response, work.command.command_id, self._clock.wall_s())
        return self._own_refusal(work, part, response)

    def _own_refusal(self, work: _Work, part: Reads, response: Response) -> Rejected | None:
        for refusal in part.refuse:
            if extract.search(refusal.when, response.data):
                seen = {name: _seen(part, name, response) for name in refusal.reason.names & part.answer.keys()}
                known = {**work.values, **{name: value for name, value in seen.items() if value is not None}}
                reason = refusal.reason.value(known)
                sentence = "The MES says no, and not why." if reason is ABSENT else str(reason)[:MAX_REASON_CHARS]
                return Rejected(work.command.command_id, refusal.code, sentence)
        return None

    async def _send(self, work: _Work, request: Request) -> Response:
        return await self._exchange.send(request, self._left_s(work))

    def _left_s(self, work: _Work) -> float:
        left_s = work.ends_s - self._clock.now_s()
        if left_s <= 0:
            raise NotSentError("there was no time left")
        return left_s

    def _in_doubt(self, work: _Work, error: Exception) -> MesError:
        if isinstance(error, NonsenseError):
            return MesProtocolError(str(error))
        operation = work.operation
        can_ask_again = operation.idempotency != "none" or operation.verify is not None
        return MesUncertain(str(error), can_ask_again=can_ask_again)


def _accepted(work: _Work, found: Mapping[str, Any]) -> Accepted:
    """With what the steps found for the answer. A record of the MES that is none for people is not told."""
    told = {name: work.values[name] for name in work.operation.tells if work.values.get(name) is not None}
    return Accepted(work.command.command_id, {**told, **found})


def _already(work: _Work, found: Mapping[str, Any]) -> Accepted:
    """It was so before: what the answer would have said, from what was asked for and what was seen."""
    operation = work.operation
    names = {*operation.needs, *operation.takes, *operation.tells, *operation.answer}
    names |= operation.verify.answer.keys() if operation.verify is not None else set()
    known = {**work.values, **found}
    told = {name: known[name] for name in sorted(names) if known.get(name) is not None}
    return Accepted(work.command.command_id, told)


def _seen(part: Reads, name: str, response: Response) -> Any:
    """What a refusing answer has of what its sentence names; it may lack anything."""
    try:
        return extract.search(part.answer[name], response.data)
    except NonsenseError:
        return None


def _shows(look: Verify, response: Response, work: _Work) -> bool:
    data = {**response.data, "_": work.values} if isinstance(response.data, dict) else response.data
    return bool(extract.search(look.proves, data))


def nothing_done(error: ExchangeError) -> MesError:
    """For reads: no answer, or none that makes sense."""
    return MesProtocolError(str(error)) if isinstance(error, NonsenseError) else MesUnreachable(str(error))
