"""Looks at a GGUF file before llama.cpp does, so that what is wrong with one is said in a sentence.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, TypeAlias

from voicemes.errors import EngineFailed, EngineMissing

Value: TypeAlias = "str | int | float | bool | None"
MAGIC = b"GGUF"
VERSIONS = (2, 3)
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""Type of a value -> how struct reads it."""
TEXT, LIST = 8, 9
MOST_ITEMS = 10_000_000
MOST_TEXT_BYTES = 10_000_000
"""A chat template has some kilobytes, a vocabulary some hundred thousand tokens."""


def read_header(file: Path) -> Mapping[str, Value]:
    """The metadata of a model, lists as None. Raises EngineMissing where there is no file, EngineFailed where it is no
    whole GGUF header.
    """
    try:
        with file.open("rb") as stream:
            return _read(stream)
    except OSError as exc:
        raise EngineMissing(
            f"the language model {file}",
            install=f"({exc.strerror}.) Get one with: voicemes models pull, or make one: voicemes models train",
        ) from exc
    except (struct.error, ValueError, KeyError, OverflowError, MemoryError, RecursionError) as exc:
        message = f"this is no whole GGUF file ({exc or type(exc).__name__}). Fetch it again: voicemes models pull"
        raise EngineFailed(f"{file}: {message}.") from exc


def _read(stream: BinaryIO) -> dict[str, Value]:
    if stream.read(4) != MAGIC:
        raise ValueError("it does not begin with GGUF")
    version, _n_tensors, n_values = _unpack(stream, "IQQ")
    if version not in VERSIONS:
        raise ValueError(f"version {version} is not known here, 2 and 3 are")
    if n_values > MOST_ITEMS:
        raise ValueError("it says that it has more metadata than any model")
    return dict(_pair(stream) for _ in range(n_values))


def _pair(stream: BinaryIO) -> tuple[str, Value]:
    name = _text(stream)
    (kind,) = _unpack(stream, "I")
    return name, _value(stream, kind)


def _value(stream: BinaryIO, kind: int) -> Value:
    if kind == TEXT:
        return _text(stream)
    if kind == LIST:
        inner, count = _unpack(stream, "IQ")
        _skip(stream, inner, count)
        return None
    number: Value = _unpack(stream, NUMBERS[kind])[0]
    return number


def _skip(stream: BinaryIO, kind: int, count: int) -> None:
    if count > MOST_ITEMS:
        raise ValueError("a list in it is longer than any model's")
    if kind in NUMBERS:
        stream.seek(count * struct.calcsize("<" + NUMBERS[kind]), 1)
        return
    for _ in range(count):
        _value(stream, kind)


def _text(stream: BinaryIO) -> str:
    (length,) = _unpack(stream, "Q")
    if length > MOST_TEXT_BYTES:
        raise ValueError("a text in it is longer than any model's")
    data = stream.read(length)
    if len(data) < length:
        raise ValueError("it ends too early")
    return data.decode("utf-8", errors="replace")


def _unpack(stream: BinaryIO, form: str) -> tuple[int, ...]:
    size = struct.calcsize("<" + form)
    data = stream.read(size)
    if len(data) < size:
        raise ValueError("it ends too early")
    return struct.unpack("<" + form, data)
