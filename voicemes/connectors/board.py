"""What a screen shows of a MES: tables that are read, and the stream of events as rows. It changes nothing."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from voicemes.connectors import extract
from voicemes.connectors.exchange import Exchange
from voicemes.connectors.messages import ExchangeError, NonsenseError
from voicemes.connectors.perform import nothing_done
from voicemes.connectors.rendering import request_of
from voicemes.connectors.stream import Stream

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from voicemes.connectors.spec import ConnectorSpec, Table
    from voicemes.model import Row


class DeclarativeBoard:
    """A MesBoard over HTTP."""

    def __init__(self, spec: ConnectorSpec, exchange: Exchange) -> None:
        self._spec, self._exchange, self._envelope = spec.board, exchange, spec.envelope
        self._stream = Stream(exchange, spec.stream) if spec.stream else None

    @property
    def tables(self) -> frozenset[str]:
        return frozenset(self._spec.tables)

    async def read(self, table: str, wanted: Mapping[str, str] | None = None) -> tuple[Row, ...]:
        """The rows of a table, none where this MES has no such table. Raises MesError."""
        spec = self._spec.tables.get(table)  # type: ignore[call-overload]
        if spec is None:
            return ()
        try:
            return extract.rows(spec, await self._ask(spec, wanted or {}))
        except ExchangeError as error:
            raise nothing_done(error) from error

    async def events(self) -> AsyncGenerator[Row]:
        """What happens from now on, or since the stream broke; an empty row says only that the stream is open.
        Raises MesError when it breaks.
        """
        if self._stream is None:
            return
        try:
            async with aclosing(self._stream.frames()) as frames:
                async for frame in frames:
                    yield {} if frame.data is None else extract.row(self._spec.event, frame.data)
        except ExchangeError as error:
            raise nothing_done(error) from error

    async def aclose(self) -> None:
        await self._exchange.aclose()

    async def _ask(self, table: Table, wanted: Mapping[str, str]) -> Any:
        request = request_of(table, {**wanted, "_n": 1}, self._envelope)
        response = await self._exchange.send(request, self._exchange.timeout_s)
        if not response.is_success:
            raise NonsenseError(f"{request} was answered with status {response.status}")
        return response.data
