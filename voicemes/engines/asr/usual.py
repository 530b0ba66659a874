"""What is usual of a voice: some never fit the acoustic model well, and what they say must not be refused for it.

How much better their words fit than any sounds (ground.py) is a matter of the voice as well as of what was said. What
an operator was surely heard to say, and was understood, where it was quiet, tells how it usually is; where that is
worse than the middle of people, two thirds of the difference are forgiven. Nobody is held to more, nobody is forgiven
more than MOST, and nothing is learned where no operator is known.

Of five synthetic voices the one that fits worst gains (f2, 1.1 nats a frame better than any sounds; the others 1.6 to
2.1): of 48 sentences 45 / 47 / 43 are right clean / at 15 / at 9 dB without it, 48 / 48 / 44 with it, and none of 59
pieces of side talk, ten of them in each voice, is taken for something meant. If all that may be forgiven were forgiven
to everybody, 2 of 120 wake words in quiet would be sentences of the plant's catalogue; but who fits badly does so in
side talk, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voicemes.engines.asr.trust import PER_NAT, is_quiet, logistic, logit, mean_excess

if TYPE_CHECKING:
    from voicemes.model import Transcript

PEOPLE = -1.77
"""Nats a frame by which any sounds fit worse than 118 human orders, understood in quiet; half of them 1.4 to 2.2."""
SURE = 0.95
"""Of its confidence, nothing forgiven: otherwise what was nearly refused would make the next one easier."""
FORGIVEN, MOST = 2 / 3, 0.3
"""The share of the difference, and nats a frame at most: two in log odds."""
BEFORE = 4
"""As many sentences of the middle of people are counted before the first of this one."""


@dataclass(slots=True)
class Usual:
    """Of one voice, through one headset."""

    n: int = 0
    total: float = 0.0

    def judged(self, heard: Transcript) -> Transcript:
        """With the confidence that it has in this voice."""
        return _with_more(heard, -PER_NAT * self.forgiven)

    def learn(self, judged: Transcript) -> None:
        """From what was understood; the next sentence is judged by it."""
        sure = _with_more(judged, PER_NAT * self.forgiven).confidence
        if sure >= SURE and is_quiet(judged.range_db):
            self.n, self.total = self.n + 1, self.total + mean_excess(judged.words)

    @property
    def forgiven(self) -> float:
        """Nats a frame."""
        usual = (BEFORE * PEOPLE + self.total) / (BEFORE + self.n)
        return min(max(FORGIVEN * (usual - PEOPLE), 0.0), MOST)


def _with_more(heard: Transcript, log_odds: float) -> Transcript:
    if not log_odds or not heard.confidence:
        return heard
    return replace(heard, confidence=logistic(logit(heard.confidence) + log_odds))
