"""The task in words, for a general model that was not trained for it: the catalogue, and a few examples of it."""

from __future__ import annotations

from collections.abc import Iterator

from voicemes.intents import Example, Intent
from voicemes.nlu.ask import NONE, ask, askable, slot_order, write_answer
from voicemes.nlu.match import Matcher

N_EXAMPLES = 12
TASK = """You turn what an operator on a factory floor says into one command.
Numbers and names in the sentence have marks before them: A, B, C. Answer with one line: the command, then each of its \
fields that was said, with the mark of its value. Never write the value itself. A field of type text is written as it \
was said, and comes last. Write none when the sentence is no command for you."""


def instructions(matcher: Matcher) -> str:
    """Some 25 tokens an intent; the same for every sentence, so that a model reads them once."""
    commands = "\n".join(_described(intent) for intent in askable(matcher.catalog))
    examples = "\n\n".join(_examples(matcher))
    return f"{TASK}\n\nCommands:\n{commands}\n{NONE}: nothing of these.\n\nExamples:\n\n{examples}"


def _described(intent: Intent) -> str:
    fields = ", ".join(f"{name} ({intent.slots[name].type})" for name in slot_order(intent))
    return f"{intent.name}: {intent.summary}{f' Fields: {fields}.' if fields else ''}"


def _examples(matcher: Matcher) -> Iterator[str]:
    """From intents all over the catalogue, those first that say most."""
    intents = [intent for intent in askable(matcher.catalog) if intent.examples]
    step = max(1, len(intents) // N_EXAMPLES)
    for intent in intents[::step][:N_EXAMPLES]:
        example = max(intent.examples, key=lambda one: len(one.slots))
        yield f"{ask(matcher, matcher.tokens(example.say)).prompt}\n{_answer(matcher, intent, example)}"
    unwanted = next((say for intent in intents for say in intent.not_examples), None)
    if unwanted:
        yield f"{ask(matcher, matcher.tokens(unwanted)).prompt}\n{NONE}"


def _answer(matcher: Matcher, intent: Intent, example: Example) -> str:
    """What a model should answer; a value that no mark points at is left out."""
    marked = ask(matcher, matcher.tokens(example.say)).marked
    pointers: dict[str, str] = {}
    for name, value in example.slots.items():
        slot_type = intent.slots[name].type
        if slot_type == "text":
            pointers[name] = " ".join(ask(matcher, matcher.tokens(str(value))).marked.pieces())
        for pointer, choice in marked.choices.get(slot_type, {}).items():
            if marked.value(matcher, name, choice).value == value:
                pointers.setdefault(name, pointer)
    return write_answer(intent.name, pointers, slot_order(intent))
