"""What a recogniser with an open vocabulary writes down although nobody said it: why it is refused.

Such a model was taught to write something. Of silence it makes the ends of films ("thank you for watching") or the very
words it was told to expect, of noise one word again and again.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from voicemes.numbers import DIGITS

MOST_WORDS_PER_S = 7.0
"""Fast speech has 4, and digits are short. More was not said in that time."""
MOST_TIMES, MOST_TIMES_DIGIT = 3, 6
"""So often the same word or words may stand in a row; "zero zero zero zero" is an identifier."""
LONGEST_REPEATED = 4
"""Words of what is repeated."""
MOST_COMPRESSION = 2.4
"""Whisper's own bound: text that is squeezed better says the same all the time."""
MOST_NO_SPEECH, LEAST_LIKELY = 0.6, -1.0
"""Whisper's own bounds, of the probability that there is no speech, and of the mean logarithm of its tokens'."""
FEW = 2
"""So many nouns and nothing else are still an answer: "solder bridge"."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote down, and what it says of it."""

    words: Sequence[str]
    speech_s: float
    """Speech that the voice detector found in the sound."""
    mean_log_probability: float
    no_speech: float
    """0-1: that there is no speech."""


def why_refused(written: Written, hinted: Collection[str] = ()) -> str:
    """Why this was not said; empty where it may have been. `hinted` are words that the model was told to expect."""
    words = list(written.words)
    if not words:
        return "no words"
    if written.speech_s <= 0:
        return "no speech"
    if written.mean_log_probability < LEAST_LIKELY:
        return "unlikely by its own account"
    if written.no_speech > MOST_NO_SPEECH:
        return "no speech by its own account"
    if len(words) > MOST_WORDS_PER_S * written.speech_s + FEW:
        return "more words than can be said in that time"
    if compression(" ".join(words)) > MOST_COMPRESSION or is_repeated(words):
        return "the same again and again"
    if len(words) > FEW and all(word in hinted for word in words):
        return "the words that it was told to expect"
    return ""


def compression(text: str) -> float:
    """How much shorter the text can be written."""
    encoded = text.encode()
    return len(encoded) / len(zlib.compress(encoded))


def is_repeated(words: Sequence[str]) -> bool:
    """Whether a few words stand in a row more often than anybody says them."""
    for length in range(1, LONGEST_REPEATED + 1):
        for start in range(len(words)):
            part, times = list(words[start : start + length]), 1
            while words[start + times * length : start + (times + 1) * length] == part:
                times += 1
            most = MOST_TIMES_DIGIT if all(word in DIGITS for word in part) else MOST_TIMES
            if times > most:
                return True
    return False
