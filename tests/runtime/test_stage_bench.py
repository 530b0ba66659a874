"""Every stage is timed on real recordings, by every route, and the endpoint's silence stands apart."""

from __future__ import annotations

from pathlib import Path

from voicemes.config import Settings
from voicemes.nlu.match import Matcher
from voicemes.runtime.clips import read_manifest, spread_out
from voicemes.runtime.reader import Reader
from voicemes.runtime.stage_bench import bench_stages
from voicemes.testing import FakeCompleter

FIXTURES = Path(__file__).resolve().parents[2] / "audio_fixtures"


def test_recordings_are_taken_evenly_and_only_those_that_mean_something() -> None:
    clips = read_manifest(FIXTURES / "manifest.jsonl", "idle")
    few = spread_out(clips, 7)
    assert len(few) == len({one.audio for one in few}) == 7
    assert all(clip.intent for clip in few)
    assert spread_out(clips, 0) == []
    assert len(spread_out(clips, 10_000)) < len(clips)


def test_each_stage_and_each_route_is_timed(drinks: Matcher) -> None:
    clips = spread_out(read_manifest(FIXTURES / "manifest.jsonl", "idle"), 2)
    settings = Settings()
    found = bench_stages(settings, drinks, Reader(completer=FakeCompleter()), clips)
    assert found["recordings"] == 2
    assert found["second"] == "ngram"
    names = {"endpoint silence", "asr", "nlu", "second recogniser", "dialogue", "tts, first sound"}
    assert names <= found["stages"].keys()
    assert {"grammar", "second"} <= found["first_sound"].keys()
    for one in (*found["stages"].values(), *found["first_sound"].values()):
        assert 0 <= one["p50_s"] <= one["p95_s"]
    stages, first = found["stages"], found["first_sound"]
    assert first["second"]["p95_s"] > first["grammar"]["p50_s"] > 0
    assert 0.2 < stages["endpoint silence"]["p50_s"] < 3
    assert first["grammar"]["p95_s"] < stages["endpoint silence"]["p50_s"] + 5, "the silence is no part of it"
    assert bench_stages(settings, drinks, Reader(), []) == {}
