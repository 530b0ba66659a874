"""The same conversations, heard: each spoken turn is a recording, and goes through detector-less real recognition."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voicemes.config import Settings
from voicemes.model import Scope, Transcript
from voicemes.nlu.interpret import Acceptance
from voicemes.nlu.match import Matcher
from voicemes.ports import StreamingRecognizer
from voicemes.runtime.speech_bench import Bench, read_audio
from voicemes.runtime.wiring import build_recognizer
from voicemes.testing import run_conversation

HERE = Path(__file__).parent
RECORDINGS = HERE.parent.parent / "audio_fixtures" / "conversations"


def test_x(matcher: Matcher) -> None:
    import time
    rec = build_recognizer(Settings())
    for file in sorted(HERE.glob("*.yaml")):
        if "heard:" not in file.read_text(): continue
        t=time.time(); log=[]
        def hear(text, scope, m):
            pcm = read_audio(RECORDINGS / f"{re.sub('[^a-z0-9]+', '-', text.lower()).strip('-')}.flac")
            tr = Bench(m, rec, Acceptance()).hear(pcm, scope).parse.transcript
            log.append((text, tr.text, round(tr.confidence,2)))
            return tr
        try:
            run_conversation(file, matcher, hear); ok='OK'
        except AssertionError as e: ok='FAIL '+str(e)[-150:]
        print(file.stem, ok, round(time.time()-t,1), '' if ok=='OK' else log, flush=True)
