"""Pairs of prompt and answer, drawn from the catalogue and its wordings, as the model will see them at run time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from voicemes.intents import ANYONE, Catalog, Intent
from voicemes.model import Scope
from voicemes.nlu.ask import NONE, makes_sense, slot_order, write_answer
from voicemes.nlu.match import Matcher
from voicemes.nlu.spans import Choice, Marked, mark, slot_types
from voicemes.training.draw import Drawer, Drawn, Place
from voicemes.training.frames import framed
from voicemes.training.wordings import Wording, Wordings

NONE_SHARE = 0.38
"""Of the sentences: they mean nothing here."""
FRAMED_SHARE = 0.2
"""Of what means nothing: a command in a frame that takes it back."""
MOST_TRIES = 30
WORDING_SHARE = 0.8
"""Of an intent's sentences come from its wordings, where it has any; the others from its templates."""
OWN_REMARK_SHARE = 0.6
"""Of the remarks are those of the intent; with the others a model learns to repeat what it never heard."""
PLAIN_REMARKS = ("look at this", "it is loose", "something is wrong here", "needs to be checked", "came back again")
"""Where nobody wrote any."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What the model sees, word by word, and what it must answer."""

    pieces: tuple[str, ...]
    answer: str
    kept: frozenset[int]
    """Pieces that noise must leave alone: marks, shapes, and the words of a remark, which the answer repeats."""
    intent: str


class Sampler:
    def __init__(self, matcher: Matcher, wordings: Wordings, seed: int) -> None:
        self.matcher, self.rng = matcher, random.Random(seed)  # noqa: S311 - a draw of sentences, no secret
        self.catalog: Catalog = matcher.catalog
        self.drawer = Drawer(matcher.vocabulary, self.rng)
        self.remarks: Mapping[str, Sequence[str]] = wordings.remarks or {}
        self.intents = [one for one in self.catalog.intents.values() if one.llm != "forbid"]
        self.types = {slot.type for intent in self.intents for slot in intent.slots.values()}
        self.slot_types = matcher.book(slot_types)
        self.every_remark = [text for own in self.remarks.values() for text in own] or list(PLAIN_REMARKS)
        self.templates = self._by_intent(
            Wording(one.name, one.phrase, one.template) for one in matcher.sentences(Scope())
        )
        self.wordings = self._by_intent(iter(wordings.sentences))
        self.frames = wordings.frames
        self.commands = [one for one in self.intents if one.action.is_write and one.role != ANYONE]
        self.on_pair: Callable[[Marked, Pair], object] = lambda _marked, _pair: None
        """Told of each pair with the sentence that it was made of."""

    def pairs(self, count: int) -> Iterator[Pair]:
        """`count` pairs; each intent has the same chance."""
        while count:
            pair = self._draw()
            if pair is not None:
                count -= 1
                yield pair

    def _by_intent(self, wordings: Iterator[Wording]) -> dict[str, list[Wording]]:
        found: dict[str, list[Wording]] = {}
        for wording in wordings:
            found.setdefault(wording.intent, []).append(wording)
        return found

    def _draw(self) -> Pair | None:
        if self.rng.random() < NONE_SHARE and self.wordings.get(""):
            if self.frames and self.rng.random() < FRAMED_SHARE:
                return self._framed()
            return self._pair(self._said(self.rng.choice(self.wordings[""])), None)
        intent = self.rng.choice(self.intents)
        return self._pair(self._said(self._wording(intent)), intent)

    def _wording(self, intent: Intent) -> Wording:
        own = self.wordings.get(intent.name, [])
        is_own = bool(own) and self.rng.random() < WORDING_SHARE
        return self.rng.choice(own if is_own else self.templates[intent.name])

    def _said(self, wording: Wording) -> Drawn:
        remarks = self.remarks.get(wording.intent, ())
        if not remarks or self.rng.random() > OWN_REMARK_SHARE:
            remarks = self.every_remark
        return self.drawer.draw(wording.phrase, remarks)

    def _framed(self) -> Pair | None:
        """A command that is not given: one that fits into a frame comes soon."""
        frame = self.rng.choice(self.frames)
        for _ in range(MOST_TRIES):
            command = self._said(self._wording(self.rng.choice(self.commands)))
            words = framed(frame, command.words)
            if words:
                return self._pair(Drawn(words), None)
        return None

    def _pair(self, drawn: Drawn, intent: Intent | None) -> Pair | None:
        """None where the words cannot be pointed at, as two numbers that ran together, or make no sense together."""
        if not drawn.words:
            return None
        marked = mark(self.matcher, drawn.words, self.types)
        pieces = tuple(marked.text().split(" "))
        if intent is None:
            return self._made(marked, Pair(pieces, NONE, _marks(pieces), NONE))
        pointers: dict[str, str] = {}
        choices: list[Choice] = []
        remark: tuple[int, int] | None = None
        for place in drawn.places:
            slot = intent.slots[place.name]
            if slot.type == "text":
                remark = (place.start, place.end) if remark is None else remark
                continue
            pointer = _pointer(marked, place, self.slot_types[intent.name, place.name])
            if pointer is None or place.name in pointers:
                return None
            pointers[place.name] = pointer
            choices.append(marked.offered(self.slot_types[intent.name, place.name])[pointer])
        if not makes_sense(self.matcher, choices):
            return None
        kept = _marks(pieces)
        if remark is not None:
            said = _run(marked, *remark)
            pointers[next(name for name in intent.slots if intent.slots[name].type == "text")] = " ".join(said)
            kept |= {at for at, piece in enumerate(pieces) if piece in said}
        answer = write_answer(intent.name, pointers, slot_order(intent))
        return self._made(marked, Pair(pieces, answer, kept, intent.name))

    def _made(self, marked: Marked, pair: Pair) -> Pair:
        self.on_pair(marked, pair)
        return pair


def _run(marked: Marked, start: int, end: int) -> list[str]:
    """The pieces of a remark, on to the next place where one may end."""
    pieces = marked.pieces()
    first = len(marked.pieces_of(0, start))
    last = first + len(marked.pieces_of(start, end)) - 1
    return pieces[first : next(at for at in marked.last_pieces() if at >= last) + 1]


def _pointer(marked: Marked, place: Place, types: Sequence[str]) -> str | None:
    for pointer, choice in marked.offered(types).items():
        is_same = place.type in {choice.type, *types} or place.type not in WITH_SIGN
        if (choice.start, choice.end) == (place.start, place.end) and is_same:
            return pointer
    return None


WITH_SIGN = frozenset({"signed", "increase", "decrease"})
"""Types of which the pointer says which way it goes: they are not to be taken for each other."""


def _marks(pieces: Sequence[str]) -> frozenset[int]:
    return frozenset(at for at, piece in enumerate(pieces) if piece[0].isupper() or "#" in piece)
