"""What the language model is asked, all that it may answer, and what its answer means.

For each sentence a grammar of its own is written: the intents that may be meant here, for each slot the marks of the
words that can fill it, and "none". So no answer names an intent that there is not, or a value that nobody said.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from voicemes.intents import ANYONE, Catalog, Intent, SlotSpec
from voicemes.model import Candidate, SlotValue
from voicemes.nlu.match import Matcher
from voicemes.nlu.spans import RELATIVE, Choice, Marked, mark, slot_types

NONE = "none"
"""The answer for a sentence that means nothing here."""
MAX_TEXT_PIECES = 40
"""Words of a remark that are offered; longer ones are cut."""


@dataclass(frozen=True, slots=True)
class Question:
    """One sentence as the model gets it."""

    marked: Marked
    intents: tuple[Intent, ...]
    """What may be meant."""
    types: Mapping[tuple[str, str], tuple[str, ...]]
    """Intent and slot -> the types that its values are read as."""

    def offered(self, intent: Intent, slot: str) -> dict[str, Choice]:
        """What may be pointed at for a slot."""
        return self.marked.offered(self.types[intent.name, slot])

    @property
    def names(self) -> frozenset[str]:
        return frozenset(one.name for one in self.intents)

    @property
    def prompt(self) -> str:
        return self.marked.text()

    def without(self, intent: str) -> Question:
        """The same, asked for what else it could be."""
        return Question(self.marked, tuple(one for one in self.intents if one.name != intent), self.types)

    def grammar(self) -> str:
        """All that may be answered, in llama.cpp's GBNF. Raises nothing: a question without intents may say "none"."""
        return "\n".join(_rules(self)) + "\n"


def signature(intent: Intent) -> str:
    """What a model must have learned of an intent to answer with it: "job.start(job:job equipment:equipment)"."""
    return f"{intent.name}({' '.join(f'{name}:{intent.slots[name].type}' for name in slot_order(intent))})"


def askable(catalog: Catalog) -> tuple[Intent, ...]:
    """The intents that a language model may find."""
    return tuple(intent for intent in catalog.intents.values() if intent.llm != "forbid")


def ask(matcher: Matcher, tokens: list[str], learned: Collection[str] | None = None) -> Question:
    """The question for a sentence. Not offered is what the speaker may not do, what forbids the model, and what the
    model never learned: `learned` are signatures, None for a model that reads the instructions.
    """
    intents = tuple(
        intent
        for intent in askable(matcher.catalog)
        if matcher.hears(intent) and (learned is None or signature(intent) in learned)
    )
    types = {slot.type for intent in intents for slot in intent.slots.values()}
    return Question(mark(matcher, tokens, types), intents, matcher.book(slot_types))


def read_answer(matcher: Matcher, question: Question, answer: str, score: float) -> Candidate | None:
    """What an answer means; None for "none", and where two slots would take the same words or the unit is another's.
    Raises ValueError for an answer outside the grammar: it was not obeyed.
    """
    name, *rest = answer.split()
    if name == NONE and not rest:
        return None
    intent = next((one for one in question.intents if one.name == name), None)
    if intent is None:
        raise ValueError(f"there is no '{name}' among the intents")
    pointed = list(_read_slots(question, intent, rest))
    if not makes_sense(matcher, [what for _, what in pointed if isinstance(what, Choice)]):
        return None
    slots = [slot for name, what in pointed for slot in _values(matcher, question.marked, name, what)]
    if intent.role == ANYONE:
        slots += _whole(question.marked, intent, {slot.name for slot in slots})
    return Candidate(intent.name, tuple(slots), score, "llm")


def write_answer(intent: str, pointers: dict[str, str], order: Collection[str]) -> str:
    """The answer that names an intent and points at its slots: what a model is trained to say."""
    parts = [intent]
    for name in order:
        if name in pointers:
            parts += [name, pointers[name]]
    return " ".join(parts)


def slot_order(intent: Intent) -> list[str]:
    """Slots in the order of their file; a remark comes last, because it has no mark that ends it."""
    return sorted(intent.slots, key=lambda name: intent.slots[name].type == "text")


