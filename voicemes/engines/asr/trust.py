"""How sure it is that what was heard was said, and said to the system: a score from the decode itself, and its weights.

A grammar search accepts almost anything, so all depends on this. What tells best is how much better or worse the words
fit than any sounds at all (ground.py), per frame. Two things move what that means: a short word is matched by chance
sooner than a long sentence; and what was meant is heard alike however the speaker's size is guessed, what was not is
heard in another way each time.

The weights are a logistic regression of "right" against "nobody meant it", made by five-fold cross-validation over
clips: 120 people's orders, clean and in a kitchen at 6 to 18 dB, and 268 synthetic sentences, clean and at 9 and 15 dB
of a hall, against 120 wake words, clean and at 12 dB, in two grammars, and 59 pieces of side talk in the same noise.
Area under the curve on what was left out: 0.9989. On the half of them that is less noisy 0.9985, where the deficit of
the words in place of that difference, with the distance of speech from noise beside it, had 0.9971: in noise right
words have a higher deficit, and so have any sounds. The worst word, the number of words and the rate of speech add
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from difflib import SequenceMatcher

from voicemes.model import Word

PER_NAT = -7.0
"""For each nat per frame that any sounds fit better."""
PER_LENGTH = 5.4
"""For each logarithm of the seconds that were words."""
AGREED, ALONE = -4.4, 3.9
"""Where all that was tried heard the same words, and what is lost where none did."""
QUIET_DB = 30.0
"""Where speech stands out of what lies under it by so much, it is quiet."""
FOREIGN, UNEXPLAINED_S = 3.5, 0.5
"""A silence that fits the sound worse than the first, in nats a frame, is none: more than so much speech beside the
words means that others were said. True silences have 1.2 to 3.5; of the right sentences in quiet, none has more than
0.38 s of it. In a kitchen half of the right ones have noise that is no silence."""
MIDDLE = 1.15
"""The score with a confidence of 0.5, where a question is answered; at 0.75, where a write is prepared, it is 1.1 more.
Of 120 wake words in the grammar of the plant none becomes a question or a write clean, and one becomes a question
at 12 dB; in the grammar of orders none does. Of the right sentences of people 98 % are kept, clean and at 12 dB."""


def confidence(words: Sequence[Word], ground: float) -> float:
    """0-1: that these words were said to the system. `ground`: the deficit of any sounds in their place."""
    length_s = sum(word.ended_s - word.started_s for word in words)
    if length_s <= 0:
        return 0.0
    return logistic(AGREED + PER_NAT * (mean_deficit(words) - ground) + PER_LENGTH * math.log(length_s) - MIDDLE)


def with_others(sure: float, text: str, others: Sequence[str]) -> float:
    """The confidence in `text` where other ways to decode the same sound heard `others`."""
    if not others or sure <= 0:
        return sure
    words = text.split()
    alike = sum(SequenceMatcher(None, words, other.split()).ratio() for other in others) / len(others)
    return logistic(logit(sure) - ALONE * (1 - alike))


def is_other_speech(fillers: Sequence[Word], range_db: float | None) -> bool:
    """Whether more was said than the words explain. Asked only where it is quiet: noise is no silence either."""
    unexplained_s = sum(filler.ended_s - filler.started_s for filler in fillers if filler.deficit > FOREIGN)
    return is_quiet(range_db) and unexplained_s > UNEXPLAINED_S


def is_quiet(range_db: float | None) -> bool:
    """Where that is not known, it is."""
    return range_db is None or range_db >= QUIET_DB


def mean_deficit(words: Sequence[Word]) -> float:
    """The deficit per frame over all words, each by its length, in nats."""
    return _by_length(words, [word.deficit for word in words])


def mean_excess(words: Sequence[Word]) -> float:
    """By how much any sounds at all would fit better than the words; nats per frame, below 0 where they fit worse."""
    return _by_length(words, [word.excess for word in words])


def _by_length(words: Sequence[Word], values: Sequence[float]) -> float:
    lengths = [word.ended_s - word.started_s for word in words]
    total = sum(lengths)
    return sum(length * value for length, value in zip(lengths, values, strict=True)) / total if total else 0.0


def logistic(logit: float) -> float:
    return 1 / (1 + math.exp(min(-logit, 500.0)))


def logit(probability: float) -> float:
    """Of anything from 0 to 1; both ends stay finite."""
    kept = min(max(probability, 1e-9), 1 - 1e-9)
    return math.log(kept / (1 - kept))
