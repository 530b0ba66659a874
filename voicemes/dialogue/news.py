"""What the plant has to say, and when a station may be told: pure, like the rest of the dialogue.

News waits on a board. It is told when nobody speaks, nothing is being asked or prepared, and the station has been quiet
for a while; what is urgent goes first and waits for the next pause only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicemes.happening import News, Urgency
    from voicemes.model import Phase

MAX_WAITING = 20
"""More than that nobody wants to be told one after the other; the screen has them all."""
LULL_S = {"now": 0.3, "soon": 2.0}
"""How long it must have been quiet. Someone who has just been answered often goes on within two seconds."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is to be told."""

    station: str
    line: str = ""
    """Empty hears of every line."""
    role: str = "operator"
    operator: str = ""


@dataclass(frozen=True, slots=True)
class Quiet:
    """How quiet it is."""

    phase: Phase
    for_s: float
    """Since anybody, or we, last spoke; 0 while someone does."""


@dataclass(frozen=True, slots=True)
class Board:
    """What waits to be told, the most urgent and then the oldest first."""

    waiting: tuple[News, ...] = ()
    is_muted: bool = False


def concerns(news: News, listener: Listener) -> bool:
    """Whether a station is to be told. Nobody is told what they did themselves."""
    if news.operator and news.operator == listener.operator:
        return False
    if "station" in news.audience and news.equipment == listener.station:
        return True
    is_here = not news.line or not listener.line or news.line == listener.line
    return is_here and ("line" in news.audience or listener.role in news.audience)


def pin(board: Board, news: News) -> Board:
    """The board with news on it. What is said already is not said twice; over the limit, the least urgent and oldest
    goes.
    """
    if news.urgency == "shown" or any(one.reply == news.reply for one in board.waiting):
        return board
    kept = [*board.waiting, news]
    if len(kept) > MAX_WAITING:
        kept.remove(next((one for one in kept if one.urgency == "soon"), kept[0]))
    return replace(board, waiting=tuple(sorted(kept, key=lambda one: one.urgency != "now")))


def may_tell(quiet: Quiet, urgency: Urgency) -> bool:
    """Whether it is quiet enough for something of this urgency."""
    return quiet.phase == "idle" and quiet.for_s >= LULL_S.get(urgency, float("inf"))


def take(board: Board, quiet: Quiet) -> tuple[News | None, Board]:
    """The news whose moment has come, and the board without it. Muted, news waits until somebody wants to hear it."""
    if board.is_muted or not board.waiting or not may_tell(quiet, board.waiting[0].urgency):
        return None, board
    return board.waiting[0], replace(board, waiting=board.waiting[1:])
