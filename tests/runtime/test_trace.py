"""What is written into a trace can be read from it, and what is no trace is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicemes.errors import TraceError
from voicemes.events import DeviceLost, Event, HypothesisChanged, SpeechCancelled, TurnEnded
from voicemes.runtime.trace import TraceWriter, read_trace

ENDED = TurnEnded(2.0, 1, "größer “4711”", "understood", "job.start", {"job": "4711"}, "grammar", 0.9, "Yes.", None)


def written(file: Path, *events: Event) -> Path:
    writer = TraceWriter(file)
    for event in events:
        writer(event)
    writer.close()
    return file


def test_events_come_back_in_order_with_their_lines(tmp_path: Path) -> None:
    events = [SpeechCancelled(1.5), ENDED, DeviceLost(3.0, "two\nlines")]
    file = written(tmp_path / "new" / "folder" / "trace.jsonl", *events)
    assert list(read_trace(file)) == [(number, event.to_json()) for number, event in enumerate(events, start=1)]


def test_guesses_are_left_out(tmp_path: Path) -> None:
    file = written(tmp_path / "trace.jsonl", HypothesisChanged(1.0, "start"), SpeechCancelled(2.0))
    assert [event["event"] for _, event in read_trace(file)] == ["speech_cancelled"]


def test_a_line_can_be_read_as_soon_as_it_happened(tmp_path: Path) -> None:
    writer = TraceWriter(tmp_path / "trace.jsonl")
    writer(ENDED)
    assert [event["heard"] for _, event in read_trace(writer.file)] == ["größer “4711”"]
    writer.close()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "is not JSON"),
        ("plain words", "is not JSON"),
        ('{"event": ' + "[" * 100_000, "is not JSON"),
        ("[1, 2]", "is not an event"),
        ('{"turn": 1}', "is not an event"),
    ],
    ids=["half", "words", "deep", "list", "no-event"],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, what: str) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_text(f'{{"event": "speech_cancelled", "at_s": 1}}\n\n{line}\n', encoding="utf-8")
    with pytest.raises(TraceError, match=rf"trace\.jsonl:3: this line {what}"):
        list(read_trace(file))


@pytest.mark.parametrize("make", [Path.mkdir, lambda file: file.write_bytes(b"\xff\xfe\x00"), lambda _file: None])
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, make) -> None:
    make(tmp_path / "trace.jsonl")
    with pytest.raises(TraceError, match="cannot be read as a trace"):
        list(read_trace(tmp_path / "trace.jsonl"))


def test_a_place_where_nothing_can_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TraceError, match=r"no trace can be written here: .*Choose another place"):
        TraceWriter(tmp_path / "file" / "trace.jsonl")
