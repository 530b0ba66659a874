"""Who may, and what those are told who may not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from talk import LIVE, Talk

from voicemes.dialogue.state import DialogueState
from voicemes.intents import may
from voicemes.model import Live, Scope
from voicemes.nlu.match import Matcher

PEOPLE = {"Ana": ("operator", "rework"), "Grace": ("quality", "team"), "Farid": ("supervisor", "team")}


def talk_of(matcher: Matcher, person: str, role: str = "operator", *, people: bool = True) -> Talk:
    live = replace(LIVE, roles=PEOPLE) if people else LIVE
    return Talk(matcher, live, DialogueState("test", person, role))


@pytest.mark.parametrize(
    ("role", "held", "is_allowed"),
    [
        ("operator", ("planner",), True),
        ("self", ("operator",), True),
        ("anyone", (), True),
        ("quality", ("operator",), False),
        ("quality", ("quality",), True),
        ("inspector", ("quality",), True),
        ("engineer", ("process-engineer",), True),
        ("rework", ("operator", "rework"), True),
        ("team", ("operator",), False),
        ("planner", ("supervisor",), True),
        ("planner", ("quality",), False),
    ],
)
def test_who_holds_a_role(role: str, held: tuple[str, ...], *, is_allowed: bool) -> None:
    assert may(role, held) is is_allowed


@pytest.mark.parametrize(
    ("person", "keys"), [("Ana", ["needs_badge", "person.identify/ask.badge"]), ("Grace", ["lot.release/confirm"])]
)
def test_the_mes_says_who_may(matcher: Matcher, person: str, keys: list[str]) -> None:
    talk = talk_of(matcher, person)
    talk.hear("release lot 88")
    assert talk.keys == keys
    assert talk.command is None


def test_what_touches_others_is_written_after_a_yes_only(matcher: Matcher) -> None:
    talk = talk_of(matcher, "Grace")
    talk.hear("release lot 88")
    talk.hear("yes")
    assert talk.command is not None
    assert (talk.command.operation, talk.command.fields["lot"], talk.command.operator_id) == (
        "lot.release", "88", "Grace",
    )  # fmt: skip


def test_where_the_mes_knows_no_roles_the_station_says_it(matcher: Matcher) -> None:
    assert talk_of(matcher, "Ana", "quality", people=False).hear("release lot 88").state.phase == "confirming"
    knows_better = talk_of(matcher, "Ana", "quality")
    assert knows_better.hear("release lot 88").state.phase == "filling", "somebody else's badge is asked for"


def test_an_emergency_is_told_at_once_by_anybody(matcher: Matcher) -> None:
    talk = talk_of(matcher, "")
    talk.hear("someone is hurt")
    assert talk.command is not None
    assert talk.command.operation == "emergency.report"
    other = talk_of(matcher, "")
    other.hear("uh somebody is hurt over there")
    assert other.command is not None, "nobody is asked whether they are sure"


def test_a_person_who_is_not_named_is_the_one_who_speaks(matcher: Matcher) -> None:
    talk = talk_of(matcher, "Ana")
    talk.hear("clock me off")
    assert talk.command is not None
    assert talk.command.fields["person"] == "Ana"


def test_the_neighbour_in_a_position_must_exist(matcher: Matcher) -> None:
    talk = talk_of(matcher, "Farid")
    talk.hear("4712 before 4799")
    assert talk.keys == ["no_such"]
    assert talk.replies[0].values == {"what": "job", "id": "4799"}


def test_a_line_may_stand_for_a_machine(matcher: Matcher) -> None:
    live = Live({"equipment": (), "line": ()}, {"job": "4711"})
    talk = Talk(matcher, replace(live, references={"equipment": LIVE.references["job"]}))
    talk.hear("changeover started on line one")
    assert talk.command is not None, "lines are not looked up among the machines"


@pytest.mark.parametrize(
    ("held", "is_heard"), [((), True), (("operator",), False), (("quality",), True), (("supervisor",), True)]
)
def test_the_recogniser_listens_for_what_one_may_do(matcher: Matcher, held: tuple[str, ...], *, is_heard: bool) -> None:
    listening = matcher.heard_by(held)
    heard = {sentence.name for sentence in listening.sentences(Scope()) if listening.can_be_heard(sentence, Scope())}
    assert ("lot.release" in heard) is is_heard
    assert "lot.status" in heard, "everybody may ask"
    (candidate,) = listening.match(listening.tokens("release lot 88"), Scope())
    assert candidate.intent == "lot.release", "typed, it is understood"


@pytest.mark.parametrize(
    ("text", "key", "what"),
    [
        ("which downtime reasons are there", "help_values", "reason"),
        ("list the machines", "help_values", "equipment"),
        ("help me with scrap", "help_idle", ""),
        ("what can I say", "help_idle", ""),
        ("help me with dragons", "help_idle", ""),
    ],
)
def test_help_about_something(matcher: Matcher, text: str, key: str, what: str) -> None:
    talk = talk_of(matcher, "Ana")
    talk.hear(text)
    assert talk.keys == [key]
    assert talk.command is None, "no MES is asked"
    assert talk.replies[0].values.get("many", "") == what
