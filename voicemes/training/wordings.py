"""The wordings that only the language model learns: `intents/_wordings/`, one sentence template a line.

`<intent>.txt` says the intent in other words, `<intent>.remarks.txt` what a remark of it may be, `_remarks.txt` what
any may be, `_none.txt` what means nothing here, `_frames.txt` what makes nothing of a command. They are no grammar:
nothing listens for them, and they may be as many as people have ways to say it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from voicemes.errors import CatalogError
from voicemes.intents import Catalog, Template
from voicemes.nlu.phrase import Phrase
from voicemes.nlu.template import Templates
from voicemes.training.frames import DO, DOING, is_frame

FOLDER = "_wordings"
NOTHING, ANY_REMARK, FRAMES = "_none", "_remarks", "_frames"
REMARKS = ".remarks"
MAX_FILE_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to say something: an intent, or nothing at all (empty)."""

    intent: str
    phrase: Phrase
    template: Template


@dataclass(frozen=True, slots=True)
class Wordings:
    sentences: tuple[Wording, ...] = ()
    remarks: Mapping[str, tuple[str, ...]] | None = None
    """Intent -> what its remark may be; those of all under no name."""
    frames: tuple[str, ...] = ()
    """With `{do}` or `{doing}` where a command goes."""


def load_wordings(folder: Path, catalog: Catalog, templates: Templates) -> Wordings:
    """Reads `folder`/_wordings; none at all where there is no such folder. Raises CatalogError with file and line."""
    sentences: list[Wording] = []
    remarks: dict[str, tuple[str, ...]] = {}
    frames: tuple[str, ...] = ()
    for file in sorted((folder / FOLDER).glob("*.txt")):
        name = file.name.removesuffix(".txt")
        if name == ANY_REMARK:
            remarks[""] = tuple(line.text for line in _lines(file))
            continue
        if name == FRAMES:
            frames = tuple(_frame(line) for line in _lines(file))
            continue
        if name.endswith(REMARKS):
            remarks[name.removesuffix(REMARKS)] = tuple(line.text for line in _lines(file))
            continue
        types = _types(name, catalog, file)
        lead = "" if name == NOTHING else name
        sentences += [Wording(lead, templates.phrase(line, types, intent=lead), line) for line in _lines(file)]
    for name in remarks.keys() - {""}:
        catalog.intent(name)
    return Wordings(tuple(sentences), remarks, frames)


def _frame(line: Template) -> str:
    if not is_frame(line.text):
        why = f"'{line.text}' has to have {DO} or {DOING} once, and words around it."
        raise CatalogError(why, file=f"{line.file}:{line.line}")
    return line.text


def _types(name: str, catalog: Catalog, file: Path) -> dict[str, str]:
    if name == NOTHING:
        return {slot: slot for slot in templates_types(catalog)}
    if name not in catalog.intents:
        raise CatalogError(f"there is no intent '{name}'; name the file after one, or delete it.", file=file)
    return {slot.name: slot.type for slot in catalog.intents[name].slots.values()}


def templates_types(catalog: Catalog) -> set[str]:
    """Every slot type that an intent has: what may stand in a sentence that means nothing."""
    return {slot.type for intent in catalog.intents.values() for slot in intent.slots.values()} - {"text"}


def _lines(file: Path) -> Iterator[Template]:
    if file.stat().st_size > MAX_FILE_BYTES:
        raise CatalogError("is larger than 1 MB; split it.", file=file)
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise CatalogError(f"cannot be read: {exc}", file=file) from exc
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            yield Template(line.strip(), str(file), number)
