"""Sentence templates (hassil's notation) become phrases.

`(a|b)` alternatives, `[a]` optional, `(a;b)` any order, `{slot}` a value, `{type:slot}` a value that is a `type` at
this place, `<rule>` a shared snippet. hassil parses; this file gives the result our meaning and turns every fault into
a TemplateError with file, line and column.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from hassil import expression as hx
from hassil.parse_expression import parse_sentence
from hassil.parser import ParseError

from voicemes.errors import TemplateError
from voicemes.intents import BUILT_IN_TYPES, Template
from voicemes.nlu.normalize import normalize
from voicemes.nlu.phrase import NOTHING, OneOf, Phrase, Seq, Slot, Word, one_of, seq
from voicemes.nlu.spoken import silent_forms

MAX_TEMPLATE_CHARS = 2_000
MAX_PERMUTED = 4
"""`(a;b;c;d)` is 24 orders; five would be 120 copies of everything inside."""
MAX_PARTS = 5_000
"""Words and slots of a template with its rules written out: real ones have under 100, rules of rules soon millions."""
MAX_DEPTH = 30
"""Brackets inside brackets, and rules inside rules."""
MAX_DIGITS = 20
"""Digits and letters of one token; longer ones are no identifier that anybody says."""
PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}


@dataclass(slots=True)
class Templates:
    """Turns templates into phrases; shared rules are turned once."""

    rules: Mapping[str, Template]
    types: Collection[str] = BUILT_IN_TYPES
    """Slot types that there are."""
    _done: dict[tuple[str, str], Phrase] = field(default_factory=dict)
    _read: dict[tuple[str, str], Phrase] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _sizes: dict[Phrase, int] = field(default_factory=dict)

    def phrase(self, template: Template, slots: Mapping[str, str], *, intent: str | None = None) -> Phrase:
        """The phrase of a template whose slots may be `slots` (name -> type). Raises TemplateError."""
        key = (template.text, repr(sorted(slots.items())))
        if key not in self._read:
            self._read[key] = _Reader(self, template, slots, intent).read()
        return self._read[key]

    def rule(self, name: str, reader: _Reader) -> Phrase:
        if name not in self.rules:
            known = ", ".join(sorted(self.rules)) or "none"
            raise reader.error(f"there is no rule <{name}>. Known: {known}.", f"<{name}")
        if name in self._open:
            circle = " -> ".join((*self._open[self._open.index(name) :], name))
            raise reader.error(f"the rules go round in a circle: {circle}.", f"<{name}")
        if len(self._open) >= MAX_DEPTH:
            raise reader.error(f"more than {MAX_DEPTH} rules inside each other; write some of them out.", f"<{name}")
        key = (name, repr(sorted(reader.slots.items())))
        if key not in self._done:
            self._open.append(name)
            try:
                self._done[key] = self.phrase(self.rules[name], reader.slots, intent=reader.intent)
            finally:
                self._open.pop()
        return self._done[key]

    def size(self, phrase: Phrase) -> int:
        """Words and slots of a phrase when everything shared is written out; each phrase is counted once."""
        if phrase not in self._sizes:
            parts = phrase.items if isinstance(phrase, (Seq, OneOf)) else ()
            self._sizes[phrase] = sum(map(self.size, parts)) if parts else 1
        return self._sizes[phrase]

    def count_as(self, phrase: Phrase, size: int) -> Phrase:
        """Notes the size of a phrase whose parts are shared by the compiler, so that they need not be written out."""
        self._sizes[phrase] = size
        return phrase


@dataclass(frozen=True, slots=True)
class _Reader:
    """One template being read."""

    owner: Templates
    template: Template
    slots: Mapping[str, str]
    intent: str | None

    def read(self) -> Phrase:
        text = self.template.text
        if len(text) > MAX_TEMPLATE_CHARS:
            raise self.error(f"the template is longer than {MAX_TEMPLATE_CHARS} characters; split it.")
        self._check_pairs(text)
        try:
            sentence = _parsed(text)
        except (ParseError, AssertionError, ValueError) as exc:
            raise self.error("the template cannot be read; compare it with the notation in the README.") from exc
        phrase = self._convert(sentence.expression)
        if self.owner.size(phrase) > MAX_PARTS:
            message = f"written out, the template has more than {MAX_PARTS:,} words; split it or simplify its rules."
            raise self.error(message)
        return phrase

    def error(self, message: str, near: str = "") -> TemplateError:
        at = self.template.text.find(near) + 1 if near else 1
        return TemplateError(
            message, column=max(1, at), file=self.template.file, line=self.template.line or None, intent=self.intent
        )

    def _check_pairs(self, text: str) -> None:
        """Finds the column that hassil does not name: a bracket without its partner."""
        stack: list[tuple[str, int]] = []
        for column, sign in enumerate(text, start=1):
            if sign in PAIRS:
                stack.append((sign, column))
                if len(stack) > MAX_DEPTH:
                    raise self._at(column, f"more than {MAX_DEPTH} brackets inside each other; split the template.")
            elif sign in PAIRS.values() and (not stack or PAIRS[stack.pop()[0]] != sign):
                raise self._at(column, f"'{sign}' closes nothing that is open.")
        if stack:
            sign, column = stack[-1]
            raise self._at(column, f"'{sign}' is never closed; add '{PAIRS[sign]}'.")

    def _at(self, column: int, message: str) -> TemplateError:
        return TemplateError(
            message, column=column, file=self.template.file, line=self.template.line or None, intent=self.intent
        )

    def _convert(self, node: hx.Expression) -> Phrase:
        match node:
            case hx.TextChunk():
                return self._text(node.original_text)
            case hx.Permutation():
                return self._any_order([self._convert(item) for item in node.items])
            case hx.Alternative():
                return one_of(self._convert(item) for item in node.items)
            case hx.Group():
                self._check_gaps(node.items)
                parts = [part for part in map(self._convert, node.items) if part is not NOTHING]
                return seq(*parts) if parts else NOTHING
            case hx.RuleReference():
                return self.owner.rule(node.rule_name, self)
            case hx.ListReference():
                return self._slot(node)
            case _:
                raise self.error(f"cannot use {type(node).__name__} in a template.")

    def _text(self, text: str) -> Phrase:
        parts: list[Phrase] = []
        for token in text.split():
            if any(sign.isdigit() for sign in token):
                if len(token) > MAX_DIGITS:
                    raise self.error(f"'{token[:MAX_DIGITS]}…' is longer than anybody says; split it.", token)
                parts.append(self.owner.count_as(silent_forms(token), len(token)))
            else:
                parts += [Word(word) for word in normalize(token)]
        return seq(*parts) if parts else NOTHING

    def _any_order(self, items: list[Phrase]) -> Phrase:
        if len(items) > MAX_PERMUTED:
            raise self.error(f"more than {MAX_PERMUTED} parts in any order; split the template.", ";")
        return one_of(Seq(order) for order in itertools.permutations(items))

    def _slot(self, node: hx.ListReference) -> Phrase:
        name = node.slot_name
        if name not in self.slots:
            known = ", ".join(f"{{{slot}}}" for slot in self.slots) or "none"
            raise self.error(f"{{{name}}} is not a slot of this intent. Its slots: {known}.", f"{{{node.list_name}")
        if node.list_name not in (name, *self.owner.types):
            known = ", ".join(self.owner.types)
            raise self.error(f"there is no type '{node.list_name}'. Known: {known}.", f"{{{node.list_name}")
        return Slot(name, self.slots[name] if node.list_name == name else node.list_name)

    def _check_gaps(self, items: list[hx.Expression]) -> None:
        """Words are whole: "job(s|)" would have to be written "(job|jobs)"."""
        for left, right in itertools.pairwise(items):
            if _ends_open(left) and _starts_open(right):
                touching = _text_of(left, right)
                raise self.error("a group touches a word; write whole words, such as (job|jobs).", touching)


@lru_cache(maxsize=10_000)
def _parsed(text: str) -> hx.Sentence:
    """To be looked at only. Raises what hassil raises."""
    return parse_sentence(text)


def _ends_open(node: hx.Expression) -> bool:
    return not isinstance(node, hx.TextChunk) or node.original_text[-1:].isalnum()


def _starts_open(node: hx.Expression) -> bool:
    return not isinstance(node, hx.TextChunk) or node.original_text[:1].isalnum()


def _text_of(*nodes: hx.Expression) -> str:
    return next((node.original_text for node in nodes if isinstance(node, hx.TextChunk)), "")
