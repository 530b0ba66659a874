"""Fakes of every port, and conversations as tests: for integrators' intents and engines as for our own."""

from __future__ import annotations

from voicemes.testing.conversation import ConversationFailed, run_conversation
from voicemes.testing.fakes import (
    Answer,
    FakeBoard,
    FakeClock,
    FakeCompleter,
    FakeDetector,
    FakeMes,
    FakeRecognizer,
    FakeSink,
    FakeSource,
    FakeSynthesizer,
    FakeWriter,
    Trouble,
)

__all__ = [
    "Answer",
    "ConversationFailed",
    "FakeBoard",
    "FakeClock",
    "FakeCompleter",
    "FakeDetector",
    "FakeMes",
    "FakeRecognizer",
    "FakeSink",
    "FakeSource",
    "FakeSynthesizer",
    "FakeWriter",
    "Trouble",
    "run_conversation",
]
