"""What a sentence goes through before the model sees it: fillers, indirect requests, lost words, words misheard."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence

from jellyfish import metaphone

from voicemes.training.samples import Pair

OPENINGS = (
    "please", "okay", "ok", "so", "hey", "hi", "um", "uh", "er", "well", "right", "alright", "listen", "hello",
    "could you", "can you", "would you", "can you please", "could you please", "would you please", "will you",
    "i want to", "i need to", "i'd like to", "i would like to", "i have to", "we need to", "we have to", "let's",
    "let me", "go ahead and", "you can", "you should", "i think", "i guess", "just", "quickly", "now", "hang on",
    "excuse me", "sorry", "computer", "system", "by the way", "one more thing", "hold on", "somebody please", "yeah",
    "i was going to say", "for the record", "actually", "oh", "again",
)  # fmt: skip
ENDINGS = (
    "please", "thanks", "thank you", "now", "right now", "for me", "for us", "here", "okay", "ok", "will you",
    "would you", "if you can", "when you can", "as soon as possible", "right away", "again", "then", "too", "i think",
    "i guess", "if possible", "at the moment", "over here", "today", "mate", "asap", "if you would", "you know",
)  # fmt: skip
HESITATIONS = ("um", "uh", "er", "erm", "like", "you know", "i mean", "well", "the", "a", "just")

OPENED, CLOSED, HESITATED = 0.25, 0.15, 0.1
"""How many sentences get each."""
DROPPED, MISHEARD, UNKNOWN = 0.04, 0.03, 0.02
"""How many words are lost, become one that sounds alike, or one of another sentence."""
NO_INTENT_CLEAN = 0.7
"""Sentences that mean nothing are mostly left alone: with a word less they may mean something."""


class Noise:
    def __init__(self, words: Iterable[str], seed: int) -> None:
        """`words` is what may be misheard for each other."""
        self.rng = random.Random(seed)  # noqa: S311 - a draw, no secret
        self.words = sorted({word for word in words if word.isalpha() and word.islower()})
        self.alike: dict[str, list[str]] = defaultdict(list)
        for word in self.words:
            self.alike[metaphone(word)].append(word)

    def __call__(self, pair: Pair) -> list[str]:
        """The pieces of a prompt, a little otherwise."""
        if pair.answer == "none" and self.rng.random() < NO_INTENT_CLEAN:
            return list(pair.pieces)
        heard = [changed for at, piece in enumerate(pair.pieces) for changed in self._hear(piece, at in pair.kept)]
        if not any(piece.islower() for piece in heard):
            heard = list(pair.pieces)
        if self.rng.random() < HESITATED:
            heard.insert(self._gap(heard, pair), self.rng.choice(HESITATIONS))
        opening = self.rng.choice(OPENINGS).split() if self.rng.random() < OPENED else []
        has_remark = " text " in pair.answer
        closing = self.rng.choice(ENDINGS).split() if not has_remark and self.rng.random() < CLOSED else []
        return [*opening, *heard, *closing]

    def _gap(self, heard: Sequence[str], pair: Pair) -> int:
        """Where somebody may hesitate: not between a mark and its words; before everything where there is a remark."""
        if " text " in pair.answer:
            return 0
        free = [at for at in range(len(heard)) if at == 0 or not heard[at - 1][0].isupper()]
        return self.rng.choice(free)

    def _hear(self, piece: str, is_kept: bool) -> list[str]:  # noqa: FBT001 - one caller, in a loop
        if is_kept:
            return [piece]
        chance = self.rng.random()
        if chance < DROPPED:
            return []
        if chance < DROPPED + MISHEARD:
            alike = self.alike.get(metaphone(piece), ())
            return [self.rng.choice(alike)] if alike else [piece]
        if chance < DROPPED + MISHEARD + UNKNOWN:
            return [self.rng.choice(self.words)]
        return [piece]
