"""Identifiers that were heard, but may be others: with thousands of orders, what is misheard is often another order.

Two signs of it: another word fits nearly as well (engines/asr/rivals.py), with which another one that exists is named;
and a word that any sounds explain better (engines/asr/ground.py). Of 363 order numbers that were taken, said by eight
synthetic voices at three speeds, 33 were wrong, and both signs together have 31 of them and 45 % of the right ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import fmean

from voicemes.model import Ambiguous, Candidate, Parse, Scope, SlotValue, Transcript, Understood
from voicemes.nlu.match import Matcher, is_cry
from voicemes.numbers import TEENS, TENS

LEAST_LEAD, PER_FIT = 98.0, 30.0
"""Nats by which a word must fit better than the one that names another, and how many more for each nat per frame by
which any sounds explain the identifier's words better. It has 29 of those 33 and 29 % of the right ones; a lead of 80
for all has 30 and 25 %, but asks about people's words, which fit much better, as well."""
LEAST_FIT = 0.6
"""Nats per frame by which any sounds may explain a word better: it has two more of those 33, and 16 % of the right ones
more. Of the words in the right sentences of people 92 % are better than this, of synthetic ones 98 %."""
AT_ONCE = frozenset({"R0", "R1"})
LEAST_DIGITS = 2
"""Of what is told from its neighbours by digits: an order, not "printer one" (but beside an order, that counts too)."""
TWINS = {one: other for pair in zip(TEENS[3:], TENS[1:], strict=True) for one, other in (pair, pair[::-1])}
"""thirteen and thirty, to nineteen and ninety: the only rivals that are known where the recogniser names none."""


def doubted(parse: Parse, scope: Scope, matcher: Matcher) -> Parse:
    """`parse`, or the question what was meant, where it names something by a number that may be another."""
    if not isinstance(parse, Understood) or scope.phase != "idle" or not _is_done_at_once(parse.candidate, matcher):
        return parse
    candidate, heard = parse.candidate, parse.transcript
    spoken = [(slot, places) for slot in candidate.slots if (places := _places(slot, heard, matcher))]
    if not any(_digits(slot) >= LEAST_DIGITS for slot, _ in spoken):
        return parse
    words = [(slot, place) for slot, places in spoken for place in places]
    lead = LEAST_LEAD + PER_FIT * fmean(heard.words[place].excess for _, place in words)
    near = [(behind, other, place, slot) for slot, place in words for other, behind in _rivals(place, heard)]
    for behind, word, place, slot in sorted(near, key=lambda one: one[0]):
        if behind >= lead:
            break
        for other in _with(word, place, slot, candidate, heard, scope, matcher):
            return Ambiguous((candidate, other), heard)
    is_poor = any(heard.words[place].excess > LEAST_FIT for _, place in words)
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


def _rivals(place: int, heard: Transcript) -> tuple[tuple[str, float], ...]:
    """What else a word can have been, with the nats that it is behind."""
    word = heard.words[place]
    if word.text in TWINS and not any(one.rivals for one in heard.words):
        return ((TWINS[word.text], 0.0),)
    return word.rivals


def _with(
    word: str, place: int, slot: SlotValue, candidate: Candidate, heard: Transcript, scope: Scope, matcher: Matcher
) -> Iterator[Candidate]:
    """The same with another word at a place, where that names something else that exists."""
    words = [one.text for one in heard.words]
    words[place] = word
    for one in matcher.match(matcher.tokens(" ".join(words)), scope):
        value = one.values.get(slot.name)
        if one.intent == candidate.intent and value != slot.value and all(map(matcher.exists, one.slots)):
            yield replace(one, score=candidate.score)
