"""The connector that a YAML file describes: a MesConnector over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicemes.clock import Clock, SystemClock
from voicemes.connectors.filters import FilterError
from voicemes.connectors.messages import ExchangeError
from voicemes.connectors.perform import Performer, nothing_done
from voicemes.connectors.snapshot import Snapshots
from voicemes.connectors.stream import Stream
from voicemes.connectors.template import MissingValueError
from voicemes.model import Accepted, Live, MesCommand, Rejected
from voicemes.ports import MesTraits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from voicemes.connectors.exchange import Exchange
    from voicemes.connectors.spec import ConnectorSpec
    from voicemes.happening import News


class DeclarativeConnector:
    """`execute` takes at most the timeout of the settings, `live` that for each read."""

    def __init__(self, spec: ConnectorSpec, exchange: Exchange, clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        self._spec, self._exchange = spec, exchange
        self._performer, self._snapshots = Performer(spec, exchange, clock), Snapshots(spec, exchange, clock)
        self._stream = Stream(exchange, spec.stream) if spec.stream else None
        notes = {name: operation.note for name, operation in spec.operations.items() if operation.note}
        self._traits = MesTraits(spec.name, frozenset(spec.operations), {**notes, **spec.cannot})

    @property
    def traits(self) -> MesTraits:
        return self._traits

    async def execute(self, command: MesCommand) -> Accepted | Rejected:
        """Performs the operation. Raises MesError when there is no answer to rely on."""
        operation = self._spec.operations.get(command.operation)
        if operation is None:
            why = self._spec.cannot.get(command.operation, "This MES cannot do that.")
            return Rejected(command.command_id, "unsupported", why)
        try:
            return await self._performer.perform(operation, command)
        except MissingValueError as error:
            return Rejected(command.command_id, "missing_field", f"The {error} is missing.")
        except FilterError as error:
            return Rejected(command.command_id, "invalid_input", f"{error}.")

    async def live(self, station: str, only: Collection[str] = ()) -> Live:
        """What exists now for this station; of these slot types alone, where some are named. Raises MesError."""
        try:
            return await self._snapshots.live(station, only)
        except ExchangeError as error:
            raise nothing_done(error) from error

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