def _read_slots(question: Question, intent: Intent, words: list[str]) -> Iterator[tuple[str, Choice | list[str]]]:
    """Slot and what it points at; a remark is the pieces that it repeats."""
    rest = iter(words)
    for name in rest:
        slot = intent.slots.get(name)
        if slot is None:
            raise ValueError(f"{intent.name} has no slot '{name}'")
        if slot.type == "text":
            yield name, list(rest)
            return
        pointer = next(rest, "")
        if pointer in _leads(slot):
            pointer = f"{pointer} {next(rest, '')}"
        choice = question.offered(intent, name).get(pointer)
        if choice is None:
            raise ValueError(f"'{pointer}' cannot be {name}")
        yield name, choice


def makes_sense(matcher: Matcher, choices: Collection[Choice]) -> bool:
    """No word is two values, and a unit is that of what it was said of."""
    places = sorted((choice.start, choice.end) for choice in choices)
    is_apart = all(end <= start for (_, end), (start, _) in itertools.pairwise(places))
    return is_apart and matcher.vocabulary.units_agree((choice.type, choice.emitted) for choice in choices)


def _leads(slot: SlotSpec) -> set[str]:
    return {lead.strip() for lead, _ in RELATIVE.get(slot.type, ())} - {""}


def _values(matcher: Matcher, marked: Marked, name: str, what: Choice | list[str]) -> Iterator[SlotValue]:
    if isinstance(what, Choice):
        yield marked.value(matcher, name, what)
    else:
        yield from _remark(marked, name, what)


def _remark(marked: Marked, name: str, said: list[str]) -> Iterator[SlotValue]:
    """Nothing where only "the" was said."""
    if not any(marked.pieces()[at : at + len(said)] == said for at in range(len(marked.pieces()))):
        raise ValueError(f"nobody said '{' '.join(said)}'")
    text = marked.remark(said)
    if text:
        yield SlotValue(name, text, text, type="text")


def _rules(question: Question) -> Iterator[str]:
    """Rule names have letters, digits and dashes only: an underscore would switch the grammar off without a word."""
    remarks = list(_remarks(question.marked))
    rules: dict[tuple[str, ...], str] = {}
    alternatives = [f'"{NONE}"']
    for intent in question.intents:
        parts = [f'"{intent.name}"']
        for name in slot_order(intent):
            rule = _rule(question, intent, name, rules, has_words=bool(remarks))
            parts += [f'(" {name} " {rule})?'] if rule else []
        alternatives.append(" ".join(parts))
    yield f"root ::= {' | '.join(alternatives)}"
    for pointers, rule in rules.items():
        yield f"{rule} ::= " + " | ".join(f'"{pointer}"' for pointer in pointers)
    yield from remarks


def _rule(
    question: Question, intent: Intent, slot: str, rules: dict[tuple[str, ...], str], *, has_words: bool
) -> str:
    """The name of the rule for what may fill a slot, one for the same pointers; empty where nothing may."""
    if intent.slots[slot].type == "text":
        return "remark" if has_words else ""
    pointers = tuple(question.offered(intent, slot))
    return rules.setdefault(pointers, f"values-{len(rules)}") if pointers else ""


def _whole(marked: Marked, intent: Intent, said: Collection[str]) -> Iterator[SlotValue]:
    """In an emergency nobody is asked for words that were not found: the whole sentence is what is told."""
    for slot in intent.slots.values():
        if slot.type == "text" and slot.is_required and slot.name not in said:
            text = " ".join(marked.tokens)
            yield SlotValue(slot.name, text, text, type="text")


def _remarks(marked: Marked) -> Iterator[str]:
    """Any run of the words that were said, up to the end or to the next mark."""
    pieces, last = marked.pieces()[:MAX_TEXT_PIECES], frozenset(marked.last_pieces())
    if pieces:
        yield "remark ::= " + " | ".join(f"remark-{number}" for number in range(len(pieces)))
    for number, piece in enumerate(pieces):
        more = f' " " remark-{number + 1}' if number + 1 < len(pieces) else ""
        yield f'remark-{number} ::= "{_escaped(piece)}"' + (f" ({more.lstrip()})?" if number in last and more else more)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
