"""The connector that a YAML file describes: fills in its templates, sends, and says what the answer means.

A write whose answer was lost is sent a second time with the same idempotency key, where the file says that the MES
honours it. Reads that come before a write are not the write: when they fail, nothing was changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jmespath

from voicemes.connectors import extract
from voicemes.connectors.exchange import Exchange, ExchangeError, LostError, NonsenseError, NotSentError, Request
from voicemes.connectors.refusal import judge
from voicemes.connectors.stream import Stream
from voicemes.connectors.template import ABSENT, MissingValueError, Template, parse, render, text_of
from voicemes.errors import MesBusy, MesDenied, MesError, MesProtocolError, MesUncertain, MesUnreachable
from voicemes.model import Accepted, Live, MesCommand, Rejected
from voicemes.ports import MesTraits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from jmespath.parser import ParsedResult

    from voicemes.connectors.spec import ConnectorSpec, Current, Names, Operation, Refusal
    from voicemes.happening import News

FIRST_SHARE = 0.6
"""Part of the time for the first attempt of a write that may be repeated; a stored answer comes quickly."""


@dataclass(frozen=True, slots=True)
class _Question:
    """One request, and how to read its answer."""

    request: Request
    answer: Mapping[str, ParsedResult]
    may_be_absent: Names = ()
    refuse: Sequence[Refusal] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    """What the sentences of refusals may name."""
    may_repeat: bool = False
    """True for a write that the MES does once, however often it is sent with the same key."""


class DeclarativeConnector:
    """A MesConnector over HTTP. `execute` takes at most the timeout of the settings, `live` that for each read."""

    def __init__(self, spec: ConnectorSpec, exchange: Exchange) -> None:
        self._spec, self._exchange = spec, exchange
        self._stream = Stream(exchange, spec.stream) if spec.stream else None
        notes = {name: operation.note for name, operation in spec.operations.items() if operation.note}
        self._traits = MesTraits(spec.name, frozenset(spec.operations), notes)

    @property
    def traits(self) -> MesTraits:
        return self._traits

    async def execute(self, command: MesCommand) -> Accepted | Rejected:
        """Performs the operation. Raises MesError when there is no answer to rely on."""
        operation = self._spec.operations.get(command.operation)
        if operation is None:
            return Rejected(command.command_id, "unsupported", "This MES cannot do that.")
        known = {*operation.needs, *operation.takes}
        values = {name: value for name, value in command.fields.items() if name in known}
        try:
            return await self._perform(operation, command, values)
        except MissingValueError as error:
            return Rejected(command.command_id, "missing_field", f"The {error} is missing.")

    async def live(self, station: str) -> Live:
        """What exists now for this station. Raises MesError."""
        values = {"station": station}
        try:
            references = {
                slot_type: extract.references(listing, await self._look(listing.path, listing.query, values))
                for slot_type, listing in self._spec.live.references.items()
            }
            current = {name: await self._current(part, values) for name, part in self._spec.live.current.items()}
            roles = await self._roles()
            facts = {
                slot_type: extract.facts(part, await self._look(part.path, part.query, values))
                for slot_type, part in self._spec.live.facts.items()
            }
        except ExchangeError as error:
            raise nothing_done(error) from error
        return Live(references, {name: value for name, value in current.items() if value is not None}, roles, facts)

    async def news(self) -> AsyncIterator[News]:
        """What happens in the plant from now on, or since the stream broke. Raises MesError when it breaks."""
        if self._stream is None:
            return
        try:
            async for one in self._stream.news():
                yield one
        except ExchangeError as error:
            raise nothing_done(error) from error

    async def aclose(self) -> None:
        await self._exchange.aclose()

    async def _perform(
        self, operation: Operation, command: MesCommand, fields: Mapping[str, Any]
    ) -> Accepted | Rejected:
        """The steps, then the request itself. Raises MissingValueError before anything is sent that lacks a value."""
        values = dict(fields)
        for name in operation.needs:
            if values.get(name) in (None, ""):  # a set would not take a mapping
                raise MissingValueError(name)
        budget_s = self._exchange.timeout_s / (1 + len(operation.steps))
        for step in operation.steps:
            request = reading(step.path, step.query, values)
            question = _Question(request, step.answer, step.may_be_absent, step.refuse, values)
            reply = await self._read(question, command, budget_s)
            if isinstance(reply, Rejected):
                return reply
            values |= reply.values
        question = _Question(
            self._request(operation, command, values),
            operation.answer,
            operation.may_be_absent,
            operation.refuse,
            values,
            may_repeat=operation.idempotency == "header",
        )
        ask = self._write if operation.is_write else self._read
        return await ask(question, command, budget_s)

    def _request(self, operation: Operation, command: MesCommand, values: Mapping[str, Any]) -> Request:
        headers = {}
        if operation.idempotency == "header":
            headers[self._spec.idempotency_header] = command.command_id
        if operation.on_behalf_of and self._spec.on_behalf_of_header and command.operator_id:
            headers[self._spec.on_behalf_of_header] = command.operator_id
        body = render(operation.body, values)
        return Request(operation.method, operation.path.path(values), _query(operation.query, values), body, headers)

    async def _read(self, question: _Question, command: MesCommand, timeout_s: float) -> Accepted | Rejected:
        try:
            return await self._attempt(question, command, timeout_s)
        except ExchangeError as error:
            raise nothing_done(error) from error

    async def _write(self, question: _Question, command: MesCommand, timeout_s: float) -> Accepted | Rejected:
        """Sends once, and once more where that is safe and the first answer was none to rely on."""
        first_s = timeout_s * FIRST_SHARE if question.may_repeat else timeout_s
        try:
            return await self._attempt(question, command, first_s)
        except NotSentError as error:
            raise MesUnreachable(str(error)) from error
        except (LostError, NonsenseError) as error:
            if not question.may_repeat:
                raise _in_doubt(error) from error
        try:
            return await self._attempt(question, command, timeout_s - first_s)
        except (ExchangeError, MesBusy, MesDenied) as error:  # whatever this says, the first may have been done
            raise _in_doubt(error) from error

    async def _attempt(self, question: _Question, command: MesCommand, timeout_s: float) -> Accepted | Rejected:
        """Sends and reads the answer. Raises ExchangeError, MesDenied, MesBusy or MesUncertain."""
        response = await self._exchange.send(question.request, timeout_s)
        if not response.is_success:
            return judge(self._spec.errors, question.request, response, command.command_id)
        for refusal in question.refuse:
            if extract.search(refusal.when, response.data):
                return Rejected(command.command_id, refusal.code, str(refusal.reason.value(question.values)))
        found = extract.answers(question.answer, question.may_be_absent, response.data)
        return Accepted(command.command_id, found)

    async def _look(self, path: Template, query: Mapping[str, Any], values: Mapping[str, str]) -> Any:
        """One read of the snapshot. Raises ExchangeError, MesDenied or MesBusy."""
        request = reading(path, query, values)
        response = await self._exchange.send(request, self._exchange.timeout_s)
        if not response.is_success:
            raise NonsenseError(judge(self._spec.errors, request, response, "").reason)
        return response.data

    async def _roles(self) -> Mapping[str, tuple[str, ...]]:
        people = self._spec.live.people
        return extract.roles(people, await self._look(people.path, people.query, {})) if people else {}

    async def _current(self, part: Current, values: Mapping[str, str]) -> str | None:
        if part.path is None:
            value = parse(part.value).value(values)
        else:
            value = extract.search(jmespath.compile(part.value), await self._look(part.path, part.query, values))
        return None if value is None or value is ABSENT else text_of(value)


def reading(path: Template, query: Mapping[str, Any], values: Mapping[str, Any]) -> Request:
    """The request for a read; what a template names and nobody gave leaves its key out."""
    return Request("GET", path.path(values), _query(query, values))


def _query(query: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, str]:
    return {name: text_of(value) for name, value in render(dict(query), values).items()}


def nothing_done(error: ExchangeError) -> MesError:
    """For reads: no answer, or none that makes sense."""
    return MesProtocolError(str(error)) if isinstance(error, NonsenseError) else MesUnreachable(str(error))


def _in_doubt(error: Exception) -> MesError:
    """For writes that may have been done."""
    return MesProtocolError(str(error)) if isinstance(error, NonsenseError) else MesUncertain(str(error))
