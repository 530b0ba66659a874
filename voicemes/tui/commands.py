"""The command palette: everything that a key does, and every sentence that can be said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

if TYPE_CHECKING:
    from voicemes.tui.app import Screens

MAX_SENTENCES = 20


class Everything(Provider):
    async def discover(self) -> Hits:
        for name, action, about in self._actions():
            yield DiscoveryHit(name, action, help=about)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, action, about in self._actions():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), action, help=about)
        screens = self._screens
        scored = ((matcher.match(one), one) for one in screens.sayable())
        best = sorted((one for one in scored if one[0] > 0), reverse=True)[:MAX_SENTENCES]
        for score, sentence in best:
            yield Hit(score, matcher.highlight(sentence), partial(screens.say, sentence), help="Say this")

    @property
    def _screens(self) -> Screens:
        return cast("Screens", self.app)

    def _actions(self) -> Iterator[tuple[str, Callable[[], None], str]]:
        screens = self._screens
        for view in ("operator", "supervisor", "integrator"):
            yield f"View: {view}", partial(screens.action_view, view), f"What the {view} looks at"
        for key in ("yes", "no", "cancel", "repeat", "help"):
            yield f"Press: {key}", partial(screens.action_press, key), "Answers the question at hand"
        yield "Mute the microphone, or not", screens.action_mute, "Muted, it hears nothing"
