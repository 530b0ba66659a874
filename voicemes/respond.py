"""A reply becomes words: one text to show, one to speak.

Reply templates stand in the intents (`say:`) and in `_replies.yaml`. `{name}` is a value; a part in `[ ]` is left out
when a value in it is missing. Of a list, `{items}`, each item is said by the template `each`; all of it is shown, its
beginning is spoken, and `none` is said where it is empty. What is spoken uses only words that can be said back:
identifiers digit by digit, units and list values by their spoken names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from voicemes.intents import Catalog, Intent
from voicemes.model import Clarity, Reply, SlotData, Spoken
from voicemes.numbers import say_digits, say_number, spell

MAX_SPOKEN_ITEMS = 3
"""Of a list; the screen has all. What comes after three items the first ones have been forgotten."""

MAX_SAID_CHARS, MAX_SHOWN_CHARS = 2_000, 10_000
"""Two minutes of speech, and more than a screen holds: whatever a MES answers."""

_VALUE = re.compile(r"\{(\w+)\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Words:
    """What a template is filled with: whose it is, the names of things, and how clearly they must be said."""

    intent: Intent | None
    catalog: Catalog
    clarity: Clarity = "natural"

    def kind(self, name: str) -> str:
        """The slot type of a value; of one that no slot has, its name."""
        slot = self.intent.slots.get(name) if self.intent else None
        return slot.type if slot else name


def respond(reply: Reply, catalog: Catalog) -> Spoken:
    """Never raises: a reply without a template says its key, so that a gap is heard in testing and not hidden."""
    name, _, moment = reply.key.partition("/")
    intent = catalog.intents.get(name) if moment else None
    moment = "none" if moment == "done" and intent and "none" in intent.say and _is_empty(reply.values) else moment
    template = _template(reply.key, moment, intent, catalog)
    values = {**reply.values, **_kind_of_thing(reply.values, catalog)}
    shown, said = _fill(template, values, Words(intent, catalog, reply.clarity))
    return Spoken(_tidy(shown)[:MAX_SHOWN_CHARS], _tidy(said)[:MAX_SAID_CHARS])


def _fill(template: str, values: Mapping[str, SlotData], words: Words) -> tuple[str, str]:
    """A template with its values, as it is shown and as it is said."""
    present = _OPTIONAL.sub(lambda found: _keep(found.group(1), values), template)
    filled = {name: _value(name, values.get(name), words) for name in _VALUE.findall(present)}
    shown = _VALUE.sub(lambda found: filled[found.group(1)][0], present)
    return shown, _VALUE.sub(lambda found: filled[found.group(1)][1], present)


def _value(name: str, value: SlotData | None, words: Words) -> tuple[str, str]:
    if isinstance(value, Mapping):
        return _record(value, words)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _items(value, words)
    kind = words.kind(name)
    return _show(value, kind, words.catalog), _say(value, kind, words)


def _record(value: Mapping[str, SlotData], words: Words) -> tuple[str, str]:
    """A small record in its own words: {"before": "4711"} is "before 4711"; a unit needs no word before it."""
    parts = {key: _value(key, part, words) for key, part in value.items()}
    leads = {key: "" if key == "unit" else f"{key} " for key in parts}
    return (
        " ".join(leads[key] + shown for key, (shown, _) in parts.items()),
        " ".join(leads[key] + said for key, (_, said) in parts.items()),
    )


def _items(items: Sequence[SlotData], words: Words) -> tuple[str, str]:
    each = (words.intent.say.get("each") if words.intent else None) or "{item}"
    filled = [
        _fill(each, item if isinstance(item, Mapping) else {"item": item}, words) for item in items
    ]
    spoken = [said.strip() for _, said in filled[:MAX_SPOKEN_ITEMS]]
    more = len(filled) - len(spoken)
    spoken += [f"and {say_number(more)} more"] if more else []
    return ", ".join(shown.strip() for shown, _ in filled), ", ".join(spoken)


def _is_empty(values: Mapping[str, SlotData]) -> bool:
    """Whether the answer is a list with nothing in it."""
    items = values.get("items")
    return isinstance(items, Sequence) and not items


def _template(key: str, moment: str, intent: Intent | None, catalog: Catalog) -> str:
    if intent is None:
        return catalog.replies.get(key, key)
    if moment.startswith("ask."):
        asked = intent.slots.get(moment.removeprefix("ask."))
        return asked.ask if asked else key
    return intent.say.get(moment) or catalog.replies.get(moment) or f"{intent.summary} {moment}."


def _kind_of_thing(values: Mapping[str, SlotData], catalog: Catalog) -> dict[str, SlotData]:
    """People say "order" and "board" where the slot types are called job and serial, and "someone from quality"."""
    return {
        key: catalog.replies.get(f"{key}_{value}", str(value))
        for key in ("what", "who", "many")
        if (value := values.get(key))
    }


def _keep(part: str, values: Mapping[str, SlotData]) -> str:
    names = _VALUE.findall(part)
    return part if all(values.get(name) not in (None, "", "none", ()) for name in names) else ""


def _show(value: SlotData | None, kind: str, catalog: Catalog) -> str:
    """Ids that are words are shown as people write them ("solder bridge", "OEE"), those of things as they are."""
    if value in (None, "") or (isinstance(value, float) and not isfinite(value)):
        return "unknown"
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value)
    is_word = isinstance(value, str) and text.islower() and " " not in text and not any(c.isdigit() for c in text)
    return (_listed(text, kind, catalog) or text.replace("-", " ")) if is_word else text


def _say(value: SlotData | None, kind: str, words: Words) -> str:
    if isinstance(value, (int, float)):
        return say_number(value) if words.clarity == "natural" else say_digits(value)
    if not isinstance(value, str) or not value:
        return _show(value, kind, words.catalog)
    listed = _listed(value, kind, words.catalog)
    if listed and words.clarity == "letters" and any(sign.isdigit() for sign in value):
        return f"{listed}, {spell(value)}"
    if listed:
        return listed
    is_identifier = " " not in value and any(sign.isdigit() for sign in value)
    return spell(value) if is_identifier else value.replace("-", " ") if " " not in value else value


def _listed(value: str, kind: str, catalog: Catalog) -> str:
    """The spoken name of an id, in its own list or in any: answers bring values that no slot announced."""
    return next((said for name in (kind, *catalog.lists) if (said := catalog.spoken_name(name, value))), "")


def _tidy(text: str) -> str:
    text = " ".join(text.split())
    return text[:1].upper() + text[1:]
