"""One test for each conversation file beside this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicemes.nlu.match import Matcher
from voicemes.testing import run_conversation

FILES = sorted(Path(__file__).parent.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_conversation_goes_as_written(file: Path, matcher: Matcher) -> None:
    assert run_conversation(file, matcher)
