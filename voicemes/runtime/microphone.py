"""Whether the microphone is where it should be, and whom it heard: told from the samples of an utterance."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np

from voicemes.model import NotUnderstood, Parse, Utterance
from voicemes.nlu.match import Matcher
from voicemes.runtime.echo import Echo, without_echo

Fault: TypeAlias = Literal["clipped", "faint"]

FULL_SCALE = 32_768
CLIPPED_AT, CLIPPED_SHARE = 0.99, 0.002
"""Of full scale; and the share of samples there. Sound that was only brought to its full level has one or two."""
FAINT_PEAK = 0.0167
"""Of full scale, 36 dB under it: less cannot be lifted to the level that the recogniser expects (conditioning.py)."""


def blamed(parse: Parse, said: Utterance, echo: Echo | None, matcher: Matcher) -> Parse:
    """`parse`, unless it was our own voice, with the microphone as the reason where what was heard is not speech enough
    and it is to blame. `echo`: of what was said while we spoke.
    """
    if echo is not None:
        parse = without_echo(parse, said.pcm, echo, matcher)
    if not isinstance(parse, NotUnderstood) or parse.reason != "noise":
        return parse
    fault = fault_of(said.pcm)
    return replace(parse, reason=fault) if fault is not None else parse


def fault_of(pcm: bytes) -> Fault | None:
    sizes = np.abs(np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2").astype(np.int32)) / FULL_SCALE
    if not len(sizes):
        return None
    if (sizes >= CLIPPED_AT).mean() > CLIPPED_SHARE:
        return "clipped"
    return "faint" if sizes.max() < FAINT_PEAK else None
