"""JSON Schema of the catalogue's files, so that an editor completes and checks them while they are written."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from voicemes.nlu.catalog import DialogueFile, IntentFile, LintFile, ListFile

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TEXTS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
"""Of files that are `name: text`, one a line."""
MODELS: dict[str, type[BaseModel]] = {
    "intent": IntentFile,
    "list": ListFile,
    "dialogue": DialogueFile,
    "lint": LintFile,
}
TITLES = {
    "intent": "voicemes intent: <area>/<intent>.yaml",
    "list": "voicemes list: _lists/<name>.yaml",
    "dialogue": "voicemes dialogue words: _dialogue.yaml",
    "rules": "voicemes rules: _rules.yaml",
    "lint": "voicemes findings that stay: _lint.yaml",
    "replies": "voicemes replies: _replies.yaml",
}


def schema(kind: str) -> dict[str, Any]:
    """The schema of one kind of file, a key of TITLES."""
    body = MODELS[kind].model_json_schema() if kind in MODELS else TEXTS
    return {"$schema": DRAFT, **body, "title": TITLES[kind]}
