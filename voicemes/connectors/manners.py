"""How a MES is spoken to: who we are, how often it may be asked, and when it is left alone."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from voicemes.clock import Clock, SystemClock
from voicemes.connectors.breaker import Breaker
from voicemes.connectors.messages import NotSentError

if TYPE_CHECKING:
    from voicemes.connectors.auth import Auth
    from voicemes.connectors.messages import Request

MAX_ANSWER_BYTES = 1_000_000
"""The largest answer of ours is a list of a few hundred orders, some 100 kB."""


class Manners:
    def __init__(
        self,
        auth: Auth | None = None,
        clock: Clock | None = None,
        dice: random.Random | None = None,
        *,
        per_second: float | None = None,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self.auth, self.max_answer_bytes = auth, max_answer_bytes
        self._clock, self._dice = clock or SystemClock(), dice or random.Random()  # noqa: S311 - spreads retries
        self._gap_s = 1.0 / per_second if per_second else 0.0
        self._next_s = float("-inf")
        self._breaker = Breaker()

    async def wait_turn(self, request: Request, timeout_s: float) -> None:
        """Returns when the MES may be asked. Raises NotSentError where it has not answered of late, or the turn would
        come too late. Who is let through must report what came of it.
        """
        now_s = self._clock.now_s()
        turn_s = max(self._next_s + self._gap_s, now_s)
        if turn_s - now_s > timeout_s:
            raise NotSentError(f"{request} was not sent: the MES may not be asked so often")
        left_s = self._breaker.wait_s(now_s)
        if left_s > 0:
            raise NotSentError(f"{request} was not sent: the MES did not answer; it is asked again in {left_s:.0f} s")
        self._next_s = turn_s
        if turn_s > now_s:
            await self._clock.sleep(turn_s - now_s)

    def worked(self) -> None:
        self._breaker.worked()

    def failed(self) -> None:
        self._breaker.failed(self._clock.now_s(), self._dice.random())

    def gave_up(self) -> None:
        self._breaker.gave_up()
