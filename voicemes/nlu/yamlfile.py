"""YAML files that people write: read with line numbers, within limits, and checked against a model.

Everything wrong becomes one CatalogError that names file and line. "no", "yes", "on" and "off" stay words: they are
things that people say.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from voicemes.errors import CatalogError

MAX_FILE_BYTES = 1_000_000
"""The largest real catalogue file has 10 kB; a file of this size is not one."""
MAX_NODES = 50_000
"""Bounds what anchors and aliases can blow up to."""

INTEGER, FLOAT = re.compile(r"[+-]?[0-9]{1,18}"), re.compile(r"[+-]?(?=\.?[0-9])[0-9]{0,18}\.?[0-9]{0,18}")
"""Numbers as people write them; what else YAML calls a number stays text."""
Path_ = tuple[str | int, ...]
ModelT = TypeVar("ModelT", bound=BaseModel)


class Document:
    """The plain data of one file, and the line on which each part of it stands."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lines: dict[Path_, int] = {(): 1}
        self._n_nodes = 0
        root = self._compose()
        if root is None:
            raise CatalogError("the file is empty. Delete it, or fill it as the README shows.", file=file, line=1)
        self.data = self._convert(root, ())

    def line(self, path: Path_) -> int:
        """The line of `path`, or of the nearest part around it."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def error(self, message: str, path: Path_ = (), intent: str | None = None) -> CatalogError:
        return CatalogError(message, file=self.file, line=self.line(path), intent=intent)

    def check(self, model: type[ModelT], intent: str | None = None) -> ModelT:
        """The data as `model`. Raises CatalogError for one fault; a misspelt key before the one it leaves missing."""
        try:
            return model.model_validate(self.data)
        except ValidationError as exc:
            faults = exc.errors()
            first = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
            path = tuple(part for part in first["loc"] if part != "[key]")
            where = ".".join(str(part) for part in path)
            if first["type"] == "extra_forbidden":
                message = f"unknown key '{path[-1]}'. Check its spelling and its indentation."
            elif first["type"] == "missing":
                message = f"the key '{path[-1]}' is missing."
            else:
                message = f"{where or 'the file'}: {first['msg'][:1].lower()}{first['msg'][1:]}."
            raise self.error(message, path, intent) from exc

    def _compose(self) -> yaml.Node | None:
        try:
            if self.file.stat().st_size > MAX_FILE_BYTES:
                raise CatalogError("the file is larger than 1 MB. Split it: one intent a file.", file=self.file)
            return _compose(self.file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as exc:
            raise CatalogError(f"the file cannot be read: {exc}.", file=self.file) from exc
        except yaml.MarkedYAMLError as exc:
            line = exc.problem_mark.line + 1 if exc.problem_mark else None
            problem = f"this is not YAML: {exc.problem}. Look at indentation and quotes."
            raise CatalogError(problem, file=self.file, line=line) from exc
        except (yaml.YAMLError, RecursionError) as exc:
            raise CatalogError("this is not YAML, or it is nested too deeply.", file=self.file) from exc

    def _convert(self, node: yaml.Node, path: Path_) -> Any:
        self._n_nodes += 1
        self.lines[path] = node.start_mark.line + 1
        if self._n_nodes > MAX_NODES or len(path) > 50:
            raise self.error("the file holds too much, or repeats itself through aliases. Split it.", path)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._convert(item, (*path, index)) for index, item in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in data:
                line = key_node.start_mark.line + 1
                raise CatalogError(f"the key '{key}' stands twice.", file=self.file, line=line)
            data[key] = self._convert(value_node, (*path, key))
            self.lines[*path, key] = key_node.start_mark.line + 1
        return data


def _scalar(node: yaml.Node) -> str | int | float | bool | None:
    text = str(node.value)
    match node.tag.rsplit(":", maxsplit=1)[-1]:
        case "int" if INTEGER.fullmatch(text) and not (len(text) > 1 and text.startswith("0")):
            return int(text)
        case "float" if FLOAT.fullmatch(text):
            return float(text)
        case "bool" if text.lower() in {"true", "false"}:
            return text.lower() == "true"
        case "null" if text in {"", "~", "null"}:
            return None
        case _:
            return text


def _compose(text: str) -> yaml.Node | None:
    """With libyaml, ten times as fast, where PyYAML has it; what it refuses is explained by PyYAML itself."""
    try:
        return yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)
