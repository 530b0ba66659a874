"""What the language model is asked, all that it may answer, and what its answer means.

For each sentence a grammar of its own is written: the intents that may be meant here, for each slot the marks of the
words that can fill it, and "none". So no answer names an intent that there is not, or a value that nobody said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from voicemes.intents import ANYONE, Catalog, Intent, SlotSpec
from voicemes.model import Candidate, SlotValue
from voicemes.nlu.match import Matcher
from voicemes.nlu.spans import RELATIVE, Marked, mark

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

    @property
    def names(self) -> frozenset[str]:
        return frozenset(one.name for one in self.intents)

    @property
    def prompt(self) -> str:
        return self.marked.text()

    def without(self, intent: str) -> Question:
        """The same, asked for what else it could be."""
        return Question(self.marked, tuple(one for one in self.intents if one.name != intent))

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
    return Question(mark(matcher, tokens, types), intents)


def read_answer(matcher: Matcher, question: Question, answer: str, score: float) -> Candidate | None:
    """What an answer means; None for "none". Raises ValueError for one outside the grammar: it was not obeyed."""
    name, *rest = answer.split()
    if name == NONE and not rest:
        return None
    intent = next((one for one in question.intents if one.name == name), None)
    if intent is None:
        raise ValueError(f"there is no '{name}' among the intents")
    slots = (*_read_slots(matcher, question.marked, intent, rest),)
    if intent.role == ANYONE:
        slots = (*slots, *_whole(question.marked, intent, {slot.name for slot in slots}))
    return Candidate(name, slots, score, "llm")


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


def _read_slots(matcher: Matcher, marked: Marked, intent: Intent, words: list[str]) -> Iterator[SlotValue]:
    rest = iter(words)
    for name in rest:
        slot = intent.slots.get(name)
        if slot is None:
            raise ValueError(f"{intent.name} has no slot '{name}'")
        if slot.type == "text":
            yield from _remark(marked, name, list(rest))
            return
        pointer = next(rest, "")
        if pointer in _leads(slot):
            pointer = f"{pointer} {next(rest, '')}"
        if pointer not in marked.choices.get(slot.type, {}):
            raise ValueError(f"'{pointer}' cannot be {name}")
        yield marked.value(matcher, name, slot.type, pointer)


def _leads(slot: SlotSpec) -> set[str]:
    return {lead.strip() for lead, _ in RELATIVE.get(slot.type, ())} - {""}


def _remark(marked: Marked, name: str, said: list[str]) -> Iterator[SlotValue]:
    """Nothing where only "the" was said."""
    if not any(marked.pieces()[at : at + len(said)] == said for at in range(len(marked.pieces()))):
        raise ValueError(f"nobody said '{' '.join(said)}'")
    text = marked.remark(said)
    if text:
        yield SlotValue(name, text, text, type="text")


def _rules(question: Question) -> Iterator[str]:
    """Rule names have letters, digits and dashes only: an underscore would switch the grammar off without a word."""
    types = {slot.type for intent in question.intents for slot in intent.slots.values()}
    numbered = {name: f"type-{number}" for number, name in enumerate(sorted(types))}
    offered = {name: numbered[name] for name in types if question.marked.choices.get(name)}
    texts = list(_remarks(question.marked)) if "text" in types else []
    if texts:
        offered["text"] = "remark"
    yield f'root ::= "{NONE}"' + "".join(f" | {_intent(one, offered)}" for one in question.intents)
    for name, rule in sorted(offered.items()):
        if name != "text":
            yield f"{rule} ::= " + " | ".join(f'"{pointer}"' for pointer in question.marked.choices[name])
    yield from texts


def _intent(intent: Intent, offered: dict[str, str]) -> str:
    named = [(name, offered.get(intent.slots[name].type)) for name in slot_order(intent)]
    return " ".join([f'"{intent.name}"', *(f'(" {name} " {rule})?' for name, rule in named if rule)])


def _whole(marked: Marked, intent: Intent, said: Collection[str]) -> Iterator[SlotValue]:
    """In an emergency nobody is asked for words that were not found: the whole sentence is what is told."""
    for slot in intent.slots.values():
        if slot.type == "text" and slot.is_required and slot.name not in said:
            text = " ".join(marked.tokens)
            yield SlotValue(slot.name, text, text, type="text")


def _remarks(marked: Marked) -> Iterator[str]:
    """Any run of the words that were said, up to the end or to the next mark."""
    pieces, last = marked.pieces()[:MAX_TEXT_PIECES], {*marked.last_pieces(), MAX_TEXT_PIECES - 1}
    if pieces:
        yield "remark ::= " + " | ".join(f"remark-{number}" for number in range(len(pieces)))
    for number, piece in enumerate(pieces):
        more = f' " " remark-{number + 1}' if number + 1 < len(pieces) else ""
        yield f'remark-{number} ::= "{_escaped(piece)}"' + (f" ({more.lstrip()})?" if number in last and more else more)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
