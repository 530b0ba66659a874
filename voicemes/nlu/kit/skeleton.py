"""The file of a new intent: what must be there, with a place for what only its author can know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from voicemes.intents import Risk

WIDTH = 10_000
"""No line is broken."""
NOTHING_YET = "something that sounds like it and means something else"


@dataclass(frozen=True, slots=True)
class NewIntent:
    name: str
    summary: str
    risk: Risk = "R1"
    role: str = "operator"
    slots: Mapping[str, str] = field(default_factory=dict)
    """Name -> type, in the order in which they are asked for."""
    sentences: Sequence[str] = ()
    examples: Sequence[tuple[str, Mapping[str, object]]] = ()
    """Sentences with the slots that the templates read in them."""


def written(new: NewIntent) -> str:
    """The text of the file. It loads as it is; its comments say what is left to do."""
    parts = [
        _lines({"intent": new.name, "summary": new.summary, "risk": new.risk, "role": new.role}),
        _slots(new.slots),
        "# (a|b) alternatives, [a] optional, {slot} a value, <rule> a snippet of _rules.yaml; write at least four\n",
        _listed("sentences", new.sentences),
        f"action: {{operation: {new.name}}}  # what the connector calls it\n",
        _say(new),
        "# at least six, in people's own words; each is a test\n",
        _listed("examples", [{"say": say, "slots": dict(slots)} for say, slots in new.examples]),
        "# sentences that are near and must not be taken for it; each is a test\n",
        _listed("not_examples", [NOTHING_YET]),
    ]
    return "".join(parts)


def _slots(slots: Mapping[str, str]) -> str:
    if not slots:
        return ""
    lines = (
        f"  {_quoted(name)}: {{type: {_quoted(kind)}, required: true, ask: {_quoted(f'Which {name}?')}}}"
        for name, kind in slots.items()
    )
    return "\n".join(["slots:", *lines, ""])


def _say(new: NewIntent) -> str:
    named = ", ".join(f"{{{name}}}" for name in new.slots)
    subject = f"{new.summary.rstrip('.')}{f': {named}' if named else ''}"
    moments = {"done": f"{subject}."}
    if new.risk in {"R2", "R3"}:
        moments = {"confirm": f"{subject}. Correct?", **moments}
    lines = [f"  {moment}: {_inline(text)}" for moment, text in moments.items()]
    return "\n".join(["say:", *lines, ""])


def _listed(key: str, items: Sequence[object]) -> str:
    lines = [f"  - {_inline(item)}" for item in items]
    return "\n".join([f"{key}:", *lines, ""]) if lines else f"{key}: []\n"


def _lines(values: Mapping[str, str]) -> str:
    return yaml.safe_dump(dict(values), sort_keys=False, width=WIDTH, allow_unicode=True)


def _inline(value: object) -> str:
    """On one line, texts in quotes."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=WIDTH, allow_unicode=True)
    return text.removesuffix("...\n").strip() if not isinstance(value, str) else _quoted(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
