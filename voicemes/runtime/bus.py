"""Events to observers. Commands fail loudly, observers fail alone: one that raises is dropped and the rest go on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeAlias

from voicemes.events import Event

Observer: TypeAlias = Callable[[Event], None]

log = logging.getLogger(__name__)


class Bus:
    def __init__(self, *observers: Observer) -> None:
        self._observers = list(observers)

    def add(self, observer: Observer) -> None:
        self._observers.append(observer)

    def publish(self, event: Event) -> None:
        for observer in list(self._observers):
            try:
                observer(event)
            except Exception:  # observer isolation: a broken display must not stop a turn
                log.exception("An observer failed at %s and is dropped.", event.name)
                self._observers.remove(observer)
