"""Traces that others are writing: each line is taken once, whatever is cut in the middle."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from voicemes.events import Event, MicrophoneMuted, SessionStarted, SpeechStarted, TurnEnded, from_json
from voicemes.runtime import tail
from voicemes.runtime.tail import TraceTail
from voicemes.runtime.trace import TraceWriter


def lines(*events: Event) -> bytes:
    return b"".join(json.dumps(event.to_json()).encode() + b"\n" for event in events)


@given(cuts=st.lists(st.integers(0, 2_000), max_size=6))
def test_a_trace_that_grows_in_pieces_is_taken_once(cuts: list[int]) -> None:
    events = [SpeechStarted(float(n), 0.1 * n) for n in range(20)]
    whole, found = lines(*events), []
    with TemporaryDirectory() as folder:
        file, reader = Path(folder) / "one.jsonl", TraceTail(Path(folder))
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(whole)], strict=True):
            with file.open("ab") as stream:
                stream.write(whole[start:end])
            found += [event for _, event in reader.look()]
    assert found == events


def test_of_a_long_trace_the_beginning_and_the_end_are_taken(tmp_path: Path) -> None:
    started = SessionStarted(0.0, "s", "SPP-1", "Ana", "h", 0.0, "microphone")
    many = [SpeechStarted(float(n), 1.0) for n in range(40_000)]
    (tmp_path / "one.jsonl").write_bytes(lines(started, *many))
    found = [event for _, event in TraceTail(tmp_path).look()]
    assert found[0] == started
    assert found[-1] == many[-1]
    assert len(found) < len(many)


def test_what_is_no_event_is_passed_over(tmp_path: Path) -> None:
    known = MicrophoneMuted(1.0, is_muted=True)
    text = b'nonsense\n[1]\n{"event": "from_tomorrow"}\n{"event": "turn_ended"}\n' + lines(known)
    (tmp_path / "one.jsonl").write_bytes(text)
    assert [event for _, event in TraceTail(tmp_path).look()] == [known]


def test_no_folder_is_no_news(tmp_path: Path) -> None:
    assert TraceTail(tmp_path / "nowhere").look() == []


def test_an_old_trace_is_nobody_s(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl"
    file.write_bytes(lines(MicrophoneMuted(1.0, is_muted=True)))
    os.utime(file, (0, tail.RECENT_S))
    assert TraceTail(tmp_path).look() == []


def test_an_event_survives_its_trace(tmp_path: Path) -> None:
    turn = TurnEnded(1.0, 3, "what is next", "understood", "job.next", {"equipment": "SPP-1"}, "grammar", 1.0, "", None)
    writer = TraceWriter(tmp_path / "one.jsonl")
    writer(turn)
    writer.close()
    ((_, found),) = TraceTail(tmp_path).look()
    assert found == turn
    assert from_json(turn.to_json()) == turn
