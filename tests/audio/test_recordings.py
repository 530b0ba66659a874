"""One test for each recording: what was said is understood with all its slots, and what was not meant is refused."""

from __future__ import annotations

import pytest
import recordings
from recordings import Benches, Clip, fault_of, hear, name_of, written_by

CLIPS = recordings.all_clips()
KNOWN = recordings.known_failures()
SPEECH_DEV = recordings.FIXTURES.parent.parent / "shared" / "speech-dev"
N_NEGATIVES = 20


@pytest.fixture(scope="session")
def benches() -> Benches:
    """One recogniser for each test process."""
    return Benches()


@pytest.mark.parametrize("clip", CLIPS, ids=name_of)
def test_a_recording_is_understood_as_it_was_meant(benches: Benches, clip: Clip) -> None:
    parse = hear(benches, clip)
    fault, known = fault_of(clip, parse), KNOWN.get(name_of(clip))
    if clip.intent is None:
        assert not written_by(parse, benches.matcher), f"a write out of nothing, which no list excuses: {fault}"
    if known:
        assert fault, f"{name_of(clip)} is understood now; take it out of {recordings.KNOWN_FAILURES.name}"
        pytest.xfail(known)
    assert not fault


def test_every_known_failure_is_a_recording() -> None:
    assert not KNOWN.keys() - {name_of(clip) for clip in CLIPS}


@pytest.mark.skipif(not SPEECH_DEV.is_dir(), reason=f"{SPEECH_DEV} is not here: human speech of other domains")
def test_people_who_talk_of_something_else_write_nothing(benches: Benches) -> None:
    clips = recordings.read_manifest(SPEECH_DEV / "out-of-grammar.jsonl", "idle")
    chosen = clips[:: len(clips) // N_NEGATIVES][:N_NEGATIVES]
    assert len(chosen) == N_NEGATIVES
    written = {clip.audio.name: written_by(hear(benches, clip), benches.matcher) for clip in chosen}
    assert not {name: intents for name, intents in written.items() if intents}
