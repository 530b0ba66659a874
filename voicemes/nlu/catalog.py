"""Reads the catalogue: one YAML an intent, shared lists, rules, replies and dialogue words.

    <folder>/<area>/<intent>.yaml  _lists/<name>.yaml  _rules.yaml  _replies.yaml  _dialogue.yaml  _lint.yaml

Replies that a folder lacks, and the dialogue words of one without a file of them, are those of `base`, so a plant's own
catalogue starts with one file. Every fault is a CatalogError with file and line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from voicemes.errors import CatalogError
from voicemes.intents import (
    BUILT_IN_TYPES,
    Acceptance,
    Action,
    Catalog,
    DialogueWord,
    Example,
    Intent,
    ListValue,
    Risk,
    SlotSpec,
    Template,
)
from voicemes.nlu.yamlfile import Document, Path_

MAX_FILES = 2_000

NAME = r"^[a-z][A-Za-z0-9_]*([.-][a-z][A-Za-z0-9_]*)*$"
Name = Annotated[str, StringConstraints(pattern=NAME, max_length=60)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
Lines = list[Line]
Data = str | int | float | dict[str, "str | int | float"]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SlotFile(_File):
    type: Name
    required: bool = False
    ask: str = ""
    fill: Literal["", "context", "station", "operator"] = ""
    implied_by: dict[Name, Data] = {}
    answers: list[Line] = []
    at_most: str = ""
    within: str = ""
    same_as: str = ""
    belongs_to: str = ""
    steady: bool = False
    recalls: list[Data] = []


class ActionFile(_File):
    operation: str
    write: bool = False
    undo: str = ""
    undo_fields: list[str] = []
    local: bool = False
    keep_min: float | None = Field(default=None, gt=0)
    identifies: bool = False


class ExampleFile(_File):
    say: Line
    slots: dict[str, Data] = {}
    fails: str = ""


class IntentFile(_File):
    """The schema of one intent file."""

    intent: Name
    summary: Line
    risk: Risk
    role: str = "operator"
    llm: Literal["", "allow", "forbid"] = ""
    slots: dict[Name, SlotFile] = {}
    sentences: Annotated[list[Line], Field(min_length=1, max_length=500)]
    also: Annotated[list[Line], Field(max_length=500)] = []
    action: ActionFile | None = None
    say: dict[str, str] = {}
    remember: dict[str, str] = {}
    why: str = ""
    examples: list[ExampleFile] = []
    not_examples: list[Line] = []


class ListFile(_File):
    list: Name
    values: dict[str, Lines] | Lines
    units: dict[str, Line] = {}


class DialogueWordFile(_File):
    means: str = ""
    phases: list[Literal["idle", "filling", "choosing", "confirming", "checking", "standby"]]
    sentences: list[Line]


class AcceptedFile(_File):
    rule: Name
    about: Line
    reason: Line


class LintFile(_File):
    accepted: list[AcceptedFile]


class DialogueFile(_File):
    words: dict[Name, DialogueWordFile]
    leads: dict[Name, Line] = {}


def load_catalog(folder: Path, base: Path | None = None) -> Catalog:
    """Reads `folder`; replies that it lacks come from `base`, and dialogue words where it has no file of them."""
    if not folder.is_dir():
        raise CatalogError("this is not a folder of intents.", file=folder)
    files = sorted(file for file in folder.rglob("*.yaml") if file.is_file())
    if len(files) > MAX_FILES:
        raise CatalogError(f"more than {MAX_FILES} files; is this a folder of intents?", file=folder)
    intents = _load_intents([file for file in files if not _is_shared(file, folder)], folder)
    lists, units = _load_lists([file for file in files if file.parent == folder / "_lists"])
    words, leads = _load_dialogue(_either("_dialogue.yaml", folder, base))
    catalog = Catalog(
        intents=intents,
        lists=lists,
        units=units,
        rules=_load_rules(folder / "_rules.yaml"),
        dialogue=words,
        leads=leads,
        replies=_load_replies(folder, base),
        accepted=_load_accepted(folder, base),
        hash=_hash(files, folder),
    )
    _check_types(catalog)
    return catalog


def _is_shared(file: Path, folder: Path) -> bool:
    return any(part.startswith("_") for part in file.relative_to(folder).parts)


def _either(name: str, folder: Path, base: Path | None) -> Path | None:
    return next((place / name for place in (folder, base) if place and (place / name).exists()), None)


def _load_intents(files: list[Path], folder: Path) -> dict[str, Intent]:
    intents: dict[str, Intent] = {}
    for file in files:
        intent = _load_intent(file)
        if intent.name in intents:
            taken = f"the name is taken by {intents[intent.name].file}."
            raise CatalogError(taken, file=file, line=intent.line, intent=intent.name)
        intents[intent.name] = intent
    if not intents:
        raise CatalogError("there is no intent file in this folder.", file=folder)
    return intents


def _load_intent(file: Path) -> Intent:
    document = Document(file)
    name = str(document.data.get("intent", "")) if isinstance(document.data, dict) else ""
    data = document.check(IntentFile, intent=name or None)
    for slot_name, slot in data.slots.items():
        if slot.required and not slot.ask:
            problem = f"slot '{slot_name}' is required; give it a question: 'ask:'."
            raise document.error(problem, ("slots", slot_name), name)
        for other in slot.implied_by:
            if other not in data.slots:
                message = f"slot '{slot_name}' is implied by '{other}', which is no slot."
                raise document.error(message, ("slots", slot_name), name)
        for key in ("at_most", "within", "same_as"):
            other, _, fact = getattr(slot, key).partition(".")
            if other and (other not in data.slots or bool(fact) == (key == "within")):
                wanted = "a slot" if key == "within" else "a slot and one of its facts, as job.remaining"
                raise document.error(f"slot '{slot_name}': '{key}' must name {wanted}.", ("slots", slot_name), name)
    writes = data.risk != "R0"
    action = data.action or ActionFile(operation=data.intent, write=writes)
    return Intent(
        name=data.intent,
        summary=data.summary,
        risk=data.risk,
        role=data.role,
        llm=data.llm,
        sentences=_templates(document, ("sentences",), data.sentences),
        also=_templates(document, ("also",), data.also),
        action=Action(
            action.operation,
            action.write or writes,
            action.undo,
            tuple(action.undo_fields),
            action.local,
            action.keep_min,
            action.identifies,
        ),
        slots={key: _slot(document, key, slot) for key, slot in data.slots.items()},
        say=data.say,
        remember=data.remember,
        why=data.why,
        examples=tuple(
            Example(example.say, example.slots, document.line(("examples", index)), example.fails)
            for index, example in enumerate(data.examples)
        ),
        not_examples=tuple(data.not_examples),
        file=str(file),
        line=document.line(("intent",)),
    )


def _slot(document: Document, name: str, slot: SlotFile) -> SlotSpec:
    return SlotSpec(
        name=name,
        type=slot.type,
        is_required=slot.required,
        ask=slot.ask,
        fill=slot.fill,
        implied_by=slot.implied_by,
        answers=_templates(document, ("slots", name, "answers"), slot.answers),
        at_most=slot.at_most,
        within=slot.within,
        same_as=slot.same_as,
        belongs_to=slot.belongs_to,
        is_steady=slot.steady,
        recalls=tuple(slot.recalls),
    )


def _templates(document: Document, path: Path_, texts: list[str]) -> tuple[Template, ...]:
    for index, text in enumerate(texts):
        if not any(sign.isalnum() for sign in text):
            raise document.error(f"'{text}' says nothing; write words.", (*path, index))
    return tuple(
        Template(text, str(document.file), document.line((*path, index))) for index, text in enumerate(texts)
    )


def _load_lists(files: list[Path]) -> tuple[dict[str, tuple[ListValue, ...]], dict[str, Mapping[str, str]]]:
    """The values of each list, and the units of those that are measured."""
    lists: dict[str, tuple[ListValue, ...]] = {}
    units: dict[str, Mapping[str, str]] = {}
    for file in files:
        document = Document(file)
        data = document.check(ListFile)
        if data.list in lists:
            raise document.error(f"the list '{data.list}' is defined twice.", ("list",))
        if data.list in BUILT_IN_TYPES:
            raise document.error(f"'{data.list}' is a built-in slot type; choose another name.", ("list",))
        lists[data.list] = tuple(_list_values(document, data))
        units[data.list] = data.units
        for value in data.units:
            if value not in data.values:
                raise document.error(f"'{value}' has a unit and is no value of this list.", ("units", value))
    return lists, units


def _list_values(document: Document, data: ListFile) -> list[ListValue]:
    if isinstance(data.values, list):
        return [
            ListValue(value, (Template(value, str(document.file), document.line(("values", index))),))
            for index, value in enumerate(data.values)
        ]
    return [
        ListValue(value, _templates(document, ("values", value), aliases or [value.replace("-", " ")]))
        for value, aliases in data.values.items()
    ]


def _load_rules(file: Path) -> dict[str, Template]:
    if not file.exists():
        return {}
    document = Document(file)
    if not isinstance(document.data, dict) or not all(isinstance(text, str) for text in document.data.values()):
        raise document.error("rules are written `name: template`, one a line.")
    return {name: Template(text, str(file), document.line((name,))) for name, text in document.data.items()}


def _load_accepted(folder: Path, base: Path | None) -> tuple[Acceptance, ...]:
    """Those of the folder, which count first, and those of the base."""
    found: dict[tuple[str, str], Acceptance] = {}
    for place in (folder, base):
        if place is not None and (place / "_lint.yaml").exists():
            for one in Document(place / "_lint.yaml").check(LintFile).accepted:
                inherited = place != folder
                found.setdefault((one.rule, one.about), Acceptance(one.rule, one.about, one.reason, inherited))
    return tuple(found.values())


def _load_replies(folder: Path, base: Path | None) -> Mapping[str, str]:
    """Those of the folder, and of the base what it does not say itself."""
    found: dict[str, str] = {}
    for place in dict.fromkeys((base, folder)):
        if place is not None and (place / "_replies.yaml").exists():
            document = Document(place / "_replies.yaml")
            if not isinstance(document.data, dict) or not all(isinstance(text, str) for text in document.data.values()):
                raise document.error("replies are written `name: text`, one a line.")
            found |= document.data
    return found


def _load_dialogue(file: Path | None) -> tuple[dict[str, DialogueWord], dict[str, Template]]:
    if file is None:
        return {}, {}
    document = Document(file)
    data = document.check(DialogueFile)
    words = {
        name: DialogueWord(
            word.means or name, tuple(word.phases), _templates(document, ("words", name, "sentences"), word.sentences)
        )
        for name, word in data.words.items()
    }
    for name, word in data.words.items():
        if word.means and word.means not in data.words:
            raise document.error(f"'{word.means}' is no word of this file.", ("words", name, "means"))
    leads = {name: Template(text, str(file), document.line(("leads", name))) for name, text in data.leads.items()}
    return words, leads


def _check_types(catalog: Catalog) -> None:
    """Every slot type is built in or a list, and "why?" leads to an intent."""
    for intent in catalog.intents.values():
        if intent.why and intent.why not in catalog.intents:
            unknown = f"'why' leads to '{intent.why}', which is no intent."
            raise CatalogError(unknown, file=intent.file, line=intent.line, intent=intent.name)
        if intent.why and catalog.intents[intent.why].action.is_write:
            writes = f"'why' leads to '{intent.why}', which writes: a question must be answered by one that reads."
            raise CatalogError(writes, file=intent.file, line=intent.line, intent=intent.name)
        for slot in intent.slots.values():
            if slot.type not in BUILT_IN_TYPES and slot.type not in catalog.lists:
                known = ", ".join((*BUILT_IN_TYPES, *sorted(catalog.lists)))
                raise CatalogError(
                    f"slot '{slot.name}' has the type '{slot.type}', which is neither built in nor a file in _lists. "
                    f"Known: {known}.",
                    file=intent.file,
                    line=intent.line,
                    intent=intent.name,
                )


def _hash(files: list[Path], folder: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(folder)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
