"""What comes of the recordings in audio_fixtures, and the list of those that are still misheard.

The list is written anew with: .venv/bin/python tests/audio/recordings.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from voicemes.config import Settings
from voicemes.model import NotUnderstood, Parse, Understood
from voicemes.nlu.interpret import candidates_of
from voicemes.nlu.match import Matcher, writes
from voicemes.runtime.clips import Clip, is_right, read_audio, read_manifest
from voicemes.runtime.live import live_in_the_plant
from voicemes.runtime.reader import acceptance_of
from voicemes.runtime.speech_bench import Bench
from voicemes.runtime.wiring import build_matcher, build_recognizer

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent.parent / "audio_fixtures"
KNOWN_FAILURES = HERE / "known_failures.yaml"
HEADER = """\
# Recordings that are not understood as they should be, and what comes of them instead. A test fails when one of them is
# understood, so that it leaves this list. Written by: .venv/bin/python tests/audio/recordings.py
"""


class Benches:
    """What ships, with the default settings, hearing what exists in the reference plant."""

    def __init__(self) -> None:
        settings = Settings()
        self._acceptance = acceptance_of(settings.asr)
        self.matcher = build_matcher(settings).with_live(live_in_the_plant(settings))
        self._recognizer = build_recognizer(settings)
        self._operator = self.matcher.heard_by(self.matcher.live.roles[settings.station.operator])

    def of(self, clip: Clip) -> Bench:
        """An operator's session; for a recording of the whole catalogue that of somebody who may do everything."""
        matcher = self.matcher if name_of(clip).startswith("catalogue/") else self._operator
        return Bench(matcher, self._recognizer, self._acceptance)


def all_clips() -> list[Clip]:
    """Those of the core intents in five voices each, and one of every other intent."""
    return [clip for name in ("manifest", "catalogue") for clip in read_manifest(FIXTURES / f"{name}.jsonl", "idle")]


def name_of(clip: Clip) -> str:
    is_ours = clip.audio.is_relative_to(FIXTURES)
    return clip.audio.relative_to(FIXTURES).as_posix() if is_ours else clip.audio.name


def known_failures() -> dict[str, str]:
    """Recording -> what comes of it."""
    return yaml.safe_load(KNOWN_FAILURES.read_text(encoding="utf-8")) or {}


def hear(benches: Benches, clip: Clip) -> Parse:
    return benches.of(clip).hear(read_audio(clip.audio), clip.scope).parse


def fault_of(clip: Clip, parse: Parse) -> str:
    """What is wrong with the reading of a recording; empty when nothing is."""
    if clip.intent is None:
        return "" if isinstance(parse, NotUnderstood) else f"nothing was meant; {described(parse)}"
    return "" if is_right(clip, parse) else described(parse)


def described(parse: Parse) -> str:
    heard = f"heard “{parse.transcript.text}”"
    if isinstance(parse, Understood):
        slots = ", ".join(f"{name} {value}" for name, value in parse.candidate.values.items())
        return f"{heard}, taken for {parse.candidate.intent} {slots}".strip()
    return f"{heard}, rejected as {parse.reason}" if isinstance(parse, NotUnderstood) else f"{heard}, ambiguous"


def written_by(parse: Parse, matcher: Matcher) -> list[str]:
    """The intents among the readings that would write something, or let something be written."""
    return [candidate.intent for candidate in candidates_of(parse) if writes(candidate.intent, matcher)]


def main() -> None:
    """Hears everything and writes the list."""
    benches, clips = Benches(), all_clips()
    faults = {name_of(clip): fault_of(clip, hear(benches, clip)) for clip in clips}
    failures = {name: fault for name, fault in sorted(faults.items()) if fault}
    listed = yaml.safe_dump(failures, allow_unicode=True, width=10_000) if failures else "{}\n"
    KNOWN_FAILURES.write_text(HEADER + listed, encoding="utf-8")
    sys.stdout.write(f"{len(failures)} of {len(clips)} recordings are listed in {KNOWN_FAILURES}\n")


if __name__ == "__main__":
    main()
