from __future__ import annotations

import pytest
from talk import Talk

from voicemes.nlu.match import Matcher


@pytest.fixture
def talk(matcher: Matcher) -> Talk:
    """Ana at printer one, with nothing said yet."""
    return Talk(matcher)
