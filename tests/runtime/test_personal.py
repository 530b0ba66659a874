"""A trace names nobody and runs again all the same, unless the settings or the station say otherwise."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicemes.errors import TraceError
from voicemes.events import (
    CommandSubmitted,
    EngineTroubled,
    Event,
    InputReceived,
    LiveRefreshed,
    OperatorChanged,
    ReplyGiven,
    SessionStarted,
    StepTaken,
)
from voicemes.intents import Catalog, ListValue, Template
from voicemes.model import Heard, Live, Reference, Reply, Scope, Told, Transcript
from voicemes.nlu.interpret import interpret
from voicemes.nlu.match import Matcher
from voicemes.runtime.bus import Bus
from voicemes.runtime.codec import to_json
from voicemes.runtime.personal import Mask, Names
from voicemes.runtime.replay import is_same, replay
from voicemes.runtime.secrets import dictated, people_of
from voicemes.runtime.trace import TraceWriter
from voicemes.testing import conversation, run_conversation

STATION = {"name": "SPP-1", "operator": "Ana", "role": "supervisor"}
PEOPLE = {"Ana": [], "Ben": ["Benny"], "Mark": ["Mark"], "E17": ["Ana-Maria Müller"], "1204": []}
LIVE = {
    "references": {"person": PEOPLE, "job": ["4711", "4712"], "equipment": {"SPP-1": ["printer one"]}},
    "current": {"job": "4711", "equipment": "SPP-1"},
    "roles": {"Ana": ["operator", "line-lead"], "Mark": ["operator", "supervisor"]},
}
ANSWERS: dict[str, Any] = {
    "clock.on": {"person": "Ben"},
    "clock.off": {"person": "Ben"},
    "person.on_duty": {"n": 2, "items": [{"person": "Mark", "job": "4711"}, {"person": "Zoe"}]},
    "job.status": "Mark holds order 4712.",
    "note.add": {},
    "shift.handover": {},
    "andon.call": {"alert": 7, "team": "quality"},
}
NOTE = "the third nozzle whistles"
SECRET = re.compile(r"\b(ana|ana-maria|müller|ben|benny|mark|e17|zoe|nozzle|whistles|krebs)\b", re.IGNORECASE)


def said(*sentences: str) -> list[dict[str, Any]]:
    """Whatever comes of it: what is sent is for other tests."""
    return [{"press": sentence[1:]} if sentence[0] == "/" else {"operator": sentence} for sentence in sentences]


def traced(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, *sentences: str, **settings: Any
) -> list[Path]:
    """The traces of a conversation, one that names nobody and one that is personal."""
    writers = [TraceWriter(tmp_path / f"{personal}.jsonl", personal=personal) for personal in (False, True)]
    monkeypatch.setattr(conversation, "Bus", lambda *observers: Bus(*observers, *writers))
    monkeypatch.setattr(conversation, "_difference", lambda *_: "")
    station = {**STATION, **settings}
    script = {"station": station, "live": LIVE, "answers": ANSWERS, "turns": said(*sentences)}
    run_conversation(script, Matcher(catalog))
    for writer in writers:
        writer.close()
    return [writer.file for writer in writers]


def events_of(file: Path, name: str) -> list[dict[str, Any]]:
    events = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    return [event for event in events if event["event"] == name]


def test_people_are_in_no_trace_which_runs_again(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentences = (
        "clock Ben on",
        "clock BENNY in for 4712",
        "undo that",
        "who is on duty",
        "who is working on line one, Mark?",
        "say again",
        "clock ana-maria müller on",
        "clock ana maria müller on",
        "clock mark on",
        "mark order 4712",
        "status of order 4712",
        "hand over to Mark",
        "/yes",
        "help me with handover",
        "which people are there",
        "hand over to Chen",
        "/no",
        "ben is a nice fellow",
        "clock on",
    )
    nameless, personal = traced(tmp_path, catalog, monkeypatch, *sentences)
    assert SECRET.search(personal.read_text(encoding="utf-8"))
    assert not SECRET.findall(nameless.read_text(encoding="utf-8"))
    assert replay(personal, catalog).differences == ()
    assert replay(nameless, catalog).differences == ()
    heard = [event["heard"] for event in events_of(nameless, "turn_ended")]
    assert heard[0] == "clock person two on"
    assert heard[1] == "clock person two in for 4712", "an alias is the same person"
    assert heard[6].endswith(heard[7].removeprefix("clock ")), "so it is, however it is written"
    (first, *_) = events_of(nameless, "turn_ended")
    assert first["slots"] == {"person": "person two"}
    assert first["answer"] == "person two is clocked on."
    live = events_of(nameless, "live_refreshed")[0]["live"]
    assert [one["id"] for one in live["references"]["person"]][:2] == ["person one", "person two"]
    assert "4711" in [one["id"] for one in live["references"]["job"]]
    assert live["roles"]["person one"] == ["operator", "line-lead"]


def test_a_sentence_about_somebody_is_read_anew_by_a_replay(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a change of the catalogue shows there, too."""
    nameless, _ = traced(tmp_path, catalog, monkeypatch, "clock Ben on")
    text = nameless.read_text(encoding="utf-8")
    assert '"kept"' not in text
    nameless.write_text(text.replace('"text": "clock person two on"', '"text": "clock person two off"'))
    assert replay(nameless, catalog).differences != ()


