"""Words in, readings out: every way in which a sentence of the catalogue can be these words.

A `Matcher` belongs to one catalogue and one snapshot of the plant. It also hands out the recogniser's graph for a
dialogue state, built from the same phrases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from voicemes.intents import ANYONE, BUILT_IN_TYPES, Catalog, Intent, SlotSpec, Template, may
from voicemes.model import Candidate, Live, Route, Scope, SlotValue, WordGraph
from voicemes.nlu.grammar import build_graph
from voicemes.nlu.network import Bound, Found, Network, Path, ReadSlot, find_paths
from voicemes.nlu.normalize import Fresh, Inner, normalize
from voicemes.nlu.phrase import Phrase, slot_types_in, words_in
from voicemes.nlu.template import Templates
from voicemes.nlu.values import Vocabulary
from voicemes.numbers import DIGITS, TEENS, TENS

T = TypeVar("T")

SLOT = re.compile(r"\{(\w+)\}")
DIALOGUE_WRITES = frozenset({"affirm", "correct", "undo", "check", "amend"})
"""Dialogue words with which something is written, or written otherwise: they need the confidence of a write."""
CONTINUING = frozenset(("is", "was", "are", "were", "isn't", "wasn't"))
"""With these the sentence goes on, and means something else: "maintenance to oven one … is on the way"."""
TAKING_BACK = frozenset(
    (
        *("not", "no", "never", "cancel", "cancelled", "canceled", "except", "but", "later", "wrong", "nothing"),
        *("needed", "tomorrow", "unless", "until", "instead"),
    )
)
COURTESY = frozenset(("please", "thanks", "thank", "you", "right", "away", "now", "soon", "okay", "ok"))
"""No part of a remark when they stand at its end."""
IDENTIFIERS = frozenset({"job", "serial", "lot", "component"})
FREE_WORD_COST = 0.02
"""What each freely matched word takes from a score of 1: a sentence with fewer of them explains more."""


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """One thing that may be said in a state: a template of an intent, or a dialogue word."""

    name: str
    template: Template
    phrase: Phrase
    slot: str = ""
    """The slot that an answer or a correction fills; its template calls it {value}."""


@dataclass(slots=True)
class Compiled:
    """The sentences of one scope as a network; a final state names its sentence."""

    sentences: list[Sentence]
    network: Network = field(default_factory=Network)
    by_final: dict[int, Sentence] = field(default_factory=dict)
    start: int = 0

    def __post_init__(self) -> None:
        starts = []
        for sentence in self.sentences:
            final = self.network.final()
            self.by_final[final] = sentence
            starts.append(self.network.enter(sentence.phrase, final))
        self.start = self.network.join(starts)


def _without_courtesy(text: str) -> str:
    words = text.split()
    while words and words[-1] in COURTESY:
        words.pop()
    return " ".join(words)


def _whole_numbers(found: list[tuple[int, str]], tokens: list[str], start: int) -> list[tuple[int, str]]:
    """Without the values that take a part of a number that was typed as one, or two that were typed apart."""
    if not found or isinstance(tokens[start], Inner):
        return []
    apart = next((at for at in range(start + 1, len(tokens)) if isinstance(tokens[at], Fresh)), len(tokens))
    whole = [one for one in found if one[0] == len(tokens) or not isinstance(tokens[one[0]], Inner)]
    return [one for one in whole if one[0] <= apart]


class Matcher:
    def __init__(self, catalog: Catalog) -> None:
        """Reads every template. Raises CatalogError for a faulty one."""
        self.catalog = catalog
        self.live = Live()
        self._held: frozenset[str] = frozenset()
        self._risks: frozenset[str] = frozenset()
        self.templates = Templates(catalog.rules, (*BUILT_IN_TYPES, *catalog.lists))
        self.vocabulary = Vocabulary(catalog, self.live, self.templates)
        self._intents = [sentence for intent in catalog.intents.values() for sentence in self._sentences_of(intent)]
        self._compiled: dict[Scope, Compiled] = {}
        self._alone: dict[str, Compiled] = {}
        self._books: dict[Callable[[Matcher], Any], Any] = {}
        self._graphs: dict[Scope, WordGraph] = {}
        self._last_live: Matcher | None = None
        self._last_heard: Matcher | None = None
        """What was last made of this: another session at the same plant needs the same."""
        self._read_the_rest()
        self.words = self._known_words()
        """What a run of letters may be joined into ("A O I"): every word of sentences, lists and live names."""

    def with_live(self, live: Live) -> Matcher:
        """The same catalogue with another snapshot; templates are not read again."""
        if live == self.live:
            return self
        if self.live != Live():  # what is derived remembers nothing: it would keep all that came after it
            return self._with_live(live)
        if self._last_live is None or live != self._last_live.live:
            self._last_live = self._with_live(live)
        return self._last_live

    def _with_live(self, live: Live) -> Matcher:
        other = copy(self)
        other._last_live, other._last_heard = None, None  # noqa: SLF001 - our own
        other.live, other.vocabulary = live, self.vocabulary.with_live(live)
        other._compiled = dict(self._compiled)  # noqa: SLF001 - another of our own
        other._graphs = dict(self._graphs) if self._sounds_the_same(live) else {}  # noqa: SLF001
        names = (alias for references in live.references.values() for item in references for alias in item.aliases)
        other.words = self.words.union(*(name.lower().split() for name in names))
        return other

    def _sounds_the_same(self, live: Live) -> bool:
        """Whether the recogniser's grammars stay as they are: to build them takes a second."""
        old, new = (
            {name: known for name, known in one.references.items() if self.vocabulary.is_shaped_by(name)}
            for one in (self.live, live)
        )
        return old == new

    def exists(self, slot: SlotValue) -> bool:
        """Whether what a slot names is there now, as far as anybody knows."""
        return not isinstance(slot.value, str) or self.live.knows(slot.type, slot.value)

    def heard_by(self, held: Collection[str], risks: Collection[str] = ()) -> Matcher:
        """The same for the ears of somebody with these roles: what they may not do is not in the recogniser's grammar,
        which stays small, but for what is of one of `risks`. Typed, it is understood and refused. Nobody's roles
        (empty) hear everything.
        """
        who = frozenset(held), frozenset(risks)
        if who == (self._held, self._risks):
            return self
        if self._held or self._risks:
            return self._heard_by(who)
        last = self._last_heard
        if last is None or who != (last._held, last._risks):  # noqa: SLF001 - our own
            last = self._last_heard = self._heard_by(who)
        return last

    def _heard_by(self, who: tuple[frozenset[str], frozenset[str]]) -> Matcher:
        other = copy(self)
        other._last_live, other._last_heard = None, None  # noqa: SLF001 - our own
        other._held, other._risks, other._graphs = *who, {}  # noqa: SLF001 - our own
        return other

    def tokens(self, text: str) -> list[str]:
        return normalize(text, self.words)

    def match(self, tokens: list[str], scope: Scope, route: Route = "grammar") -> list[Candidate]:
        """The readings of all words, best first. The same reading through two templates counts once."""
        best: dict[tuple[str, str], Candidate] = {}
        for _, candidate in self.readings(tokens, scope, route):
            key = (candidate.intent, repr(sorted(candidate.values.items(), key=str)))
            if key not in best or best[key].score < candidate.score:
                best[key] = candidate
        return sorted(best.values(), key=lambda candidate: -candidate.score)

    def readings(
        self, tokens: list[str], scope: Scope, route: Route = "grammar"
    ) -> Iterator[tuple[Sentence, Candidate]]:
        """Every template that explains all words, with what it makes of them."""
        compiled = self._scope(scope)
        for path in self._find(tokens, scope).paths:
            sentence = compiled.by_final[path.final]
            if self._makes_sense(path, sentence):
                yield sentence, self._candidate(path, sentence, tokens, route)

    def _makes_sense(self, path: Path, sentence: Sentence) -> bool:
        """False for two boards where there is one slot, and for "minus eighteen millimeters" of what is in microns."""
        said: dict[str, str] = {}
        for one in path.bound:
            is_another = said.setdefault(one.slot.name, one.emitted) != one.emitted
            if is_another and not self._is_text(sentence, one.slot.name):
                return False
            if one.slot.type == "text" and self._takes_back(sentence, one):
                return False
        return self.vocabulary.units_agree((one.slot.type, one.emitted) for one in path.bound)

    def compiled_alone(self, intent: str) -> Compiled:
        """The sentences of one intent as a network, for other ways through it."""
        if intent not in self._alone:
            self._alone[intent] = Compiled([sentence for sentence in self._intents if sentence.name == intent])
        return self._alone[intent]

    def book(self, open_book: Callable[[Matcher], T]) -> T:
        """What somebody counted in this catalogue: made once, whatever exists in the plant."""
        if open_book not in self._books:
            self._books[open_book] = open_book(self)
        return cast(T, self._books[open_book])

    def parts_of(self, sentence: Sentence) -> tuple[list[str], list[str]]:
        """The words of a sentence, and the types of its slots."""
        return list(words_in(sentence.phrase)), list(slot_types_in(sentence.phrase))

    def candidate_of(
        self, sentence: Sentence, path: Path, tokens: list[str], route: Route, score: float
    ) -> Candidate | None:
        """What a way through the network means; None where its values contradict each other."""
        if not self._makes_sense(path, sentence):
            return None
        found = self._candidate(path, sentence, tokens, route)
        return replace(found, score=found.score * score)

    def furthest(self, tokens: list[str], scope: Scope) -> int:
        """How many words the best attempt got through."""
        return self._find(tokens, scope).furthest

    def sentences(self, scope: Scope) -> list[Sentence]:
        return self._scope(scope).sentences

    def graph(self, scope: Scope) -> WordGraph:
        """What the recogniser may hear in this state."""
        if scope not in self._graphs:
            phrases = [sentence.phrase for sentence in self.sentences(scope) if self.can_be_heard(sentence, scope)]
            self._graphs[scope] = build_graph(str(scope), phrases, self.vocabulary.heard_graph)
        return self._graphs[scope]

    def can_be_heard(self, sentence: Sentence, scope: Scope) -> bool:
        """Two identifiers in one breath, "4712 not 4711", can be typed; heard, they would make a yes-no grammar big."""
        intent = self.catalog.intents.get(sentence.name)
        if intent is not None and (sentence.template in intent.also or not self.hears(intent)):
            return False
        if "{was}" not in sentence.template.text:
            return True
        return self.catalog.intent(scope.intent).slots[sentence.slot].type not in IDENTIFIERS

    def hears(self, intent: Intent) -> bool:
        """Whether somebody with the roles of `heard_by` may mean it, and the MES can do it."""
        if not intent.action.is_local and not self.live.can(intent.action.operation):
            return False
        is_theirs = not self._held or not intent.action.is_write or may(intent.role, self._held)
        return is_theirs or intent.risk in self._risks

    def slot_reader(self, tokens: list[str]) -> ReadSlot:
        """Reads slot values that begin at a word of `tokens`, each type and place once."""
        known: dict[tuple[str, int], list[tuple[int, str]]] = {}

        def read_slot(slot_type: str, position: int) -> list[tuple[int, str]]:
            if (slot_type, position) not in known:
                found = self.vocabulary.read(slot_type, tokens, position)
                known[slot_type, position] = _whole_numbers(found, tokens, position)
            return known[slot_type, position]

        return read_slot

    def _find(self, tokens: list[str], scope: Scope) -> Found:
        compiled = self._scope(scope)
        return find_paths(compiled.network, compiled.start, tokens, self.slot_reader(tokens))

    def _candidate(self, path: Path, sentence: Sentence, tokens: list[str], route: Route) -> Candidate:
        slots: dict[str, SlotValue] = {}
        n_free = 0
        for bound in path.bound:
            name = sentence.slot if bound.slot.name == "value" and sentence.slot else bound.slot.name
            said = " ".join(tokens[bound.start : bound.end])
            n_free += (bound.end - bound.start) * (bound.slot.type == "text")
            value = self.vocabulary.finish(bound.slot.type, bound.emitted)
            if bound.slot.type == "text":
                value = _without_courtesy(bound.emitted)
                if not value:
                    continue
            if name in slots and self._is_text(sentence, name):  # "U7 on board 123, resoldered" is one remark
                value, said = f"{slots[name].value} {value}", f"{slots[name].spoken} {said}"
            if name != "was":
                slots[name] = SlotValue(name, value, said, type=bound.slot.type)
        return Candidate(sentence.name, tuple(slots.values()), max(0.1, 1 - FREE_WORD_COST * n_free), route)

    def _takes_back(self, sentence: Sentence, remark: Bound) -> bool:
        """Whether what follows is no remark: "step done … is not needed", "close call three … not four". What has a
        remark as its substance, as a note, may say anything.
        """
        intent = self.catalog.intents.get(sentence.name)
        if intent is None or not intent.action.is_write or remark.slot.name not in intent.slots:
            return False
        words = remark.emitted.split()
        if words[0] in CONTINUING or words[0] in DIGITS:
            return True
        is_optional = not intent.slots[remark.slot.name].is_required
        return is_optional and any(word in TAKING_BACK or word.endswith("n't") for word in words)

    def _is_text(self, sentence: Sentence, name: str) -> bool:
        intent = self.catalog.intents.get(sentence.name)
        return intent is not None and intent.slots[name].type == "text"

    def _scope(self, scope: Scope) -> Compiled:
        if scope not in self._compiled:
            self._compiled[scope] = Compiled(self._sentences_in(scope))
        return self._compiled[scope]

    def _known_words(self) -> frozenset[str]:
        said = (self.parts_of(sentence)[0] for sentence in self.sentences(Scope()))
        return frozenset((*DIGITS, *TEENS, *TENS)).union(*said, *map(self.vocabulary.words, self.catalog.lists))

    def _read_the_rest(self) -> None:
        """Answers, dialogue words and list values: a fault in one is found now, not in the middle of a shift."""
        for name in self.catalog.lists:
            self.vocabulary.phrase(name)
        for lead in self.catalog.leads.values():
            self.templates.phrase(lead, {})
        for phase in ("idle", "choosing", "checking", "standby"):
            self._sentences_in(Scope(phase))
        for intent in self.catalog.intents.values():
            self._sentences_in(Scope("confirming", intent.name))
            for slot in intent.slots:
                self._sentences_in(Scope("filling", intent.name, slot))

    def _sentences_of(self, intent: Intent) -> list[Sentence]:
        types = {slot.name: slot.type for slot in intent.slots.values()}
        return [
            Sentence(intent.name, template, self.templates.phrase(template, types, intent=intent.name))
            for template in (*intent.sentences, *intent.also)
        ]

    def _sentences_in(self, scope: Scope) -> list[Sentence]:
        if scope.phase == "waiting":
            return []
        sentences = [one for one in self._intents if scope.phase == "idle" or self._is_need(one.name)]
        intent = self.catalog.intent(scope.intent) if scope.intent else None
        for word in self.catalog.dialogue.values():
            if scope.phase not in word.phases:
                continue
            for template in word.sentences:
                sentences += self._dialogue_sentences(word.name, template, scope, intent)
        return sentences

    def _is_need(self, intent: str) -> bool:
        """An emergency is heard whatever goes on."""
        known = self.catalog.intents[intent]
        return known.role == ANYONE and known.action.is_write

    @property
    def _by_type(self) -> dict[str, str]:
        """Slots of a word to the dialogue, which belong to no intent, are named by their type."""
        return {name: name for name in (*BUILT_IN_TYPES, *self.catalog.lists)}

    def _dialogue_sentences(
        self, name: str, template: Template, scope: Scope, intent: Intent | None
    ) -> list[Sentence]:
        if "{value}" not in template.text:
            is_known = set(SLOT.findall(template.text)) <= self._by_type.keys()  # a plant may have no lines
            return [Sentence(name, template, self.templates.phrase(template, self._by_type))] if is_known else []
        if intent is None:
            return []
        wanted = [intent.slots[scope.slot]] if scope.slot else list(intent.slots.values())
        sentences = [self._about(name, template, slot) for slot in wanted]
        if name == "answer":
            types = {slot.name: slot.type for slot in intent.slots.values()}
            own = [answer for slot in wanted for answer in slot.answers]
            sentences += [Sentence(name, answer, self.templates.phrase(answer, types)) for answer in own]
        return sentences

    def _about(self, name: str, template: Template, slot: SlotSpec) -> Sentence:
        """"No, {value}" for one slot, with the words that may lead its value."""
        lead = self.catalog.leads.get(slot.type)
        text = template.text.replace("{value}", f"[{lead.text}] {{value}}") if lead else template.text
        led = replace(template, text=text)
        phrase = self.templates.phrase(led, {"value": slot.type, "was": slot.type})
        return Sentence(name, led, phrase, slot.name)


def writes(intent: str, matcher: Matcher) -> bool:
    """Whether an intent, or a word to the dialogue, may lead to something being written."""
    known = matcher.catalog.intents.get(intent)
    return known.action.is_write if known else intent in DIALOGUE_WRITES


def is_cry(guess: Candidate, matcher: Matcher) -> bool:
    """Whether it would call for help: at once, for anyone."""
    intent = matcher.catalog.intents.get(guess.intent)
    return intent is not None and intent.role == ANYONE and intent.action.is_write
