"""The same conversations, heard: each spoken turn is a recording that goes through the real recogniser, in the grammar
of its state. The recordings are made by audio_fixtures/generate.py, in two voices.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voicemes.config import Settings
from voicemes.model import Scope, Transcript
from voicemes.nlu.interpret import Acceptance
from voicemes.nlu.match import Matcher
from voicemes.ports import StreamingRecognizer
from voicemes.runtime.clips import read_audio
from voicemes.runtime.speech_bench import Bench
from voicemes.runtime.wiring import build_recognizer
from voicemes.testing import run_conversation

HERE = Path(__file__).parent
RECORDINGS = HERE.parent.parent / "audio_fixtures" / "conversations"
SPOKEN = (
    "asked-again-then-dropped", "badge-and-pin", "check-digits", "check-digits-by-key",
    "check-digits-of-the-station", "check-from-the-loudspeaker", "check-takes-too-long",
    "emergency-by-nobody", "fifteen-said-clearly", "item-corrected-before-yes", "louder-and-slower",
    "read-back-digit-by-digit", "read-back-on-the-screen", "repeat-at-each-state",
    "said-again-after-a-no", "second-person", "second-person-is-the-first",
    "second-person-may-not-either", "spell-it", "spelled-by-letters", "wrong-pin", "yes-from-the-loudspeaker",
)  # fmt: skip

pytestmark = pytest.mark.xdist_group("spoken conversations")


@pytest.fixture(scope="module")
def recognizer() -> StreamingRecognizer:
    return build_recognizer(Settings())


@pytest.fixture(scope="module")
def alike() -> dict[str, Matcher]:
    """What can be heard is the same in many conversations: its grammar is made ready once."""
    return {}


@pytest.mark.parametrize("name", SPOKEN)
def test_a_conversation_goes_as_written_when_it_is_spoken(
    name: str, matcher: Matcher, recognizer: StreamingRecognizer, alike: dict[str, Matcher]
) -> None:
    def hear(text: str, scope: Scope, here: Matcher) -> Transcript:
        here = alike.setdefault(repr((sorted(here.live.references.items()), sorted(here._held))), here)
        pcm = read_audio(RECORDINGS / f"{re.sub('[^a-z0-9]+', '-', text.lower()).strip('-')}.flac")
        return Bench(here, recognizer, Acceptance()).hear(pcm, scope).parse.transcript

    assert run_conversation(HERE / f"{name}.yaml", matcher, hear)