def test_what_is_dictated_is_in_no_trace_which_runs_again(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentences = (
        *(f"note that {NOTE}", "say again", "undo that", "status of order 4712"),
        *(f"note that {NOTE}?", "/yes"),
        *("take a note", NOTE, "what's my next job", "take a note", "Krebs", "say again"),
        *(f"hand over to Mark, {NOTE}", f"correction {NOTE} again", "/yes"),
        *(f"call quality because {NOTE}", "correction maintenance", "/yes"),
        *(f"resolve call 3, {NOTE}", f"note that Ben says {NOTE}", "say again", f"emergency {NOTE}"),
    )
    nameless, personal = traced(tmp_path, catalog, monkeypatch, *sentences)
    assert SECRET.search(personal.read_text(encoding="utf-8"))
    assert not SECRET.findall(nameless.read_text(encoding="utf-8"))
    intents = [event["intent"] for event in events_of(nameless, "turn_ended") if event["heard"].startswith("••••")]
    assert set(intents) == {
        *("note.add", "answer", "shift.handover", "correct", "andon.call", "andon.resolve", "emergency.report")
    }
    assert replay(personal, catalog).differences == ()
    assert replay(nameless, catalog).differences == ()


def test_what_is_no_dictation_stays(tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = ["note squeegee worn", "help me with scrap", "scrap frobnicators"]
    nameless, _ = traced(tmp_path, catalog, monkeypatch, *sentences)
    assert [event["heard"] for event in events_of(nameless, "turn_ended")] == sentences
    assert replay(nameless, catalog).differences == ()


def test_who_shares_words_shares_names(tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = ("clock Ben on", f"note that {NOTE}")
    shared, _ = traced(tmp_path, catalog, monkeypatch, *sentences, shared="words")
    heard = [event["heard"] for event in events_of(shared, "turn_ended")]
    assert heard == list(sentences)
    assert events_of(shared, "session_started")[0]["operator_id"] == "Ana"


# --- event by event --------------------------------------------------------------------------------------------------


def started(operator: str = "Ana", *people: tuple[str, ...]) -> SessionStarted:
    return SessionStarted(0.0, "s", "SPP-1", operator, "h", 0.0, "keyboard", "operator", "figures", people)


def hidden(*events: Event) -> list[dict[str, Any]]:
    mask = Mask()
    return [json.loads(json.dumps(mask(event))) for event in events]


def test_people_are_numbered_as_they_come() -> None:
    live = to_json(Live({"person": (Reference("Ben", ("Benny",)),)}, roles={"Farid": ("supervisor",)}))
    *_, trouble = hidden(
        started("Ana", ("Chen", "chen")),
        LiveRefreshed(1.0, live),
        OperatorChanged(2.0, "Grace"),
        EngineTroubled(3.0, "mes", "Ana, Benny's, CHEN; Farid-Grace! Hugo"),
    )
    wanted = "person one, person three's, person two; person four-person five! Hugo"
    assert trouble["reason"] == wanted, "nobody knows Hugo"


def test_words_of_the_program_stay_whatever_people_are_called() -> None:
    """An account "operator", and somebody called Grammar."""
    live = to_json(Live({"person": (Reference("grammar"),)}, roles={"operator": ("operator",)}, offered=("operator",)))
    first, refreshed, step, trouble = hidden(
        started("operator"),
        LiveRefreshed(1.0, live),
        StepTaken(2.0, 1, "idle", ({"kind": "Say", "reply": to_json(Reply("grammar", {"role": "operator"}))},)),
        EngineTroubled(3.0, "grammar", "operator"),
    )
    assert (first["operator_id"], first["role"]) == ("person one", "operator")
    assert refreshed["live"]["roles"] == {"person one": ["operator"]}
    assert refreshed["live"]["offered"] == ["operator"]
    assert step["effects"][0]["reply"] == {
        "kind": "Reply", "key": "grammar", "values": {"role": "person one"}, "clarity": "natural"
    }  # fmt: skip
    assert (trouble["engine"], trouble["reason"]) == ("grammar", "person one")


def test_an_id_of_digits_is_replaced_where_only_a_person_can_stand() -> None:
    live = to_json(Live({"person": (Reference("12"),), "job": (Reference("12"),)}, roles={"12": ("operator",)}))
    _, refreshed, sent, given = hidden(
        started("12"),
        LiveRefreshed(1.0, live),
        CommandSubmitted(2.0, 1, "c", "clock.on", {"person": "12", "job": "12", "note": "12 pieces"}),
        ReplyGiven(3.0, 1, "k", "Scrap 12.", "scrap twelve"),
    )
    references = refreshed["live"]["references"]
    assert [one["id"] for one in references["person"]] == ["person one"]
    assert [one["id"] for one in references["job"]] == ["12"]
    assert list(refreshed["live"]["roles"]) == ["person one"]
    assert sent["fields"] == {"person": "person one", "job": "12", "note": "12 pieces"}
    assert given["shown"] == "Scrap 12."


def test_what_was_said_for_an_id_of_digits_is_hidden(catalog: Catalog) -> None:
    live = Live({"person": (Reference("E12"),)})
    matcher = Matcher(catalog).with_live(live)
    parse = interpret(Transcript("clock echo one two on", "keyboard"), Scope(), matcher)
    *_, event = hidden(
        started(""), LiveRefreshed(1.0, to_json(live)), InputReceived(2.0, 1, "idle", to_json(Heard(parse)))
    )
    parse_json = event["input"]["parse"]
    assert parse_json["transcript"]["text"] == "••••"
    assert parse_json["kept"]
    (slot,) = parse_json["candidate"]["slots"]
    assert (slot["value"], slot["spoken"]) == ("person one", "••••")


def test_what_is_called_like_a_person_is_hidden_wherever_it_stands() -> None:
    """A robot Hugo, a remark after a line end, and who works at an order; the other orders are not even looked at."""
    people = (Reference("Hugo"), Reference("12"))
    things = {"equipment": (Reference("Hugo"),), "person": people, "job": (Reference("12"),)}
    facts = {
        "lot": {"88": {"text": "see\nhugo"}},
        "job": {"12": {"operator": "12", "left": 12}},
        "equipment": {"Hugo": {"state": "up"}},
        "serial": {"1": {"left": 3}},
    }
    _, refreshed = hidden(started(""), LiveRefreshed(1.0, to_json(Live(things, facts=facts))))
    live = refreshed["live"]
    assert [one["id"] for one in live["references"]["equipment"]] == ["person one"]
    assert [one["id"] for one in live["references"]["job"]] == ["12"]
    assert live["facts"] == {
        "lot": {"88": {"text": "see\nperson one"}},
        "job": {"12": {"operator": "person two", "left": 12}},
        "equipment": {"person one": {"state": "up"}},
        "serial": {"1": {"left": 3}},
    }


@pytest.mark.parametrize("people", [5, [5], [[]]])
def test_people_that_are_none_are_one_sentence(tmp_path: Path, catalog: Catalog, people: Any) -> None:
    file = tmp_path / "trace.jsonl"
    file.write_text(json.dumps({**started().to_json(), "people": people}) + "\n", encoding="utf-8")
    with pytest.raises(TraceError, match=r"trace\.jsonl:1: this event lacks what a replay needs"):
        replay(file, catalog)


def test_two_who_share_a_name_stay_two() -> None:
    live = to_json(Live({"person": (Reference("a1", ("Ana",)), Reference("a2", ("Ana",)))}))
    _, refreshed = hidden(started(""), LiveRefreshed(1.0, live))
    known = [(one["id"], one["aliases"]) for one in refreshed["live"]["references"]["person"]]
    assert known == [("person one", ["person one"]), ("person two", ["person one"])]


def test_what_is_told_late_was_said_once(catalog: Catalog) -> None:
    told = Told(Reply("late_done", {"said": f"note that {NOTE}"}))
    event = InputReceived(1.0, 1, "idle", to_json(told), dictated(told, Scope(), catalog))
    reply = ReplyGiven(2.0, 1, "late_done", f"Now it is done: note that {NOTE}.", "")
    _, first, second = hidden(started(), event, reply)
    assert first["input"]["reply"]["values"] == {"said": "••••"}
    assert first["dictated"] == []
    assert second["shown"] == "Now it is done: ••••."


def test_an_alias_of_the_catalogue_is_known_in_all_its_ways(catalog: Catalog) -> None:
    named = (ListValue("Ana", (Template("(Ana|Annie) [Miller]"),)), ListValue("Bo", (Template("Bo"),)))
    known = Catalog({}, {"person": named}, rules=catalog.rules)
    assert people_of(known) == (("Ana", "ana miller", "annie miller", "ana", "annie"), ("Bo", "bo"))


# --- names -----------------------------------------------------------------------------------------------------------


def names(*known: str) -> Names:
    made = Names()
    for number, name in enumerate(known):
        made.learn(name, f"<{number}>")
    return made


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Ana", "<0>"),
        ("ANA's, anaconda Ana_x", "<0>'s, anaconda Ana_x"),
        ("ana maria is not ana", "<1> is not <0>"),
        ("Ana-Maria\tMaria", "<1>\tMaria"),
        ("éana ana é", "éana <0> é"),
        ("MÜLLER", "<2>"),
        ("", ""),
    ],
)
def test_whole_words_in_any_case_the_longest_first(text: str, wanted: str) -> None:
    assert names("Ana", "Ana Maria", "Müller").hide(text) == wanted


@given(st.lists(st.text("ab -é", min_size=1, max_size=5), max_size=5), st.text("abAB -éÉ.", max_size=40))
def test_no_name_is_left(known: list[str], text: str) -> None:
    made = names(*known)
    shown = made.hide(text)
    assert made.count(shown) == 0
    assert made.hide(shown) == shown


@pytest.mark.parametrize(
    ("before", "now", "wanted"),
    [
        ("••••", "anything", True),
        ("note ••••, twice", "note this, twice", True),
        ("note ••••, twice", "note this, once", False),
        ("a•••••a", "a•a", True),
        ("ab••••b", "ab", False),
        ("plain", "plain", True),
        ("anything", "••••", False),
        ({"a": ["••••", 1]}, {"a": ["x", 1]}, True),
        ({"a": ["••••", 1]}, {"a": ["x", 2]}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        (["••••"], [3], False),
    ],
)
def test_what_is_masked_may_have_been_anything(before: Any, now: Any, wanted: bool) -> None:
    assert is_same(before, now) is wanted
