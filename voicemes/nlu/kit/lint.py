"""What is wrong with a catalogue although every file of it loads, before an operator finds out.

A finding that has to stay is accepted in `_lint.yaml` with its reason; a reason that nothing needs any more is a
finding itself.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, combinations

from rapidfuzz.distance import Levenshtein

from voicemes.intents import Intent, Template
from voicemes.model import Scope
from voicemes.nlu.kit.proof import meant, read
from voicemes.nlu.match import Matcher, Sentence
from voicemes.nlu.normalize import normalize
from voicemes.nlu.phrase import Phrase, Word, sample
from voicemes.nlu.values import COMPOUNDS
from voicemes.numbers import TEENS, TENS

N_SAMPLES = 4
"""Sentences drawn from a template: what collides does so for most values."""
SEED = 1
LEAST_SOUNDS = 5
"""A command of fewer phones is found in any noise ("undo": 4; "scrap two": 8)."""
ALIKE, MOST_APART = 0.25, 2
"""Share of the longer one's phones that differ, and how many at most: "fifteen" and "fifty" differ in two of six; a
digit for another, as in "oven one" and "oven two", in three."""
MAX_DIGITS = 6
"""Each digit more is one more to be misheard: nine in ten right for each is one in two for six."""

TEENS_AND_TENS = frozenset((*TEENS[3:], *TENS))

Sounds = Callable[[str], Sequence[str]]
"""The phones of a word; nothing where nobody has written down how it is said."""


@dataclass(frozen=True, slots=True)
class Finding:
    rule: str
    about: str
    """What it is about, in words that stay the same: the key of an acceptance."""
    message: str
    """One sentence: what is wrong, and what to do."""
    file: str = ""
    line: int = 0
    reason: str = ""
    """Why it is accepted; empty when it is not."""


def lint(matcher: Matcher, sounds: Sounds) -> list[Finding]:
    """Everything that was found, the accepted with their reasons, in the order of the rules."""
    drawn = _drawn(matcher)
    rules = (
        _over_match(matcher, drawn),
        _beginnings(matcher, drawn),
        _sentences_alike(matcher, sounds),
        _values_alike(matcher, sounds),
        _teens(matcher),
        _short(_heard(matcher, drawn), sounds),
        _long_identifiers(matcher),
        _unspoken(matcher, sounds),
        _unused(matcher),
    )
    found: dict[tuple[str, str], Finding] = {}
    for one in chain(*rules):
        found.setdefault((one.rule, one.about), one)
    return _with_reasons(matcher, found)


def _with_reasons(matcher: Matcher, found: dict[tuple[str, str], Finding]) -> list[Finding]:
    accepted = {(one.rule, one.about): one for one in matcher.catalog.accepted}
    kept = [replace(one, reason=accepted[key].reason) if key in accepted else one for key, one in found.items()]
    stale = [
        Finding("stale", about, f"nothing is found under {rule} any more; take it out of _lint.yaml.")
        for rule, about in accepted.keys() - found.keys()
        if not accepted[rule, about].is_inherited
    ]
    return [*kept, *sorted(stale, key=lambda one: one.about)]


# --- sentences -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drawn:
    sentence: Sentence
    words: tuple[str, ...]


def _drawn(matcher: Matcher) -> list[Drawn]:
    """A few sentences of each template and of each dialogue word that is live while nothing goes on."""
    slots = matcher.vocabulary.drawable()
    drawn = []
    for sentence in matcher.sentences(Scope()):
        rng = random.Random(f"{SEED}{sentence.template.text}")  # noqa: S311 - a draw of sentences, no secret
        said = {tuple(sample(sentence.phrase, slots, rng)) for _ in range(N_SAMPLES)}
        drawn += [Drawn(sentence, words) for words in sorted(said)]
    return drawn


def _heard(matcher: Matcher, drawn: list[Drawn]) -> list[Drawn]:
    """What only a keyboard can say sounds like nothing."""
    return [one for one in drawn if matcher.can_be_heard(one.sentence, Scope())]


def _over_match(matcher: Matcher, drawn: list[Drawn]) -> Iterator[Finding]:
    for one in drawn:
        others = meant(read(matcher, " ".join(one.words))) - {one.sentence.name}
        for other in sorted(others):
            pair = " and ".join(sorted((one.sentence.name, other)))
            message = f"“{' '.join(one.words)}” is a sentence of both; say one of them otherwise."
            yield _at("over-match", pair, message, one.sentence)


def _done_at_once(matcher: Matcher, words: Sequence[str]) -> set[str]:
    """The intents that would be carried out if just these words were heard."""
    return {
        candidate.intent
        for candidate in matcher.match(list(words), Scope())
        if _is_at_once(matcher, candidate.intent) and all(slot.type != "text" for slot in candidate.slots)
    }


def _is_at_once(matcher: Matcher, intent: str) -> bool:
    known = matcher.catalog.intents.get(intent)
    return known is not None and known.risk == "R1"


def _beginnings(matcher: Matcher, drawn: list[Drawn]) -> Iterator[Finding]:
    """Who pauses in the middle of the longer one has said the shorter one, which is done without asking."""
    for one in _heard(matcher, drawn):
        for length in range(1, len(one.words)):
            begun = one.words[:length]
            for other in sorted(_done_at_once(matcher, begun) - {one.sentence.name}):
                about = f"{other} begins {one.sentence.name}"
                message = f"“{' '.join(begun)}” is all of {other} and the beginning of “{' '.join(one.words)}”."
                yield _at("beginning", about, message, one.sentence)


def _short(drawn: list[Drawn], sounds: Sounds) -> Iterator[Finding]:
    for one in drawn:
        phones = _phones(one.words, sounds)
        if len(phones) < LEAST_SOUNDS and all(map(sounds, one.words)):
            text = " ".join(one.words)
            message = f"“{text}” has {len(phones)} phones; noise makes such a word. Ask for one more."
            yield _at("too-short", text, message, one.sentence)


def _sentences_alike(matcher: Matcher, sounds: Sounds) -> Iterator[Finding]:
    """Sentences of two intents whose words sound alike and whose values are of the same types, as in "hold order …" and
    "build order …".
    """
    shapes: dict[tuple[str, ...], dict[tuple[str, ...], tuple[str, Sentence]]] = defaultdict(dict)
    for one in _heard(matcher, _skeletons(matcher)):
        types = tuple(word for word in one.words if word.startswith("{"))
        shapes[types].setdefault(one.words, (one.sentence.name, one.sentence))
    for alike in shapes.values():
        spoken = {words: _phones(words, partial(_sound_or_type, sounds)) for words in alike}
        for left, right in combinations(alike, 2):
            name, sentence = alike[left]
            other, _ = alike[right]
            if name != other and _are_alike(spoken[left], spoken[right]):
                first, second = sorted((" ".join(left), " ".join(right)))
                message = f"“{first}” sounds like “{second}”: {name} or {other}?"
                yield _at("sounds-alike", f"{first} / {second}", message, sentence)


def _sound_or_type(sounds: Sounds, word: str) -> Sequence[str]:
    return [word] if word.startswith("{") else sounds(word)


def _skeletons(matcher: Matcher) -> list[Drawn]:
    """Sentences with the types of their values in place of the values."""
    slots: dict[str, Phrase] = {name: Word(f"{{{name}}}") for name in matcher.vocabulary.drawable()}
    drawn = []
    for sentence in matcher.sentences(Scope()):
        rng = random.Random(f"{SEED}{sentence.template.text}")  # noqa: S311 - a draw of sentences, no secret
        said = {tuple(sample(sentence.phrase, slots, rng)) for _ in range(3 * N_SAMPLES)}
        drawn += [Drawn(sentence, words) for words in sorted(said)]
    return drawn


# --- lists, rules, words ---------------------------------------------------------------------------------------------


def _values_alike(matcher: Matcher, sounds: Sounds) -> Iterator[Finding]:
    """Names of two values of one list, as "feeder" and "leader". Ids as they are written differ by their digits."""
    for name, values in matcher.catalog.lists.items():
        said = [
            (value.id, alias, _phones(_words(alias.text), sounds))
            for value in values
            for alias in value.aliases
            if not any(sign.isdigit() for sign in alias.text)
        ]
        for (left, alias, phones), (right, other, more) in combinations(said, 2):
            if left != right and _are_alike(phones, more):
                first, second = sorted((left, right))
                message = f"“{alias.text}” sounds like “{other.text}”; give one of them another name."
                yield Finding("sounds-alike", f"{name}: {first} / {second}", message, alias.file, alias.line)


def _teens(matcher: Matcher) -> Iterator[Finding]:
    """Two values of a list that differ by "fifteen" and "fifty" alone: no headset in a hall tells them apart."""
    for name, values in matcher.catalog.lists.items():
        said: dict[str, tuple[str, Template]] = {}
        for value in values:
            for alias in value.aliases:
                plain = " ".join(_word_of_tens(word) for word in normalize(alias.text))
                other, first = said.setdefault(plain, (value.id, alias))
                if other != value.id and {*normalize(alias.text)} & TEENS_AND_TENS:
                    about = f"{name}: {' / '.join(sorted((other, value.id)))}"
                    message = f"“{alias.text}” and “{first.text}” differ by teen and ty only; say one otherwise."
                    yield Finding("teen-ty", about, message, alias.file, alias.line)


def _word_of_tens(word: str) -> str:
    return TENS[TEENS.index(word) - 2] if word in TEENS[3:] else word


def _unused(matcher: Matcher) -> Iterator[Finding]:
    catalog = matcher.catalog
    used = _used_rules(matcher)
    for name, rule in catalog.rules.items():
        if name not in used:
            yield Finding("unused", f"rule {name}", "no template uses the rule; take it out.", rule.file, rule.line)
    types = {slot.type for intent in catalog.intents.values() for slot in intent.slots.values()}
    types |= {name for sentence in matcher.sentences(Scope()) for name in matcher.parts_of(sentence)[1]}
    types |= {name for intent in catalog.intents.values() for text in _templates(intent) for name in _types(text)}
    types |= {"unit"} if types & {*COMPOUNDS} else set()
    for name, values in catalog.lists.items():
        if name not in types:
            place = next((alias for value in values for alias in value.aliases), None)
            message = "no slot has this type; take the list out."
            yield Finding("unused", f"list {name}", message, place.file if place else "", 1)


def _used_rules(matcher: Matcher) -> set[str]:
    """Those that a template names, and those that they name."""
    catalog = matcher.catalog
    templates = [
        *(template for intent in catalog.intents.values() for template in _templates(intent)),
        *(template for word in catalog.dialogue.values() for template in word.sentences),
        *(alias for values in catalog.lists.values() for value in values for alias in value.aliases),
        *catalog.leads.values(),
    ]
    used: set[str] = set()
    todo = [template.text for template in templates]
    while todo:
        named = set(re.findall(r"<(\w+)>", todo.pop())) - used
        used |= named
        todo += [catalog.rules[name].text for name in named if name in catalog.rules]
    return used


def _types(template: Template) -> list[str]:
    """The types that slots are narrowed to: {remark:text} is a remark."""
    return re.findall(r"{(\w+):", template.text)


def _templates(intent: Intent) -> Iterator[Template]:
    yield from (*intent.sentences, *intent.also)
    for slot in intent.slots.values():
        yield from slot.answers


def _unspoken(matcher: Matcher, sounds: Sounds) -> Iterator[Finding]:
    for word in sorted(matcher.graph(Scope()).words):
        if not sounds(word):
            yield Finding("no-pronunciation", word, f"nobody knows how “{word}” is said; add it to lexicon.dict.")


def _long_identifiers(matcher: Matcher) -> Iterator[Finding]:
    for intent in matcher.catalog.intents.values():
        for slot in intent.slots.values():
            digits = matcher.vocabulary.most_digits(slot.type)
            if digits > MAX_DIGITS:
                message = f"slot '{slot.name}' may have {digits} digits; few people and recognisers get all of them."
                yield Finding("many-digits", slot.type, message, intent.file, intent.line)


def _at(rule: str, about: str, message: str, sentence: Sentence) -> Finding:
    return Finding(rule, about, message, sentence.template.file, sentence.template.line)


def _words(text: str) -> list[str]:
    """The words of an alias, each alternative once: enough to hear what it sounds like."""
    return re.findall(r"[a-z0-9']+", re.sub(r"\[[^\]]*\]|\(([^|)]*)[^)]*\)", r"\1", text.lower()))


def _phones(words: Sequence[str], sounds: Sounds) -> tuple[str, ...]:
    return tuple(phone for word in words for phone in sounds(word))


def _are_alike(left: Sequence[str], right: Sequence[str]) -> bool:
    longer = max(len(left), len(right))
    if not left or not right:
        return False
    apart = Levenshtein.distance(left, right)
    return apart <= MOST_APART and apart <= ALIKE * longer
