"""Identifiers that were heard, but may be others: with thousands of orders, what is misheard is often another order.

Two signs of it: a word of the identifier that any sounds explain better (engines/asr/ground.py), and "fifty" where
"fifteen" exists, too. Of 185 order numbers that were taken, said by eight synthetic voices at three speeds, 10 were
wrong; the first sign has 8 of them, and a third of the right ones, the second sign another one. One is left, "nine one
five five" heard as "nine one five nine".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from voicemes.model import Ambiguous, Candidate, Parse, Scope, SlotValue, Transcript, Understood
from voicemes.nlu.match import Matcher, is_cry
from voicemes.numbers import TEENS, TENS

LEAST_FIT = 0.6
"""Nats per frame by which any sounds may explain a word better. Of the words in the right sentences of people 92 % are
better than this, of synthetic ones 98 %."""
AT_ONCE = frozenset({"R0", "R1"})
LEAST_DIGITS = 2
"""Of what is told from its neighbours by digits: an order, not "printer one" (but beside an order, that counts too)."""
TWINS = {one: other for pair in zip(TEENS[3:], TENS[1:], strict=True) for one, other in (pair, pair[::-1])}
"""thirteen and thirty, to nineteen and ninety."""


def doubted(parse: Parse, scope: Scope, matcher: Matcher) -> Parse:
    """`parse`, or the question what was meant, where it names something by a number that may be another."""
    if not isinstance(parse, Understood) or scope.phase != "idle" or not _is_done_at_once(parse.candidate, matcher):
        return parse
    candidate, heard = parse.candidate, parse.transcript
    spoken = [(slot, places) for slot in candidate.slots if (places := _places(slot, heard, matcher))]
    if not any(_digits(slot) >= LEAST_DIGITS for slot, _ in spoken):
        return parse
    for slot, places in spoken:
        for twin in _twins(candidate, slot, heard, places, scope, matcher):
            return Ambiguous((candidate, twin), heard)
    is_poor = any(heard.words[place].excess > LEAST_FIT for _, places in spoken for place in places)
    return Ambiguous((candidate,), heard) if is_poor else parse


def _is_done_at_once(candidate: Candidate, matcher: Matcher) -> bool:
    """What is read back is not asked about twice, and a cry for help never."""
    intent = matcher.catalog.intents.get(candidate.intent)
    return intent is not None and intent.risk in AT_ONCE and not is_cry(candidate, matcher)


def _places(slot: SlotValue, heard: Transcript, matcher: Matcher) -> range | None:
    """Which of the words are the identifier; None where it is none of digits, or does not exist anyhow."""
    if slot.type not in matcher.live.references or not _digits(slot) or not matcher.exists(slot):
        return None
    return _found(slot.spoken.split(), [word.text for word in heard.words])


def _digits(slot: SlotValue) -> int:
    return sum(sign.isdigit() for sign in str(slot.value))


def _found(part: Sequence[str], words: Sequence[str]) -> range | None:
    starts = range(len(words) - len(part) + 1) if part else ()
    return next((range(n, n + len(part)) for n in starts if list(words[n : n + len(part)]) == list(part)), None)


def _twins(
    candidate: Candidate, slot: SlotValue, heard: Transcript, places: range, scope: Scope, matcher: Matcher
) -> Iterator[Candidate]:
    """The same with another number that sounds nearly alike, and exists."""
    words = [word.text for word in heard.words]
    for place in places:
        if words[place] not in TWINS:
            continue
        other = [*words[:place], TWINS[words[place]], *words[place + 1 :]]
        for one in matcher.match(matcher.tokens(" ".join(other)), scope):
            value = one.values.get(slot.name)
            if one.intent == candidate.intent and value != slot.value and all(map(matcher.exists, one.slots)):
                yield replace(one, score=candidate.score)
