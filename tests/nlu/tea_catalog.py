"""A tiny catalogue for the tests of this folder: one intent, one list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from voicemes.nlu.match import Matcher

TEA = """\
intent: tea.make
summary: Make tea.
risk: R0
slots:
  size: {type: size, required: true, ask: "Which size?"}
sentences:
  - "make [a] {size} tea"
"""
SIZES = "list: size\nvalues: [small, large]\n"

Write: TypeAlias = Callable[..., Path]
Compile: TypeAlias = Callable[..., Matcher]
